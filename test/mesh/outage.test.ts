import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Task } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import type { Order } from "./fixtures/puppet.ts";
import { costOf, order, tasksOf, told } from "./governed.ts";
import { getTask } from "./wire.ts";

// Everything is down for longer than any call may take: what was at work goes on, because nobody's time is used up meanwhile.

/** Shorter than it takes to come up again. Milliseconds. */
const DEADLINE_MS = 3_000;
const DOWN_MS = 4_000;
const PATIENCE = { timeout: 40_000, interval: 100 };

let mesh: CopiedMesh;
beforeAll(async () => {
  mesh = await copyMesh({
    agents: [
      { name: "client", from: "puppet", calls: ["middle"] },
      { name: "middle", from: "puppet", calls: ["leaf"] },
      { name: "leaf", from: "puppet" },
    ],
    contracts: { "agent-breaker": { deadlineMs: DEADLINE_MS } },
  });
  await mesh.start();
});
afterAll(() => mesh.remove());

it("an outage longer than the deadline of every call that is out loses no work, and is charged to nobody", async () => {
  const working: Order = { calls: [{ to: "leaf/do", order: { wait: 1_500, say: "worked" } }] };
  const deep: Order = { calls: [{ to: "middle/do", order: working }] };
  const { id } = await order(mesh, "client", deep, { configuration: { returnImmediately: true } });
  await expect.poll(async () => (await tasksOf(mesh, "leaf", "TASK_STATE_WORKING")).length, PATIENCE).toBe(1);
  await mesh.kill();
  await sleep(DOWN_MS);
  await mesh.start();
  const task = async (): Promise<Task> => getTask(`${mesh.url}/agents/client`, id);
  await expect.poll(async () => (await task()).status.state, PATIENCE).toMatch(/COMPLETED|FAILED|CANCELED|REJECTED/);
  expect(told(await task())).toBe("middle/do: leaf/do: worked\ndone\ndone");
  expect(costOf(await task())?.wallMs).toBeLessThan(DOWN_MS + DEADLINE_MS);
  for (const [agent, count] of [
    ["client", 1],
    ["middle", 1],
    ["leaf", 1],
  ] as const)
    expect(await tasksOf(mesh, agent, "TASK_STATE_COMPLETED")).toHaveLength(count);
});
