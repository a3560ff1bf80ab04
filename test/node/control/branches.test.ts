import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Amount, amountOf, minus, NOTHING, plus, within } from "../../../shared/budget/amount.ts";
import {
  type Branches,
  compareEvidence,
  describeBetter,
  drop,
  type Evidence,
  fork,
  merge,
  mergedEvidence,
  noBranches,
  noteEvidence,
  ranked,
  shareOut,
  unshared,
} from "../../../shared/control/branches.ts";

const SURFACE = ["a/x", "b/x", "c/x"];
const WHOLE = amountOf({ microUsd: 100, calls: 6 });
const amount = fc.record({ microUsd: fc.nat(120), calls: fc.nat(7) }).map(amountOf);
const evidence: fc.Arbitrary<Evidence> = fc.record({
  text: fc.constantFrom("one", "other"),
  findings: fc.array(fc.constantFrom("f1", "f2", "f3", "f4"), { maxLength: 4 }),
  reliability: fc.constantFrom(null, 0.5, 0.9, 0.95),
  checked: fc.constantFrom(true, false, null),
  cost: amount,
});
const shown = (over: Partial<Evidence> = {}): Evidence => ({
  text: "t",
  findings: ["f1"],
  reliability: 0.9,
  checked: null,
  cost: NOTHING,
  ...over,
});

function forked(branches: Branches, id: string, share: Amount, surface: readonly string[] = SURFACE): Branches {
  const done = fork(branches, { id, surface, share });
  if (!done.ok) throw new Error(done.reason);
  return done.branches;
}

type Step =
  | { do: "fork"; share: Amount; surface: readonly string[] }
  | { do: "note" | "merge"; road: number; evidence: Evidence }
  | { do: "drop"; road: number; spent: Amount };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("fork" as const),
    share: amount,
    surface: fc.array(fc.constantFrom(...SURFACE, "d/x", "*"), { maxLength: 4 }),
  }),
  fc.record({ do: fc.constantFrom("note" as const, "merge" as const), road: fc.nat(5), evidence }),
  fc.record({ do: fc.constant("drop" as const), road: fc.nat(5), spent: amount }),
);

/** Whatever is possible of the steps, in their order. */
function carriedOut(steps: readonly Step[], watch: (before: Branches, after: Branches, done: Step) => void): Branches {
  return steps.reduce(
    (branches, each, index) => {
      const next = taken(branches, each, index);
      if (next !== branches) watch(branches, next, each);
      return next;
    },
    noBranches(SURFACE, WHOLE),
  );
}

function taken(branches: Branches, each: Step, index: number): Branches {
  if (each.do === "fork") {
    const done = fork(branches, { id: `road-${index}`, surface: each.surface, share: each.share });
    return done.ok ? done.branches : branches;
  }
  const road = branches.roads[each.road];
  if (road?.status !== "open") return branches;
  if (each.do === "drop") return drop(branches, road.id, "no", each.spent);
  const noted = noteEvidence(branches, road.id, each.evidence);
  return each.do === "merge" ? merge(noted, road.id) : noted;
}

describe("branches of a goal", () => {
  it("share no more than the goal has, whatever is forked, merged and dropped", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        carriedOut(steps, (_before, { roads }) => {
          expect(within(roads.map(({ share }) => share).reduce(plus, NOTHING), WHOLE)).toBe(true);
        });
      }),
    );
  });

  it("give back, when they are dropped, exactly what they have not spent", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        carriedOut(steps, (before, after, done) => {
          if (done.do === "note" || done.do === "merge") expect(unshared(after)).toEqual(unshared(before));
          if (done.do !== "drop") return;
          const road = before.roads[done.road];
          expect(minus(unshared(after), unshared(before))).toEqual(minus(road?.share ?? NOTHING, done.spent));
        });
      }),
    );
  });

  it("may use no more than the goal may", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        for (const { surface } of carriedOut(steps, () => {}).roads) {
          expect(surface.length).toBeGreaterThan(0);
          for (const skill of surface) expect(SURFACE).toContain(skill);
        }
      }),
    );
  });

  it("leave the values that they are made from as they were", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        carriedOut(steps, (before, _after, done) => {
          const copy = structuredClone(before);
          taken(before, done, 99);
          expect(before).toEqual(copy);
        });
      }),
    );
  });

  it("are equal parts when the goal is shared out, and what does not divide stays", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), amount, (roads, whole) => {
        const none = noBranches(SURFACE, whole);
        const share = shareOut(none, roads);
        const all = Array.from({ length: roads }).reduce<Branches>((sum, _, index) => forked(sum, `road-${index}`, share), none);
        expect(Math.max(...Object.values(unshared(all)))).toBeLessThan(roads);
      }),
    );
  });

  it.each([
    ["of a name that is known", { id: "road-1", surface: SURFACE, share: NOTHING }, "known"],
    ["that may use nothing of the goal's", { id: "road-2", surface: ["d/x"], share: NOTHING }, "nothing-to-use"],
    ["beyond what is left", { id: "road-2", surface: SURFACE, share: amountOf({ calls: 1 }) }, "share-spent"],
  ] as const)("are not made %s", (_what, road, reason) => {
    expect(fork(forked(noBranches(SURFACE, WHOLE), "road-1", WHOLE), road)).toEqual({ ok: false, reason });
  });

  it("end once", () => {
    const one = noteEvidence(forked(noBranches(SURFACE, WHOLE), "road-1", WHOLE), "road-1", shown());
    expect(() => drop(merge(one, "road-1"), "road-1", "late", NOTHING)).toThrow("was merged already");
    expect(() => merge(drop(one, "road-1", "no", NOTHING), "road-1")).toThrow("was dropped already");
    expect(() => merge(forked(noBranches(SURFACE, WHOLE), "road-1", WHOLE), "road-1")).toThrow("nothing to merge");
  });
});

describe("the better of two roads", () => {
  it.each([
    ["whose check passed", { checked: true, findings: [] }, { reliability: 0.99 }, "its check passed"],
    ["that no check found wrong", {}, { checked: false, reliability: 0.99 }, "did not pass"],
    ["that has anything to show", { reliability: 0.5 }, { findings: [], reliability: 0.99 }, "where its answer is from"],
    ["whose line is more reliable", { reliability: 0.95 }, { findings: ["f1", "f2"] }, "0.950 to 0.900"],
    ["that found more", { findings: ["f1", "f2"], cost: amountOf({ microUsd: 9 }) }, { findings: ["f1", "f1", "f1"] }, "2 to 1"],
    ["that cost less", {}, { cost: amountOf({ microUsd: 1 }) }, "it cost less"],
  ] as const)("is the one %s", (_what, better, worse, why) => {
    const [one, other] = [shown(better), shown(worse)];
    expect(compareEvidence(one, other)).toBeLessThan(0);
    expect(describeBetter(one, other)).toContain(why);
  });

  it("is the same one from either side, and in a longer row", () => {
    fc.assert(
      fc.property(evidence, evidence, evidence, (one, other, third) => {
        expect(Math.sign(compareEvidence(one, other)) + Math.sign(compareEvidence(other, one))).toBe(0);
        if (compareEvidence(one, other) <= 0 && compareEvidence(other, third) <= 0)
          expect(compareEvidence(one, third)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe("roads that were tried", () => {
  const roads = fc
    .array(evidence, { minLength: 1, maxLength: 4 })
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all.keys()], { minLength: all.length })));
  const tried = (all: readonly Evidence[], order: readonly number[]) => {
    const begun = all.reduce<Branches>((sum, _, index) => forked(sum, `road-${index}`, NOTHING), noBranches(SURFACE, NOTHING));
    return order.reduce<Branches>((sum, index) => noteEvidence(sum, `road-${index}`, all[index] ?? shown()), begun);
  };

  it("rank the same in whatever order they ended", () => {
    fc.assert(
      fc.property(roads, ([all, order]) => {
        const ids = (branches: Branches) => ranked(branches).map(({ id }) => id);
        expect(ids(tried(all, order))).toEqual(ids(tried(all, [...all.keys()])));
      }),
    );
  });

  it("come to the same together in whatever order they are merged: each finding once, as reliable as the least", () => {
    fc.assert(
      fc.property(roads, ([all, order]) => {
        const merged = (ids: readonly number[]) =>
          mergedEvidence(ids.reduce((sum, index) => merge(sum, `road-${index}`), tried(all, [...all.keys()])));
        const together = merged(order);
        expect(together).toEqual(merged([...all.keys()]));
        expect([...(together?.findings ?? [])].sort()).toEqual([...new Set(all.flatMap(({ findings }) => findings))].sort());
        for (const { reliability } of all)
          if (together?.reliability != null) expect(together.reliability).toBeLessThanOrEqual(reliability ?? 0);
        expect(together?.cost).toEqual(all.map(({ cost }) => cost).reduce(plus, NOTHING));
      }),
    );
  });
});
