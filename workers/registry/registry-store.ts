/**
 * The SQL of the registry. Decides nothing. Cards are read one by one, and never to look for one.
 *
 *   entries   (name, version, body)      what was published, an Entry without how it stands, as JSON: never changed. Stored shape.
 *   versions  (name, version, publisher, digest, url, endpoint, chars, status, reason, due, after)  one row an entry, how it stands;
 *                                        `due` is when its probes run next, of versions that are called; outcomes up to `after` no
 *                                        longer speak against it; `chars` is how long its body is. Stored shape.
 *   log       (seq, body)                a LogRow as JSON: never changed. Stored shape.
 *
 * Tables are made with the first write: reading in an object that holds nothing writes nothing.
 */
import type { Held } from "../../shared/registry/admission.ts";
import type { Entry, EntryStatus, OtherVersion } from "../../shared/registry/entry.ts";
import { BEGINNING, chained, type LogEvent, type LogRow } from "../../shared/registry/history.ts";
import { isOwnExtension, SHOWN_OTHER_REASON } from "../../shared/registry/room.ts";

const TABLES = `
CREATE TABLE entries (name TEXT, version TEXT, body TEXT, PRIMARY KEY (name, version));
CREATE TABLE versions (
  name TEXT, version TEXT, publisher TEXT, digest TEXT, url TEXT, endpoint TEXT, chars INTEGER, status TEXT, reason TEXT, due INTEGER,
  after INTEGER,
  PRIMARY KEY (name, version)
) WITHOUT ROWID;
CREATE INDEX versions_due ON versions (due) WHERE due IS NOT NULL;
CREATE TABLE log (seq INTEGER PRIMARY KEY, body TEXT);`;

/** What a bound value may have, with room to spare. */
const MOST_BODY_BYTES = 1_500_000;

type Immutable = Omit<Entry, "status" | "reason">;
type OtherRow = {
  version: string;
  digest: string;
  endpoint: string;
  status: string;
  reason: string | null;
  streaming: number | null;
  uris: string;
};
type HeldRow = Record<Exclude<keyof Held, "status">, string> & { status: EntryStatus };

export class RegistryStore {
  readonly #sql: SqlStorage;
  #made: boolean | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** All versions of all agents, or of one, without their cards; in no order. */
  held(name?: string): Held[] {
    if (!this.#exists()) return [];
    const query = "SELECT name, version, digest, publisher, url, endpoint, status FROM versions";
    return name === undefined
      ? this.#sql.exec<HeldRow>(query).toArray()
      : this.#sql.exec<HeldRow>(`${query} WHERE name = ?`, name).toArray();
  }

  /** All that somebody has published under, in order. */
  names(): string[] {
    if (!this.#exists()) return [];
    const rows = this.#sql.exec<{ name: string }>("SELECT DISTINCT name FROM versions ORDER BY name").toArray();
    return rows.map(({ name }) => name);
  }

  entry(name: string, version: string): Entry | undefined {
    if (!this.#exists()) return undefined;
    const query = `SELECT body, status, reason FROM entries JOIN versions USING (name, version) WHERE name = ? AND version = ?`;
    const [row] = this.#sql.exec<{ body: string; status: string; reason: string | null }>(query, name, version).toArray();
    return row && { ...(JSON.parse(row.body) as Immutable), ...standing(row.status, row.reason) };
  }

  /**
   * Versions of an agent as far as calls that began with them have to know of them.
   *
   * @param versions in the order in which they are wanted
   * @param untrueOf what the card of one of them declares in vain
   */
  others(name: string, versions: readonly string[], untrueOf: (version: string) => readonly string[]): OtherVersion[] {
    // Their cards are read where they are: up to fifty of them would be much to take apart for so little.
    const declared = "json_extract(body, '$.card.capabilities.streaming') AS streaming";
    const uris = "(SELECT json_group_array(json_extract(value, '$.uri')) FROM json_each(body, '$.card.capabilities.extensions')) AS uris";
    const rows = this.#sql
      .exec<OtherRow>(
        `SELECT version, digest, endpoint, status, reason, ${declared}, ${uris} FROM entries JOIN versions USING (name, version)
         WHERE name = ? AND version IN (SELECT value FROM json_each(?))`,
        name,
        JSON.stringify(versions),
      )
      .toArray();
    const byVersion = new Map(rows.map((row) => [row.version, row]));
    return versions.flatMap((each) => {
      const row = byVersion.get(each);
      if (!row) return [];
      const { version, digest, endpoint, status, reason, streaming, uris: declaredUris } = row;
      const untrue = new Set(untrueOf(version));
      const own = (JSON.parse(declaredUris) as string[]).filter(isOwnExtension);
      return {
        version,
        digest,
        endpoint,
        ...standing(status, reason?.slice(0, SHOWN_OTHER_REASON).toWellFormed() ?? null),
        streaming: streaming === 1 && !untrue.has("capabilities.streaming"),
        extensions: own.filter((uri) => !untrue.has(`capabilities.extensions.${uri}`)),
      };
    });
  }

  /** @throws RangeError for one that is there already, or too large for a row */
  add({ status, reason, ...immutable }: Entry): void {
    this.#make();
    const body = JSON.stringify(immutable);
    if (body.length > MOST_BODY_BYTES || new TextEncoder().encode(body).length > MOST_BODY_BYTES)
      throw new RangeError(`an entry of more than ${MOST_BODY_BYTES} bytes fits into no row: what is published is bounded before`);
    const { name, version, publisher, digest, url, endpoint } = immutable;
    this.#sql.exec("INSERT INTO entries VALUES (?,?,?)", name, version, body);
    const row = [name, version, publisher, digest, url, endpoint, body.length, status, reason ?? null];
    this.#sql.exec("INSERT INTO versions VALUES (?,?,?,?,?,?,?,?,?,NULL,0)", ...row);
  }

  setStatus(name: string, version: string, status: EntryStatus, reason: string | undefined): void {
    this.#sql.exec("UPDATE versions SET status = ?, reason = ? WHERE name = ? AND version = ?", status, reason ?? null, name, version);
  }

  /** @returns the position of the last outcome that somebody has looked at; 0 where nobody has */
  forgiven(name: string, version: string): number {
    const [row] = this.#sql.exec<{ after: number }>("SELECT after FROM versions WHERE name = ? AND version = ?", name, version).toArray();
    return row?.after ?? 0;
  }

  forgive(name: string, version: string, after: number): void {
    this.#sql.exec("UPDATE versions SET after = ? WHERE name = ? AND version = ?", after, name, version);
  }

  /**
   * The agent's probes are due for these versions only. One that has a time already keeps it.
   *
   * @param at milliseconds since the epoch
   */
  setDue(name: string, versions: readonly string[], at: number): void {
    const these = "version IN (SELECT value FROM json_each(?))";
    this.#sql.exec(`UPDATE versions SET due = NULL WHERE name = ? AND NOT ${these}`, name, JSON.stringify(versions));
    this.#sql.exec(`UPDATE versions SET due = COALESCE(due, ?) WHERE name = ? AND ${these}`, at, name, JSON.stringify(versions));
  }

  /** Of a version whose probes are due at some time. */
  moveDue(name: string, version: string, at: number): void {
    this.#sql.exec("UPDATE versions SET due = ? WHERE name = ? AND version = ? AND due IS NOT NULL", at, name, version);
  }

  /** Whose probes are due first. */
  nextDue(): { name: string; version: string; at: number } | undefined {
    if (!this.#exists()) return undefined;
    const query = "SELECT name, version, due AS at FROM versions WHERE due IS NOT NULL ORDER BY due LIMIT 1";
    return this.#sql.exec<{ name: string; version: string; at: number }>(query).toArray()[0];
  }

  /** @returns its position */
  append(event: Omit<LogEvent, "seq">): number {
    this.#make();
    const [last] = this.log(this.last() - 1, 1);
    const row = chained({ ...event, seq: (last?.seq ?? 0) + 1 }, last?.hash ?? BEGINNING);
    this.#sql.exec("INSERT INTO log VALUES (?,?)", row.seq, JSON.stringify(row));
    return row.seq;
  }

  log(after: number, limit: number): LogRow[] {
    if (!this.#exists()) return [];
    const rows = this.#sql.exec<{ body: string }>("SELECT body FROM log WHERE seq > ? ORDER BY seq LIMIT ?", after, limit).toArray();
    return rows.map(({ body }) => JSON.parse(body) as LogRow);
  }

  /** Whose agents have a row after a position. */
  changedAfter(after: number): string[] {
    if (!this.#exists()) return [];
    const query = "SELECT DISTINCT json_extract(body, '$.name') AS name FROM log WHERE seq > ?";
    const rows = this.#sql.exec<{ name: string }>(query, after).toArray();
    return rows.map(({ name }) => name);
  }

  /** The last position in the log; 0 where there is none. */
  last(): number {
    if (!this.#exists()) return 0;
    return this.#sql.exec<{ last: number | null }>("SELECT MAX(seq) AS last FROM log").one().last ?? 0;
  }

  #make(): void {
    if (this.#exists()) return;
    this.#sql.exec(TABLES);
    this.#made = true;
  }

  #exists(): boolean {
    this.#made ??= this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'versions'").toArray().length > 0;
    return this.#made;
  }
}

function standing(status: string, reason: string | null): Pick<Entry, "status" | "reason"> {
  return { status: status as EntryStatus, ...(reason !== null && { reason }) };
}
