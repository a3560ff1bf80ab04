import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seenOf } from "../../../shared/registry/median.ts";
import type { SkillSeen } from "../../../shared/registry/rollout.ts";
import { decideRollout, firstStage, nextStep, type RolloutSignals, stepTo } from "../../../shared/registry/rollout-gates.ts";
import { ROLLOUT, type Skills, seen, signals } from "./rollout-contract.ts";

const decide = (over: Partial<RolloutSignals>) => decideRollout(ROLLOUT, signals(over));
const one = (base: SkillSeen, candidate: SkillSeen): Skills => ({ count: { base, candidate } });

/** Calls that all succeeded, each of which took and cost the same. */
const steady = (of: number, ms: number, microUsd = 0): SkillSeen =>
  seenOf(
    { successes: of, failures: 0, ms: Array.from({ length: of }, () => ms), microUsd: Array.from({ length: of }, () => microUsd) },
    ROLLOUT.tail,
  );

/** Of copies in shadow. */
const copied = (alike: number, compared: number, candidate: SkillSeen = seen(compared, compared)): Skills => ({
  count: { base: seen(0, 0), candidate: seen(0, 0), copies: { base: seen(compared, compared), candidate, compared, alike } },
});

describe("a candidate goes on", () => {
  it.each([
    ["19 of 20, where the base has 95 of 100", one(seen(95, 100), seen(19, 20))],
    ["exactly the drop that is allowed: 17 of 20 = 0.95 - 0.1", one(seen(95, 100), seen(17, 20))],
    ["one and a half times as slow and 50 ms more", one(steady(40, 100), steady(20, 200))],
    ["dearer by a quarter and 100 micro-USD", one(steady(40, 100, 1_000), steady(20, 100, 1_350))],
    ["a skill that the base does not have, and that more often succeeds than not", one(seen(0, 0), seen(11, 20))],
    ["a skill that nobody called", { ...one(seen(95, 100), seen(20, 20)), rest: { base: seen(50, 50), candidate: seen(0, 0) } }],
    ["faster, cheaper and better", one(steady(40, 900, 9_000), steady(20, 10, 10))],
  ])("with %s", (_what, skills) => {
    expect(decide({ skills })).toMatchObject({ policy: "rollout", version: 1, outcome: "advance", reason: "gates-hold", waitsFor: "" });
  });

  it("and says which skills nobody has had an answer of, three of them by name", () => {
    const rest = { base: seen(50, 50), candidate: seen(0, 0) };
    const skills = { ...one(seen(95, 100), seen(20, 20)), e: rest, a: rest, d: rest, b: rest, c: rest };
    expect(decide({ skills }).why).toMatch(/all gates hold; nobody has had an answer of "a", "b", "c", 2 more$/);
    expect(decide({ stage: "shadow", share: 0, skills: { ...copied(10, 10), a: rest } }).why).toMatch(/; nothing was compared of "a"$/);
    expect(decide({ skills: one(seen(95, 100), seen(20, 20)) }).why).toMatch(/all gates hold$/);
  });

  it("at once where no skill may get copies, and says so", () => {
    expect(decide({ stage: "shadow", share: 0, tryable: false })).toMatchObject({ outcome: "advance", reason: "no-copies" });
    expect(firstStage(ROLLOUT, false)).toMatchObject({
      stage: "canary",
      share: ROLLOUT.canaryShare,
      why: expect.stringContaining("no skill"),
    });
    expect(firstStage(ROLLOUT, true)).toMatchObject({ stage: "shadow", share: 0 });
  });

  it("after enough copies whose answers are alike often enough", () => {
    expect(decide({ stage: "shadow", share: 0, skills: copied(5, 10) })).toMatchObject({ outcome: "advance" });
  });

  it("from shadow by all shares of the contract, each once, to being listed", () => {
    const steps = [firstStage(ROLLOUT, true)].map(({ stage, share }) => ({ stage, share }));
    for (let next = nextStep(ROLLOUT, steps[0] ?? stepTo(ROLLOUT, "shadow")); next !== "active"; ) {
      steps.push(next);
      next = nextStep(ROLLOUT, next);
    }
    expect(steps).toEqual([
      { stage: "shadow", share: 0 },
      { stage: "canary", share: 0.1 },
      { stage: "ramp", share: 0.25 },
      { stage: "ramp", share: 0.5 },
    ]);
    expect(steps[1]).toEqual(stepTo(ROLLOUT, "canary"));
    expect(steps[2]).toEqual(stepTo(ROLLOUT, "ramp"));
  });
});

describe("a candidate stays", () => {
  it.each([
    ["12 of 20 calls", { skills: one(seen(95, 100), seen(12, 12)) }, "8 more calls to the candidate"],
    ["all but one", { skills: one(seen(95, 100), seen(19, 19)) }, "1 more call to the candidate"],
    [
      "what canary has seen, in the first share of the ramp",
      { stage: "ramp" as const, share: 0.25, skills: one(seen(95, 100), seen(20, 20)) },
      "20 more calls to the candidate",
    ],
    [
      "what that has seen, in the second",
      { stage: "ramp" as const, share: 0.5, skills: one(seen(95, 100), seen(40, 40)) },
      "20 more calls to the candidate",
    ],
    [
      "9 copies",
      { stage: "shadow" as const, share: 0, skills: copied(9, 9) },
      `1 more copy to compare, at most ${ROLLOUT.maxCopiesPerMinute} a minute`,
    ],
    ["nothing at all", {}, "20 more calls to the candidate"],
    [
      "20 copies that both answered of which none could be compared",
      { stage: "shadow" as const, share: 0, skills: copied(0, 0, seen(20, 20)) },
      `10 more copies to compare, at most ${ROLLOUT.maxCopiesPerMinute} a minute`,
    ],
    ["20 calls that it refused", { skills: one(seen(0, 0), { ...seen(0, 0), declined: 20 }) }, "20 more calls to the candidate"],
  ])("with %s, and says what it waits for", (_what, over, waitsFor) => {
    expect(decide(over)).toMatchObject({ outcome: "stay", reason: "too-few", waitsFor });
  });

  it.each([
    [
      "16 of 20 where 17 would do: chance may have done it",
      one(seen(95, 100), seen(16, 20)),
      /"count" has 16 of 20 calls that succeeded, where 95 of 100/,
    ],
    [
      "a median above the limit of five calls only",
      one(steady(40, 100), { ...steady(5, 900), failures: 15, successes: 80 }),
      /takes 900 ms/,
    ],
    [
      "one call of a rare skill that failed",
      { ...one(seen(95, 100), seen(20, 20)), rest: { base: seen(50, 50), candidate: seen(0, 1) } },
      /"rest" has 0 of 1/,
    ],
    [
      "three calls of a rare skill that failed, which may be one caller's",
      { ...one(seen(95, 100), seen(20, 20)), rest: { base: seen(50, 50), candidate: seen(0, 3) } },
      /"rest" has 0 of 3/,
    ],
    [
      "calls that all fail, as the base's do: the floor holds for whoever goes on",
      one(seen(0, 100), seen(0, 60)),
      /has 0 of 60 calls that succeeded, where at least 50% should/,
    ],
    [
      "9 of 30 calls declined, where 15% may be: chance may have done it",
      one({ ...seen(57, 57), declined: 3 }, { ...seen(21, 21), declined: 9 }),
      /asked back to 9 of 30 calls, where the base did to 3 of 60/,
    ],
    [
      "a new skill that asks back more often than it answers, of which nobody knows how often it has to",
      one(seen(0, 0), { ...seen(20, 20), declined: 60 }),
      /asked back to 60 of 80 calls, where at most 50% may be/,
    ],
  ])("in doubt with %s", (_what, skills, words) => {
    const decision = decide({ skills });
    expect(decision).toMatchObject({
      outcome: "stay",
      reason: "in-doubt",
      waitsFor: expect.stringContaining("more calls to the candidate, until"),
    });
    expect(decision.why).toMatch(words);
  });
});

describe("a candidate is taken back", () => {
  it.each([
    // the upper bound of Beta(1 + held, 1 + failed) at 0.98 against the lower one of the base at 0.02, less 0.1
    [
      "4 of 4 calls failed: 1 - 0.02^(1/5) = 0.54 < 0.96 - 0.1",
      one(seen(100, 100), seen(0, 4)),
      "success",
      /has 0 of 4 calls that succeeded, where 100 of 100/,
    ],
    ["half of 20 failed", one(seen(95, 100), seen(10, 20)), "success", /10 of 20 .* 95 of 100/],
    [
      "a new skill fails three times in four: the floor of 0.5 stands for a base that has none",
      one(seen(0, 0), seen(5, 20)),
      "success",
      /at least 50% should/,
    ],
    [
      "a rarely called skill fails, beside a good one",
      { ...one(seen(990, 1_000), seen(58, 58)), rest: { base: seen(50, 50), candidate: seen(0, 4) } },
      "success",
      /^skill "rest"/,
    ],
    [
      "three times as slow",
      one(steady(40, 400), steady(6, 1_200)),
      "latency",
      /takes 1200 ms, where the base takes 400 ms and 650 ms are allowed/,
    ],
    [
      "twice as dear",
      one(steady(40, 100, 1_000), steady(6, 100, 2_000)),
      "cost",
      /costs 2000 micro-USD, where the base costs 1000 and 1350 are allowed/,
    ],
    [
      "it begins to charge, where the base is free",
      one(steady(40, 100, 0), steady(6, 100, 5_000)),
      "cost",
      /costs 5000 .* the base costs 0/,
    ],
    [
      "it refuses 9 of 10, and does the easy one well",
      one({ ...seen(95, 95), declined: 5 }, { ...seen(2, 2), declined: 18 }),
      "declined",
      /refused or asked back to 18 of 20 calls, where the base did to 5 of 100/,
    ],
  ])("when %s", (_what, skills, reason, words) => {
    const decision = decide({ skills });
    expect(decision).toMatchObject({ outcome: "back", reason });
    expect(decision.why).toMatch(words);
  });

  it("when all skills together are worse beyond chance, although none is by itself", () => {
    const skills = Object.fromEntries(["a", "b", "c", "d", "e"].map((id) => [id, { base: seen(95, 100), candidate: seen(4, 6) }]));
    expect(decide({ skills: { a: { base: seen(95, 100), candidate: seen(4, 6) } } })).toMatchObject({ outcome: "stay" });
    expect(decide({ skills })).toMatchObject({ outcome: "back", why: expect.stringMatching(/^all skills together has 20 of 30/) });
  });

  it("not because its calls went to the harder skill more often than the base's did", () => {
    const skills = { hard: { base: seen(10, 20), candidate: seen(9, 18) }, easy: { base: seen(980, 980), candidate: seen(2, 2) } };
    expect(decide({ skills })).toMatchObject({ outcome: "advance" });
  });

  it("when its copies say something else, or fail, in shadow", () => {
    const stage = { stage: "shadow" as const, share: 0 };
    expect(decide({ ...stage, skills: copied(0, 6) })).toMatchObject({
      outcome: "back",
      reason: "likeness",
      why: expect.stringContaining("0 of 6 answers"),
    });
    expect(decide({ ...stage, skills: copied(10, 10, seen(0, 10)) })).toMatchObject({ outcome: "back", reason: "success" });
  });

  it("when its copies refuse what the base answered", () => {
    const copies = { base: seen(10, 10), candidate: { ...seen(0, 0), declined: 10 }, compared: 0, alike: 0 };
    const decision = decide({ stage: "shadow", share: 0, skills: { count: { base: seen(0, 0), candidate: seen(0, 0), copies } } });
    expect(decision).toMatchObject({ outcome: "back", reason: "declined" });
  });

  it("for one claim that is false, whatever else was seen", () => {
    const decision = decide({ skills: one(seen(95, 100), seen(60, 60)), untrue: ["capabilities.streaming"] });
    expect(decision).toMatchObject({
      outcome: "back",
      reason: "untrue",
      why: "declares capabilities.streaming, which was found to be false",
    });
  });
});

const count = fc.nat(60);
const skill = fc
  .record({
    base: fc.tuple(count, count),
    candidate: fc.tuple(count, count),
    ms: fc.array(fc.nat(5_000), { maxLength: 30 }),
    baseMs: fc.array(fc.nat(5_000), { maxLength: 30 }),
    alike: fc.nat(20),
    unlike: fc.nat(20),
    declined: fc.tuple(fc.nat(20), fc.nat(20)),
  })
  .map(({ base, candidate, ms, baseMs, alike, unlike, declined: [less, more] }) => {
    const of = ([successes, failures]: readonly [number, number], times: readonly number[], declined: number) =>
      seenOf({ successes, failures, declined, ms: times, microUsd: [] }, ROLLOUT.tail);
    const both = { base: of(base, baseMs, less), candidate: of(candidate, ms, more) };
    return { ...both, copies: { ...both, compared: alike + unlike, alike } };
  });
const step = fc.constantFrom(
  { stage: "shadow" as const, share: 0 },
  { stage: "canary" as const, share: 0.1 },
  { stage: "ramp" as const, share: 0.25 },
  { stage: "ramp" as const, share: 0.5 },
);
const skills = fc.dictionary(fc.string({ maxLength: 4 }), skill, { maxKeys: 5 });
const RANK = { back: 0, stay: 1, advance: 2 };

describe("for all that may be seen", () => {
  it("one of three things is decided, with a reason in words, and what it waits for exactly when it waits", () => {
    fc.assert(
      fc.property(skills, step, fc.boolean(), (all, at, tryable) => {
        const { outcome, why, waitsFor } = decideRollout(ROLLOUT, signals({ ...at, skills: all, tryable }));
        expect(why).not.toBe("");
        expect(waitsFor !== "").toBe(outcome === "stay");
      }),
    );
  });

  it("what it decides does not depend on the order of the skills", () => {
    fc.assert(
      fc.property(skills, step, (all, at) => {
        const turned = Object.fromEntries(Object.entries(all).toReversed());
        expect(decideRollout(ROLLOUT, signals({ ...at, skills: turned }))).toEqual(decideRollout(ROLLOUT, signals({ ...at, skills: all })));
      }),
    );
  });

  it("a failure that had been a success never serves the candidate", () => {
    fc.assert(
      fc.property(skills, step, fc.nat(4), (all, at, which) => {
        const [id, its] = Object.entries(all)[which] ?? [];
        fc.pre(id !== undefined && its !== undefined && its.candidate.successes > 0);
        const worse = { ...its.candidate, successes: its.candidate.successes - 1, failures: its.candidate.failures + 1 };
        const before = decideRollout(ROLLOUT, signals({ ...at, skills: all }));
        const after = decideRollout(
          ROLLOUT,
          signals({ ...at, skills: { ...all, [id]: { ...its, candidate: worse, copies: { ...its.copies, candidate: worse } } } }),
        );
        expect(RANK[after.outcome]).toBeLessThanOrEqual(RANK[before.outcome]);
      }),
    );
  });

  it("one failure more of a single skill never brings back what was taken back", () => {
    fc.assert(
      fc.property(skill, step, (its, at) => {
        const worse = { ...its.candidate, failures: its.candidate.failures + 1 };
        const of = (candidate: SkillSeen) =>
          decideRollout(ROLLOUT, signals({ ...at, skills: { x: { ...its, candidate, copies: { ...its.copies, candidate } } } }));
        fc.pre(of(its.candidate).outcome === "back");
        expect(of(worse).outcome).toBe("back");
      }),
    );
  });

  it("a call more that it declines never serves the candidate", () => {
    fc.assert(
      fc.property(skill, step, (its, at) => {
        const of = (candidate: SkillSeen) =>
          decideRollout(ROLLOUT, signals({ ...at, skills: { x: { ...its, candidate, copies: { ...its.copies, candidate } } } }));
        const more = { ...its.candidate, declined: (its.candidate.declined ?? 0) + 1 };
        expect(RANK[of(more).outcome]).toBeLessThanOrEqual(RANK[of(its.candidate).outcome]);
      }),
    );
  });

  it("an answer that is alike never harms the candidate", () => {
    fc.assert(
      fc.property(skill, (its) => {
        fc.pre(its.copies.alike < its.copies.compared);
        const of = (alike: number) =>
          decideRollout(ROLLOUT, signals({ stage: "shadow", share: 0, skills: { x: { ...its, copies: { ...its.copies, alike } } } }));
        expect(RANK[of(its.copies.alike + 1).outcome]).toBeGreaterThanOrEqual(RANK[of(its.copies.alike).outcome]);
      }),
    );
  });
});
