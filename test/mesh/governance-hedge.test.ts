import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { costOf, decisionsBy, order, record, told } from "./governed.ts";
import { tasksOf } from "./wire.ts";

// A slow agent, and another one that can do the same.

const SAMPLES = 3;
const SLOW_MS = 20_000;

let mesh: CopiedMesh;

beforeAll(async () => {
  const agents = ["client", "tortoise", "hare"].map((name) => ({ name, from: "puppet", calls: ["tortoise", "hare"] }));
  mesh = await copyMesh({ agents, contracts: { "agent-breaker": { hedgeSamples: SAMPLES } } });
  await mesh.start();
  for (let n = 0; n < SAMPLES; n++)
    await order(mesh, "client", {
      calls: [
        { to: "tortoise/read", order: { say: `${n}` } },
        { to: "tortoise/do", order: { say: `${n}` } },
      ],
    });
});
afterAll(() => mesh.remove());

describe("an agent that takes longer than its calls do", () => {
  it("is joined by another one where the skill only reads: the first answer counts, and the loser is canceled and paid", async () => {
    const slow = { wait: SLOW_MS, whoWaits: "tortoise", say: "read" };
    const began = Date.now();
    const task = await order(mesh, "client", { calls: [{ to: "tortoise/read", order: slow, or: ["hare/read"] }] });
    expect(told(task)).toBe("tortoise/read: read\ndone");
    expect(Date.now() - began).toBeLessThan(SLOW_MS);
    const { decisions, ...rest } = await record(mesh, "client", task);
    expect(decisionsBy("agent-breaker", { decisions, ...rest })).toContain("hedge: takes-long");
    expect(costOf(task)).toMatchObject({ calls: 2 });
    const [lost] = await tasksOf(`${mesh.url}/agents/tortoise`);
    expect(lost?.status.state).toBe("TASK_STATE_CANCELED");
  });

  it("is waited for where the skill may change something", async () => {
    const slow = { wait: 300, whoWaits: "tortoise", say: "done once" };
    const task = await order(mesh, "client", { calls: [{ to: "tortoise/do", order: slow, or: ["hare/do"] }] });
    expect(costOf(task)).toMatchObject({ calls: 1 });
    expect(decisionsBy("agent-breaker", await record(mesh, "client", task))).toContain("single: not-read-only");
  });
});
