/**
 * The SQL of rollouts, beside the registry's own. Decides nothing.
 *
 *   rollouts  (name, body)  the rollout of an agent that is under way, StoredRollout as JSON. Stored shape.
 *   copies    (n, name, version, skill, body)  one row a CopyOutcome of a candidate as JSON. Of each skill the latest are kept, until
 *                                              another rollout of the agent begins. Stored shape.
 *
 * The tables are made with the first write.
 */
import type { Rollout } from "../../shared/registry/rollout.ts";
import type { CopyOutcome, Counted } from "../../shared/registry/rollout-seen.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS rollouts (name TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS copies (n INTEGER PRIMARY KEY, name TEXT, version TEXT, skill TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS copies_skill ON copies (name, version, skill, n);`;

const LATEST_KEPT = 200;

export interface StoredRollout extends Rollout {
  /** Calls to the base before it began, by skill; absent until somebody has asked the scoreboard. */
  readonly before?: Readonly<Record<string, Counted>>;
  /** When something was seen of it that had not been before, ISO 8601; absent before that. */
  readonly changedAt?: string;
}

export class RolloutStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** All that are under way, by name. */
  all(): StoredRollout[] {
    if (!this.#exists()) return [];
    return this.#sql.exec<{ body: string }>("SELECT body FROM rollouts ORDER BY name").toArray().map(parsed);
  }

  of(name: string): StoredRollout | undefined {
    if (!this.#exists()) return undefined;
    return this.#sql.exec<{ body: string }>("SELECT body FROM rollouts WHERE name = ?", name).toArray().map(parsed)[0];
  }

  isAny(): boolean {
    return this.#exists() && this.#sql.exec("SELECT 1 FROM rollouts LIMIT 1").toArray().length > 0;
  }

  /** In place of the one before. */
  put(rollout: StoredRollout): void {
    this.#sql.exec(TABLES);
    this.#sql.exec("INSERT OR REPLACE INTO rollouts VALUES (?,?)", rollout.name, JSON.stringify(rollout));
  }

  end(name: string): void {
    if (this.#exists()) this.#sql.exec("DELETE FROM rollouts WHERE name = ?", name);
  }

  /** In the order in which they were made. */
  copies(name: string, version: string): CopyOutcome[] {
    if (!this.#exists()) return [];
    const query = "SELECT body FROM copies WHERE name = ? AND version = ? ORDER BY n";
    return this.#sql
      .exec<{ body: string }>(query, name, version)
      .toArray()
      .map(({ body }) => JSON.parse(body) as CopyOutcome);
  }

  addCopy(name: string, version: string, outcome: CopyOutcome): void {
    this.#sql.exec(TABLES);
    const { skill } = outcome;
    this.#sql.exec("INSERT INTO copies (name, version, skill, body) VALUES (?,?,?,?)", name, version, skill, JSON.stringify(outcome));
    const its = "FROM copies WHERE name = ?1 AND version = ?2 AND skill = ?3";
    this.#sql.exec(`DELETE ${its} AND n NOT IN (SELECT n ${its} ORDER BY n DESC LIMIT ${LATEST_KEPT})`, name, version, skill);
  }

  forgetCopies(name: string): void {
    if (this.#exists()) this.#sql.exec("DELETE FROM copies WHERE name = ?", name);
  }

  #exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'rollouts'").toArray().length > 0;
  }
}

function parsed({ body }: { body: string }): StoredRollout {
  return JSON.parse(body) as StoredRollout;
}
