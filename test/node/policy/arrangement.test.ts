import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArrangementOptions, cheapestArrangement } from "../../../shared/policy/arrangement.ts";
import { CHAIN_CAP } from "./chain-cap-contract.ts";

type Candidate = ArrangementOptions["candidates"][number];

const skill = (agent: string, reliability: number, cost: number, change: Partial<Candidate> = {}): Candidate => ({
  agent,
  skill: "search",
  reliability,
  evidence: "unmeasured",
  cost,
  ms: 1_000,
  ...change,
});
const CRITIC = { agent: "critic", skill: "check", cost: 50, ms: 500 };
const options = (change: Partial<ArrangementOptions> = {}): ArrangementOptions => ({
  line: 0.8,
  candidates: [skill("a", 0.9, 100)],
  checker: CRITIC,
  budget: { microUsd: 1_000, calls: 10 },
  ...change,
});
const arrange = (change: Partial<ArrangementOptions> = {}) => cheapestArrangement(CHAIN_CAP, options(change));

describe("cheapestArrangement", () => {
  it("takes one agent alone where that is enough, the cheapest one: 0.8 × 0.94 = 0.752", () => {
    expect(arrange({ candidates: [skill("a", 0.99, 300), skill("b", 0.94, 80), skill("c", 0.93, 10)] })).toMatchObject({
      kind: "checked",
      calls: [{ agent: "c", skill: "search" }, { agent: "critic" }],
      cost: 60,
    });
    expect(arrange({ candidates: [skill("a", 0.99, 300), skill("b", 0.94, 80), skill("c", 0.93, 40)] })).toEqual({
      kind: "alone",
      calls: [{ agent: "b", skill: "search" }],
      product: 0.8 * 0.94,
      cost: 80,
      costAtMost: 80,
      ms: 1_000,
    });
  });

  it("has it checked where one alone is too weak: 0.8 × 0.9 / (0.9 + 0.1 × 0.3) = 0.774", () => {
    const found = arrange();
    expect(found).toMatchObject({ kind: "checked", cost: 150, ms: 1_500 });
    expect(found).toHaveProperty("product", expect.closeTo((0.8 * 0.9) / 0.93, 12));
  });

  it("tries a measured skill again, at the cost it then has at most: 0.8 × (1 - 0.1²) = 0.792", () => {
    const candidates = [skill("a", 0.9, 40, { evidence: "measured" })];
    const found = arrange({ candidates });
    expect(found).toMatchObject({ kind: "retried", calls: [{ agent: "a" }, { agent: "a" }], costAtMost: 80 });
    expect(found).toMatchObject({ product: expect.closeTo(0.8 * 0.99, 12), cost: expect.closeTo(44, 9), ms: expect.closeTo(1_100, 9) });
  });

  it("does not count on a second try of a skill whose failures nobody has seen", () => {
    expect(arrange({ candidates: [skill("a", 0.9, 40)] })).toMatchObject({ kind: "checked" });
    expect(cheapestArrangement(CHAIN_CAP, { line: 0.8, candidates: [skill("a", 0.9, 40)], budget: { microUsd: 1_000, calls: 10 } })).toBe(
      "none",
    );
  });

  it("asks two where a check of one is too weak: 0.8 × (1 - 0.3 × 0.2) = 0.752", () => {
    // Checked, the better of them has 0.8 × 0.8 / (0.8 + 0.2 × 0.3) = 0.744.
    const candidates = [skill("a", 0.7, 100), skill("b", 0.8, 100, { ms: 3_000 })];
    const found = arrange({ candidates });
    expect(found).toMatchObject({ kind: "redundant", calls: [{ agent: "a" }, { agent: "b" }, { agent: "critic" }], cost: 250, ms: 3_500 });
    expect(found).toHaveProperty("product", expect.closeTo(0.752, 12));
  });

  it.each([
    ["two skills of one agent for two agents", { candidates: [skill("a", 0.7, 1), skill("a", 0.8, 1, { skill: "find" })] }],
    ["an agent for its own judge", { checker: { ...CRITIC, agent: "a" } }],
    ["the judge for one of the two", { candidates: [skill("a", 0.7, 1), skill("critic", 0.8, 1)] }],
    ["a price that is no number", { candidates: [skill("a", 0.99, Number.NaN)] }],
    ["a price below nothing", { candidates: [skill("a", 0.99, -1)] }],
    ["a reliability that is no number", { candidates: [skill("a", Number.NaN, 1)] }],
    ["a reliability above one", { candidates: [skill("a", 2, 1)] }],
    ["a line that is no number", { line: Number.NaN }],
    ["a budget that is no number", { budget: { microUsd: Number.NaN, calls: 10 } }],
    ["calls that are not left", { budget: { microUsd: 1_000, calls: 1 } }],
    ["money that is not left", { budget: { microUsd: 149, calls: 10 } }],
    [
      "a second try that could not be paid",
      { candidates: [skill("a", 0.9, 100, { evidence: "measured" })], budget: { microUsd: 149, calls: 10 } },
    ],
    ["nobody", { candidates: [] }],
  ] as const)("does not take %s", (_case, change) => {
    expect(arrange(change)).toBe("none");
  });

  it("takes what stands on the floor: 0.75 × 1", () => {
    expect(arrange({ line: 0.75, candidates: [skill("a", 1, 10)] })).toMatchObject({ kind: "alone", product: CHAIN_CAP.floor });
  });

  it("takes fewer calls of what costs the same", () => {
    const checker = { ...CRITIC, cost: 0 };
    // Two tries of the first have 0.8 × 0.96, and so have the two together: 0.768.
    const candidates = [skill("a", 0.8, 0, { evidence: "measured" }), skill("b", 0.8, 0)];
    expect(arrange({ candidates, checker })).toMatchObject({ kind: "retried", calls: [{ agent: "a" }, { agent: "a" }] });
    expect(arrange({ candidates: candidates.map((each) => ({ ...each, evidence: "unmeasured" })), checker })).toMatchObject({
      kind: "redundant",
    });
  });

  it("weighs time and accuracy against money as it is told", () => {
    const candidates = [
      skill("cheap", 0.95, 10, { ms: 60_000 }),
      skill("quick", 0.95, 400, { ms: 100 }),
      skill("sure", 1, 500, { ms: 60_000 }),
    ];
    const best = (accuracy: number, cost: number, latency: number) => {
      const found = cheapestArrangement(CHAIN_CAP, {
        line: 0.8,
        candidates,
        budget: { microUsd: 1_000, calls: 10 },
        preferences: { accuracy, cost, latency },
      });
      return found === "none" ? found : found.calls[0]?.agent;
    };
    expect(best(0, 1, 0)).toBe("cheap");
    expect(best(0, 0, 1)).toBe("quick");
    expect(best(1, 0, 0)).toBe("sure");
    // cost 0.01 + latency 0.25 for the cheap one, 0.4 + 0.0004 for the quick one.
    expect(best(0, 1, 1)).toBe("cheap");
    // 0.002 + 0.25 against 0.08 + 0.0004.
    expect(best(0, 0.2, 1)).toBe("quick");
  });

  it("takes the first by name of those that are equal, in whatever order they come", () => {
    const candidates = [skill("b", 0.95, 10), skill("a", 0.95, 10), skill("c", 0.95, 10)];
    expect(arrange({ candidates })).toMatchObject({ calls: [{ agent: "a" }] });
    expect(arrange({ candidates: candidates.toReversed() })).toEqual(arrange({ candidates }));
    const weak = [skill("b", 0.8, 10), skill("a", 0.8, 10)];
    expect(arrange({ candidates: weak })).toMatchObject({ calls: [{ agent: "a" }, { agent: "b" }, { agent: "critic" }] });
    expect(arrange({ candidates: weak.toReversed() })).toEqual(arrange({ candidates: weak }));
  });
});

const share = fc.double({ min: 0, max: 1, noNaN: true });
const likely = fc.double({ min: 0.6, max: 1, noNaN: true });
const priced = { cost: fc.nat(500), ms: fc.nat(100_000) };
const anyOptions: fc.Arbitrary<ArrangementOptions> = fc
  .record({
    line: fc.oneof(fc.constant(1), likely),
    candidates: fc.uniqueArray(
      fc.record({
        agent: fc.constantFrom("a", "b", "c", "critic"),
        skill: fc.constantFrom("x", "y"),
        reliability: likely,
        evidence: fc.constantFrom("measured" as const, "unmeasured" as const, "untrusted" as const),
        ...priced,
      }),
      { selector: ({ agent, skill: name }) => `${agent}/${name}`, maxLength: 5 },
    ),
    checker: fc.option(fc.record({ agent: fc.constant("critic"), skill: fc.constant("check"), ...priced }), { nil: undefined }),
    budget: fc.record({ microUsd: fc.nat(1_500), calls: fc.nat(4) }),
    preferences: fc.option(fc.record({ accuracy: share, cost: share, latency: share }), { nil: undefined }),
  })
  .map(({ checker, preferences, ...rest }) => ({ ...rest, ...(checker && { checker }), ...(preferences && { preferences }) }));

describe("cheapestArrangement, whatever the options", () => {
  it("meets the floor within the budget, with skills that were offered", () => {
    fc.assert(
      fc.property(anyOptions, (given) => {
        const found = cheapestArrangement(CHAIN_CAP, given);
        if (found === "none") return;
        expect(found.product).toBeGreaterThanOrEqual(CHAIN_CAP.floor);
        expect(found.costAtMost).toBeLessThanOrEqual(given.budget.microUsd);
        expect(found.cost).toBeLessThanOrEqual(found.costAtMost);
        expect(found.calls.length).toBeLessThanOrEqual(given.budget.calls);
        const offered = [...given.candidates, ...(given.checker ? [given.checker] : [])].map(({ agent, skill: name }) => ({
          agent,
          skill: name,
        }));
        for (const call of found.calls) expect(offered).toContainEqual(call);
      }),
    );
  });

  it("is never dearer than any one agent, checked or not, that would do as well", () => {
    fc.assert(
      fc.property(anyOptions, ({ preferences: _, ...given }) => {
        const found = cheapestArrangement(CHAIN_CAP, given);
        const { checker, line, budget } = given;
        for (const { agent, reliability, cost } of given.candidates) {
          if (line * reliability >= CHAIN_CAP.floor && cost <= budget.microUsd && budget.calls >= 1) {
            expect(found).toHaveProperty(
              "cost",
              expect.toSatisfy((least: number) => least <= cost),
            );
          }
          if (!checker || checker.agent === agent || budget.calls < 2 || cost + checker.cost > budget.microUsd) continue;
          const checked = reliability / (reliability + (1 - reliability) * CHAIN_CAP.checkMisses);
          // A hair above the floor, for this sum rounds otherwise.
          if (line * checked < CHAIN_CAP.floor + 1e-12) continue;
          expect(found).toHaveProperty(
            "cost",
            expect.toSatisfy((least: number) => least <= cost + checker.cost),
          );
        }
      }),
    );
  });

  it("never finds nothing any more when agents are more reliable, or when more may be spent", () => {
    fc.assert(
      fc.property(anyOptions, share, fc.nat(500), (given, better, more) => {
        fc.pre(cheapestArrangement(CHAIN_CAP, given) !== "none");
        const candidates = given.candidates.map((each) => ({ ...each, reliability: each.reliability + (1 - each.reliability) * better }));
        expect(cheapestArrangement(CHAIN_CAP, { ...given, candidates })).not.toBe("none");
        const budget = { microUsd: given.budget.microUsd + more, calls: given.budget.calls + 1 };
        expect(cheapestArrangement(CHAIN_CAP, { ...given, budget })).not.toBe("none");
      }),
    );
  });

  it("finds the same in whatever order the candidates come", () => {
    fc.assert(
      fc.property(anyOptions, (given) => {
        const turned = { ...given, candidates: given.candidates.toReversed() };
        expect(cheapestArrangement(CHAIN_CAP, turned)).toEqual(cheapestArrangement(CHAIN_CAP, given));
      }),
    );
  });
});
