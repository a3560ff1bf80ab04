import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DispatchContract } from "../../../shared/contract/dispatch.ts";
import { type Candidate, type DispatchSignals, decideDispatch } from "../../../shared/policy/dispatch.ts";

const CONTRACT: DispatchContract = {
  policy: "dispatch",
  version: 1,
  mode: "enforce",
  floor: 0.4,
  margin: 0.05,
  maxFanOut: 5,
  maxGoals: 12,
  maxAttempts: 2,
  maxQuestions: 3,
  deadlineMs: 30_000,
  branches: 1,
  branchAccuracy: 1,
  branchMicroUsd: 0,
  branchCalls: 1,
  interchangeable: 0,
};

const skill = (score: number, name = "search", agent = "researcher"): Candidate => ({ agent, skill: name, score });
const signals = (change: Partial<DispatchSignals> = {}): DispatchSignals => ({
  candidates: [skill(0.8), skill(0.2, "calculate", "analyst")],
  ready: 1,
  goals: 1,
  surface: "inside",
  attempts: 0,
  ...change,
});

describe("decideDispatch", () => {
  it("hands a goal to the skill that fits best, with the policy and version that said so", () => {
    expect(decideDispatch(CONTRACT, signals())).toEqual({
      policy: "dispatch",
      version: 1,
      outcome: "delegate",
      reason: "best-fit",
      agent: "researcher",
      skill: "search",
      score: 0.8,
      lane: "inline",
      width: 1,
    });
  });

  it.each([
    ["at the floor", [skill(0.4)], "delegate", "best-fit"],
    ["a hair below the floor", [skill(0.3999)], "ask", "no-skill-fits"],
    ["nobody there", [], "ask", "no-skill-fits"],
    ["a score that is no number", [skill(Number.NaN)], "ask", "no-skill-fits"],
    ["0.50 and 0.46: 0.04 apart, inside the margin", [skill(0.5), skill(0.46, "table")], "ask", "two-fit-equally"],
    ["0.50 and 0.44: 0.06 apart, outside it", [skill(0.5), skill(0.44, "table")], "delegate", "best-fit"],
    ["two equal ones below the floor", [skill(0.3), skill(0.3, "table")], "ask", "no-skill-fits"],
    ["a rival within the margin but below the floor", [skill(0.42), skill(0.39, "table")], "delegate", "best-fit"],
  ] as const)("%s: %s", (_case, candidates, outcome, reason) => {
    expect(decideDispatch(CONTRACT, signals({ candidates }))).toMatchObject({ outcome, reason });
  });

  it.each([
    ["refuses what lies outside the surface", { surface: "outside" }, "outside-surface"],
    ["refuses the 13th goal", { goals: 13 }, "too-many-goals"],
    ["refuses the third call", { attempts: 2 }, "attempts-exhausted"],
  ] as const)("%s", (_rule, change, reason) => {
    expect(decideDispatch(CONTRACT, signals(change))).toMatchObject({ outcome: "refuse", reason });
  });

  it.each([
    [1, "inline", 1],
    [2, "fan-out", 2],
    [5, "fan-out", 5],
    [9, "fan-out", 5],
  ] as const)("with %i goals ready it goes out %s, %i together", (ready, lane, width) => {
    expect(decideDispatch(CONTRACT, signals({ ready }))).toMatchObject({ lane, width });
  });

  it("does not ask again which of two equals is meant on a retry", () => {
    const candidates = [skill(0.5), skill(0.5, "table")];
    expect(decideDispatch(CONTRACT, signals({ candidates, attempts: 1 }))).toMatchObject({ outcome: "delegate" });
  });
});

const candidates = fc.uniqueArray(
  fc.record({ agent: fc.constantFrom("a", "b", "c"), skill: fc.constantFrom("x", "y"), score: fc.double({ min: 0, max: 1, noNaN: true }) }),
  { selector: ({ agent, skill }) => `${agent}/${skill}`, maxLength: 6 },
);
const anySignals: fc.Arbitrary<DispatchSignals> = fc.record({
  candidates,
  ready: fc.nat(20),
  goals: fc.nat(20),
  surface: fc.constantFrom("inside", "outside"),
  attempts: fc.nat(4),
});

describe("decideDispatch, whatever the signals", () => {
  it("never chooses a candidate below the floor, nor one that was not offered", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        const decision = decideDispatch(CONTRACT, given);
        if (decision.outcome !== "delegate") return;
        expect(decision.score).toBeGreaterThanOrEqual(CONTRACT.floor);
        expect(given.candidates).toContainEqual({ agent: decision.agent, skill: decision.skill, score: decision.score });
      }),
    );
  });

  it("never turns 'no skill fits' into a delegation when scores sink", () => {
    fc.assert(
      fc.property(anySignals, fc.double({ min: 0, max: 1, noNaN: true }), (given, factor) => {
        const before = decideDispatch(CONTRACT, given);
        fc.pre(before.outcome === "ask" && before.reason === "no-skill-fits");
        const lower = given.candidates.map((each) => ({ ...each, score: each.score * factor }));
        expect(decideDispatch(CONTRACT, { ...given, candidates: lower })).toEqual(before);
      }),
    );
  });

  it("never sends out more together than the contract allows, nor fewer than one", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        const decision = decideDispatch(CONTRACT, given);
        if (decision.outcome !== "delegate") return;
        expect(decision.width).toBeGreaterThanOrEqual(1);
        expect(decision.width).toBeLessThanOrEqual(CONTRACT.maxFanOut);
      }),
    );
  });

  it("never lets a score out of the surface or past a bound", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        fc.pre(given.surface === "outside" || given.goals > CONTRACT.maxGoals || given.attempts >= CONTRACT.maxAttempts);
        expect(decideDispatch(CONTRACT, given).outcome).toBe("refuse");
      }),
    );
  });

  it("decides the same in whatever order the candidates come", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        const turned = { ...given, candidates: [...given.candidates].reverse() };
        expect(decideDispatch(CONTRACT, turned)).toEqual(decideDispatch(CONTRACT, given));
      }),
    );
  });
});
