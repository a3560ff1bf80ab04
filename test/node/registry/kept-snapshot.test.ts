import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Snapshot, SnapshotEntry } from "../../../shared/registry/entry.ts";
import { KeptSnapshot } from "../../../shared/registry/kept-snapshot.ts";
import { upToDate } from "../../../shared/registry/snapshot.ts";

// A snapshot that is kept between the registry's object and its readers: they learn the same as from the object itself.

/** As the registry's object answers. */
class Registry {
  #last = 0;
  readonly #agents = new Map<string, { entry: SnapshotEntry; at: number }>();

  change(name: string): void {
    this.#last += 1;
    this.#agents.set(name, { entry: { name, version: `1.${this.#last}.0` } as SnapshotEntry, at: this.#last });
  }

  snapshot(known?: number): Snapshot | undefined {
    if (known === this.#last) return undefined;
    const all = [...this.#agents.values()];
    const revision = this.#last;
    if (known === undefined || known === 0 || known > revision) return { revision, entries: all.map(({ entry }) => entry) };
    return { revision, since: known, entries: all.filter(({ at }) => at > known).map(({ entry }) => entry) };
  }
}

const byName = (snapshot: Snapshot | undefined) => snapshot?.entries.toSorted((one, other) => one.name.localeCompare(other.name));

function read(kept: KeptSnapshot, registry: Registry, known: number | undefined): Snapshot | undefined {
  const told = kept.latest?.revision;
  kept.take(told, registry.snapshot(told));
  const since = kept.since(known);
  return since === "elsewhere" ? registry.snapshot(known) : since;
}

describe("a reader of a snapshot that is kept", () => {
  it("knows what the registry has, whenever it and others read, through isolates that come and go", () => {
    const step = fc.oneof(
      fc.record({ change: fc.constantFrom("a", "b", "c", "d") }),
      fc.record({ read: fc.nat(2), through: fc.nat(1) }),
      fc.record({ lost: fc.nat(1) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const registry = new Registry();
        const isolates = [new KeptSnapshot(), new KeptSnapshot()];
        const readers: (Snapshot | undefined)[] = [undefined, undefined, undefined];
        for (const each of steps) {
          if ("change" in each) registry.change(each.change);
          else if ("lost" in each) isolates[each.lost] = new KeptSnapshot();
          else {
            const [reader, kept] = [readers[each.read], isolates[each.through]];
            const answer = kept && read(kept, registry, reader?.revision);
            if (answer) readers[each.read] = upToDate(reader, answer);
            expect(byName(readers[each.read])).toEqual(byName(registry.snapshot()) ?? []);
          }
        }
      }),
    );
  });

  it("is told only what has changed since it read last", () => {
    const [registry, kept] = [new Registry(), new KeptSnapshot()];
    registry.change("a");
    registry.change("b");
    expect(read(kept, registry, undefined)).toMatchObject({ revision: 2, entries: [{ name: "a" }, { name: "b" }] });
    registry.change("b");
    expect(read(kept, registry, 2)).toEqual({ revision: 3, since: 2, entries: [{ name: "b", version: "1.3.0" }] });
    expect(read(kept, registry, 3)).toBeUndefined();
  });

  it("never goes back to an older one that was answered late, and forward to that of a registry that was set up anew", () => {
    const [registry, kept] = [new Registry(), new KeptSnapshot()];
    registry.change("a");
    const late = registry.snapshot();
    registry.change("a");
    kept.take(undefined, registry.snapshot());
    kept.take(undefined, late);
    expect(kept.latest?.revision).toBe(2);
    const anew = new Registry();
    anew.change("b");
    expect(read(kept, anew, 2)).toEqual({ revision: 1, entries: [{ name: "b", version: "1.1.0" }] });
  });
});
