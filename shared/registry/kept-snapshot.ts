/**
 * The registry's snapshot as one isolate keeps it for all readers that ask there, so that the registry's object makes each part of it
 * once. It answers from what it was given and reads nothing itself: whoever has it asks the object before each answer what is new.
 */
import type { Snapshot } from "./entry.ts";
import { upToDate } from "./snapshot.ts";

export class KeptSnapshot {
  #latest: Snapshot | undefined;
  /** What changed before is not known here. */
  #since = 0;
  /** By name, the revision by which it had changed. */
  readonly #changed = new Map<string, number>();

  get latest(): Snapshot | undefined {
    return this.#latest;
  }

  /** @param known the revision that the object was told of; it may be another one by now, because answers overtake each other */
  take(known: number | undefined, read: Snapshot | undefined): void {
    if (!read) return;
    const before = this.#latest;
    if (read.since === undefined) {
      if (known === undefined && before && before.revision > read.revision) return;
      this.#latest = read;
      this.#since = read.revision;
      this.#changed.clear();
      return;
    }
    this.#latest = upToDate(before, read);
    if (this.#latest === before) return;
    for (const { name } of read.entries) this.#changed.set(name, read.revision);
  }

  /**
   * @param known by the reader
   * @returns what has changed since; undefined when nothing has; "elsewhere" where only the object can say
   */
  since(known: number | undefined): Snapshot | undefined | "elsewhere" {
    const latest = this.#latest;
    if (!latest) return "elsewhere";
    if (known === undefined || known === 0) return latest.revision === known ? undefined : whole(latest);
    if (known === latest.revision) return undefined;
    if (known < this.#since || known > latest.revision) return "elsewhere";
    const entries = latest.entries.filter(({ name }) => (this.#changed.get(name) ?? 0) > known);
    return { revision: latest.revision, since: known, entries };
  }
}

function whole({ revision, entries }: Snapshot): Snapshot {
  return { revision, entries };
}
