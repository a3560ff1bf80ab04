import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type JsonObject, type Task, textOf } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { countTasks, getTask, rpc } from "./wire.ts";

// Agents that throw, hang, answer nonsense or are down, in a mesh with others that work: the answer says what went wrong,
// and every task tells the truth about itself.

const DEADLINE_MS = 1_500;
const OPEN = ["TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "TASK_STATE_INPUT_REQUIRED"];

let mesh: CopiedMesh;

beforeAll(async () => {
  mesh = await copyMesh({ agents: ["faulty"], answerers: ["oracle", "cardless"], contracts: { dispatch: { deadlineMs: DEADLINE_MS } } });
  await mesh.start();
});

afterAll(() => mesh.remove());

/** @param skill `agent/skill` at the front door, a skill at an agent; without it the mesh plans */
async function send(path: string, text: string, skill?: string, configuration: JsonObject = {}): Promise<Task> {
  const metadata = skill === undefined ? {} : { "urn:skein:ext:skill:v1": { skill } };
  const message = { messageId: randomUUID(), role: "ROLE_USER", parts: [{ text }], metadata };
  const { json, text: said } = await rpc(mesh.url + path, "SendMessage", { message, configuration });
  if (json?.result?.task === undefined) throw new Error(`no task: ${said}`);
  return json.result.task;
}

function saidBy({ status }: Task): string {
  return textOf(status.message?.parts ?? []);
}

describe("a request whose only agent does not keep its promise", () => {
  it.each([
    ["throws", "faulty/juggle", /stopped with an internal error; its operator finds the cause under task \S+/],
    ["returns no outcome", "faulty/yodel", /returned no outcome: it must return completed/],
    ["answers nothing", "faulty/vanish", /gave no answer that can be used: it answered nothing/],
    ["hangs", "faulty/hibernate", /did not answer in time: .* within 1\.5 s/],
    ["answers a web page", "oracle/html", /no A2A response/],
    ["answers its own stack", "oracle/stack", /no A2A response/],
    ["answers a task of its own shape", "oracle/shapeless", /no A2A response/],
    ["answers a task that goes on", "oracle/unfinished", /has not ended \(TASK_STATE_WORKING\)/],
    ["refuses", "oracle/refusal", /declined: .*ask me tomorrow/],
  ])("fails, and says why: it %s", async (_what, skill, why) => {
    const task = await send("", "please", skill);
    expect(task.status.state).toBe("TASK_STATE_FAILED");
    expect(saidBy(task)).toMatch(why);
    expect(saidBy(task)).toContain(skill);
    expect(task.artifacts).toBeUndefined();
    expect(await getTask(mesh.url, task.id)).toEqual(task);
  });

  it("leaves no task of an agent open that hung past the deadline", async () => {
    const canceled = async () => (await rpc(`${mesh.url}/agents/faulty`, "ListTasks", { status: "TASK_STATE_CANCELED" })).json?.result;
    const before = Number((await canceled())?.["totalSize"]);
    await send("", "please", "faulty/hibernate");
    await vi.waitFor(async () => expect(Number((await canceled())?.["totalSize"])).toBe(before + 1), { timeout: 5_000, interval: 50 });
  });
});

describe("a request of which one agent fails", () => {
  it.each([
    ["throws", "Juggle three torches", "faulty/juggle failed: "],
    ["hangs", "Hibernate until May", "faulty/hibernate did not answer in time: "],
    ["returns no outcome", "Yodel three times", "faulty/yodel failed: "],
  ])("is answered in part, and says what is missing: it %s", async (_what, order, why) => {
    const task = await send("", `Calculate 6*7. ${order}.`);
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
    expect(saidBy(task)).toBe("Answered in part: 1 of 2 goals were met.");
    const answer = textOf(task.artifacts?.[0]?.parts ?? []);
    expect(answer).toMatch(/\b42\b/);
    expect(answer.slice(answer.indexOf("What is missing"))).toContain(why);
  });
});

describe("an agent that fails, called directly", () => {
  it.each(["juggle", "yodel"])("fails its task without showing its inside: %s", async (skill) => {
    const task = await send("/agents/faulty", "please", skill);
    expect(task.status.state).toBe("TASK_STATE_FAILED");
    expect(JSON.stringify(task)).not.toMatch(/hunter2|Error:/);
  });

  it("does not hold up its other tasks while one hangs, and lets go of that one when told", async () => {
    const hung = await send("/agents/faulty", "please", "hibernate", { returnImmediately: true });
    expect(OPEN).toContain(hung.status.state);
    expect((await send("/agents/faulty", "please", "vanish")).status.state).toBe("TASK_STATE_COMPLETED");
    const { json } = await rpc(`${mesh.url}/agents/faulty`, "CancelTask", { id: hung.id });
    expect(json?.result).toMatchObject({ status: { state: "TASK_STATE_CANCELED" } });
  });
});

describe("a mesh with such agents", () => {
  it("leaves the agent without a card out, and answers", async () => {
    const task = await send("", "please", "cardless/anything");
    expect(task.status.state).toBe("TASK_STATE_REJECTED");
    expect(saidBy(task)).toMatch(/no skill "cardless\/anything".*analyst\/calculate/);
    expect(textOf((await send("", "Calculate 6*7")).artifacts?.[0]?.parts ?? [])).toMatch(/\b42\b/);
  });

  it("has no task that claims to be at work when all is over", async () => {
    expect(await countTasks(mesh.url)).toBeGreaterThan(10);
    for (const path of ["", "/agents/faulty", "/agents/analyst"])
      for (const status of OPEN) expect((await rpc(mesh.url + path, "ListTasks", { status })).json?.result).toMatchObject({ totalSize: 0 });
  });
});
