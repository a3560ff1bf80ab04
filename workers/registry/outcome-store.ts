/**
 * The SQL of what came of probes and of calls, beside the registry's own. Decides nothing, and counts nothing. Bounded: of each skill of a version
 * the first and the latest are kept, which is what drift is seen by.
 *
 *   outcomes  (n, name, version, skill, claim, at, ok, ms, micro_usd, why)  one row a ProbeOutcome; `claim` and `micro_usd` only where
 *                                                                          there is one. Stored shape.
 *   calls     (name, version, body)  what calls came to when the scoreboard was last asked, CallsSeen by skill as JSON. Stored shape.
 *
 * The tables are made with the first write.
 */
import type { ProbeOutcome } from "../../shared/registry/probe.ts";
import type { CallsSeen } from "../../shared/registry/score.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS outcomes (
  n INTEGER PRIMARY KEY, name TEXT, version TEXT, skill TEXT, claim TEXT, at TEXT, ok INTEGER, ms REAL, micro_usd REAL, why TEXT
);
CREATE INDEX IF NOT EXISTS outcomes_skill ON outcomes (name, version, skill, n);
CREATE TABLE IF NOT EXISTS calls (name TEXT, version TEXT, body TEXT, PRIMARY KEY (name, version)) WITHOUT ROWID;`;

const FIRST_KEPT = 20;
const LATEST_KEPT = 200;
const WHY_CHARS = 500;

type Row = {
  skill: string;
  claim: string | null;
  at: string;
  ok: number;
  ms: number;
  micro_usd: number | null;
  why: string;
};

export class OutcomeStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In the order in which they were made. @param after counted from there: the position of the last one that does not count */
  of(name: string, version: string, after = 0): ProbeOutcome[] {
    return this.#read("name = ? AND version = ? AND n > ?", name, version, after);
  }

  /** Only those of what a card declares, which is of the whole agent and of no skill. */
  claims(name: string, version: string): ProbeOutcome[] {
    return this.#read("name = ? AND version = ? AND skill = ''", name, version);
  }

  add(name: string, version: string, outcomes: readonly ProbeOutcome[]): void {
    this.#sql.exec(TABLES);
    for (const { skill, claim, at, ok, ms, microUsd, why } of outcomes) {
      const row = [name, version, skill, claim ?? null, at, ok ? 1 : 0, ms, microUsd ?? null, why.slice(0, WHY_CHARS).toWellFormed()];
      this.#sql.exec("INSERT INTO outcomes (name, version, skill, claim, at, ok, ms, micro_usd, why) VALUES (?,?,?,?,?,?,?,?,?)", ...row);
    }
    for (const skill of new Set(outcomes.map((outcome) => outcome.skill))) this.#forget(name, version, skill);
  }

  calls(name: string, version: string): Readonly<Record<string, CallsSeen>> {
    if (!this.#exists()) return {};
    const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM calls WHERE name = ? AND version = ?", name, version).toArray();
    return row ? (JSON.parse(row.body) as Record<string, CallsSeen>) : {};
  }

  /** @returns whether they are others than before */
  setCalls(name: string, version: string, calls: Readonly<Record<string, CallsSeen>>): boolean {
    const body = JSON.stringify(calls);
    if (body === JSON.stringify(this.calls(name, version))) return false;
    this.#sql.exec(TABLES);
    this.#sql.exec("INSERT OR REPLACE INTO calls VALUES (?,?,?)", name, version, body);
    return true;
  }

  /** How many outcomes all other versions of an agent have together: of probes, as far as they are kept, and of calls. */
  countOfOthers(name: string, version: string): number {
    if (!this.#exists()) return 0;
    const query = `SELECT (SELECT COUNT(*) FROM outcomes WHERE name = ?1 AND version <> ?2 AND claim IS NULL) + COALESCE((
        SELECT SUM(json_extract(value, '$.successes') + json_extract(value, '$.failures')) FROM calls, json_each(body)
        WHERE name = ?1 AND version <> ?2
      ), 0) AS count`;
    return this.#sql.exec<{ count: number }>(query, name, version).one().count;
  }

  /** The position of the last outcome of all; 0 where there is none. */
  last(): number {
    if (!this.#exists()) return 0;
    return this.#sql.exec<{ last: number | null }>("SELECT MAX(n) AS last FROM outcomes").one().last ?? 0;
  }

  #read(which: string, ...bound: (string | number)[]): ProbeOutcome[] {
    if (!this.#exists()) return [];
    const query = `SELECT skill, claim, at, ok, ms, micro_usd, why FROM outcomes WHERE ${which} ORDER BY n`;
    return this.#sql
      .exec<Row>(query, ...bound)
      .toArray()
      .map(({ claim, ok, micro_usd, ...rest }) => ({
        ...rest,
        ok: ok === 1,
        ...(claim !== null && { claim }),
        ...(micro_usd !== null && { microUsd: micro_usd }),
      }));
  }

  #forget(name: string, version: string, skill: string): void {
    const its = "FROM outcomes WHERE name = ?1 AND version = ?2 AND skill = ?3";
    this.#sql.exec(
      `DELETE ${its} AND n NOT IN (SELECT n ${its} ORDER BY n LIMIT ${FIRST_KEPT}) AND n NOT IN (SELECT n ${its} ORDER BY n DESC LIMIT ${LATEST_KEPT})`,
      name,
      version,
      skill,
    );
  }

  #exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'outcomes'").toArray().length > 0;
  }
}
