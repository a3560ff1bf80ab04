import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { type Amount, amountOf, NOTHING, ONE_CALL } from "../../../shared/budget/amount.ts";
import type { Granted } from "../../../shared/budget/book.ts";
import { Alarm } from "../../../shared/host/alarm.ts";
import type { BudgetApi } from "../../../shared/host/governance/api.ts";
import { Purse } from "../../../shared/host/governance/purse.ts";
import { LogStore } from "../../../shared/host/log-store.ts";

// A home's lease in the storage of a real object, from a ledger that answers when the test says so.

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };
let homes = 0;

/** Grants whatever is asked for, once the test lets it. */
function slowLedger() {
  const settled: Amount[] = [];
  const waiting: (() => void)[] = [];
  const grant = ({ need }: { need: Amount }) =>
    new Promise<Granted>((resolve) => waiting.push(() => resolve({ ok: true, granted: need, until: Date.now() + 120_000 })));
  const api = { reserve: grant, extend: grant, settle: async ({ spent }: { spent: Amount }) => void settled.push(spent) };
  /** Answers the next who asks. */
  const answer = async () => {
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0));
    waiting.shift()?.();
  };
  return { budget: () => api as unknown as BudgetApi, settled, answer };
}

async function inHome(test: (purse: Purse, ledger: ReturnType<typeof slowLedger>) => Promise<void>): Promise<void> {
  homes += 1;
  await runInDurableObject(TASK_HOME.getByName(`tests/purse/${homes}:s0`), async (_home, state) => {
    const ledger = slowLedger();
    const purse = new Purse({
      store: new LogStore(state.storage.sql),
      alarm: new Alarm(state.storage, "shared"),
      ...{ homes: "shared", home: `home ${homes}`, app: "app", agent: "probe" },
      budget: ledger.budget,
      heldByLog: () => [],
      during: (work) => void work.catch(() => undefined),
    });
    await test(purse, ledger);
    await state.storage.deleteAlarm();
  });
}

describe("a home's lease", () => {
  it("goes back when nobody draws on it any more", () =>
    inHome(async (purse, ledger) => {
      const asked = purse.topUp(ONE_CALL, ONE_CALL);
      await ledger.answer();
      await asked;
      purse.held.set("one", "call", ONE_CALL);
      purse.spend("one", "call", ONE_CALL);
      purse.release("one");
      await vi.waitFor(() => expect(ledger.settled).toEqual([ONE_CALL]), 3_000);
    }));

  it("is not given back under a task that waits for more of it, however long that takes", () =>
    inHome(async (purse, ledger) => {
      const first = purse.topUp(ONE_CALL, ONE_CALL);
      await ledger.answer();
      await first;
      purse.held.set("one", "call", ONE_CALL);
      const more = purse.topUp(amountOf({ calls: 5 }), amountOf({ calls: 5 }));
      purse.release("one");
      purse.rang();
      // Longer than a lease that nobody draws on is kept.
      await scheduler.wait(900);
      expect(ledger.settled).toEqual([]);
      await ledger.answer();
      expect(await more).toMatchObject({ ok: true });
      await ledger.answer();
      await vi.waitFor(() => expect(ledger.settled).toEqual([NOTHING]), 3_000);
    }));
});
