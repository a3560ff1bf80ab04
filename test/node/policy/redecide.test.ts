import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOTHING } from "../../../shared/budget/amount.ts";
import { type Contract, contractSchemas, type PolicyName, REGISTRY_POLICIES } from "../../../shared/contract/contract.ts";
import { readContract } from "../../../shared/contract/load.ts";
import type { BudgetSignals } from "../../../shared/policy/budget.ts";
import type { ChainCapSignals } from "../../../shared/policy/chain-cap.ts";
import { type DecisionKind, isSameDecision, kindOf, policyOf, redecide } from "../../../shared/policy/redecide.ts";
import { restate } from "../../../shared/policy/restate.ts";

function contract<P extends PolicyName>(policy: P, fields: Partial<Record<string, number | string>> = {}): Contract<P> {
  const file = `contracts/${policy}.v1.yaml`;
  const written = readContract(policy, readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8"), file);
  return { ...written, ...fields };
}

const BUDGET = contract("budget");
const CHAIN = contract("chain-cap");

const calls = (many: number) => ({ ...NOTHING, calls: many });
/** A task that has spent so many of its 64 calls and wants one more. */
function spending(spent: number, limit = 64): BudgetSignals {
  const all = { microUsd: 1_000_000, tokensIn: 2_000_000, tokensOut: 2_000_000, calls: limit, wallMs: 1_800_000 };
  return { need: calls(1), lease: { granted: all, spent: calls(spent), carved: NOTHING }, task: { limit: all }, answer: "not-asked" };
}

const hop = (reliability: number, evidence: "self" | "unmeasured" | "measured") => ({ agent: "a", skill: "s", reliability, evidence });
function chain(over: Partial<ChainCapSignals> = {}): ChainCapSignals {
  return {
    path: [hop(1, "self")],
    to: { agent: "b", skill: "s" },
    record: "unmeasured",
    basis: 1,
    hopsLeft: CHAIN.maxHops,
    surface: "inside",
    label: "internal",
    leaf: false,
    deadlineLeftMs: CHAIN.deadlineMs - 10,
    allowed: false,
    ...over,
  };
}

describe("a decision", () => {
  it("is of the kind its name begins with, for every policy that decides in tasks", () => {
    const ofRegistry: ReadonlySet<string> = new Set(REGISTRY_POLICIES);
    for (const policy of Object.keys(contractSchemas))
      expect(kindOf(`${policy}:delegate:x:1`)).toBe(ofRegistry.has(policy) ? undefined : policy);
    expect(kindOf("hedge:delegate:x")).toBe("hedge");
    expect(policyOf("hedge")).toBe("agent-breaker");
    for (const name of ["", "toString:x", "budgets:x", "plan"]) expect(kindOf(name)).toBeUndefined();
  });

  it("is the same whatever the order of its members, its mode and how long it took", () => {
    const one = { policy: "budget", version: 1, outcome: "carve", amount: { calls: 1, wallMs: 0 } };
    const other = { micros: 12, amount: { wallMs: 0, calls: 1 }, outcome: "carve", mode: "shadow", version: 1, policy: "budget" };
    expect(isSameDecision(one, other)).toBe(true);
    expect(isSameDecision(one, { ...other, amount: { calls: 2, wallMs: 0 } })).toBe(false);
    expect(isSameDecision(one, { ...other, version: 2 })).toBe(false);
  });
});

describe("signals under another contract", () => {
  it("are the same under the same contract", () => {
    const amount = fc.record({
      microUsd: fc.nat(),
      tokensIn: fc.nat(),
      tokensOut: fc.nat(),
      calls: fc.nat(200),
      wallMs: fc.nat(),
    });
    const budget = fc.record({
      need: amount,
      lease: fc.record({ granted: amount, spent: amount, carved: amount }),
      task: fc.record({ limit: amount }),
      answer: fc.constant("not-asked" as const),
    });
    const same = (kind: DecisionKind, signals: unknown, from: Contract, own: boolean, wished?: object) => {
      expect(restate(kind, signals, { from, to: from, own, wished })).toEqual(signals);
    };
    fc.assert(
      fc.property(budget, fc.boolean(), fc.option(amount, { nil: undefined }), (signals, own, wished) =>
        same("budget", signals, BUDGET, own, wished),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom("self", "unmeasured", "measured"))),
        fc.nat(31),
        fc.integer(),
        fc.boolean(),
        (path, hopsLeft, deadlineLeftMs, own) =>
          same("chain-cap", chain({ path: path.map((each) => hop(...each)), hopsLeft, deadlineLeftMs }), CHAIN, own),
      ),
    );
  });

  it("have the other contract's limit, with what was raised on top, and never more than was wished", () => {
    const to = contract("budget", { taskCalls: 10 });
    const under = (signals: BudgetSignals, wished?: object) =>
      redecide("budget", to, restate("budget", signals, { from: BUDGET, to, own: true, wished }));
    expect(redecide("budget", BUDGET, spending(9))).toMatchObject({ outcome: "carve" });
    expect(under(spending(9))).toMatchObject({ outcome: "carve" });
    expect(under(spending(10))).toMatchObject({ outcome: "pause", reason: "task-limit", limit: 10 });
    // Raised by 6 from 64: the other limit is 16.
    expect(under(spending(15, 70))).toMatchObject({ outcome: "carve" });
    expect(under(spending(16, 70))).toMatchObject({ outcome: "pause", limit: 16 });
    expect(under(spending(3, 3), { calls: 3 })).toMatchObject({ outcome: "pause", limit: 3 });
  });

  it("leave a lease what it was: another agent gave it", () => {
    const to = contract("budget", { taskCalls: 1 });
    const signals = spending(5, 20);
    expect(restate("budget", signals, { from: BUDGET, to, own: false })).toEqual(signals);
  });

  it("count what nobody measured by the other contract's prior, and hops from its own number", () => {
    const to = contract("chain-cap", { priorSuccesses: 8, priorFailures: 2, maxHops: 2 });
    const signals = chain({ path: [hop(1, "self"), hop(0.95, "unmeasured"), hop(0.99, "measured")], hopsLeft: 6 });
    const restated = restate("chain-cap", signals, { from: CHAIN, to, own: false }) as ChainCapSignals;
    expect(restated.path.map(({ reliability }) => reliability)).toEqual([1, 0.8, 0.99]);
    // 6 left of 8 is none left of 2.
    expect(restated.hopsLeft).toBe(0);
    expect(redecide("chain-cap", to, restated)).toMatchObject({ outcome: "stop", reason: "too-many-hops" });
    expect(redecide("chain-cap", CHAIN, signals)).toMatchObject({ outcome: "extend" });
  });
});
