import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { NOTHING } from "../../../shared/budget/amount.ts";
import type { Contract, PolicyName } from "../../../shared/contract/contract.ts";
import { readContract } from "../../../shared/contract/load.ts";
import type { Candidate, Tried } from "../../../shared/contract/shelf.ts";
import { decideOn, type Record } from "../../../shared/host/governance/decision.ts";
import { type BudgetSignals, decideBudget } from "../../../shared/policy/budget.ts";
import { type ChainCapSignals, decideChainCap } from "../../../shared/policy/chain-cap.ts";
import type { TriedBeside } from "../../../shared/task/record.ts";

// A candidate contract beside the one that binds: what of it is recorded, and that it changes nothing.

function contract<P extends PolicyName>(policy: P, fields: object = {}): Contract<P> {
  const file = `contracts/${policy}.v1.yaml`;
  return { ...readContract(policy, readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8"), file), ...fields };
}

function tried<P extends PolicyName>(policy: P, fields: object, task: Partial<Candidate<unknown>> = {}): Tried<Contract<P>> {
  const candidate = { contract: contract(policy, { version: 2, mode: "candidate", ...fields }), own: true, ...task };
  return { ...contract(policy), candidate } as Tried<Contract<P>>;
}

const CHAIN = contract("chain-cap");

function chain(reliability: number): ChainCapSignals {
  return {
    path: [{ agent: "a", skill: "s", reliability, evidence: "measured" }],
    to: { agent: "b", skill: "s" },
    record: "unmeasured",
    basis: 1,
    hopsLeft: CHAIN.maxHops,
    surface: "inside",
    label: "internal",
    leaf: false,
    deadlineLeftMs: 1_000,
    allowed: false,
  };
}

/** A task that has spent so many calls of its limit, and wants one more. */
function spending(spent: number): BudgetSignals {
  const limit = { microUsd: 1_000_000, tokensIn: 2_000_000, tokensOut: 2_000_000, calls: 64, wallMs: 1_800_000 };
  const calls = (many: number) => ({ ...NOTHING, calls: many });
  return { need: calls(1), lease: { granted: limit, spent: calls(spent), carved: NOTHING }, task: { limit }, answer: "not-asked" };
}

const now: Record = (_name, _signals, decide) => decide();
const candidateIn = (decision: object) => (decision as { candidate?: TriedBeside }).candidate;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a candidate", () => {
  it("leaves its version where it would have had the same done", () => {
    const decision = decideOn(now, "chain-cap:x", tried("chain-cap", { floor: 0.5 }), chain(1), decideChainCap);
    expect(decision).toMatchObject({ outcome: "extend", version: 1, mode: "enforce" });
    expect(candidateIn(decision)).toEqual({ version: 2 });
  });

  it("leaves what it would have decided where that is something else, and the task goes by the other contract", () => {
    const decision = decideOn(now, "chain-cap:x", tried("chain-cap", { floor: 0.99 }), chain(0.9), decideChainCap);
    expect(decision).toMatchObject({ outcome: "extend", reason: "within-cap", version: 1, floor: 0.75 });
    expect(candidateIn(decision)).toMatchObject({ version: 2, would: { outcome: "stop", reason: "below-floor", floor: 0.99 } });
    expect(candidateIn(decision)?.would).not.toHaveProperty("policy");
  });

  it("is asked with its own limits in place of the other contract's, where these are the task's", () => {
    const less = { taskCalls: 10 };
    const at = (contract: Tried<Contract<"budget">>, spent: number) =>
      candidateIn(decideOn(now, "budget:x", contract, spending(spent), decideBudget));
    expect(at(tried("budget", less), 9)).toEqual({ version: 2 });
    expect(at(tried("budget", less), 10)).toMatchObject({ would: { outcome: "pause", reason: "task-limit", limit: 10 } });
    // Another agent's lease is what it is, whatever contract is deployed.
    expect(at(tried("budget", less, { own: false }), 10)).toEqual({ version: 2 });
    // A caller that wished for less has less under every contract.
    expect(at(tried("budget", { taskCalls: 1_000 }, { wished: { calls: 64 } }), 64)).toEqual({ version: 2 });
  });

  it("that throws leaves that it failed, and the decision stands", () => {
    const complained = vi.spyOn(console, "error").mockImplementation(() => {});
    const throwing = (by: Contract<"chain-cap">, signals: ChainCapSignals) => {
      if (by.mode === "candidate") throw new Error("the password is hunter2");
      return decideChainCap(by, signals);
    };
    const decision = decideOn(now, "chain-cap:x", tried("chain-cap", {}), chain(1), throwing);
    expect(decision).toMatchObject({ outcome: "extend", version: 1 });
    expect(candidateIn(decision)).toEqual({ version: 2, failed: true });
    expect(complained).toHaveBeenCalledOnce();
  });

  it("changes no decision, whatever its numbers and the signals are", () => {
    const figures = { floor: fc.double({ min: 0, max: 1, noNaN: true }), maxHops: fc.integer({ min: 1, max: 31 }) };
    fc.assert(
      fc.property(fc.record(figures), fc.double({ min: 0, max: 1, noNaN: true }), (fields, reliability) => {
        const { micros: _, ...alone } = decideOn(now, "chain-cap:x", CHAIN, chain(reliability), decideChainCap);
        const beside = decideOn(now, "chain-cap:x", tried("chain-cap", fields), chain(reliability), decideChainCap);
        const { micros: __, candidate, ...taken } = beside as typeof beside & { candidate: TriedBeside };
        expect(taken).toEqual(alone);
        const would = decideChainCap(contract("chain-cap", fields), { ...chain(reliability), hopsLeft: fields.maxHops });
        expect(candidate.would === undefined).toBe(would.outcome === alone.outcome && would.reason === alone.reason);
      }),
    );
  });

  it("that nobody deployed is nowhere in the record", () => {
    expect(candidateIn(decideOn(now, "chain-cap:x", CHAIN, chain(1), decideChainCap))).toBeUndefined();
  });
});
