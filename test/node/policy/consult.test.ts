import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ConsultSignals, decideConsult } from "../../../shared/policy/consult.ts";
import { dispatchContract } from "../orchestrator/mesh-in-memory.ts";

const CONTRACT = dispatchContract(2);
const reader = (agent: string, score: number, readOnly = true) => ({ agent, skill: "search", score, readOnly });
const ACCURATE = { accuracy: 1, cost: 0.2, latency: 0.2 }; // 1 / 1.4 = 0.71
const signals = (over: Partial<ConsultSignals> = {}): ConsultSignals => ({
  candidates: [reader("one", 0.8), reader("two", 0.7), reader("three", 0.6)],
  preferences: ACCURATE,
  attempts: 0,
  ...over,
});

describe("a goal", () => {
  it("is put to as many agents as the contract says, the best first, when accuracy weighs most", () => {
    expect(decideConsult(CONTRACT, signals())).toEqual({
      policy: "dispatch",
      version: 2,
      outcome: "consult",
      reason: "accuracy",
      roads: [
        { agent: "one", skill: "search", score: 0.8 },
        { agent: "two", skill: "search", score: 0.7 },
      ],
    });
  });

  it.each([
    ["under a contract without branches", {}, "not-in-contract", 1],
    ["of a caller that says nothing", { preferences: { accuracy: 1, cost: 1, latency: 0.5 } }, "other-preferences", 2], // 0.4
    ["of a caller that wants nothing", { preferences: { accuracy: 0, cost: 0, latency: 0 } }, "other-preferences", 2],
    ["that was tried before", { attempts: 1 }, "tried-before", 2],
    ["when the second one changes something", { candidates: [reader("one", 0.8), reader("two", 0.7, false)] }, "too-few-that-read", 2],
    ["when the second one hardly fits", { candidates: [reader("one", 0.8), reader("two", 0.37)] }, "too-few-that-read", 2],
    ["when both are of one agent", { candidates: [reader("one", 0.8), reader("one", 0.7)] }, "too-few-that-read", 2],
  ] as const)("is put to one alone %s", (_what, over, reason, version) => {
    expect(decideConsult(dispatchContract(version), signals(over))).toMatchObject({ outcome: "single", reason });
  });

  it("is never put to one that writes, below the floor, or twice to the same agent", () => {
    const candidates = fc.array(
      fc.record({
        agent: fc.constantFrom("a", "b", "c", "d"),
        skill: fc.constantFrom("x", "y"),
        score: fc.oneof(fc.double({ min: 0, max: 1 }), fc.constant(Number.NaN)),
        readOnly: fc.boolean(),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(candidates, (all) => {
        const decision = decideConsult({ ...CONTRACT, branches: 5 }, signals({ candidates: all }));
        if (decision.outcome !== "consult") return;
        for (const { agent, skill, score } of decision.roads) {
          expect(score).toBeGreaterThanOrEqual(CONTRACT.floor);
          expect(all.some((each) => each.agent === agent && each.skill === skill && each.readOnly)).toBe(true);
        }
        expect(new Set(decision.roads.map(({ agent }) => agent)).size).toBe(decision.roads.length);
      }),
    );
  });
});
