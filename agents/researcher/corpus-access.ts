/**
 * What the skills see of a corpus, and how a search runs over its store. The Durable Object (corpus.ts) answers with
 * these shapes over RPC, so they may only grow: the object and the agent can be of two versions during a deploy.
 */
import type { CorpusStore, ListedDocument, NewDocument } from "./corpus-store.ts";
import { matchingLine } from "./matching-line.ts";
import { type Hit, rankPassages, weigh } from "./ranking.ts";
import { searchTerms } from "./search-terms.ts";

export interface CorpusAccess {
  /** Stores a document whole, in place of the one with the same name, or not at all. */
  replace(document: NewDocument): Promise<StoreReply>;
  /** Forgets every document of an origin at once. @returns their names */
  forget(origin: string): Promise<string[]>;
  search(question: string, limit: number): Promise<SearchReply>;
  /** A page of the documents, in the order of their names. @param after the name before the first one, or "" */
  documents(after: string, limit: number): Promise<{ documents: ListedDocument[]; total: number }>;
  /** Names of documents that occur in a text, whole or as a part of a word. */
  namedIn(text: string): Promise<string[]>;
  /** Forgets the documents of these names at once. @returns the names of those that were there */
  remove(names: readonly string[]): Promise<string[]>;
}

export interface StoreReply {
  readonly ok: true;
  readonly passages: number;
  readonly replaced: boolean;
}

export type SearchReply =
  | { readonly ok: true; readonly hits: Hit[]; readonly terms: string[]; readonly documents: number; readonly passages: number }
  | { readonly ok: false; readonly reason: "empty-corpus" | "no-terms" };

/** The best by BM25 that are looked at more closely: well beyond any limit, and few enough to stay quick in any corpus. */
const CANDIDATES = 100;

export function searchCorpus(store: CorpusStore, question: string, limit: number): SearchReply {
  const { documents, passages } = store.size();
  if (documents === 0) return { ok: false, reason: "empty-corpus" };
  const terms = searchTerms(question);
  if (terms.length === 0) return { ok: false, reason: "no-terms" };

  const candidates = store.candidates(terms, CANDIDATES);
  const ids = candidates.map((candidate) => candidate.id);
  const occurrences = terms.map((term) => store.occurrences(term, ids));
  const weights = weigh(occurrences, passages);
  const weighed = terms.map((term, i) => ({ term, weight: weights[i] ?? 0 }));
  const hits = rankPassages(candidates, occurrences, passages, limit).map(({ lines, ...hit }): Hit => {
    const line = lines && matchingLine(hit.text, lines, weighed);
    return line === undefined ? hit : { ...hit, position: `line ${line}` };
  });
  return { ok: true, hits, terms: terms.map((term) => term.label), documents, passages };
}
