import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { decisionsBy, order, record, send, tasksOf, told } from "./governed.ts";
import { entryOf, type Said, sayingRegistry } from "./outsider.ts";

// An agent of one mesh that was published to another: it knows the mesh's own extensions, and is trusted for none of that.

const SEEN = { timeout: 15_000, interval: 50 };

let mesh: CopiedMesh;
let other: CopiedMesh;
let registry: Said;

beforeAll(async () => {
  // The bishop waits for nobody in memory: it soon looks again in a minute.
  const waits = { holdMs: 100, watchMs: 100, againMs: [60_000, 60_000] } as const;
  const bishop = { name: "bishop", from: "puppet", waits };
  mesh = await copyMesh({ agents: [{ name: "pawn", from: "puppet" }, bishop], unlimited: true });
  other = await copyMesh({ agents: [{ name: "knight", from: "puppet" }], unlimited: true });
  registry = await sayingRegistry(mesh.root, ["pawn", "bishop"]);
  await mesh.start();
  await other.start();
});
afterAll(async () => {
  await mesh?.remove();
  await other?.remove();
  await registry?.close();
});

async function knight() {
  const url = `${other.url}/agents/knight`;
  const card = await (await fetch(`${url}/.well-known/agent-card.json`)).json();
  return entryOf({ url, card });
}

const calls = (wait: number) => [{ to: "knight/do", order: { wait, say: "rode out" } }] as const;

describe("an agent of another mesh", () => {
  it("is called by any agent, and stands in the chain as one that nobody answers for", async () => {
    registry.say(await knight());
    const task = await order(mesh, "pawn", { calls: calls(0) });
    expect(told(task)).toContain("rode out");
    const { decisions } = await record(mesh, "pawn", task);
    expect(decisions.filter(({ name }) => name.startsWith("chain-cap"))).toMatchObject([{ decision: { evidence: "untrusted" } }]);
    expect(decisionsBy("chain-cap", await record(mesh, "pawn", task))).toEqual(["extend: within-cap"]);
  });

  it("belongs to no chain there: its task is its own mesh's, for whoever may call it", async () => {
    const [task] = await tasksOf(other, "knight");
    const { chain } = await record(other, "knight", task ?? { id: "" });
    expect(chain.path.map(({ agent }) => agent)).toEqual(["knight"]);
    expect(chain.root).toBe(task?.id);
  });

  it("is refused with the reason once it is held in quarantine, and hears nothing of it", async () => {
    const entry = await knight();
    registry.say({ ...entry, status: "quarantined", reason: "it fell short" });
    await expect
      .poll(async () => told(await order(mesh, "pawn", { calls: calls(0) })), SEEN)
      .toContain("knight is held in quarantine by its mesh: it fell short");
    const before = (await tasksOf(other, "knight")).length;
    await order(mesh, "pawn", { calls: calls(0) });
    expect((await tasksOf(other, "knight")).length).toBe(before);
  });

  it("that is revoked while it works is canceled there, and whoever called it goes on", async () => {
    const entry = await knight();
    registry.say(entry);
    await expect.poll(async () => told(await order(mesh, "pawn", { calls: calls(0) })), SEEN).toContain("rode out");
    const began = order(mesh, "pawn", { calls: calls(20_000), say: "carried on" });
    await expect.poll(async () => (await tasksOf(other, "knight", "TASK_STATE_WORKING")).length, SEEN).toBe(1);
    const revokedAt = Date.now();
    registry.say({ ...entry, status: "revoked", reason: "it rides elsewhere" });
    expect(told(await began)).toContain("knight was revoked by its mesh: it rides elsewhere");
    expect(Date.now() - revokedAt).toBeLessThan(6_000);
    expect(await tasksOf(other, "knight", "TASK_STATE_WORKING")).toEqual([]);
    expect(await tasksOf(other, "knight", "TASK_STATE_CANCELED")).toHaveLength(1);
  });

  it("that takes long is let go of as soon, though nobody would have looked at it for a minute", async () => {
    const entry = await knight();
    registry.say(entry);
    await expect.poll(async () => told(await order(mesh, "bishop", { calls: calls(0) })), SEEN).toContain("rode out");
    const canceled = (await tasksOf(other, "knight", "TASK_STATE_CANCELED")).length;
    const began = order(mesh, "bishop", { calls: calls(50_000) });
    await expect.poll(async () => (await tasksOf(other, "knight", "TASK_STATE_WORKING")).length, SEEN).toBe(1);
    // Past what it holds a request for, and watches.
    await sleep(1_000);
    registry.say({ ...entry, status: "revoked", reason: "it sleeps" });
    const revokedAt = Date.now();
    expect(told(await began)).toContain("knight was revoked by its mesh: it sleeps");
    expect(Date.now() - revokedAt).toBeLessThan(10_000);
    expect((await tasksOf(other, "knight", "TASK_STATE_CANCELED")).length).toBe(canceled + 1);
  });

  it("takes nobody's place: a call to a name that nobody has is refused as before", async () => {
    registry.say();
    const task = await send(mesh, "pawn", [{ data: { calls: [{ to: "rook/do", order: {} }] } }], { skill: "do" });
    expect(told(task)).toContain('there is no agent "rook" in this mesh');
  });
});
