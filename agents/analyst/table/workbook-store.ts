/**
 * The SQL of a workbook: tables as they were sent, one SQL table each. Works on any SQLite it is handed; knows no Durable
 * Object and reads no questions.
 *
 * Tables (persisted shapes: they outlive deploys, so columns are only ever added):
 *   tables     one row per table: its name, its columns as JSON, its number of rows
 *   data_<id>  its rows: n, the place in the table, and c0, c1, ... of no declared type, so that every cell keeps its own
 */
import type { Query } from "./query.ts";
import type { Cell, Column, Table } from "./rows.ts";
import { DEFAULT_LIMIT, type StoredTable, same, selectSql } from "./select-sql.ts";

type Value = string | number | null | ArrayBuffer;

/** What the store needs of a Durable Object's `ctx.storage.sql`. */
export interface Sql {
  exec(query: string, ...bindings: (string | number | null)[]): { toArray(): Record<string, Value>[] };
}

export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export type Selection =
  | ({ readonly ok: true; readonly more: boolean; readonly notes: readonly string[] } & Rows)
  | { readonly ok: false; readonly reason: string };

const MOST_TABLES = 20;
const MOST_PAIRS = 1_000_000;
/** Characters of JSON in one bound value: far below the platform's 2 MB. */
const CHUNK = 400_000;

export class WorkbookStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  tables(): StoredTable[] {
    // A workbook nobody put anything in must not be written to by a question.
    if (this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'tables'").toArray().length === 0) return [];
    return this.#sql
      .exec("SELECT id, name, columns, rows FROM tables ORDER BY id")
      .toArray()
      .map(({ id, name, columns, rows }) => ({
        id: Number(id),
        name: String(name),
        columns: JSON.parse(String(columns)) as Column[],
        rows: Number(rows),
      }));
  }

  /** Keeps a table in place of the one with the same name. To be called inside a transaction. */
  put({ name, columns, rows }: Table): { ok: true } | { ok: false; reason: string } {
    const before = this.tables();
    const replaced = before.find((table) => same(table.name, name));
    if (!replaced && before.length >= MOST_TABLES)
      return { ok: false, reason: `this context already holds ${MOST_TABLES} tables: send one under the name of another to replace it` };
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS tables (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, columns TEXT NOT NULL, rows INTEGER NOT NULL)",
    );
    if (replaced) {
      this.#sql.exec(`DROP TABLE data_${replaced.id}`);
      this.#sql.exec("DELETE FROM tables WHERE id = ?", replaced.id);
    }
    const added = this.#sql.exec(
      "INSERT INTO tables (name, columns, rows) VALUES (?, ?, ?) RETURNING id",
      name,
      JSON.stringify(columns),
      rows.length,
    );
    const id = Number(added.toArray()[0]?.id);
    const cells = columns.map((_, at) => `c${at}`);
    this.#sql.exec(`CREATE TABLE data_${id} (n INTEGER PRIMARY KEY, ${cells.join(", ")})`);
    // One bound value holds many rows, so the limit of bound values per statement is never met.
    const insert = `INSERT INTO data_${id} (${cells.join(", ")}) SELECT ${cells.map((_, at) => `json_extract(value, '$[${at}]')`).join(", ")} FROM json_each(?)`;
    for (const chunk of chunks(rows)) this.#sql.exec(insert, chunk);
    return { ok: true };
  }

  select(query: Query): Selection {
    const statement = selectSql(query, this.tables());
    if (!statement.ok) return statement;
    const { sql, params, columns, notes, pairs } = statement;
    if (pairs !== undefined) {
      const count = Number(this.#sql.exec(pairs).toArray()[0]?.pairs ?? 0);
      if (count > MOST_PAIRS)
        return {
          ok: false,
          reason: `joining these tables makes ${count} pairs of rows; the most is ${MOST_PAIRS}: join on a column whose values are rarer`,
        };
    }
    const found = this.#sql.exec(sql, ...params).toArray();
    const rows = found.map((row) => columns.map((_, at) => row[`o${at}`] as Cell));
    // One row more than asked for was fetched, to know whether there are more.
    const limit = query.limit ?? DEFAULT_LIMIT;
    return { ok: true, columns, rows: rows.slice(0, limit), more: rows.length > limit, notes };
  }

  /** One row per column: what is in it. */
  describe({ id, columns }: StoredTable): Rows {
    const rows = columns.map(({ name, type }, at): Cell[] => {
      const number = `CASE WHEN typeof(c${at}) IN ('integer', 'real') THEN c${at} END`;
      const edge = type === "mixed" ? number : `c${at}`;
      const [row = {}] = this.#sql
        .exec(
          `SELECT count(c${at}) AS filled, count(*) - count(c${at}) AS blank, count(DISTINCT c${at}) AS differing, min(${edge}) AS least, max(${edge}) AS most, avg(${number}) AS mean FROM data_${id}`,
        )
        .toArray();
      const mean = typeof row.mean === "number" ? Number(row.mean.toPrecision(10)) : null;
      return [name, type, row.filled as Cell, row.blank as Cell, row.differing as Cell, row.least as Cell, row.most as Cell, mean];
    });
    return { columns: ["column", "type", "values", "empty", "distinct", "min", "max", "mean"], rows };
  }
}

function* chunks(rows: readonly (readonly Cell[])[]): Generator<string> {
  let chunk: string[] = [];
  let size = 0;
  for (const row of rows) {
    const json = JSON.stringify(row);
    if (size + json.length > CHUNK && chunk.length > 0) {
      yield `[${chunk.join(",")}]`;
      chunk = [];
      size = 0;
    }
    chunk.push(json);
    size += json.length + 1;
  }
  if (chunk.length > 0) yield `[${chunk.join(",")}]`;
}
