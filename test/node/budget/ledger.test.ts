import { describe, expect, it } from "vitest";
import { Books, HOUR, T0 } from "./books.ts";

describe("a lease", () => {
  it("is the same however often its reservation arrives", () => {
    const books = new Books();
    const first = books.reserve("one", { need: { calls: 3, microUsd: 50 } });
    const before = books.account("tenant");
    expect(books.reserve("one", { need: { calls: 9 } })).toEqual(first);
    expect(books.account("tenant")).toEqual(before);
  });

  it("gives back what it did not spend", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 10 } });
    expect(books.account("tenant")).toMatchObject({ held: { calls: 10 }, spent: { calls: 0 } });
    books.settle("one", { calls: 4 });
    expect(books.account("tenant")).toMatchObject({ held: { calls: 0 }, spent: { calls: 4 } });
    expect(books.account("app:a")).toMatchObject({ held: { calls: 0 }, spent: { calls: 4 } });
  });

  it("is not granted again when it was settled", () => {
    const books = new Books();
    books.reserve("one");
    books.settle("one", { calls: 1 });
    expect(books.reserve("one")).toMatchObject({ ok: false, reason: "unknown-lease" });
    expect(books.extend("one", { need: { calls: 1 } })).toMatchObject({ ok: false, reason: "unknown-lease" });
  });

  it("that was given back before its reservation arrives is not granted to nobody", () => {
    const books = new Books();
    books.settle("one");
    expect(books.reserve("one", { need: { calls: 5 } })).toMatchObject({ ok: false, reason: "unknown-lease" });
    expect(books.account("tenant")?.held.calls ?? 0).toBe(0);
  });

  it("is corrected by a larger figure, and never by a smaller one", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 10 } });
    books.settle("one", { calls: 4 });
    books.settle("one", { calls: 2 });
    expect(books.account("tenant")?.spent.calls).toBe(4);
    books.settle("one", { calls: 7 });
    expect(books.account("tenant")?.spent.calls).toBe(7);
  });

  it("that is only renewed holds no more than before", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 10 } });
    books.now += 60_000;
    expect(books.extend("one", { spent: { calls: 6 } })).toEqual({
      ok: true,
      granted: expect.objectContaining({ calls: 10 }),
      until: T0 + 180_000,
    });
  });

  it("that needs more gets as much again as was spent, so that a long task asks seldom", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 4 } });
    // 4 were spent: 4 more, although 1 would do.
    expect(books.extend("one", { spent: { calls: 4 }, need: { calls: 1 } })).toMatchObject({ granted: { calls: 8 } });
    expect(books.extend("one", { spent: { calls: 8 }, need: { calls: 1 }, limit: { calls: 3 } })).toMatchObject({ granted: { calls: 11 } });
  });

  it("of an earlier period draws what it gets from now on from the period that runs", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 10 } });
    books.now += HOUR;
    expect(books.extend("one", { spent: { calls: 9 }, need: { calls: 5 }, limit: { calls: 5 } })).toMatchObject({
      ok: true,
      granted: { calls: 14 },
    });
    expect(books.account("tenant", T0)).toMatchObject({ spent: { calls: 9 }, held: { calls: 0 } });
    expect(books.account("tenant", T0 + HOUR)).toMatchObject({ spent: { calls: 0 }, held: { calls: 5 } });
    books.settle("one", { calls: 12 });
    expect(books.account("tenant", T0)).toMatchObject({ spent: { calls: 9 } });
    expect(books.account("tenant", T0 + HOUR)).toMatchObject({ spent: { calls: 3 }, held: { calls: 0 } });
  });
});

describe("how much is set aside", () => {
  it("is what is needed, while too few were seen", () => {
    const books = new Books();
    for (let n = 0; n < 4; n++) {
      books.reserve(`seen-${n}`, { need: { calls: 2 } });
      books.settle(`seen-${n}`, { calls: 2, microUsd: 100 });
    }
    expect(books.reserve("one", { need: { calls: 1 } })).toMatchObject({ granted: { calls: 1, microUsd: 0 } });
  });

  // Ten were seen, of 10, 20, … 100 micro-USD: the ninth of them is the 0.9 quantile.
  it.each([
    ["the quantile of what the like of it spent", {}, { calls: 1 }, undefined, 90],
    ["what is needed, when that is more", {}, { calls: 1, microUsd: 95 }, undefined, 95],
    ["at most what the task may still spend", {}, { calls: 1 }, { microUsd: 40, calls: 1 }, 40],
    // 0.01 of the app's 6000.
    ["at most the share of its accounts", { reserveShare: 0.01 }, { calls: 1 }, undefined, 60],
    // 600 less the 550 spent.
    ["down to what is needed, when no more is left", { appMicroUsd: 600 }, { calls: 1, microUsd: 5 }, undefined, 50],
  ])("is %s", (_rule, contract, need, limit, microUsd) => {
    const books = new Books(contract);
    for (let n = 1; n <= 10; n++) {
      books.reserve(`seen-${n}`, { need: { calls: 1, microUsd: 10 * n } });
      books.settle(`seen-${n}`, { calls: 1, microUsd: 10 * n });
    }
    expect(books.reserve("one", { need, ...(limit && { limit }) })).toMatchObject({ ok: true, granted: { microUsd } });
  });
});

describe("an account", () => {
  it("that is used up refuses for good, and one that others hold for now", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 40 } });
    expect(books.reserve("two", { need: { calls: 40 } })).toMatchObject({
      reason: "held",
      account: "app",
      unit: "calls",
      limit: 60,
      held: 40,
    });
    books.settle("one", { calls: 40 });
    expect(books.reserve("two", { need: { calls: 40 } })).toMatchObject({
      reason: "exhausted",
      account: "app",
      unit: "calls",
      spent: 40,
      needed: 40,
    });
    expect(books.reserve("other", { app: "b", need: { calls: 40 } })).toMatchObject({ ok: true });
    expect(books.reserve("third", { app: "c", need: { calls: 40 } })).toMatchObject({ reason: "held", account: "tenant" });
  });

  it("goes on when it is raised, and counts each raise once", () => {
    const books = new Books();
    expect(books.reserve("one", { need: { calls: 61 } })).toMatchObject({ reason: "exhausted", account: "app" });
    books.raise("app:a", { calls: 1 }, "a key");
    books.raise("app:a", { calls: 1 }, "a key");
    expect(books.reserve("one", { need: { calls: 61 } })).toMatchObject({ ok: true });
    expect(books.reserve("two", { need: { calls: 1 } })).toMatchObject({ ok: false });
  });

  it("begins anew with each period, and its raises end with it", () => {
    const books = new Books();
    books.raise("app:a", { calls: 40 });
    expect(books.reserve("one", { need: { calls: 100 } })).toMatchObject({ ok: true });
    books.now += HOUR;
    expect(books.reserve("two", { need: { calls: 61 } })).toMatchObject({ reason: "exhausted", limit: 60 });
    expect(books.reserve("two", { need: { calls: 60 } })).toMatchObject({ ok: true });
  });
});

describe("a holder that is lost", () => {
  it("has what it did not spend counted as spent until it comes back, and then what it did spend", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 10 } });
    books.now += 120_000;
    books.expireDue();
    expect(books.account("tenant")).toMatchObject({ spent: { calls: 10 }, held: { calls: 0 }, unreconciled: { calls: 10 } });
    books.settle("one", { calls: 3 });
    expect(books.account("tenant")).toMatchObject({ spent: { calls: 3 }, held: { calls: 0 }, unreconciled: { calls: 0 } });
  });

  it("that comes back while it still works goes on with what it had", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 10 } });
    books.now += 120_000;
    books.expireDue();
    expect(books.extend("one", { spent: { calls: 4 }, need: { calls: 2 } })).toMatchObject({ ok: true, granted: { calls: 10 } });
    expect(books.account("tenant")).toMatchObject({ spent: { calls: 4 }, held: { calls: 6 }, unreconciled: { calls: 0 } });
  });

  it("is counted in the period it was lost in, however late it comes back", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 10 } });
    books.now += 120_000;
    books.expireDue();
    books.now += 3 * HOUR;
    books.settle("one", { calls: 3 });
    expect(books.account("tenant", T0)).toMatchObject({ spent: { calls: 3 }, unreconciled: { calls: 0 } });
    expect(books.account("tenant")).toBeUndefined();
  });
});

describe("a spending larger than its lease", () => {
  it("counts in full where there is room for it", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 1 } });
    books.settle("one", { calls: 1, microUsd: 5_000 });
    expect(books.account("app:a")).toMatchObject({ spent: { microUsd: 5_000 }, over: { microUsd: 0 } });
    expect(books.beyond).toEqual([]);
  });

  it("takes nothing that others were promised but the overdraft, and the rest is told", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 40 } });
    books.reserve("two", { need: { calls: 20 } });
    books.settle("one", { calls: 1_000_000 });
    // 40 and a quarter of it; 20 are held by the other.
    expect(books.account("app:a")).toMatchObject({ spent: { calls: 50 }, held: { calls: 20 }, over: { calls: 999_950 } });
    expect(books.beyond).toEqual([{ agent: "writer", amount: expect.objectContaining({ calls: 999_950 }) }]);
    books.settle("two", { calls: 20 });
    expect(books.account("app:a")).toMatchObject({ spent: { calls: 70 }, held: { calls: 0 } });
  });

  it("is not made up for in the next period: what did not count stays out of it", () => {
    const books = new Books({ overdraft: 0 });
    books.reserve("one", { need: { calls: 10 } });
    books.reserve("two", { need: { calls: 50 } });
    books.now += HOUR;
    // 10 count, as 50 are held by the other; 7 do not.
    for (let n = 0; n < 3; n++)
      expect(books.extend("one", { spent: { calls: 17 }, need: { calls: 1 }, limit: { calls: 1 } }).ok).toBe(true);
    expect(books.account("app:a", T0)).toMatchObject({ spent: { calls: 10 }, over: { calls: 7 } });
    books.settle("one", { calls: 18 });
    expect(books.account("app:a", T0 + HOUR)).toMatchObject({ spent: { calls: 1 }, held: { calls: 0 }, over: { calls: 0 } });
  });

  it("is told once, however often it arrives", () => {
    const books = new Books({ overdraft: 0 });
    books.reserve("one", { need: { calls: 60 } });
    books.settle("one", { calls: 70 });
    books.settle("one", { calls: 70 });
    expect(books.beyond).toHaveLength(1);
  });
});

describe("a contract that only watches", () => {
  it("refuses nothing, counts everything, and says what it would have refused", () => {
    const books = new Books({ mode: "shadow" });
    expect(books.reserve("one", { need: { calls: 60 } })).toEqual({
      ok: true,
      granted: expect.objectContaining({ calls: 60 }),
      until: expect.any(Number),
    });
    expect(books.reserve("two", { need: { calls: 5 } })).toMatchObject({ ok: true, shadow: true, granted: { calls: 5 } });
    books.settle("one", { calls: 500 });
    expect(books.account("app:a")).toMatchObject({ spent: { calls: 500 }, held: { calls: 5 } });
  });
});

// What users of other systems met: each is a rule here.
describe("what happened elsewhere", () => {
  it("requests at the same time do not get past the budget (LiteLLM 34732)", () => {
    const books = new Books();
    const granted = Array.from({ length: 200 }, (_, n) => books.reserve(`request-${n}`)).filter(({ ok }) => ok);
    expect(granted).toHaveLength(60);
    for (let n = 0; n < 200; n++) books.settle(`request-${n}`, { calls: 1 });
    expect(books.reserve("late")).toMatchObject({ reason: "exhausted", spent: 60 });
  });

  it("two first requests share one account, and one limit (LiteLLM 40095)", () => {
    const books = new Books();
    expect(books.reserve("one", { need: { calls: 40 } }).ok).toBe(true);
    expect(books.reserve("two", { need: { calls: 40 } }).ok).toBe(false);
    expect(books.account("app:a")).toMatchObject({ held: { calls: 40 } });
  });

  it("a reservation whose holder was lost does not lock anybody out once it is known what it spent (LiteLLM 27639)", () => {
    const books = new Books();
    books.reserve("lost", { need: { calls: 60 } });
    books.now += 120_000;
    books.expireDue();
    expect(books.reserve("next")).toMatchObject({ ok: false, reason: "exhausted" });
    books.settle("lost");
    expect(books.reserve("next", { need: { calls: 60 } })).toMatchObject({ ok: true });
  });

  it("nobody is locked out by what might be spent while nothing is: what was seen is set aside (LiteLLM 38647)", () => {
    const books = new Books();
    for (let n = 0; n < 5; n++) {
      books.reserve(`seen-${n}`);
      books.settle(`seen-${n}`, { calls: 1, microUsd: 10 });
    }
    // Each of them may spend 1000 micro-USD, and 55 of them would be 55000 of the 6000 there are.
    const granted = Array.from({ length: 55 }, (_, n) => books.reserve(`many-${n}`, { limit: { calls: 1, microUsd: 1_000 } })).filter(
      ({ ok }) => ok,
    );
    expect(granted).toHaveLength(55);
  });

  it("cleaning up that fails and is done again counts once (LiteLLM 35569)", () => {
    const books = new Books();
    books.reserve("one", { need: { calls: 10 } });
    books.extend("one", { spent: { calls: 3 } });
    books.settle("one", { calls: 5 });
    books.settle("one", { calls: 5 });
    books.now += 120_000;
    books.expireDue();
    books.settle("one", { calls: 5 });
    expect(books.account("tenant")).toMatchObject({ spent: { calls: 5 }, held: { calls: 0 }, unreconciled: { calls: 0 } });
  });
});
