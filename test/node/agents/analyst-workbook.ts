/** A workbook on Node's own SQLite: the same store as in the Worker, without the object around it. */
import { DatabaseSync } from "node:sqlite";
import type { AnalystEnv, WorkbookAccess } from "../../../agents/analyst/table/workbook-access.ts";
import { type Sql, WorkbookStore } from "../../../agents/analyst/table/workbook-store.ts";

function memorySql(): Sql {
  const database = new DatabaseSync(":memory:");
  return {
    exec: (query, ...bindings) => {
      const rows = database.prepare(query).all(...bindings);
      return { toArray: () => rows as Record<string, string | number | null>[] };
    },
  };
}

/** One workbook a name, as the namespace of Durable Objects has it. */
export function workbooks(): AnalystEnv & { readonly names: readonly string[] } {
  const books = new Map<string, WorkbookAccess>();
  return {
    get names() {
      return [...books.keys()];
    },
    WORKBOOK: {
      getByName(name) {
        const book = books.get(name) ?? workbook();
        books.set(name, book);
        return book;
      },
    },
  };
}

function workbook(): WorkbookAccess {
  const store = new WorkbookStore(memorySql());
  return {
    tables: async () => store.tables(),
    put: async (tables) => tables.map((table) => store.put(table)).find((reply) => !reply.ok) ?? { ok: true },
    select: async (query) => store.select(query),
    describe: async (table) => store.describe(table),
  };
}
