/** The budget of a tenant, in the runtime: many callers at once, and objects that are lost in the middle. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { type Amount, amountOf, type Limit } from "../../../shared/budget/amount.ts";
import type { Account, BudgetApi, ReserveRequest } from "../../../shared/host/governance/api.ts";

// All but the first have 100 calls for the tenant, 50 for an app, and 200 ms for others to give something back. A fleeting lease
// is over after 100 ms.
type Bindings = Record<"BUDGET" | "SCARCE_BUDGET" | "FLEETING_BUDGET" | "WATCHING_BUDGET", DurableObjectNamespace>;

let tenants = 0;

function tenant(binding: keyof Bindings = "SCARCE_BUDGET") {
  const name = `tenant-${tenants++}`;
  const namespace = (env as unknown as Bindings)[binding];
  // A stub is broken for good once its object was lost, so each call has its own.
  const budget = (): BudgetApi => namespace.getByName(name) as unknown as BudgetApi;
  const app = async (of = "app") => (await budget().accounts()).find((account) => account.name === `app:${of}`) as Account;
  return { namespace, stub: namespace.getByName(name), budget, app };
}

const PLENTY = amountOf({ microUsd: 1e6, tokensIn: 1e6, tokensOut: 1e6, calls: 1e6, wallMs: 1e6 });

function request(lease: string, { app = "app", ...need }: Limit & { app?: string } = {}): ReserveRequest {
  return { lease, app, task: `task of ${lease}`, agent: "writer", need: amountOf({ calls: 1, ...need }), limit: PLENTY };
}

function settlement(lease: string, spent: Limit = { calls: 1 }): { lease: string; agent: string; spent: Amount } {
  return { lease, agent: "writer", spent: amountOf(spent) };
}

describe("a budget for 50 calls", () => {
  it("gives 200 callers at the same time exactly 50, whoever settles when, and the rest after a raise", async () => {
    const { budget, app } = tenant();
    const ask = async (n: number) => {
      const answer = await budget().reserve(request(`lease-${n}`));
      if (answer.ok) await budget().settle(settlement(`lease-${n}`));
      return answer;
    };
    const all = Array.from({ length: 200 }, (_, n) => n);
    const answers = await Promise.all(all.map(ask));
    const refused = all.filter((n) => answers[n]?.ok === false);
    expect(refused).toHaveLength(150);
    for (const n of refused) expect(answers[n]).toMatchObject({ reason: "exhausted", account: "app", unit: "calls" });
    expect(await app()).toMatchObject({ limit: { calls: 50 }, spent: { calls: 50 }, held: { calls: 0 } });

    await budget().raise({ account: "tenant", by: { calls: 100 } });
    await budget().raise({ account: "app:app", by: { calls: 150 } });
    const again = await Promise.all(refused.map(ask));
    expect(again.every(({ ok }) => ok)).toBe(true);
    expect(await app()).toMatchObject({ limit: { calls: 200 }, spent: { calls: 200 }, held: { calls: 0 } });
  });

  it("is the same after an eviction: what was granted, what was spent, and what may still be", async () => {
    const { stub, budget, app } = tenant();
    await budget().reserve(request("one", { calls: 30 }));
    await budget().reserve(request("two", { calls: 10 }));
    await budget().settle(settlement("two", { calls: 10 }));
    const before = await budget().accounts();
    await evictDurableObject(stub);
    expect(await budget().accounts()).toEqual(before);
    expect(await budget().reserve(request("two", { calls: 10 }))).toMatchObject({ ok: false, reason: "unknown-lease" });
    expect(await budget().reserve(request("one", { calls: 5 }))).toMatchObject({ ok: true, granted: { calls: 30 } });
    expect(await budget().reserve(request("three", { calls: 10 }))).toMatchObject({ ok: true });
    expect(await budget().reserve(request("four", { calls: 41 }))).toMatchObject({ ok: false, reason: "exhausted" });
    expect(await app()).toMatchObject({ spent: { calls: 10 } });
  });

  it("is not overspent when its object is lost with calls on the way, and their callers ask again", async () => {
    const { budget, app } = tenant();
    const granted = new Set<number>();
    const ask = async (n: number) => {
      const { ok } = await budget().reserve(request(`lease-${n}`));
      if (ok) granted.add(n);
    };
    const all = Array.from({ length: 120 }, (_, n) => n);
    const first = Promise.allSettled(all.map(ask));
    await vi.waitUntil(() => granted.size > 0, { interval: 1 });
    await abortAllDurableObjects();
    await first;
    await Promise.all(all.filter((n) => !granted.has(n)).map(ask));
    expect(granted.size).toBe(50);
    await Promise.all(all.map((n) => budget().settle(settlement(`lease-${n}`, granted.has(n) ? { calls: 1 } : {}))));
    expect(await app()).toMatchObject({ spent: { calls: 50 }, held: { calls: 0 }, unreconciled: { calls: 0 } });
  });
});

describe("whoever waits for others", () => {
  it("gets what they give back, in the order of asking", async () => {
    const { budget } = tenant();
    await budget().reserve(request("one", { calls: 50 }));
    const order: string[] = [];
    const waiting = ["large", "small"].map(async (lease) => {
      const answer = await budget().reserve(request(lease, { calls: lease === "large" ? 40 : 20 }));
      order.push(`${lease} ${answer.ok}`);
    });
    // The small one would fit before the large one does, and is not let past.
    await budget().extend({ lease: "one", spent: amountOf({}), need: amountOf({}), limit: PLENTY });
    await budget().settle(settlement("one", {}));
    await vi.waitUntil(() => order.length === 1, { interval: 1 });
    expect(order).toEqual(["large true"]);
    await budget().settle(settlement("large", { calls: 1 }));
    await Promise.all(waiting);
    expect(order).toEqual(["large true", "small true"]);
  });

  it("keeps nobody of another app waiting", async () => {
    const { budget } = tenant();
    await budget().reserve(request("one", { calls: 50 }));
    let over = false;
    const waiting = budget()
      .reserve(request("two"))
      .then(() => (over = true));
    expect(await budget().reserve(request("other", { app: "other" }))).toMatchObject({ ok: true });
    expect(over).toBe(false);
    await waiting;
  });

  it("is told that others hold it, when they keep it", async () => {
    const { budget } = tenant();
    await budget().reserve(request("one", { calls: 50 }));
    expect(await budget().reserve(request("two"))).toMatchObject({
      ok: false,
      reason: "held",
      account: "app",
      limit: 50,
      spent: 0,
      held: 50,
      needed: 1,
    });
  });

  it("is told at once when it is spent meanwhile", async () => {
    const { budget } = tenant();
    await budget().reserve(request("one", { calls: 50 }));
    const waiting = budget().reserve(request("two"));
    await budget().settle(settlement("one", { calls: 50 }));
    expect(await waiting).toMatchObject({ ok: false, reason: "exhausted", spent: 50 });
  });

  it("goes on when the account is raised", async () => {
    const { budget } = tenant();
    await budget().reserve(request("one", { calls: 50 }));
    const waiting = budget().reserve(request("two"));
    await budget().raise({ account: "app:app", by: { calls: 1 } });
    expect(await waiting).toMatchObject({ ok: true, granted: { calls: 1 } });
  });

  it("is overtaken by a task that runs: only when that ends does it give anything back", async () => {
    const { budget } = tenant();
    await budget().reserve(request("one", { calls: 40 }));
    const waiting = budget().reserve(request("two", { calls: 20 }));
    expect(
      await budget().extend({ lease: "one", spent: amountOf({ calls: 40 }), need: amountOf({ calls: 1 }), limit: amountOf({ calls: 1 }) }),
    ).toMatchObject({ ok: true, granted: { calls: 41 } });
    expect(await waiting).toMatchObject({ ok: false });
  });
});

describe("a holder that is lost", () => {
  it("has the rest counted as spent by the alarm, and what its log says when it settles", async () => {
    const { stub, budget, app } = tenant("FLEETING_BUDGET");
    const answer = await budget().reserve(request("one", { calls: 50 }));
    expect(answer).toMatchObject({ ok: true, until: expect.any(Number) });
    await vi.waitUntil(async () => (await app()).unreconciled.calls === 50);
    expect(await app()).toMatchObject({ spent: { calls: 50 }, held: { calls: 0 } });
    expect(await budget().reserve(request("two"))).toMatchObject({ ok: false, reason: "exhausted" });
    await evictDurableObject(stub);
    await budget().settle(settlement("one", { calls: 20 }));
    expect(await app()).toMatchObject({ spent: { calls: 20 }, unreconciled: { calls: 0 } });
    expect(await budget().reserve(request("two", { calls: 30 }))).toMatchObject({ ok: true });
  });

  it("is found after the object was lost with it, and its alarm too", async () => {
    const { stub, budget, app } = tenant("FLEETING_BUDGET");
    await budget().reserve(request("one", { calls: 50 }));
    await runInDurableObject(stub, (_object, { storage }) => storage.deleteAlarm());
    await evictDurableObject(stub);
    // Whoever comes next wakes the object, which owes an alarm.
    await vi.waitUntil(async () => (await app()).unreconciled.calls === 50);
  });

  it("is not told from one that renews until it does not", async () => {
    const { stub, budget, app } = tenant();
    await budget().reserve(request("one", { calls: 10 }));
    const renewed = await budget().extend({ lease: "one", spent: amountOf({ calls: 2 }), need: amountOf({}), limit: PLENTY });
    await runDurableObjectAlarm(stub);
    expect(await app()).toMatchObject({ spent: { calls: 2 }, held: { calls: 8 }, unreconciled: { calls: 0 } });
    expect(renewed).toMatchObject({ ok: true });
  });
});

describe("the books", () => {
  it("hold nothing that could not be stored, and nobody was told that they do", async () => {
    const { stub, budget, app } = tenant();
    await budget().reserve(request("one", { calls: 10 }));
    const exec = (statement: string) => runInDurableObject(stub, (_object, { storage }) => storage.sql.exec(statement).toArray());
    await exec("CREATE TRIGGER full BEFORE INSERT ON leases BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    await expect(Promise.resolve(budget().reserve(request("two", { calls: 10 })))).rejects.toThrow(/could not be stored/);
    expect(await app()).toMatchObject({ held: { calls: 10 } });
  });

  it("cost the same however many leases there were: rows are read and written by key", async () => {
    const { stub, budget } = tenant("BUDGET");
    const rows = (many: number) =>
      runInDurableObject(stub, async (_object, { storage }) => {
        const before = await storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM sqlite_master").one().n;
        expect(before).toBeGreaterThan(0);
        const counted = vi.spyOn(Object.getPrototypeOf(storage.sql), "exec");
        const from = counted.mock.results.length;
        await one(many);
        const cursors = counted.mock.results.slice(from).map(({ value }) => value as SqlStorageCursor<Record<string, SqlStorageValue>>);
        counted.mockRestore();
        return {
          read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
          written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
        };
      });
    const one = async (n: number) => {
      await budget().reserve(request(`lease-${n}`));
      await budget().settle(settlement(`lease-${n}`));
    };
    for (let n = 0; n < 10; n++) await one(n);
    const few = await rows(10);
    await Promise.all(Array.from({ length: 500 }, (_, n) => one(100 + n)));
    const many = await rows(1_000);
    expect(many).toEqual(few);
    expect(few.read).toBeGreaterThan(0);
    expect(few.written).toBeGreaterThan(0);
  });

  it("forget leases and accounts of long ago, and no lease that is held", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2030, 0, 1) });
    const { stub, budget } = tenant("BUDGET");
    const later = (days: number) => vi.setSystemTime(Date.UTC(2030, 0, 1 + days));
    const kept = () =>
      runInDurableObject(stub, (_object, { storage }) => ({
        leases: storage.sql
          .exec<{ id: string }>("SELECT id FROM leases ORDER BY n")
          .toArray()
          .map(({ id }) => id),
        accounts: storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM accounts").one().n,
      }));
    await budget().reserve(request("held"));
    for (let n = 0; n < 5; n++) await budget().reserve(request(`lease-${n}`));
    for (let n = 0; n < 5; n++) await budget().settle(settlement(`lease-${n}`));
    later(2);
    await budget().reserve(request("second"));
    expect((await kept()).leases).toHaveLength(7);
    await budget().settle(settlement("second"));
    later(3);
    await budget().reserve(request("third"));
    await vi.waitUntil(async () => (await kept()).leases.length === 3);
    expect(await kept()).toEqual({ leases: ["held", "second", "third"], accounts: 6 });
    vi.useRealTimers();
  });

  it("keep the latest thousand incidents, the latest first", async () => {
    const { budget } = tenant();
    await Promise.all(Array.from({ length: 1_005 }, (_, n) => budget().incident({ agent: "mallory", reason: "forged", detail: `${n}` })));
    const incidents = await budget().incidents();
    expect(incidents).toHaveLength(1_000);
    expect(incidents[0]).toMatchObject({ agent: "mallory", reason: "forged", detail: "1004", at: expect.any(Number) });
    expect(incidents.at(-1)).toMatchObject({ detail: "5" });
  });

  it("tell of whoever says that it spent more than there was for it", async () => {
    const { budget, app } = tenant();
    await budget().reserve(request("one", { calls: 40 }));
    await budget().reserve(request("two", { calls: 10 }));
    await budget().settle(settlement("one", { calls: 1_000 }));
    expect(await app()).toMatchObject({ spent: { calls: 50 }, over: { calls: 950 } });
    expect(await budget().incidents()).toMatchObject([
      { agent: "writer", reason: "overspent", detail: expect.stringContaining("950 calls") },
    ]);
  });

  it("take no figure that would spoil them", async () => {
    const { budget } = tenant();
    for (const calls of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY]) {
      await expect(Promise.resolve(budget().reserve(request("one", { calls })))).rejects.toThrow(/whole numbers/);
      await expect(Promise.resolve(budget().settle(settlement("one", { calls })))).rejects.toThrow(/whole numbers/);
    }
    await expect(Promise.resolve(budget().raise({ account: "everybody", by: { calls: 1 } }))).rejects.toThrow(/app:<name>/);
  });

  it("of a contract that only watches refuse nothing", async () => {
    const { budget, app } = tenant("WATCHING_BUDGET");
    await budget().reserve(request("one", { calls: 50 }));
    expect(await budget().reserve(request("two", { calls: 5 }))).toMatchObject({ ok: true, shadow: true, granted: { calls: 5 } });
    expect(await app()).toMatchObject({ held: { calls: 55 } });
  });

  it("of a new tenant are empty, and say what may be spent", async () => {
    const { budget } = tenant();
    expect(await budget().accounts()).toEqual([
      expect.objectContaining({ name: "tenant", limit: expect.objectContaining({ calls: 100 }), spent: amountOf({}) }),
    ]);
    expect(await budget().incidents()).toEqual([]);
  });
});
