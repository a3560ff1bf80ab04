import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redundant, reliabilityOf, retried, verified } from "../../../shared/policy/reliability.ts";
import { CHAIN_CAP } from "./chain-cap-contract.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });
const count = fc.nat(3_000);

describe("reliabilityOf", () => {
  it.each([
    ["nobody counted: 19 / 20", "unmeasured", 0.95, "unmeasured"],
    ["39 outcomes, one too few", { successes: 39, failures: 0 }, 0.95, "unmeasured"],
    ["40 successes: 0.05^(1/59), the bound of Beta(59, 1)", { successes: 40, failures: 0 }, 0.05 ** (1 / 59), "measured"],
    ["39 of 40: the bound of Beta(58, 2)", { successes: 39, failures: 1 }, 0.9221020784811816, "measured"],
    ["90 of 100: the bound of Beta(109, 11)", { successes: 90, failures: 10 }, 0.8616296230426888, "measured"],
    ["a count below nothing", { successes: 40, failures: -1 }, 0, "unmeasured"],
    ["a count that is no number", { successes: Number.NaN, failures: 0 }, 0, "unmeasured"],
  ] as const)("%s", (_case, record, reliability, evidence) => {
    const found = reliabilityOf(CHAIN_CAP, record);
    expect(found.evidence).toBe(evidence);
    expect(found.reliability).toBeCloseTo(reliability, 9);
  });

  it("never counts a sound skill lower for having been measured", () => {
    const unmeasured = reliabilityOf(CHAIN_CAP, "unmeasured").reliability;
    fc.assert(
      fc.property(count, (successes) => {
        expect(reliabilityOf(CHAIN_CAP, { successes, failures: 0 }).reliability).toBeGreaterThanOrEqual(unmeasured);
      }),
    );
  });

  it("rises with a success and falls with a failure, once it is measured", () => {
    fc.assert(
      fc.property(count, count, (successes, failures) => {
        fc.pre(successes + failures >= CHAIN_CAP.minSamples);
        const { reliability } = reliabilityOf(CHAIN_CAP, { successes, failures });
        expect(reliabilityOf(CHAIN_CAP, { successes: successes + 1, failures }).reliability).toBeGreaterThan(reliability);
        expect(reliabilityOf(CHAIN_CAP, { successes, failures: failures + 1 }).reliability).toBeLessThan(reliability);
      }),
    );
  });

  it("stays below the share of successes that was seen and expected", () => {
    fc.assert(
      fc.property(count, count, (successes, failures) => {
        fc.pre(successes + failures >= CHAIN_CAP.minSamples && failures > 0 && successes > 0);
        const mean = (19 + successes) / (20 + successes + failures);
        expect(reliabilityOf(CHAIN_CAP, { successes, failures }).reliability).toBeLessThan(mean);
      }),
    );
  });

  it("looks at the ratio only where more was counted than it could tell apart", () => {
    const million = reliabilityOf(CHAIN_CAP, { successes: 990_000, failures: 10_000 });
    expect(million).toEqual(reliabilityOf(CHAIN_CAP, { successes: 99_000, failures: 1_000 }));
  });
});

describe("the rules that raise a bound", () => {
  it.each([
    ["a check that misses 3 of 10: 0.8 / (0.8 + 0.2 × 0.3)", verified(0.8, 0.3), 0.8 / 0.86],
    ["a check that misses nothing", verified(0.8, 0), 1],
    ["a check that misses all is worth nothing", verified(0.8, 1), 0.8],
    ["a check whose misses are no number is worth nothing", verified(0.8, Number.NaN), 0.8],
    ["what is never right stays so, whatever passes it", verified(0, 0), 0],
    ["two of 0.8 and 0.9: 1 - 0.2 × 0.1", redundant([0.8, 0.9]), 0.98],
    ["one alone", redundant([0.8]), 0.8],
    ["nobody at all", redundant([]), 0],
    ["one that is no number adds nothing", redundant([0.8, Number.NaN]), 0.8],
    ["two tries of 0.8: 1 - 0.2²", retried(0.8, 2), 0.96],
    ["one try", retried(0.8, 1), 0.8],
    ["no try", retried(0.8, 0), 0],
  ])("%s", (_case, found, expected) => {
    expect(found).toBeCloseTo(expected, 12);
  });

  it("never lower it, never pass 1, and keep the order of what they are given", () => {
    fc.assert(
      fc.property(share, share, share, fc.integer({ min: 1, max: 5 }), (one, other, misses, tries) => {
        const [worse, better] = [Math.min(one, other), Math.max(one, other)];
        const rules = [(r: number) => verified(r, misses), (r: number) => redundant([r, 0.5]), (r: number) => retried(r, tries)];
        for (const rule of rules) {
          // A rounding below what was given is no loss.
          expect(rule(worse) - worse).toBeGreaterThanOrEqual(-1e-15);
          expect(rule(better)).toBeLessThanOrEqual(1);
          expect(rule(worse)).toBeLessThanOrEqual(rule(better));
        }
      }),
    );
  });
});
