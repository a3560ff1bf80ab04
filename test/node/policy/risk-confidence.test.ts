import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RiskConfidenceContract } from "../../../shared/contract/risk-confidence.ts";
import { decideRiskConfidence, type RiskConfidenceSignals } from "../../../shared/policy/risk-confidence.ts";

const CONTRACT: RiskConfidenceContract = {
  policy: "risk-confidence",
  version: 1,
  mode: "enforce",
  proceed: 0.85,
  notify: 0.7,
  smallBlast: 10,
  largeBlast: 100,
  trusted: ["clerk/tag"],
  alwaysAsk: ["courier/deliver"],
};

/** A harmless action of a skill whose word is taken. */
const signals = (change: Partial<RiskConfidenceSignals> = {}): RiskConfidenceSignals => ({
  skill: "clerk/tag",
  reversible: true,
  blast: 1,
  compliance: "none",
  kind: "other",
  confidence: 0.9,
  ...change,
});
const decide = (change: Partial<RiskConfidenceSignals> = {}) => decideRiskConfidence(CONTRACT, signals(change));

describe("decideRiskConfidence", () => {
  it("lets a small action that can be undone go ahead, with the policy and version that said so", () => {
    expect(decide()).toEqual({
      policy: "risk-confidence",
      version: 1,
      reversal: "reversible",
      outcome: "proceed",
      reason: "small-blast",
    });
  });

  it.each([
    [true, 0, 0, "proceed", "small-blast"],
    [true, 9, 0.69, "proceed", "small-blast"],
    [true, 10, 0.69, "ask", "wide-blast"],
    [true, 10, 0.7, "notify", "wide-blast"],
    [true, 10, 0.84, "notify", "wide-blast"],
    [true, 10, 0.85, "proceed", "confident"],
    [true, 99, 0.69, "ask", "wide-blast"],
    [true, 99, 0.7, "notify", "wide-blast"],
    [true, 99, 0.84, "notify", "wide-blast"],
    [true, 99, 0.85, "proceed", "confident"],
    [true, 100, 1, "ask", "large-blast"],
    [false, 0, 0.84, "ask", "irreversible"],
    [false, 0, 0.85, "notify", "irreversible"],
    [false, 99, 0.84, "ask", "irreversible"],
    [false, 99, 0.85, "notify", "irreversible"],
    [false, 100, 1, "ask", "large-blast"],
  ] as const)("reversible %s, reaching %d, at %d: %s, %s", (reversible, blast, confidence, outcome, reason) => {
    expect(decide({ reversible, blast, confidence })).toMatchObject({ outcome, reason });
  });

  it.each([
    ["pii", { compliance: "pii" }, "compliance"],
    ["financial", { compliance: "financial" }, "compliance"],
    ["regulated", { compliance: "regulated" }, "compliance"],
    ["an unknown tag", { compliance: "secret" as never }, "compliance"],
    ["no word on compliance", { compliance: "undeclared" }, "compliance-undeclared"],
    ["money", { kind: "money" }, "money"],
    ["a message", { kind: "message" }, "message"],
    ["no word on what it is", { kind: "undeclared" }, "kind-undeclared"],
    ["an unknown kind", { kind: "gift" as never }, "kind-undeclared"],
  ] as const)("asks a person about %s, however sure, small and reversible", (_case, change, reason) => {
    expect(decide({ ...change, confidence: 1 })).toMatchObject({ outcome: "ask", reason });
  });

  it("asks about a skill that the operator lists, whatever is said of its action and whoever trusts it", () => {
    const contract = { ...CONTRACT, trusted: ["courier/deliver"] };
    expect(decideRiskConfidence(contract, signals({ skill: "courier/deliver", confidence: 1 }))).toMatchObject({
      outcome: "ask",
      reason: "always-ask",
    });
  });

  it.each([
    ["that it can be undone, of a skill that is not listed", { skill: "newcomer/tag" }, "not-believed"],
    ["nothing of whether it can be undone", { reversible: "undeclared" }, "undeclared"],
    ["nothing of whom it reaches", { blast: "undeclared" }, "undeclared"],
  ] as const)("counts as irreversible what says %s", (_case, change, reversal) => {
    expect(decide({ ...change, confidence: 0.84 })).toMatchObject({ outcome: "ask", reason: "irreversible", reversal });
    expect(decide({ ...change, confidence: 0.85 })).toMatchObject({ outcome: "notify", reason: "irreversible", reversal });
  });

  it("asks about an action that declares nothing, however sure its agent says it is", () => {
    const nothing = {
      skill: "newcomer/act",
      reversible: "undeclared",
      blast: "undeclared",
      compliance: "undeclared",
      kind: "undeclared",
    } as const;
    expect(decide({ ...nothing, confidence: 1 })).toMatchObject({ outcome: "ask" });
  });

  it.each([
    ["unmeasured", "unmeasured"],
    ["no number", Number.NaN],
    ["above one", 1.01],
    ["below nothing", -0.1],
    ["without end", Infinity],
  ] as const)("takes a confidence that is %s for none", (_case, confidence) => {
    expect(decide({ confidence, blast: 10 })).toMatchObject({ outcome: "ask", reason: "wide-blast" });
    expect(decide({ confidence, reversible: false })).toMatchObject({ outcome: "ask", reason: "irreversible" });
  });

  it.each([Number.NaN, Infinity, -1])("takes a reach of %d for the largest", (blast) => {
    expect(decide({ blast })).toMatchObject({ outcome: "ask", reason: "large-blast" });
  });
});

const share = fc.double({ min: 0, max: 1, noNaN: true });
const anySignals: fc.Arbitrary<RiskConfidenceSignals> = fc.record({
  skill: fc.constantFrom("clerk/tag", "clerk/tag", "newcomer/tag", "courier/deliver"),
  reversible: fc.constantFrom<boolean | "undeclared">(true, true, false, "undeclared"),
  blast: fc.oneof(fc.nat(30), fc.integer({ min: 0, max: 200 }), fc.constant("undeclared" as const)),
  compliance: fc.constantFrom("none", "none", "none", "pii", "financial", "regulated", "undeclared"),
  kind: fc.constantFrom("other", "other", "other", "money", "message", "undeclared"),
  confidence: fc.oneof(share, fc.constant("unmeasured" as const)),
});
const RANK = { ask: 0, notify: 1, proceed: 2 };
const rank = (given: RiskConfidenceSignals, contract = CONTRACT) => RANK[decideRiskConfidence(contract, given).outcome];

describe("decideRiskConfidence, whatever the signals", () => {
  it("is never stricter for more confidence, and never freer for none", () => {
    fc.assert(
      fc.property(anySignals, share, share, (given, one, other) => {
        const less = rank({ ...given, confidence: Math.min(one, other) });
        expect(rank({ ...given, confidence: Math.max(one, other) })).toBeGreaterThanOrEqual(less);
        expect(rank({ ...given, confidence: "unmeasured" })).toBeLessThanOrEqual(less);
      }),
    );
  });

  it("is never freer for a larger reach", () => {
    fc.assert(
      fc.property(anySignals, fc.nat(200), fc.nat(200), (given, blast, more) => {
        expect(rank({ ...given, blast: blast + more })).toBeLessThanOrEqual(rank({ ...given, blast }));
      }),
    );
  });

  it("is never freer for what cannot be undone, nor for an agent that the operator does not trust", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        const free = rank({ ...given, reversible: true });
        expect(rank({ ...given, reversible: false })).toBeLessThanOrEqual(free);
        expect(rank({ ...given, reversible: "undeclared" })).toBeLessThanOrEqual(free);
        expect(rank(given, { ...CONTRACT, trusted: [] })).toBeLessThanOrEqual(rank(given));
      }),
    );
  });

  it("is never freer for silence on compliance or kind than for any word on it", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        expect(rank({ ...given, compliance: "undeclared" })).toBeLessThanOrEqual(rank(given));
        expect(rank({ ...given, kind: "undeclared" })).toBeLessThanOrEqual(rank(given));
      }),
    );
  });

  it("decides the same from signals that were stored and read again, odd numbers included", () => {
    const odd = fc.oneof(share, fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, -1, 2));
    fc.assert(
      fc.property(anySignals, odd, odd, (given, blast, confidence) => {
        const strange = { ...given, blast, confidence };
        const stored = JSON.parse(JSON.stringify(strange)) as RiskConfidenceSignals;
        expect(decideRiskConfidence(CONTRACT, stored)).toEqual(decideRiskConfidence(CONTRACT, strange));
      }),
    );
  });
});
