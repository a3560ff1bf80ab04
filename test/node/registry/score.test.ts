import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readContract } from "../../../shared/contract/load.ts";
import { reliabilityOf } from "../../../shared/policy/reliability.ts";
import { evidenceOf } from "../../../shared/registry/score.ts";
import { outcome, outcomes, PRIOR } from "./outcomes.ts";

const countOf = (...its: Parameters<typeof outcomes>) => evidenceOf(["count"], outcomes(...its), PRIOR)["count"];

describe("the evidence of a skill", () => {
  it("is the prior's lower bound where nobody has measured it", () => {
    // 0.05 = x^19, the share of Beta(19, 1) below x; 0.95 = x^19 for the other end.
    const interval = { reliability: expect.closeTo(0.05 ** (1 / 19), 9), reliabilityAtMost: expect.closeTo(0.95 ** (1 / 19), 9) };
    expect(countOf("")).toEqual({ successes: 0, failures: 0, ...interval, untrue: [] });
  });

  it("is counted by the deployed chain cap as the mesh counts it, once there is enough", () => {
    const file = "contracts/chain-cap.v1.yaml";
    const contract = readContract("chain-cap", readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8"), file);
    const seen = outcomes(`${"+".repeat(contract.minSamples - 3)}---`);
    const expected = reliabilityOf(contract, { successes: contract.minSamples - 3, failures: 3 });
    expect(expected.evidence).toBe("measured");
    expect(evidenceOf(["count"], seen, contract)["count"]?.reliability).toBe(expected.reliability);
  });

  it("knows each skill of the card, and none beside", () => {
    const seen = [...outcomes("+-"), ...outcomes("-", { skill: "gone" })];
    expect(evidenceOf(["sing", "count"], seen, PRIOR)).toMatchObject({ sing: { failures: 0 }, count: { successes: 1, failures: 1 } });
    expect(Object.keys(evidenceOf(["sing", "count"], seen, PRIOR))).toEqual(["sing", "count"]);
  });

  it("has the median of time and cost of what held, and of nothing else", () => {
    const seen = [
      outcome({ ms: 10_000, ok: false, microUsd: 9 }),
      outcome({ ms: 300, microUsd: 7 }),
      outcome({ ms: 100 }),
      outcome({ ms: 200, microUsd: 5 }),
      outcome({ ms: 900, microUsd: 8 }),
    ];
    // Held: 100 200 300 900 ms, of which the lower middle one; 5 7 8 micro-USD.
    expect(evidenceOf(["count"], seen, PRIOR)["count"]).toMatchObject({ ms: 200, microUsd: 7 });
    expect(countOf("--")).not.toHaveProperty("ms");
  });

  it("says what failed last, and when, although it held since", () => {
    const seen = [outcome({ ok: false, why: "says 1" }), outcome({ ok: false, why: "says 2", at: "2026-02-03T04:05:06.000Z" }), outcome()];
    const lastFailure = { at: "2026-02-03T04:05:06.000Z", why: "says 2" };
    expect(evidenceOf(["count"], seen, PRIOR)["count"]).toMatchObject({ lastFailure });
    expect(countOf("++")).not.toHaveProperty("lastFailure");
  });

  it("says of every skill what the agent declares and does not do, and counts it for none", () => {
    const seen = [outcome(), outcome({ ok: false, claim: "capabilities.streaming" })];
    const untrue = ["capabilities.streaming"];
    expect(evidenceOf(["count", "sing"], seen, PRIOR)).toMatchObject({ count: { successes: 1, failures: 0, untrue }, sing: { untrue } });
  });

  it("forgets that a claim was false once it is found true", () => {
    const claim = "capabilities.streaming";
    expect(countOf("-+", { claim })?.untrue).toEqual([]);
    expect(countOf("+-", { claim })?.untrue).toEqual([claim]);
  });
});

describe("for all outcomes", () => {
  const flags = fc.array(fc.boolean(), { maxLength: 120 }).map((all) => all.map((ok) => (ok ? "+" : "-")).join(""));
  const reliability = (held: string) => countOf(held)?.reliability ?? Number.NaN;

  it("a probe that holds never makes a skill less reliable, and one that fails never more", () => {
    fc.assert(
      fc.property(flags, (held) => {
        expect(reliability(`${held}+`)).toBeGreaterThanOrEqual(reliability(held));
        expect(reliability(`${held}-`)).toBeLessThanOrEqual(reliability(held));
      }),
    );
  });

  it("the more of the same was seen, the narrower is the interval", () => {
    const width = (held: string) => (countOf(held)?.reliabilityAtMost ?? Number.NaN) - reliability(held);
    fc.assert(
      fc.property(flags, (held) => {
        fc.pre(held !== "");
        expect(width(held.repeat(100))).toBeGreaterThan(0);
        expect(width(held.repeat(100))).toBeLessThan(width(held));
      }),
    );
  });

  it("the reliability lies in 0..1, and below what was seen together with the prior", () => {
    fc.assert(
      fc.property(flags, (held) => {
        const successes = held.replaceAll("-", "").length;
        expect(reliability(held)).toBeGreaterThan(0);
        expect(reliability(held)).toBeLessThan(
          (successes + PRIOR.priorSuccesses) / (held.length + PRIOR.priorSuccesses + PRIOR.priorFailures),
        );
      }),
    );
  });

  it("the order of outcomes matters only to which of them was the last", () => {
    const withoutLast = (held: string) => ({ ...countOf(held), lastFailure: undefined });
    fc.assert(
      fc.property(flags, (held) => {
        expect(withoutLast([...held].toSorted().join(""))).toEqual(withoutLast(held));
      }),
    );
  });
});
