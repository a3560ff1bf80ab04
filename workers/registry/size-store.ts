/**
 * The SQL of how much each version takes, beside the registry's own. Decides nothing.
 *
 *   sizes  (name, version, shown, other, stored, revoked_at)  one row a version: its Sizes, and when it was seen to be revoked, in
 *                                                             milliseconds since the epoch. Stored shape.
 *
 * The table is made with the first write. Versions that were stored before there was one are measured then.
 */
import { type SizedVersion, type Sizes, sizesOf } from "../../shared/registry/room.ts";
import type { RegistryStore } from "./registry-store.ts";

const TABLE = `
CREATE TABLE IF NOT EXISTS sizes (
  name TEXT, version TEXT, shown INTEGER, other INTEGER, stored INTEGER, revoked_at INTEGER, PRIMARY KEY (name, version)
) WITHOUT ROWID;`;

type SizedRow = Omit<SizedVersion, "revokedAt"> & { revoked_at: number | null };

export class SizeStore {
  readonly #sql: SqlStorage;
  readonly #store: RegistryStore;
  #isWhole = false;

  constructor(sql: SqlStorage, store: RegistryStore) {
    this.#sql = sql;
    this.#store = store;
  }

  /** Of all versions that are held. Within a transaction. */
  all(): SizedVersion[] {
    this.#make();
    if (this.#store.last() === 0) return [];
    const query = "SELECT name, publisher, status, shown, other, stored, revoked_at FROM sizes JOIN versions USING (name, version)";
    return this.#sql
      .exec<SizedRow>(query)
      .toArray()
      .map(({ revoked_at, ...rest }) => ({ ...rest, ...(revoked_at !== null && { revokedAt: revoked_at }) }));
  }

  add(name: string, version: string, { shown, other, stored }: Sizes): void {
    this.#sql.exec("INSERT OR REPLACE INTO sizes VALUES (?,?,?,?,?,NULL)", name, version, shown, other, stored);
  }

  /** Notes of an agent's versions when they were revoked, where that is not noted yet. Within a transaction. */
  noteRevoked(name: string, now: number): void {
    this.#make();
    const revoked = "version IN (SELECT version FROM versions WHERE name = ?2 AND status = 'revoked')";
    this.#sql.exec(`UPDATE sizes SET revoked_at = ?1 WHERE name = ?2 AND revoked_at IS NULL AND ${revoked}`, now, name);
  }

  /** Versions of an agent with when they were revoked. */
  revokedAt(name: string): ReadonlyMap<string, number> {
    if (!this.#exists()) return new Map();
    const query = "SELECT version, revoked_at FROM sizes WHERE name = ? AND revoked_at IS NOT NULL";
    const rows = this.#sql.exec<{ version: string; revoked_at: number }>(query, name).toArray();
    return new Map(rows.map((row) => [row.version, row.revoked_at]));
  }

  #make(): void {
    this.#sql.exec(TABLE);
    if (this.#isWhole || this.#store.last() === 0) return;
    const unmeasured = this.#sql
      .exec<{ name: string; version: string }>("SELECT name, version FROM versions EXCEPT SELECT name, version FROM sizes")
      .toArray();
    for (const { name, version } of unmeasured) {
      const entry = this.#store.entry(name, version);
      if (entry) this.add(name, version, sizesOf(entry));
    }
    this.#isWhole = true;
  }

  #exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'sizes'").toArray().length > 0;
  }
}
