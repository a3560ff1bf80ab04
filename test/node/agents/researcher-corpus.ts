/**
 * A corpus for tests in Node: the researcher's own store and search, on Node's SQLite instead of a Durable Object's.
 */
import { DatabaseSync } from "node:sqlite";
import { type CorpusAccess, searchCorpus } from "../../../agents/researcher/corpus-access.ts";
import { CorpusStore, type Sql } from "../../../agents/researcher/corpus-store.ts";
import type { ResearcherEnv } from "../../../agents/researcher/researcher-env.ts";

export function memorySql(): Sql {
  const database = new DatabaseSync(":memory:");
  return {
    exec: (query, ...bindings) => {
      const rows = database.prepare(query).all(...bindings) as Record<string, string | number | null>[];
      return { toArray: () => rows };
    },
  };
}

function corpusOn(store: CorpusStore): CorpusAccess {
  return {
    replace: async (document) => ({ ok: true, passages: document.passages.length, ...store.replace(document) }),
    forget: async (origin) => store.forget(origin),
    documents: async (after, limit) => ({ documents: store.list(after, limit), total: store.size().documents }),
    namedIn: async (text) => store.namedIn(text),
    remove: async (names) => store.removeNamed(names),
    search: async (question, limit) => searchCorpus(store, question, limit),
  };
}

/** An environment with an empty corpus a name, and the names that were asked for. */
export function corpora(settings: Pick<ResearcherEnv, "SKEIN_LOCAL"> = {}): ResearcherEnv & { readonly names: ReadonlySet<string> } {
  const stores = new Map<string, CorpusAccess>();
  const names = new Set<string>();
  const getByName = (name: string) => {
    names.add(name);
    const corpus = stores.get(name) ?? corpusOn(new CorpusStore(memorySql()));
    stores.set(name, corpus);
    return corpus;
  };
  return { ...settings, CORPUS: { getByName }, names };
}
