/**
 * The SQL of the outbox. What is to be delivered is not here: it is what the log has after the cursor. Decides nothing.
 *
 *   push (task, id, origin, cursor, attempts, due, stopped, body)  one row a config. `origin`: of its URL. `cursor`: position of the last entry that was
 *        delivered. `attempts`: failures in a row. `due`: when to try next, milliseconds since the epoch; null while there is
 *        nothing to deliver. `stopped`: 1 once it was given up. `body`: a StoredPush as JSON. Stored shape.
 *
 * The table is made with the first config: a home without any pays one look for it in its life.
 */

/** A config as it is kept, with what its deliveries need of their task. A stored shape. */
export interface StoredPush {
  readonly url: string;
  readonly scheme?: string;
  /** Token and credentials, sealed; see auth/secret-box.ts. */
  readonly secrets?: string;
  readonly protocolVersion?: "0.3";
  readonly contextId: string;
  /** Key of the task's principal. */
  readonly owner: string;
}

export interface PushRow {
  readonly task: string;
  readonly id: string;
  /** These two go on while the config's deliveries do. */
  cursor: number;
  attempts: number;
  readonly config: StoredPush;
}

type Row = { task: string; id: string; cursor: number; attempts: number; body: string };

export class PushStore {
  readonly #sql: SqlStorage;
  #made: boolean | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get made(): boolean {
    this.#made ??= this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'push'").toArray().length > 0;
    return this.#made;
  }

  /** Takes the place of the config with this id, if there is one, also of one that was given up. */
  put(task: string, id: string, cursor: number, config: StoredPush): void {
    if (!this.made) {
      this.#sql.exec(
        `CREATE TABLE push (task TEXT, id TEXT, origin TEXT, cursor INTEGER, attempts INTEGER, due INTEGER, stopped INTEGER, body TEXT,
           PRIMARY KEY (task, id)) WITHOUT ROWID;
         CREATE INDEX push_due ON push (due) WHERE due IS NOT NULL;`,
      );
      this.#made = true;
    }
    const { origin } = new URL(config.url);
    this.#sql.exec("INSERT OR REPLACE INTO push VALUES (?, ?, ?, ?, 0, NULL, 0, ?)", task, id, origin, cursor, JSON.stringify(config));
  }

  delete(task: string, id: string): void {
    if (this.made) this.#sql.exec("DELETE FROM push WHERE task = ? AND id = ?", task, id);
  }

  deleteAll(task: string): void {
    if (this.made) this.#sql.exec("DELETE FROM push WHERE task = ?", task);
  }

  get isEmpty(): boolean {
    return !this.made || this.#sql.exec("SELECT 1 FROM push LIMIT 1").toArray().length === 0;
  }

  /** All storage was deleted, the table too. */
  wiped(): void {
    this.#made = false;
  }

  of(task: string): PushRow[] {
    if (!this.made) return [];
    return toRows(this.#sql.exec<Row>("SELECT task, id, cursor, attempts, body FROM push WHERE task = ? ORDER BY id", task));
  }

  /** There is more to deliver for this task. @returns whether that changes anything */
  wake(task: string, now: number): boolean {
    const update = "UPDATE push SET due = ? WHERE task = ? AND due IS NULL AND stopped = 0";
    return this.#sql.exec(update, now, task).rowsWritten > 0;
  }

  /**
   * Those whose time has come: first the ones that did not fail the last time, of these the longest waiting.
   * @param busy origins that are left out
   */
  due(now: number, limit: number, busy: readonly string[] = []): PushRow[] {
    if (!this.made) return [];
    const query = `SELECT task, id, cursor, attempts, body FROM push
      WHERE due <= ? AND origin NOT IN (SELECT value FROM json_each(?)) ORDER BY attempts > 0, due LIMIT ?`;
    return toRows(this.#sql.exec<Row>(query, now, JSON.stringify(busy), limit));
  }

  /** The earliest time at which something is due; undefined when nothing is. */
  earliest(after = -1): number | undefined {
    if (!this.made) return undefined;
    return this.#sql.exec<{ due: number | null }>("SELECT MIN(due) AS due FROM push WHERE due > ?", after).one().due ?? undefined;
  }

  /** Delivered as far as `cursor`. @param due null when that is all there is */
  advance({ task, id }: PushRow, cursor: number, due: number | null): void {
    this.#sql.exec("UPDATE push SET cursor = ?, attempts = 0, due = ? WHERE task = ? AND id = ?", cursor, due, task, id);
  }

  postpone({ task, id }: PushRow, attempts: number, due: number): void {
    this.#sql.exec("UPDATE push SET attempts = ?, due = ? WHERE task = ? AND id = ?", attempts, due, task, id);
  }

  stop({ task, id }: PushRow, attempts: number): void {
    this.#sql.exec("UPDATE push SET attempts = ?, due = NULL, stopped = 1 WHERE task = ? AND id = ?", attempts, task, id);
  }
}

function toRows(rows: Iterable<Row>): PushRow[] {
  return Array.from(rows, ({ body, ...row }) => ({ ...row, config: JSON.parse(body) as StoredPush }));
}
