/**
 * The SQL of whose turn it is to be probed, beside the registry's own: what must hold also for an object that was let go of. Decides
 * nothing.
 *
 *   turns  (name, version, away)  of a version that was away when it was probed last, in how many runs one after the other. Stored shape.
 *   asked  (name, at)             one row a run that somebody asked for, milliseconds since the epoch; those of the last hour are kept.
 *                                 Stored shape.
 *
 * The tables are made with the first write.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS turns (name TEXT, version TEXT, away INTEGER, PRIMARY KEY (name, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked (name TEXT, at INTEGER);
CREATE INDEX IF NOT EXISTS asked_name ON asked (name, at);`;

export class TurnStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @returns in how many runs it was away by then, one after the other */
  note(name: string, version: string, isAway: boolean): number {
    if (!isAway) {
      if (this.#exists()) this.#sql.exec("DELETE FROM turns WHERE name = ? AND version = ?", name, version);
      return 0;
    }
    this.#sql.exec(TABLES);
    const counted = "ON CONFLICT DO UPDATE SET away = away + 1 RETURNING away";
    return this.#sql.exec<{ away: number }>(`INSERT INTO turns VALUES (?,?,1) ${counted}`, name, version).one().away;
  }

  /** When runs of an agent were asked for, the earliest first. */
  asked(name: string): number[] {
    if (!this.#exists()) return [];
    const rows = this.#sql.exec<{ at: number }>("SELECT at FROM asked WHERE name = ? ORDER BY at", name).toArray();
    return rows.map(({ at }) => at);
  }

  /** One more, in place of all that were asked for before. */
  setAsked(name: string, times: readonly number[]): void {
    this.#sql.exec(TABLES);
    this.#sql.exec("DELETE FROM asked WHERE name = ?", name);
    for (const at of times) this.#sql.exec("INSERT INTO asked VALUES (?,?)", name, at);
  }

  #exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'turns'").toArray().length > 0;
  }
}
