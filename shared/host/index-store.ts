/**
 * The SQL of an index: one row for each task of a principal with one agent. Decides nothing, and waits for nobody.
 *
 *   tasks  (id, context, state, at, task)  one row a task, `task` without history and artifacts. Stored shape.
 *   behind (home)                          homes with changes still to come. Stored shape.
 *   counts (state, n)                      kept by triggers: the total costs the same however many tasks there are.
 */
import type { Listed, ListPage, ListQuery } from "./api.ts";

const TABLES = `
CREATE TABLE tasks (id TEXT PRIMARY KEY, context TEXT, state TEXT, at INTEGER, task TEXT) WITHOUT ROWID;
CREATE INDEX by_time ON tasks (at DESC, id DESC);
CREATE INDEX by_context ON tasks (context, at DESC, id DESC);
CREATE INDEX by_open_state ON tasks (state, at DESC, id DESC) WHERE state <> 'TASK_STATE_COMPLETED';
CREATE TABLE behind (home TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE counts (state TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
CREATE TRIGGER counted AFTER INSERT ON tasks BEGIN
  INSERT INTO counts VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER recounted AFTER UPDATE OF state ON tasks WHEN old.state <> new.state BEGIN
  UPDATE counts SET n = n - 1 WHERE state = old.state;
  INSERT INTO counts VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET n = n + 1;
END;`;

/** A row is at most some 10 kB, and a bound value may have 2 MB. */
const ROWS_PER_INSERT = 100;

/** A removed task is counted no more. Made with the first removal, because an index of before there were any has no such trigger. */
const UNCOUNTED = `CREATE TRIGGER IF NOT EXISTS uncounted AFTER DELETE ON tasks BEGIN
  UPDATE counts SET n = n - 1 WHERE state = old.state;
END`;

/** What a home tells; `more` says that others may follow without a word, `gone` are ids of tasks that are not there any more. */
export interface Told {
  readonly home: string;
  readonly rows: readonly Listed[];
  readonly more: boolean;
  readonly gone: readonly string[];
}

/** A task as it stands in the index. */
export type IndexedTask = { id: string; at: number };

export class IndexStore {
  readonly #sql: SqlStorage;
  #made: boolean | undefined;
  #homesBehind: Set<string> | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  write(batch: readonly Told[]): void {
    this.#make();
    // The last word on each task, because one statement must not touch a row twice.
    const last = new Map<string, Listed | undefined>();
    for (const { rows, gone } of batch) {
      for (const row of rows) last.set(row.id, row);
      for (const id of gone) last.set(id, undefined);
    }
    const rows = [...last.values()].filter((row) => row !== undefined);
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) this.#insert(rows.slice(from, from + ROWS_PER_INSERT));
    this.#remove([...last].filter(([, row]) => row === undefined).map(([id]) => id));
    const behind = this.behind();
    for (const { home, more } of batch) {
      if (more && !behind.has(home)) this.#sql.exec("INSERT INTO behind VALUES (?)", home);
      if (!more && behind.has(home)) this.#sql.exec("DELETE FROM behind WHERE home = ?", home);
      if (more) behind.add(home);
      else behind.delete(home);
    }
  }

  /** Tasks as they were when their homes were asked: one that was made anew meanwhile, with the same key, stays. */
  drop(gone: readonly IndexedTask[]): void {
    if (gone.length === 0) return;
    this.#sql.exec(UNCOUNTED);
    const pairs = JSON.stringify(gone.map(({ id, at }) => [id, at]));
    this.#sql.exec("DELETE FROM tasks WHERE (id, at) IN (SELECT value->>0, value->>1 FROM json_each(?))", pairs);
  }

  /** By the time of their last status, the longest ago first. @param until the latest time, milliseconds since the epoch */
  oldest(after: IndexedTask | undefined, until: number, limit: number): IndexedTask[] {
    if (!this.exists()) return [];
    const { at, id } = after ?? { at: -1, id: "" };
    const query = "SELECT id, at FROM tasks WHERE (at, id) > (?, ?) AND at <= ? ORDER BY at, id LIMIT ?";
    return this.#sql.exec<IndexedTask>(query, at, id, until, limit).toArray();
  }

  list({ contextId, state, after, pageSize, cursor }: ListQuery): ListPage {
    if (!this.exists()) return { tasks: [], total: 0, behind: [] };
    const filters: [string, string | number][] = [];
    if (contextId !== undefined) filters.push(["context = ?", contextId]);
    if (state !== undefined) filters.push(["state = ?", state]);
    if (after !== undefined) filters.push(["at >= ?", after]);
    const total = this.#total(filters, contextId === undefined && after === undefined ? state : null);

    const where = filters.map(([condition]) => condition);
    const values: (string | number)[] = filters.map(([, value]) => value);
    if (cursor) {
      where.push("(at, id) < (?, ?)");
      values.push(cursor.at, cursor.id);
    }
    const rows = this.#sql
      .exec<{ id: string; at: number; task: string }>(
        `SELECT id, at, task FROM tasks ${where.length > 0 ? `WHERE ${where.join(" AND ")}` : ""} ORDER BY at DESC, id DESC LIMIT ?`,
        ...values,
        pageSize + 1,
      )
      .toArray();
    const last = rows.length > pageSize ? rows[pageSize - 1] : undefined;
    return {
      tasks: rows.slice(0, pageSize).map(({ id, task }) => ({ id, task })),
      ...(last && { next: { at: last.at, id: last.id } }),
      total,
      behind: [...this.behind()],
    };
  }

  /** In memory as well, because most homes that tell of a change were not behind. */
  behind(): Set<string> {
    this.#homesBehind ??= new Set(
      this.#sql
        .exec<{ home: string }>("SELECT home FROM behind")
        .toArray()
        .map(({ home }) => home),
    );
    return this.#homesBehind;
  }

  /** There are tables, and no task in them, nor a home that may tell of one. */
  get isEmptied(): boolean {
    const holds = (table: string) => this.#sql.exec(`SELECT 1 FROM ${table} LIMIT 1`).toArray().length > 0;
    return this.exists() && !holds("tasks") && !holds("behind");
  }

  /** All storage was deleted, the tables too. */
  wiped(): void {
    this.#made = false;
    this.#homesBehind = undefined;
  }

  exists(): boolean {
    this.#made ??= this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'tasks'").toArray().length > 0;
    return this.#made;
  }

  #insert(rows: readonly Listed[]): void {
    // As one JSON value: bound one by one, many parameters cost more than the writing. WHERE keeps ON from being a join's.
    this.#sql.exec(
      `INSERT INTO tasks SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?) WHERE true
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, at = excluded.at, task = excluded.task WHERE excluded.at >= tasks.at`,
      JSON.stringify(rows.map(({ id, contextId, state, at, task }) => [id, contextId, state, at, task])),
    );
  }

  #remove(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#sql.exec(UNCOUNTED);
    this.#sql.exec("DELETE FROM tasks WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
  }

  /** @param counted a state, or undefined for all of them, when the kept counts answer; null when rows must be counted */
  #total(filters: readonly [string, string | number][], counted: string | undefined | null): number {
    const query =
      counted === null
        ? this.#sql.exec<{ n: number }>(
            `SELECT COUNT(*) AS n FROM tasks WHERE ${filters.map(([condition]) => condition).join(" AND ")}`,
            ...filters.map(([, value]) => value),
          )
        : counted === undefined
          ? this.#sql.exec<{ n: number }>("SELECT COALESCE(SUM(n), 0) AS n FROM counts")
          : this.#sql.exec<{ n: number }>("SELECT COALESCE(SUM(n), 0) AS n FROM counts WHERE state = ?", counted);
    return query.one().n;
  }

  #make(): void {
    if (this.exists()) return;
    this.#sql.exec(TABLES);
    this.#made = true;
  }
}
