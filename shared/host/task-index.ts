/**
 * The index object: what one principal has with one agent, for ListTasks. A view of the logs, written behind them; a home
 * that has changed and not yet told what stands in `behind`, so that a list can ask it first. Decides nothing.
 *
 *   tasks  (id, context, state, at, task)  one row a task, `task` without history and artifacts. Stored shape.
 *   behind (home)                          homes with changes still to come. Stored shape.
 *   counts (state, n)                      kept by triggers: the total costs the same however many tasks there are.
 */
import { DurableObject } from "cloudflare:workers";
import type { Listed, ListPage, ListQuery, TaskIndexApi } from "./api.ts";

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

export class TaskIndex extends DurableObject implements TaskIndexApi {
  readonly #sql = this.ctx.storage.sql;
  #made: boolean | undefined;
  #homesBehind: Set<string> | undefined;
  #queued: { home: string; rows: readonly Listed[]; more: boolean }[] = [];
  #writing: Promise<void> | undefined;

  async put(home: string, rows: readonly Listed[], more: boolean): Promise<void> {
    this.#queued.push({ home, rows, more });
    // Many homes tell at the same time: what arrives in one turn of the loop is written, and made durable, once.
    this.#writing ??= new Promise((resolve) => setTimeout(resolve, 0)).then(() => this.#write());
    await this.#writing;
  }

  #write(): void {
    const batch = this.#queued;
    this.#queued = [];
    this.#writing = undefined;
    this.#make();
    // The last word on each task, because one statement must not touch a row twice.
    const rows = [...new Map(batch.flatMap((each) => each.rows).map((row) => [row.id, row])).values()];
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) this.#insert(rows.slice(from, from + ROWS_PER_INSERT));
    const behind = this.#behind();
    for (const { home, more } of batch) {
      if (more && !behind.has(home)) this.#sql.exec("INSERT INTO behind VALUES (?)", home);
      if (!more && behind.has(home)) this.#sql.exec("DELETE FROM behind WHERE home = ?", home);
      if (more) behind.add(home);
      else behind.delete(home);
    }
  }

  #insert(rows: readonly Listed[]): void {
    // As one JSON value: bound one by one, many parameters cost more than the writing. WHERE keeps ON from being a join's.
    this.#sql.exec(
      `INSERT INTO tasks SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?) WHERE true
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, at = excluded.at, task = excluded.task WHERE excluded.at >= tasks.at`,
      JSON.stringify(rows.map(({ id, contextId, state, at, task }) => [id, contextId, state, at, task])),
    );
  }

  async list({ contextId, state, after, pageSize, cursor }: ListQuery): Promise<ListPage> {
    if (!this.#exists()) return { tasks: [], total: 0, behind: [] };
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
      behind: [...this.#behind()],
    };
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

  /** In memory as well, because most homes that tell of a change were not behind. */
  #behind(): Set<string> {
    this.#homesBehind ??= new Set(
      this.#sql
        .exec<{ home: string }>("SELECT home FROM behind")
        .toArray()
        .map(({ home }) => home),
    );
    return this.#homesBehind;
  }

  #make(): void {
    if (this.#exists()) return;
    this.#sql.exec(TABLES);
    this.#made = true;
  }

  #exists(): boolean {
    this.#made ??= this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'tasks'").toArray().length > 0;
    return this.#made;
  }
}
