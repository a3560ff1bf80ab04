import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anAgent, json, type RunningAgent } from "../node/registry/an-agent.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { said, send, told } from "./governed.ts";
import { getTask, HEADERS, post } from "./wire.ts";

// From a card on somebody's server to a call that is out, and to its end when the registry says so: nothing of it stands in for another.

const GOAL = "Train a falcon to return to the glove";
const REASON = "its key was stolen";
const TASK = "training-falcons";
const SEEN = { timeout: 15_000, interval: 50 };

let mesh: CopiedMesh;
let agent: RunningAgent;
/** Methods that the agent was called by, in order. */
const asked: string[] = [];

beforeAll(async () => {
  mesh = await copyMesh({ unlimited: true });
  agent = await anAgent({
    name: "falconer",
    description: "Trains falcons and hawks for falconry.",
    skills: [{ id: "train", name: "Train a falcon", description: "Works out a training plan for a falcon.", tags: ["falcon", "falconry"] }],
  });
  agent.at("/", (request, response, body) => {
    const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: { id?: string } };
    asked.push(method);
    const state = method === "CancelTask" ? "TASK_STATE_CANCELED" : "TASK_STATE_WORKING";
    const task = { id: TASK, contextId: "c-1", status: { state } };
    if (method === "SendMessage") return json({ jsonrpc: "2.0", id, result: { task } })(request, response, body);
    const said = params.id === TASK ? { result: task } : { error: { code: -32001, message: "there is no such task" } };
    return json({ jsonrpc: "2.0", id, ...said })(request, response, body);
  });
  await mesh.start();
});
afterAll(async () => {
  await mesh?.remove();
  await agent?.[Symbol.asyncDispose]();
});

async function tell(path: string, body: object): Promise<void> {
  const { status, text } = await post(`${mesh.url}/registry/agents${path}`, JSON.stringify(body), HEADERS);
  expect(status, text).toBeLessThan(300);
}

const times = (method: string) => asked.filter((each) => each === method).length;
const train = () => send(mesh, "orchestrator", [{ text: GOAL }], { configuration: { returnImmediately: true } });

async function isOver(id: string): Promise<boolean> {
  return !/WORKING|SUBMITTED/.test((await getTask(mesh.url, id)).status.state);
}

describe("an agent that was published and is revoked while it works", () => {
  it("is told once to stop, and its caller why, within seconds", async () => {
    await tell("", { url: agent.url });
    // Until the mesh has heard of it, nobody can train falcons.
    let task = await train();
    for (const until = Date.now() + SEEN.timeout; Date.now() < until && times("SendMessage") === 0; ) {
      task = await train();
      await expect.poll(async () => times("SendMessage") > 0 || isOver(task.id), SEEN).toBe(true);
    }
    const revokedAt = Date.now();
    await tell("/falconer/revoke", { reason: REASON });
    const running = async () => {
      const now = await getTask(mesh.url, task.id);
      return told(now) + said(now);
    };
    await expect.poll(running, SEEN).toContain(`falconer was revoked by its mesh: ${REASON}`);
    expect(Date.now() - revokedAt).toBeLessThan(6_000);
    expect(times("CancelTask")).toBe(times("SendMessage"));
  });

  it("gets no call after that, also when the mesh has died and come back", async () => {
    await mesh.kill();
    await mesh.start();
    const before = asked.length;
    const task = await send(mesh, "orchestrator", [{ text: GOAL }]);
    expect(told(task)).not.toContain("falconer");
    expect(asked.length).toBe(before);
  });
});
