import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Task } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import type { Order } from "./fixtures/puppet.ts";
import { accounts, costOf, order, tasksOf } from "./governed.ts";
import { getTask, request, rpc } from "./wire.ts";

// A task of three hops with branches side by side is canceled: nothing runs on, and nothing stays set aside.

const AGENTS = ["client", "middle", "leaf"];
const PATIENCE = { timeout: 45_000, interval: 100 };
const SPENT = 700;
/**
 * One works, one asks; and one is dear, for which their caller needs more than it was given. It must have that before it passes the
 * question on: what it begins to ask while another of its questions waits would wait for that answer.
 */
const LEAVES: NonNullable<Order["calls"]> = [
  { to: "leaf/do", order: { wait: 120_000 } },
  { to: "leaf/do", order: { spend: SPENT, think: 500, ask: "Which?" } },
  { to: "leaf/dear", order: { wait: 120_000 } },
];
const ORDER: Order = {
  together: true,
  calls: [
    { to: "middle/do", order: { spend: SPENT, together: true, calls: LEAVES } },
    { to: "middle/do", order: { spend: SPENT, together: true, calls: LEAVES, say: "the other" } },
  ],
};

let mesh: CopiedMesh;

beforeAll(async () => {
  mesh = await copyMesh({
    agents: AGENTS.map((name) => ({ name, from: "puppet", calls: ["middle", "leaf", "fickle"] })),
    answerers: ["fickle"],
  });
  await mesh.start();
});
afterAll(() => mesh.remove());

async function books() {
  const [account] = await accounts(mesh);
  return { calls: account?.spent.calls ?? 0, microUsd: account?.spent.microUsd ?? 0, held: account?.held.calls ?? 0 };
}

/** Sends the order, and waits until all of it is at work. @returns the root's task */
async function atWork(): Promise<Pick<Task, "id">> {
  const before = await open();
  const task = await order(mesh, "client", ORDER, { configuration: { returnImmediately: true } });
  await expect.poll(open, PATIENCE).toEqual({ client: 1, middle: 2, leaf: 2 * LEAVES.length });
  expect(before).toEqual({ client: 0, middle: 0, leaf: 0 });
  return task;
}

/** How many tasks of each agent have not ended. */
async function open(): Promise<Record<string, number>> {
  const states = ["SUBMITTED", "WORKING", "INPUT_REQUIRED", "AUTH_REQUIRED"].map((state) => `TASK_STATE_${state}`);
  const counts = await Promise.all(AGENTS.map(async (agent) => [agent, (await tasksOf(mesh, agent, ...states)).length] as const));
  return Object.fromEntries(counts);
}

const NOTHING_OPEN = { client: 0, middle: 0, leaf: 0 };
/** Two that were called by the root, and what they called; of those that were canceled a price is charged all the same. */
const COST = { calls: 2 + 2 * LEAVES.length, microUsd: 2 * SPENT + 2 * 2_000 };

async function expectAllToldAndPaid({ id }: Pick<Task, "id">, before: Awaited<ReturnType<typeof books>>): Promise<void> {
  await expect.poll(open, PATIENCE).toEqual(NOTHING_OPEN);
  const spent = { calls: before.calls + COST.calls, microUsd: before.microUsd + COST.microUsd, held: 0 };
  await expect.poll(books, PATIENCE).toEqual(spent);
  expect(costOf(await getTask(`${mesh.url}/agents/client`, id))).toMatchObject(COST);
}

async function cancel({ id }: Pick<Task, "id">): Promise<void> {
  const { json, text } = await rpc(`${mesh.url}/agents/client`, "CancelTask", { id });
  expect(json?.result?.["status"], text).toMatchObject({ state: "TASK_STATE_CANCELED" });
}

describe("a callee that is away when it is told to stop", () => {
  it("is told again until it knows, and then nothing stays set aside", async () => {
    const before = await books();
    const task = await order(
      mesh,
      "client",
      { calls: [{ to: "fickle/work", order: "for ever" }] },
      { configuration: { returnImmediately: true } },
    );
    const told = async () => (await request(`${mesh.url}/agents/fickle/told`)).text;
    await expect.poll(told, PATIENCE).toContain('"begun":1');
    await cancel(task);
    await expect.poll(told, PATIENCE).toBe('{"begun":1,"missed":2,"told":1}');
    await expect.poll(books, PATIENCE).toEqual({ calls: before.calls + 1, microUsd: before.microUsd, held: 0 });
  });
});

describe("a task of three hops that is canceled", () => {
  it("leaves nothing at work below it, and costs what was really spent", async () => {
    const before = await books();
    const task = await atWork();
    await cancel(task);
    await expectAllToldAndPaid(task, before);
  });

  it("leaves nothing at work when the runtime is killed right after", async () => {
    const before = await books();
    const task = await atWork();
    await cancel(task);
    await mesh.kill();
    await mesh.start();
    await expectAllToldAndPaid(task, before);
  });

  it("leaves nothing at work when the runtime was killed before, and all of it is taken up again", async () => {
    const before = await books();
    const task = await atWork();
    await mesh.kill();
    await mesh.start();
    await cancel(task);
    await expectAllToldAndPaid(task, before);
  });
});
