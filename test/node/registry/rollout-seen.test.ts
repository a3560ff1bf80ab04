import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CopyOutcome, countsOf, lostClaims, type SeenOfBoth, skillsSeen } from "../../../shared/registry/rollout-seen.ts";
import type { CallsSeen } from "../../../shared/registry/score.ts";
import { outcome } from "./outcomes.ts";
import { ROLLOUT } from "./rollout-contract.ts";

// What the gates are given: calls since the rollout began, copies, and claims that the base keeps and the candidate does not.

const NOTHING: SeenOfBoth = { skills: ["count"], base: {}, candidate: {}, before: {}, copies: [] };

function seenOf(more: Partial<SeenOfBoth>) {
  return skillsSeen({ ...NOTHING, ...more }, ROLLOUT.tail)["count"];
}

function calls(successes: number, failures: number, ms: readonly number[] = []): CallsSeen {
  return { successes, failures, ms, microUsd: [] };
}

function copy(more: Partial<CopyOutcome> = {}): CopyOutcome {
  return { skill: "count", base: { ok: true, ms: 100 }, candidate: { ok: true, ms: 200, microUsd: 7 }, alike: true, ...more };
}

describe("calls", () => {
  it("to the base count from when the rollout began, with the times of those alone", () => {
    const base = { count: calls(12, 5, [900, 900, 20, 30]) };
    const before = { count: { successes: 10, failures: 4 } };
    expect(seenOf({ base, before })?.base).toMatchObject({ successes: 2, failures: 1, ms: 20 });
  });

  it("that were declined count from then too, of the candidate from when it was sent on by hand", () => {
    const all = { count: { ...calls(9, 9), declined: 5 } };
    const before = { count: { successes: 4, failures: 3, declined: 2 } };
    const left = { successes: 5, failures: 6, declined: 3 };
    expect(seenOf({ base: all, before, candidate: all })).toMatchObject({
      base: left,
      candidate: { successes: 9, failures: 9, declined: 5 },
    });
    expect(seenOf({ candidate: all, candidateBefore: before })?.candidate).toMatchObject(left);
    expect(countsOf(all)).toEqual({ count: { successes: 9, failures: 9, declined: 5 } });
    // Noted by a registry that did not count them yet.
    expect(seenOf({ base: all, before: { count: { successes: 4, failures: 3 } } })?.base).toMatchObject({ declined: 5 });
  });

  it("to a skill that the scoreboard has forgotten and learnt anew all count", () => {
    const before = { count: { successes: 10, failures: 4 } };
    expect(seenOf({ base: { count: calls(3, 0, [5]) }, before })?.base).toMatchObject({ successes: 3, failures: 0, ms: 5 });
  });

  it("are never negative, and none are there where nothing came since", () => {
    const count = fc.nat({ max: 60 });
    fc.assert(
      fc.property(fc.tuple(count, count), fc.tuple(count, count), ([a, b], [c, d]) => {
        const base = { count: calls(a, b, [1, 2, 3]) };
        const seen = seenOf({ base, before: { count: { successes: c, failures: d } } })?.base;
        expect(seen?.successes).toBeGreaterThanOrEqual(0);
        expect(seen?.failures).toBeGreaterThanOrEqual(0);
        expect(seenOf({ base, before: countsOf(base) })?.base).toEqual({ successes: 0, failures: 0 });
      }),
    );
  });

  it("are looked at by the candidate's skills, whatever a card calls them", () => {
    const skills = skillsSeen({ ...NOTHING, skills: ["__proto__", "toString"], base: { gone: calls(1, 0) } }, ROLLOUT.tail);
    expect(Object.keys(skills)).toEqual(["__proto__", "toString"]);
    expect(Object.values(skills).map(({ candidate }) => candidate.successes)).toEqual([0, 0]);
  });
});

describe("copies", () => {
  it("are counted on both sides, and compared where both answered", () => {
    const { alike: _, ...unanswered } = copy({ candidate: { ok: false, ms: 10_000 } });
    expect(seenOf({ copies: [copy(), copy({ alike: false }), unanswered] })?.copies).toMatchObject({
      base: { successes: 3, failures: 0, ms: 100 },
      candidate: { successes: 2, failures: 1, ms: 200, microUsd: 7 },
      compared: 2,
      alike: 1,
    });
  });

  it("of calls that the base could not answer say nothing of the candidate, whatever came of it", () => {
    const garbage = copy({ base: { ok: false, ms: 5 }, candidate: { ok: false, ms: 5 } });
    const { alike: _, ...refused } = { ...garbage, base: { ok: false, declined: true as const, ms: 5 }, alike: false };
    expect(seenOf({ copies: [garbage, garbage, refused, copy()] })?.copies).toMatchObject({
      base: { successes: 1, failures: 2, declined: 1 },
      candidate: { successes: 1, failures: 0 },
    });
  });

  it("that the candidate declined are neither its successes nor its failures", () => {
    const { alike: _, ...declined } = copy({ candidate: { ok: false, declined: true, ms: 5 } });
    expect(seenOf({ copies: [declined] })?.copies?.candidate).toEqual({ successes: 0, failures: 0, declined: 1 });
  });

  it("of another skill are that one's", () => {
    expect(seenOf({ copies: [copy({ skill: "fly" })] })?.copies).toBeUndefined();
  });
});

describe("a claim is lost", () => {
  const claim = (name: string, ok: boolean) => ({ ...outcome(), skill: "", claim: name, ok });

  it("where the base was found to keep it, and the candidate not to", () => {
    const kept = [claim("capabilities.streaming", true)];
    const broken = [claim("capabilities.streaming", false)];
    expect(lostClaims(kept, broken)).toEqual(["capabilities.streaming"]);
    expect(lostClaims(broken, broken)).toEqual([]);
    expect(lostClaims([], broken)).toEqual([]);
    expect(lostClaims(kept, [...broken, ...kept])).toEqual([]);
  });
});
