import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import type { Order } from "./fixtures/puppet.ts";
import { costOf, decisionsBy, order, record, tasksOf, told } from "./governed.ts";

// What a call takes along, and an agent that is slow while another one can do the same.

const SAMPLES = 3;
const SLOW_MS = 20_000;

let mesh: CopiedMesh;

beforeAll(async () => {
  const agents = ["client", "tortoise", "hare"].map((name) => ({ name, from: "puppet", calls: ["tortoise", "hare", "mirror"] }));
  mesh = await copyMesh({ agents, answerers: ["mirror"], contracts: { "agent-breaker": { hedgeSamples: SAMPLES } } });
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
    const [lost] = await tasksOf(mesh, "tortoise");
    expect(lost?.status.state).toBe("TASK_STATE_CANCELED");
  });

  it("is waited for where the skill may change something", async () => {
    const slow = { wait: 300, whoWaits: "tortoise", say: "done once" };
    const task = await order(mesh, "client", { calls: [{ to: "tortoise/do", order: slow, or: ["hare/do"] }] });
    expect(costOf(task)).toMatchObject({ calls: 1 });
    expect(decisionsBy("agent-breaker", await record(mesh, "client", task))).toContain("single: not-read-only");
  });
});

describe("a call", () => {
  it("carries its caller's trace on, at any depth", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const through = { calls: [{ to: "tortoise/do", order: { calls: [{ to: "mirror/headers", order: "show" }] } }] } as const;
    const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01` };
    expect(told(await order(mesh, "client", through, { headers }))).toMatch(new RegExp(`00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01`));
    expect(told(await order(mesh, "client", through))).toContain("no traceparent");
  });

  it("lets its callee call no more than it says, however deep below", async () => {
    const below: Order = { calls: [{ to: "hare/do", order: { calls: [{ to: "mirror/headers", order: "show" }] } }] };
    const task = await order(mesh, "client", { calls: [{ to: "tortoise/do", order: below, surface: ["hare/do"] }] });
    expect(told(task)).toContain("mirror/headers is not among the skills that may be called here");
  });
});
