import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Task } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import type { Order } from "./fixtures/puppet.ts";
import { answer, costOf, order, tasksOf, told } from "./governed.ts";
import { getTask, HEADERS, request } from "./wire.ts";

// Calls that outlast the request that made them. Nobody here asks a callee again by himself for an hour, but for the one who asks often.

const HOUR_MS = 60 * 60_000;
const WORK_MS = 2_500;
const PATIENCE = { timeout: 40_000, interval: 100 };
const AT_ONCE = { configuration: { returnImmediately: true } };

let mesh: CopiedMesh;

beforeAll(async () => {
  const [from, calls] = ["puppet", ["leaf", "mute", "middle"]];
  const hold = { holdMs: 300, watchMs: 200 };
  mesh = await copyMesh({
    agents: [
      { name: "client", from, calls, waits: { ...hold, againMs: [HOUR_MS, HOUR_MS] } },
      { name: "middle", from, calls, waits: { ...hold, againMs: [HOUR_MS, HOUR_MS] } },
      { name: "asker", from, calls, waits: { ...hold, againMs: [200, 400] } },
      { name: "leaf", from },
      { name: "mute", from },
    ],
  });
  await mesh.start();
});
afterAll(() => mesh.remove());

async function ended(agent: string, { id }: Pick<Task, "id">): Promise<Task> {
  const url = `${mesh.url}/agents/${agent}`;
  await expect.poll(async () => (await getTask(url, id)).status.state, PATIENCE).toMatch(/COMPLETED|FAILED|CANCELED|REJECTED/);
  return getTask(url, id);
}

const working: Order = { wait: WORK_MS, say: "worked" };

describe("a call that outlasts its request", () => {
  it("goes on when the callee says that it has ended", async () => {
    const task = await order(mesh, "client", { calls: [{ to: "leaf/do", order: working }] }, AT_ONCE);
    expect(told(await ended("client", task))).toBe("leaf/do: worked\ndone");
  });

  it("goes on hop by hop, and side by side", async () => {
    const through = { to: "middle/do", order: { calls: [{ to: "leaf/do", order: working }] } } as const;
    const task = await order(mesh, "client", { together: true, calls: [through, { to: "leaf/do", order: working }] }, AT_ONCE);
    const done = await ended("client", task);
    expect(told(done)).toBe("middle/do: leaf/do: worked\ndone\nleaf/do: worked\ndone");
    expect(costOf(done)).toMatchObject({ calls: 3 });
  });

  it("goes on by asking again, where the callee tells nobody", async () => {
    const task = await order(mesh, "asker", { calls: [{ to: "mute/do", order: working }] }, AT_ONCE);
    expect(told(await ended("asker", task))).toBe("mute/do: worked\ndone");
  });

  it("passes up a question that comes late, and its answer down", async () => {
    const late: Order = {
      calls: [
        { to: "leaf/do", order: working },
        { to: "leaf/do", order: { ask: "Which?" } },
      ],
    };
    const task = await order(mesh, "client", { calls: [{ to: "middle/do", order: late }] }, AT_ONCE);
    const state = async () => (await getTask(`${mesh.url}/agents/client`, task.id)).status.state;
    await expect.poll(state, PATIENCE).toBe("TASK_STATE_INPUT_REQUIRED");
    await answer(mesh, "client", task, "this one");
    expect(told(await ended("client", task))).toContain("leaf/do: answered this one");
  });

  it("goes on after the whole runtime was killed in between", async () => {
    const task = await order(mesh, "client", { calls: [{ to: "leaf/do", order: { ...working, say: "survived" } }] }, AT_ONCE);
    await expect.poll(async () => (await tasksOf(mesh, "leaf", "TASK_STATE_WORKING")).length, PATIENCE).toBe(1);
    await mesh.kill();
    await mesh.start();
    expect(told(await ended("client", task))).toBe("leaf/do: survived\ndone");
  });
});

describe("where callees say that something has happened", () => {
  it("is not there for anybody without a token of that task's", async () => {
    const task = await order(mesh, "client", { calls: [{ to: "leaf/do", order: working }] }, AT_ONCE);
    const owner = encodeURIComponent("local/local/local");
    const call = (id: string, token?: string, whose = owner) =>
      request(`${mesh.url}/agents/client/callbacks/${id}?owner=${whose}`, {
        method: "POST",
        headers: { ...HEADERS, ...(token !== undefined && { "X-A2A-Notification-Token": token }) },
        body: JSON.stringify({ task: { id: "x", status: { state: "TASK_STATE_COMPLETED" } } }),
      });
    const answers = [
      await call(task.id),
      await call(task.id, "guessed"),
      await call("s1-made-up", "guessed"),
      await call(task.id, "x", "a/b/c"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(told(await ended("client", task))).toContain("worked");
  });
});
