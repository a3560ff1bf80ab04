/**
 * How versions stand, and the row in the log that says so: the two are written together and by nobody else. Decides nothing, and is
 * called within a transaction.
 */
import type { Entry, EntryStatus } from "../../shared/registry/entry.ts";
import type { LogEvent } from "../../shared/registry/history.ts";
import type { OutcomeStore } from "./outcome-store.ts";
import type { RecordStore } from "./record-store.ts";
import type { RegistryStore } from "./registry-store.ts";

/** Whoever changes something on nobody's behalf. */
export const REGISTRY = "registry";

export interface StatusChange {
  readonly from: EntryStatus;
  readonly to: EntryStatus;
  readonly reason: string;
  readonly by: string;
  /** For what was measured of it, which a higher number alone does not mend. */
  readonly measured?: boolean;
}

export class Standings {
  readonly #store: RegistryStore;
  readonly #outcomes: OutcomeStore;
  readonly #records: RecordStore;

  constructor(store: RegistryStore, outcomes: OutcomeStore, records: RecordStore) {
    this.#store = store;
    this.#outcomes = outcomes;
    this.#records = records;
  }

  set(name: string, version: string, { from, to, reason, by, measured }: StatusChange): void {
    this.#store.setStatus(name, version, to, to === "listed" ? undefined : reason);
    // Whoever lists it again has looked at what was measured so far.
    if (from === "quarantined" && to === "listed") this.#store.forgive(name, version, this.#outcomes.last());
    if (measured) this.#records.mark(name, { version, why: reason });
    // Its gates held, or an operator looked. A publisher who takes back a deprecation has answered for nothing.
    if (to === "listed" && from !== "deprecated") this.#records.unmark(name, version);
    const entry = this.#store.entry(name, version);
    if (entry) this.append(entry, { what: "changed", by, reason });
  }

  append({ name, version, digest, status, reason }: Entry, more: Pick<LogEvent, "what" | "by" | "reason">): void {
    this.#store.append({ at: new Date().toISOString(), name, version, digest, status, ...(reason !== undefined && { reason }), ...more });
  }
}
