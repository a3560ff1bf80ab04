import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountOf, UNITS } from "../../../shared/budget/amount.ts";
import type { SkillOutcome, SkillScore } from "../../../shared/host/governance/api.ts";
import { outcomeProblem, withOutcome } from "../../../shared/host/governance/score.ts";

const GOOD: SkillOutcome = { agent: "writer", version: "1.0.0", skill: "write", ok: true, ms: 20, cost: amountOf({ calls: 1 }) };

describe("an outcome", () => {
  it.each<[string, object]>([
    ["took no time and cost nothing", { ms: 0, cost: amountOf({}) }],
    ["took part of a millisecond", { ms: 0.25 }],
    ["is of an agent called like a part of every object", { agent: "constructor", skill: "__proto__".slice(2), version: "__proto__" }],
    ["is of a skill with dots", { skill: "find.sources-v2" }],
  ])("counts when it %s", (_what, more) => {
    expect(outcomeProblem({ ...GOOD, ...more })).toBeUndefined();
  });

  it.each<[string, object, RegExp]>([
    ["a time below zero", { ms: -1 }, /^ms must be/],
    ["a time that is no number", { ms: Number.NaN }, /^ms must be/],
    ["a time without end", { ms: 1e300 }, /^ms must be/],
    ["a time that is text", { ms: "12" }, /^ms must be/],
    ["a cost below zero", { cost: amountOf({ microUsd: -5 }) }, /^cost\.microUsd/],
    ["a cost that is no number", { cost: amountOf({ tokensIn: Number.NaN }) }, /^cost\.tokensIn/],
    ["a cost without end", { cost: amountOf({ wallMs: 1e300 }) }, /^cost\.wallMs/],
    ["half a call", { cost: amountOf({ calls: 0.5 }) }, /^cost\.calls/],
    ["a cost of which a unit is missing", { cost: { calls: 1 } }, /^cost\.microUsd/],
    ["no cost", { cost: null }, /^cost must be/],
    ["an end that is neither", { ok: "yes" }, /^ok must be/],
    ["a success that was declined", { declined: true }, /^declined must be/],
    ["a declining that is no word", { ok: false, declined: 1 }, /^declined must be/],
    ["the prototype as its agent", { agent: "__proto__" }, /^agent must be/],
    ["an object's id as its agent", { agent: "a".repeat(64) }, /^agent must be/],
    ["an agent that is no text", { agent: ["writer"] }, /^agent must be/],
    ["no version", { version: "" }, /^version must be/],
    ["a version without an end", { version: "1".repeat(65) }, /^version must be/],
    ["a version that no header holds", { version: "1.0\r\nx: y" }, /^version must be/],
    ["a skill with a slash", { skill: "a/b" }, /^skill must be/],
    ["a skill without an end", { skill: "s".repeat(129) }, /^skill must be/],
  ])("does not count with %s, and says why", (_what, more, words) => {
    expect(outcomeProblem({ ...GOOD, ...more } as SkillOutcome)).toMatch(words);
  });

  it("never counts with anything that is no amount in one of its units, whatever it is", () => {
    const notAnAmount = fc.oneof(
      fc.double({ max: -Number.MIN_VALUE }),
      fc.double({ min: 1.1e12, noNaN: false }),
      fc.double({ min: 0.01, max: 0.99 }),
      fc.string(),
      fc.constantFrom(null, undefined, true, [], {}, [1], 1n),
    );
    fc.assert(
      fc.property(fc.constantFrom(...UNITS), notAnAmount, (unit, value) => {
        const cost = { ...GOOD.cost, [unit]: value } as SkillOutcome["cost"];
        expect(outcomeProblem({ ...GOOD, cost })).toMatch(`cost.${unit} must be`);
      }),
    );
  });
});

describe("a score", () => {
  it("counts what was declined as neither a success nor a failure", () => {
    const declined = { ...GOOD, ok: false, declined: true as const };
    const score = [GOOD, declined, { ...GOOD, ok: false }, declined].reduce(
      (before: SkillScore | undefined, each) => withOutcome(before, each),
      undefined,
    );
    expect(outcomeProblem(declined)).toBeUndefined();
    expect(score).toMatchObject({ successes: 1, failures: 1, declined: 2, ms: [20] });
    expect(withOutcome(undefined, GOOD)).not.toHaveProperty("declined");
  });

  it("counts all outcomes, and keeps the times of the latest 50 successes and nothing of failures", () => {
    const outcomes = fc.array(fc.record({ ok: fc.boolean(), ms: fc.nat(10_000) }), { maxLength: 200 });
    fc.assert(
      fc.property(outcomes, (all) => {
        const score = all.map((each) => ({ ...GOOD, ...each })).reduce(withOutcome, undefined) ?? {
          successes: 0,
          failures: 0,
          ms: [],
          costs: [],
        };
        const successes = all.filter(({ ok }) => ok);
        expect(score).toEqual({
          successes: successes.length,
          failures: all.length - successes.length,
          ms: successes.slice(-50).map(({ ms }) => ms),
          costs: successes.slice(-50).map(() => GOOD.cost),
        });
      }),
    );
  });
});
