/**
 * The SQL of a tenant's budget. Decides nothing, and reads by key: what an operation costs is the same however much there is.
 *
 *   accounts  (name, begins, body)      one row an account and period, `body` an Account as JSON. Stored shape.
 *   leases    (n, id, begins, until, body)  one row a lease, `body` a Lease as JSON; `until` only while it is live, so that the
 *                                       alarm finds the next one; `n` counts up, so that the oldest are found first. Stored shape.
 *   samples   (agent, slot, n, body)    what the latest leases of an agent spent, in a ring: `n` counts on. Stored shape.
 *   incidents (n, at, agent, reason, detail)  the latest. Stored shape.
 *
 * Tables are made with the first write: reading in an object that holds nothing writes nothing.
 */
import type { Account, Lease } from "../../budget/account.ts";
import type { Amount } from "../../budget/amount.ts";
import type { Incident } from "./api.ts";

const TABLES = `
CREATE TABLE accounts (name TEXT, begins INTEGER, body TEXT, PRIMARY KEY (name, begins)) WITHOUT ROWID;
CREATE TABLE leases (n INTEGER PRIMARY KEY, id TEXT UNIQUE, begins INTEGER, until INTEGER, body TEXT);
CREATE INDEX live ON leases (until) WHERE until IS NOT NULL;
CREATE TABLE samples (agent TEXT, slot INTEGER, n INTEGER, body TEXT, PRIMARY KEY (agent, slot)) WITHOUT ROWID;
CREATE TABLE incidents (n INTEGER PRIMARY KEY, at INTEGER, agent TEXT, reason TEXT, detail TEXT);`;

/** Of an agent. */
export const SAMPLES_KEPT = 100;
/** The latest. */
const INCIDENTS_KEPT = 1_000;
/** A row is below a kilobyte, and a bound value may have 2 MB. */
const ROWS_PER_INSERT = 500;

export type Sample = { readonly agent: string; readonly n: number; readonly spent: Amount };
export type Told = Incident & { readonly at: number };

/** What one turn writes. */
export interface Rows {
  readonly accounts: readonly Account[];
  readonly leases: readonly Lease[];
  readonly samples: readonly Sample[];
  readonly incidents: readonly Told[];
}

export class BudgetStore {
  readonly #sql: SqlStorage;
  #made: boolean | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  account(name: string, begins: number): Account | undefined {
    return this.#one<Account>("SELECT body FROM accounts WHERE name = ? AND begins = ?", name, begins);
  }

  accounts(begins: number): Account[] {
    return this.#all("SELECT body FROM accounts WHERE begins = ? ORDER BY name DESC", begins).map((body) => JSON.parse(body) as Account);
  }

  lease(id: string): Lease | undefined {
    return this.#one<Lease>("SELECT body FROM leases WHERE id = ?", id);
  }

  /** Live leases whose time has come, the first of them. */
  due(now: number, most: number): string[] {
    if (!this.#exists()) return [];
    const rows = this.#sql.exec<{ id: string }>("SELECT id FROM leases WHERE until <= ? ORDER BY until LIMIT ?", now, most);
    return rows.toArray().map(({ id }) => id);
  }

  /** When the next live lease expires. Milliseconds since the epoch. */
  earliest(): number | undefined {
    if (!this.#exists()) return undefined;
    return (
      this.#sql.exec<{ until: number | null }>("SELECT MIN(until) AS until FROM leases WHERE until IS NOT NULL").one().until ?? undefined
    );
  }

  /** In the order they were taken. */
  samples(agent: string): Sample[] {
    if (!this.#exists()) return [];
    const rows = this.#sql.exec<{ n: number; body: string }>("SELECT n, body FROM samples WHERE agent = ? ORDER BY n", agent);
    return rows.toArray().map(({ n, body }) => ({ agent, n, spent: JSON.parse(body) as Amount }));
  }

  /** The latest first. */
  incidents(): Told[] {
    if (!this.#exists()) return [];
    return this.#sql
      .exec<Told & Record<string, SqlStorageValue>>("SELECT at, agent, reason, detail FROM incidents ORDER BY n DESC")
      .toArray();
  }

  write({ accounts, leases, samples, incidents }: Rows): void {
    this.#make();
    this.#upsert(
      `INSERT INTO accounts SELECT value->>0, value->>1, value->>2 FROM json_each(?) WHERE true
       ON CONFLICT (name, begins) DO UPDATE SET body = excluded.body`,
      accounts.map((account) => [account.name, account.begins, JSON.stringify(account)]),
    );
    this.#upsert(
      `INSERT INTO leases (id, begins, until, body) SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?) WHERE true
       ON CONFLICT (id) DO UPDATE SET begins = excluded.begins, until = excluded.until, body = excluded.body`,
      leases.map((lease) => [lease.id, lease.begins, lease.state === "live" ? lease.until : null, JSON.stringify(lease)]),
    );
    this.#upsert(
      "INSERT OR REPLACE INTO samples SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?)",
      samples.map(({ agent, n, spent }) => [agent, n % SAMPLES_KEPT, n, JSON.stringify(spent)]),
    );
    this.#upsert(
      "INSERT INTO incidents (at, agent, reason, detail) SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?)",
      incidents.map(({ at, agent, reason, detail }) => [at, agent, reason, detail]),
    );
    if (incidents.length > 0) this.#sql.exec("DELETE FROM incidents WHERE n <= (SELECT MAX(n) FROM incidents) - ?", INCIDENTS_KEPT);
  }

  /**
   * Deletes leases that are not live and accounts that none are held in, of periods that began before; of the leases some of the
   * oldest at a time.
   *
   * @returns whether there may be more
   */
  forget(before: number, most: number): boolean {
    if (!this.#exists()) return false;
    const held = "SELECT begins FROM leases WHERE until IS NOT NULL";
    this.#sql.exec(`DELETE FROM accounts WHERE begins < ? AND begins NOT IN (${held})`, before);
    const oldest = "SELECT n FROM (SELECT n, begins, until FROM leases ORDER BY n LIMIT ?) WHERE begins < ? AND until IS NULL";
    return this.#sql.exec(`DELETE FROM leases WHERE n IN (${oldest}) RETURNING n`, most, before).toArray().length > 0;
  }

  /** As one JSON value: bound one by one, many parameters cost more than the writing. */
  #upsert(statement: string, rows: readonly (readonly (string | number | null)[])[]): void {
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
      this.#sql.exec(statement, JSON.stringify(rows.slice(from, from + ROWS_PER_INSERT)));
    }
  }

  #one<T>(query: string, ...bindings: (string | number)[]): T | undefined {
    const [body] = this.#all(query, ...bindings);
    return body === undefined ? undefined : (JSON.parse(body) as T);
  }

  #all(query: string, ...bindings: (string | number)[]): string[] {
    if (!this.#exists()) return [];
    return this.#sql
      .exec<{ body: string }>(query, ...bindings)
      .toArray()
      .map(({ body }) => body);
  }

  #make(): void {
    if (this.#exists()) return;
    this.#sql.exec(TABLES);
    this.#made = true;
  }

  #exists(): boolean {
    this.#made ??= this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'leases'").toArray().length > 0;
    return this.#made;
  }
}
