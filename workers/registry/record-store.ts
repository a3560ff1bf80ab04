/**
 * The SQL of what outlives a version, beside the registry's own. Decides nothing.
 *
 *   marks    (name, version, why)   versions that were put into quarantine for what was measured of them, until somebody has answered
 *                                   for a later one. Stored shape.
 *   carried  (name, version, body)  what a version began with of the record of the one before, Carried as JSON. Stored shape.
 *
 * The tables are made with the first write.
 */
import type { Records } from "../../shared/registry/carried.ts";
import type { Mark } from "../../shared/registry/rollout-opening.ts";
import { latestFirst } from "../../shared/registry/standing.ts";
import { compareVersions } from "../../shared/registry/versions.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS marks (name TEXT, version TEXT, why TEXT, PRIMARY KEY (name, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS carried (name TEXT, version TEXT, body TEXT, PRIMARY KEY (name, version)) WITHOUT ROWID;`;

export interface Carried {
  /** The version before. */
  readonly of: string;
  readonly skills: Records;
}

export class RecordStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  mark(name: string, { version, why }: Mark): void {
    this.#sql.exec(TABLES);
    this.#sql.exec("INSERT OR REPLACE INTO marks VALUES (?,?,?)", name, version, why);
  }

  /** Of the highest version that has one. */
  latestMark(name: string): Mark | undefined {
    return latestFirst(this.#marks(name))[0];
  }

  /** Somebody has answered for a version: what was found of it, and of those before, speaks against none that follows. */
  unmark(name: string, version: string): void {
    for (const mark of this.#marks(name))
      if (compareVersions(mark.version, version) <= 0)
        this.#sql.exec("DELETE FROM marks WHERE name = ? AND version = ?", name, mark.version);
  }

  carried(name: string, version: string): Carried | undefined {
    if (!this.#exists()) return undefined;
    const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM carried WHERE name = ? AND version = ?", name, version).toArray();
    return row && (JSON.parse(row.body) as Carried);
  }

  setCarried(name: string, version: string, carried: Carried): void {
    this.#sql.exec(TABLES);
    this.#sql.exec("INSERT OR REPLACE INTO carried VALUES (?,?,?)", name, version, JSON.stringify(carried));
  }

  #marks(name: string): Mark[] {
    if (!this.#exists()) return [];
    return this.#sql.exec<{ version: string; why: string }>("SELECT version, why FROM marks WHERE name = ?", name).toArray();
  }

  #exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'marks'").toArray().length > 0;
  }
}
