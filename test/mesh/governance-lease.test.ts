import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GOVERNANCE_EXTENSION } from "../../shared/task/governance-extension.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { type Call, DEAR } from "./fixtures/puppet.ts";
import { accounts, answer, costOf, decisionsBy, limitOf, order, record, tasksOf, told } from "./governed.ts";

// Leases within leases: many calls side by side, agents in the middle, callees that want more, tasks that end with calls out.

const MANY = 40;

let mesh: CopiedMesh;

beforeAll(async () => {
  const agents = ["client", "middle", "leaf"].map((name) => ({ name, from: "puppet", calls: ["middle", "leaf", "glutton"] }));
  mesh = await copyMesh({ agents, answerers: ["glutton"], contracts: { "circuit-breaker": { maxTurns: 200 } } });
  await mesh.start();
});
afterAll(() => mesh.remove());

function calls(number: number, to: Call["to"], order: Call["order"] = {}): Call[] {
  return Array.from({ length: number }, (_, n) => ({ to, order: typeof order === "string" ? order : { ...order, say: `${n}` } }));
}

async function books() {
  const [account] = await accounts(mesh);
  return { calls: account?.spent.calls ?? 0, microUsd: account?.spent.microUsd ?? 0, held: account?.held.calls ?? 0 };
}

/** When nothing is held any more: a home gives back what is left of its lease somewhat after its last call. */
async function settledBooks() {
  await expect.poll(books).toMatchObject({ held: 0 });
  return books();
}

describe("calls side by side", () => {
  it("do not count on the same money, however small the lease is that they share", async () => {
    const before = await settledBooks();
    const task = await order(mesh, "client", { calls: [{ to: "middle/do", order: { together: true, calls: calls(MANY, "leaf/do") } }] });
    expect((await tasksOf(mesh, "leaf")).length).toBe(MANY);
    expect(costOf(task)).toMatchObject({ calls: MANY + 1 });
    await expect.poll(books).toMatchObject({ calls: before.calls + MANY + 1, held: 0 });
  });

  it("that meet a limit together ask once, for all that they lack, and all go on when it is raised", async () => {
    const limits = { [GOVERNANCE_EXTENSION]: { limits: { calls: 1 } } };
    const asked = await order(mesh, "client", { together: true, calls: calls(4, "leaf/do", { wait: 50 }) }, { requestMetadata: limits });
    expect(limitOf(asked)).toMatchObject({ policy: "budget", raise: { unit: "calls", by: 3 } });
    const ended = await answer(mesh, "client", asked, "raise");
    expect(ended.status.state).toBe("TASK_STATE_COMPLETED");
    expect(costOf(ended)).toMatchObject({ calls: 4 });
    // What was decided is bounded by what was asked: nobody decided again and again while another question was open.
    expect((await record(mesh, "client", asked)).decisions.length).toBeLessThan(60);
  });
});

describe("an agent in the middle without a price", () => {
  it("does not hide the price of what it calls", async () => {
    const before = await settledBooks();
    const task = await order(mesh, "client", { calls: [{ to: "middle/do", order: { calls: calls(3, "leaf/dear") } }] });
    expect(costOf(task)).toMatchObject({ microUsd: 3 * DEAR, calls: 4 });
    await expect.poll(books).toMatchObject({ microUsd: before.microUsd + 3 * DEAR, held: 0 });
  });
});

describe("a callee that asks for more without end", () => {
  it.each(["microUsd", "wallMs"])("is given more %s a bounded number of times, and then told to end", async (unit) => {
    const task = await order(mesh, "client", { calls: [{ to: `glutton/${unit}`, order: "eat" }] });
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
    expect(Number(/more (\d+) times/.exec(told(task))?.[1])).toBeLessThan(100);
    expect(costOf(task).microUsd).toBeLessThan(100);
  });
});

describe("a task that is canceled with calls out", () => {
  it("costs what they may spend, says so, and is booked once", async () => {
    const before = await settledBooks();
    const out: Call[] = [
      { to: "leaf/do", order: { ask: "which?" } },
      { to: "leaf/dear", order: { wait: 20_000 } },
    ];
    const configuration = { returnImmediately: true };
    const { id } = await order(mesh, "client", { together: true, calls: out }, { configuration });
    await expect.poll(async () => (await record(mesh, "client", { id } as never)).calls.length).toBe(2);
    await expect.poll(async () => (await tasksOf(mesh, "leaf", "TASK_STATE_WORKING")).length).toBe(1);
    const canceled = await cancel(id);
    expect(costOf(canceled)).toMatchObject({ calls: 2, microUsd: DEAR });
    await expect.poll(books).toMatchObject({ calls: before.calls + 2, microUsd: before.microUsd + DEAR, held: 0 });
  });
});

async function cancel(id: string) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "CancelTask", params: { id } });
  const headers = { "Content-Type": "application/json", "A2A-Version": "1.0" };
  const response = await fetch(`${mesh.url}/agents/client`, { method: "POST", headers, body });
  return ((await response.json()) as { result: Parameters<typeof costOf>[0] }).result;
}

describe("a chain that is only watched", () => {
  it("goes as far as it likes, in a circle too, and its decisions say where it would have stopped", async () => {
    const agents = ["one", "two", "three"].map((name) => ({ name, from: "puppet", calls: ["one", "two", "three"] }));
    const watched = await copyMesh({ agents, contracts: { "chain-cap": { mode: "shadow", maxHops: 1, floor: 0.99 } } });
    try {
      await watched.start();
      const circle = { calls: [{ to: "two/do", order: { calls: [{ to: "three/do", order: { calls: calls(1, "one/do") } }] } }] } as const;
      const task = await order(watched, "one", circle);
      expect(told(task)).toBe("two/do: three/do: one/do: 0\ndone\ndone\ndone");
      expect(decisionsBy("chain-cap", await record(watched, "one", task))).toEqual(["stop: below-floor"]);
      const [three] = await tasksOf(watched, "three");
      expect(decisionsBy("chain-cap", await record(watched, "three", three as never))).toEqual(["refuse: cycle"]);
    } finally {
      await watched.remove();
    }
  });
});
