import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Amount, amountOf, type Limit, NOTHING, plus, UNITS } from "../../../shared/budget/amount.ts";
import { type BudgetSignals, decideBudget, expectedCost, quantileOf } from "../../../shared/policy/budget.ts";
import { contractWith } from "../budget/books.ts";

const contract = contractWith();
const LIMIT = amountOf({ microUsd: 1_000, tokensIn: 1_000, tokensOut: 1_000, calls: 20, wallMs: 60_000 });

type Signals = { need?: Limit; granted?: Limit; spent?: Limit; carved?: Limit; limit?: Limit; answer?: BudgetSignals["answer"] };

function signals({
  need = { calls: 1 },
  granted = {},
  spent = {},
  carved = {},
  limit = LIMIT,
  answer = "not-asked",
}: Signals): BudgetSignals {
  return {
    need: amountOf(need),
    lease: { granted: amountOf(granted), spent: amountOf(spent), carved: amountOf(carved) },
    task: { limit: amountOf(limit) },
    answer,
  };
}

const decide = (given: Signals) => decideBudget(contract, signals(given));

describe("a call", () => {
  it("gets what it is expected to cost out of the task's lease", () => {
    expect(decide({ need: { calls: 2 }, granted: { calls: 10 }, spent: { calls: 5 }, carved: { calls: 3 } })).toEqual({
      ...{ policy: "budget", version: 1, outcome: "carve", reason: "within-lease" },
      amount: amountOf({ calls: 2 }),
    });
  });

  it("has more set aside first when the lease does not reach, with what is under way", () => {
    // 5 spent and 4 under way of 10 granted: 2 more are needed, and 15 are left to the task.
    expect(decide({ need: { calls: 2 }, granted: { calls: 10 }, spent: { calls: 5 }, carved: { calls: 4 } })).toMatchObject({
      ...{ outcome: "top-up", reason: "lease-used-up" },
      need: { calls: 6 },
      limit: { calls: 15 },
    });
  });

  it("waits for a person where the task's limit is, whatever was granted", () => {
    expect(decide({ need: { calls: 2 }, granted: { calls: 100 }, spent: { calls: 19 } })).toMatchObject({
      ...{ outcome: "pause", reason: "task-limit", account: "task", unit: "calls" },
      ...{ limit: 20, spent: 19, needed: 1 },
    });
  });

  it("is held by the task's own calls when only they stand in its way", () => {
    expect(decide({ need: { calls: 2 }, granted: { calls: 20 }, spent: { calls: 10 }, carved: { calls: 9 } })).toMatchObject({
      ...{ outcome: "pause", reason: "held", account: "task", unit: "calls" },
      needed: 1,
    });
  });

  it.each([
    ["exhausted", "app", "app-limit"],
    ["exhausted", "tenant", "tenant-limit"],
    ["held", "tenant", "held"],
    ["unknown-lease", "tenant", "settled"],
  ] as const)("pauses when the accounts say %s of the %s: %s", (reason, account, why) => {
    const answer = { reason, account, unit: "microUsd", limit: 100, spent: 90, needed: 25 } as const;
    expect(decide({ need: { calls: 1 }, answer })).toMatchObject({
      ...{ outcome: "pause", reason: why, account, unit: "microUsd" },
      ...{ limit: 100, spent: 90, needed: 15 },
    });
  });

  it("lacks what others hold beside what is spent, when it is others that hold it", () => {
    // 60 spent and 35 held of 100: of 10 that are needed, 5 are there.
    const answer = { reason: "held", account: "tenant", unit: "calls", limit: 100, spent: 60, held: 35, needed: 10 } as const;
    expect(decide({ need: { calls: 1 }, answer })).toMatchObject({ outcome: "pause", reason: "held", needed: 5 });
    // What is spent for good no waiting brings back: what others hold says nothing about that.
    expect(decide({ need: { calls: 1 }, answer: { ...answer, reason: "exhausted", spent: 95 } })).toMatchObject({ needed: 5 });
  });

  it("is not held up by an answer that is out of date: what the lease covers goes out", () => {
    const answer = { reason: "exhausted", account: "app", unit: "calls", limit: 1, spent: 1, needed: 1 } as const;
    expect(decide({ granted: { calls: 1 }, answer })).toMatchObject({ outcome: "carve" });
  });
});

const amount = fc.record({
  microUsd: fc.nat(2_000),
  tokensIn: fc.nat(2_000),
  tokensOut: fc.nat(2_000),
  calls: fc.nat(30),
  wallMs: fc.nat(90_000),
});

describe("whatever the figures", () => {
  it("nothing goes out that the task's limit or its lease does not cover", () => {
    fc.assert(
      fc.property(amount, amount, amount, amount, amount, (need, granted, spent, carved, limit) => {
        const decision = decide({ need, granted, spent, carved, limit });
        const all = plus(plus(spent, carved), need);
        const covered = UNITS.every((unit) => all[unit] <= granted[unit] && all[unit] <= limit[unit]);
        expect(decision.outcome === "carve").toBe(covered);
      }),
    );
  });

  it("what a pause asks for is enough, and one less is not", () => {
    fc.assert(
      fc.property(amount, amount, amount, amount, (need, spent, carved, limit) => {
        const given = { need, granted: limit, spent, carved, limit };
        const decision = decide(given);
        fc.pre(decision.outcome === "pause");
        if (decision.outcome !== "pause") return;
        const raised = (by: number) => decide({ ...given, limit: { ...limit, [decision.unit]: limit[decision.unit] + by } });
        expect(decision.needed).toBeGreaterThan(0);
        expect(raised(decision.needed - 1)).toMatchObject({ outcome: "pause", unit: decision.unit, needed: 1 });
        const after = raised(decision.needed);
        if (after.outcome === "pause") expect([after.unit, after.reason]).not.toEqual([decision.unit, decision.reason]);
      }),
    );
  });

  it("a figure that is none pauses", () => {
    const nan = { ...NOTHING, calls: Number.NaN };
    for (const given of [{ need: nan }, { spent: nan }, { carved: nan }, { limit: nan }]) {
      expect(decide({ granted: { calls: 100 }, ...given })).toMatchObject({ outcome: "pause", unit: "calls" });
    }
  });
});

describe("what a call is expected to cost", () => {
  const seen = (count: number): Amount[] => Array.from({ length: count }, (_, n) => amountOf({ microUsd: 10 * (n + 1), calls: 1 }));
  const price = amountOf({ microUsd: 70 });

  // Limit 1000 micro-USD, of which a quarter is 250.
  it.each([
    ["the contract's quantile of what was seen", { seen: seen(10), price }, 90],
    ["the card's price, while fewer than five were seen", { seen: seen(4), price }, 70],
    ["the most that was seen, without a price", { seen: seen(4), price: undefined }, 40],
    ["nothing but the call, where nothing is known", { seen: [], price: undefined }, 0],
    ["at most the share of the limit", { seen: [], price: amountOf({ microUsd: 900 }) }, 250],
  ])("is %s", (_rule, given, microUsd) => {
    expect(expectedCost(contract, { ...given, limit: LIMIT })).toMatchObject({ microUsd, calls: 1 });
  });

  it("is a call at least, in spite of the share", () => {
    expect(expectedCost(contract, { seen: [], price: undefined, limit: { ...LIMIT, calls: 1 } }).calls).toBe(1);
  });

  it("rests on the nearest rank: the quantile is an amount that was seen, and so large a share lies at or below it", () => {
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (amounts, quantile) => {
        const at = quantileOf(amounts, quantile);
        for (const unit of UNITS) {
          const values = amounts.map((each) => each[unit]);
          expect(values).toContain(at[unit]);
          expect(values.filter((value) => value <= at[unit]).length / values.length).toBeGreaterThanOrEqual(quantile - 1e-9);
        }
      }),
    );
  });
});
