/**
 * What a version has of the ones before it, as the registry's object stores and shows it. A shell: it loads what was seen, asks what is
 * carried over, and stores the answer.
 */
import { carriedOver, type Records } from "../../shared/registry/carried.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import { type Before, recordsOf } from "../../shared/registry/score.ts";
import { calledVersion } from "../../shared/registry/standing.ts";
import type { OutcomeStore } from "./outcome-store.ts";
import type { RecordStore } from "./record-store.ts";
import type { RegistryStore } from "./registry-store.ts";

export interface InheritanceParts {
  readonly store: RegistryStore;
  readonly outcomes: OutcomeStore;
  readonly records: RecordStore;
  /** Outcomes of a skill that are carried over. */
  readonly most: number;
}

export class Inheritance {
  readonly #parts: InheritanceParts;

  constructor(parts: InheritanceParts) {
    this.#parts = parts;
  }

  /** Before the version is added: it follows the one that is called by then. Does nothing for the first. */
  begin(entry: Entry): void {
    const { store } = this.#parts;
    const called = calledVersion(store.held(entry.name));
    const before = called && store.entry(entry.name, called.version);
    if (before) this.#carry(entry, before);
  }

  /** Once more may be known of the version before. @returns whether something else is carried over than until now */
  renew(entry: Entry): boolean {
    const before = this.before(entry);
    if (!before) return false;
    const known = JSON.stringify(this.#carriedTo(entry));
    this.#carry(entry, before);
    return JSON.stringify(this.#carriedTo(entry)) !== known;
  }

  /** The version that it follows. */
  before({ name, version }: Pick<Entry, "name" | "version">): Entry | undefined {
    const { store, records } = this.#parts;
    const carried = records.carried(name, version);
    return carried && store.entry(name, carried.of);
  }

  of(entry: Pick<Entry, "name" | "version">): Before {
    const { outcomes, most } = this.#parts;
    return { carried: this.#carriedTo(entry), most, others: outcomes.countOfOthers(entry.name, entry.version) };
  }

  #carriedTo({ name, version }: Pick<Entry, "name" | "version">): Records {
    return this.#parts.records.carried(name, version)?.skills ?? {};
  }

  #carry({ name, version, card }: Entry, before: Entry): void {
    const { outcomes, records, most } = this.#parts;
    const [ids, idsBefore] = [card, before.card].map(({ skills }) => skills.map(({ id }) => id)) as [string[], string[]];
    const own = recordsOf(idsBefore, outcomes.of(name, before.version), outcomes.calls(name, before.version));
    const skills = carriedOver(ids, { own, carried: this.#carriedTo(before) }, most);
    records.setCarried(name, version, { of: before.version, skills });
  }
}
