import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideConsult } from "../../../shared/policy/consult.ts";
import { type Candidate, type DispatchSignals, decideDispatch } from "../../../shared/policy/dispatch.ts";
import { bestFirst, type Worth } from "../../../shared/policy/most-worth.ts";
import { isSameDecision, redecide } from "../../../shared/policy/redecide.ts";
import { dispatchContract } from "../orchestrator/mesh-in-memory.ts";

// Of agents that fit a goal equally well and of which one was published, the one that is worth most is called, and nobody is asked.

const [OLD, OLDER, CONTRACT] = [dispatchContract(1), dispatchContract(2), dispatchContract(3)];

const worth = (value: number, more: Partial<Worth> = {}): Worth => ({
  value,
  lot: 0.5,
  published: true,
  successes: 9,
  failures: 1,
  reliability: value,
  ...more,
});
const one = (agent: string, score: number, its?: Worth, skill = "translate"): Candidate => ({
  agent,
  skill,
  score,
  ...(its && { worth: its }),
});
const signals = (candidates: readonly Candidate[], change: Partial<DispatchSignals> = {}): DispatchSignals => ({
  candidates,
  ready: 1,
  goals: 1,
  surface: "inside",
  attempts: 0,
  ...change,
});
const decided = (...candidates: Candidate[]) => decideDispatch(CONTRACT, signals(candidates));

describe("of agents that fit equally well", () => {
  it("the one worth most is called, and those it was chosen over are named", () => {
    expect(decided(one("a", 0.8, worth(0.5)), one("b", 0.8, worth(0.9)), one("c", 0.8, worth(0.7)))).toEqual({
      policy: "dispatch",
      version: 3,
      outcome: "delegate",
      reason: "worth-most",
      agent: "b",
      skill: "translate",
      score: 0.8,
      lane: "inline",
      width: 1,
      over: [
        { agent: "c", skill: "translate" },
        { agent: "a", skill: "translate" },
      ],
    });
  });

  it.each([
    ["0.785 of 0.80 is short by 1.9%: they stand for each other", 0.785, "delegate"],
    ["0.783 of 0.80 is short by 2.1%, inside the margin: it is asked", 0.783, "ask"],
    ["0.75 of 0.80 is outside the margin: the best fits best", 0.75, "delegate"],
  ] as const)("%s", (_what, score, outcome) => {
    expect(decided(one("a", 0.8, worth(0.5)), one("b", score, worth(0.9)))).toMatchObject({
      outcome,
      ...(score === 0.785 && { reason: "worth-most", agent: "b" }),
      ...(score === 0.75 && { reason: "best-fit", agent: "a" }),
    });
  });

  it.each([
    ["0.882 of 0.9 is short by 2%: the lot decides", 0.882, "by-lot", "b"],
    ["0.88 of 0.9 is short by more: it does not", 0.88, "worth-most", "a"],
  ])("worth %s", (_what, value, reason, agent) => {
    expect(decided(one("a", 0.8, worth(0.9, { lot: 0.7 })), one("b", 0.8, worth(value, { lot: 0.2 })))).toMatchObject({ reason, agent });
  });

  it("the one whose lot is lowest is called where none was ever worth anything", () => {
    const nothing = (lot: number) => worth(Number.NaN, { lot });
    expect(decided(one("a", 0.8, nothing(0.9)), one("b", 0.8, nothing(0.1)))).toMatchObject({ reason: "by-lot", agent: "b" });
  });

  it("somebody new comes first where the goal is one for the new, and not where all are", () => {
    const fresh = worth(0.1, { tried: true, lot: 0.9 });
    expect(decided(one("a", 0.8, worth(0.9)), one("b", 0.8, fresh))).toMatchObject({ reason: "tried-new", agent: "b" });
    const other = worth(0.9, { tried: true });
    expect(decided(one("a", 0.8, other), one("b", 0.8, fresh))).toMatchObject({ reason: "worth-most", agent: "a" });
  });

  it("the next one is called after a failure, by what it is worth", () => {
    const [a, b, c] = [one("a", 0.8, worth(0.5)), one("b", 0.8, worth(0.9)), one("c", 0.8, worth(0.7))];
    expect(bestFirst(CONTRACT, [a, b, c, one("d", 0.5)]).map(({ agent }) => agent)).toEqual(["b", "c", "a", "d"]);
    expect(decideDispatch(CONTRACT, signals([a, c], { attempts: 1 }))).toMatchObject({ reason: "worth-most", agent: "c" });
  });

  it("those that are asked side by side are the two worth most, and not the first two by name", () => {
    const candidates = ["a", "b", "c"].map((agent, at) => ({ ...one(agent, 0.8, worth(0.5 + 0.2 * at)), readOnly: true }));
    const decision = decideConsult(CONTRACT, { candidates, preferences: { accuracy: 1, cost: 0, latency: 0 }, attempts: 0 });
    expect(decision.outcome === "consult" && decision.roads.map(({ agent }) => agent)).toEqual(["c", "b"]);
  });
});

describe("which one is meant is asked", () => {
  const own = (value: number) => worth(value, { published: false });
  it.each([
    ["between agents that the mesh was deployed with", [one("a", 0.8, own(0.2)), one("b", 0.8, own(0.9))]],
    ["between two skills of one agent", [one("a", 0.8, worth(0.2)), one("a", 0.8, worth(0.9), "interpret")]],
    [
      "where a third of the same agent fits as well",
      [one("a", 0.8, worth(0.2)), one("b", 0.8, worth(0.9)), one("b", 0.8, worth(0.9), "interpret")],
    ],
    [
      "where another one is nearly as near",
      [one("a", 0.8, worth(0.2)), one("b", 0.8, worth(0.9)), one("c", 0.76, worth(0.9), "interpret")],
    ],
    ["where one of them was not weighed", [one("a", 0.8), one("b", 0.8, worth(0.9))]],
  ])("%s", (_what, candidates) => {
    expect(decided(...candidates)).toMatchObject({ outcome: "ask", reason: "two-fit-equally" });
  });
});

const NAMES = ["a", "b", "c", "d"] as const;
const anyWorth: fc.Arbitrary<Worth> = fc
  .record({
    value: fc.double({ min: 0, max: 1, noNaN: true }),
    lot: fc.double({ min: 0, max: 1, noNaN: true }),
    published: fc.boolean(),
    tried: fc.boolean(),
  })
  .map(({ tried, ...rest }) => worth(rest.value, { ...rest, ...(tried && { tried }) }));
const anyCandidates = fc.uniqueArray(
  fc
    .record({
      agent: fc.constantFrom(...NAMES),
      skill: fc.constantFrom("x", "y"),
      // Near each other, because that is where it matters.
      score: fc.oneof(fc.double({ min: 0.75, max: 0.8, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      its: fc.option(anyWorth, { nil: undefined }),
    })
    .map(({ agent, skill, score, its }) => one(agent, score, its, skill)),
  { selector: ({ agent, skill }) => `${agent}/${skill}`, maxLength: 6 },
);
const anySignals = fc
  .record({ candidates: anyCandidates, attempts: fc.nat(2) })
  .map(({ candidates, attempts }) => signals(candidates, { attempts }));

describe("whatever is known of whom", () => {
  it("an old contract decides as if nothing were", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        for (const contract of [OLD, OLDER]) {
          const unweighed = { ...given, candidates: given.candidates.map(({ agent, skill, score }) => ({ agent, skill, score })) };
          const { between: _, ...decision } = { between: [], ...decideDispatch(contract, given) };
          const { between: __, ...before } = { between: [], ...decideDispatch(contract, unweighed) };
          expect(decision).toEqual(before);
        }
      }),
    );
  });

  it("without worth the new contract decides as the one before", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        const candidates = given.candidates.map(({ agent, skill, score }) => ({ agent, skill, score }));
        const { version: _, ...decision } = decideDispatch(CONTRACT, { ...given, candidates });
        const { version: __, ...before } = decideDispatch(OLDER, { ...given, candidates });
        expect(decision).toEqual(before);
      }),
    );
  });

  it("the order in which candidates come changes nothing", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        const turned = { ...given, candidates: given.candidates.toReversed() };
        expect(decideDispatch(CONTRACT, turned)).toEqual(decideDispatch(CONTRACT, given));
        expect(bestFirst(CONTRACT, turned.candidates)).toEqual(bestFirst(CONTRACT, given.candidates));
      }),
    );
  });

  it("nobody is called who fits less well than the share allows, and nobody who was not offered", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        const decision = decideDispatch(CONTRACT, given);
        if (decision.outcome !== "delegate") return;
        const best = Math.max(...given.candidates.map(({ score }) => score));
        expect(decision.score).toBeGreaterThanOrEqual((1 - CONTRACT.interchangeable) * best);
        const { agent, skill, score } = decision;
        expect(given.candidates.map((each) => ({ agent: each.agent, skill: each.skill, score: each.score }))).toContainEqual({
          agent,
          skill,
          score,
        });
      }),
    );
  });

  it("nobody comes to be called by words that make them fit a little better: neither their own call, nor another's place", () => {
    const alike = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), anyWorth), { selector: ([agent]) => agent, minLength: 2 });
    const praise = fc.array(fc.double({ min: 0, max: 0.019, noNaN: true }), { minLength: NAMES.length, maxLength: NAMES.length });
    const called = (those: readonly (readonly [string, Worth])[], gains: readonly number[]) => {
      const decision = decided(...those.map(([agent, its], at) => one(agent, 0.8 * (1 + (gains[at] ?? 0)), its)));
      return decision.outcome === "delegate" ? decision.agent : decision.reason;
    };
    fc.assert(
      fc.property(alike, praise, (those, gains) => {
        const weighed = those.map(([agent, its]) => [agent, { ...its, published: true }] as const);
        expect(called(weighed, gains)).toBe(called(weighed, []));
      }),
    );
  });

  it("whoever is worth more, all else the same, is called no less", () => {
    const value = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(value, value, value, (before, after, others) => {
        const isCalled = (mine: number) => {
          const decision = decided(one("a", 0.8, worth(mine, { lot: 0.5 })), one("b", 0.8, worth(others, { lot: 0.4 })));
          return decision.outcome === "delegate" && decision.agent === "a" ? 1 : 0;
        };
        expect(isCalled(Math.max(before, after))).toBeGreaterThanOrEqual(isCalled(Math.min(before, after)));
      }),
    );
  });

  it("a recorded decision is taken again from its signals alone, and another contract may take it otherwise", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        const recorded = JSON.parse(JSON.stringify({ given, decision: decideDispatch(CONTRACT, given) })) as {
          given: DispatchSignals;
          decision: object;
        };
        expect(isSameDecision(recorded.decision, redecide("dispatch", CONTRACT, recorded.given))).toBe(true);
      }),
    );
    const given = signals([one("a", 0.8, worth(0.2)), one("b", 0.8, worth(0.9))]);
    expect(redecide("dispatch", CONTRACT, given)).toMatchObject({ outcome: "delegate", agent: "b" });
    expect(redecide("dispatch", OLDER, given)).toMatchObject({ outcome: "ask", reason: "two-fit-equally" });
  });
});
