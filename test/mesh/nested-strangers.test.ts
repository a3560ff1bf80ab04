import { randomUUID } from "node:crypto";
import { Message } from "@a2a-js/sdk";
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver, JsonRpcTransportFactory } from "@a2a-js/sdk/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { JsonObject, Task } from "../../shared/task/a2a-types.ts";
import { HITL_EXTENSION } from "../../shared/task/hitl-extension.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { answer, type Caller, order, said, told } from "./governed.ts";
import { headersOf, interruptOf, letIn, respond, taskOf } from "./people.ts";

// Agents that were not written for this mesh ask, and clients that were not written for it answer.

const HITL = { "A2A-Extensions": HITL_EXTENSION };
const DONE = "TASK_STATE_COMPLETED";

let mesh: CopiedMesh;
let desk: Caller;
let clerk: Caller;

beforeAll(async () => {
  const keys = await letIn({ desk: ["call", "approve"], clerk: ["call"] });
  const agents = ["root", "middle"].map((name) => ({ name, from: "puppet", calls: ["middle", "stranger"] }));
  mesh = await copyMesh({ agents, answerers: ["stranger"], unlimited: true });
  [desk, clerk] = [keys.desk, keys.clerk].map((key) => ({ url: mesh.url, key })) as [Caller, Caller];
  await mesh.start();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await mesh?.remove();
});

/** What the root's task waits at, when the stranger asks in this way one hop below the middle. */
function ask(way: string, who = desk): Promise<Task> {
  const calls = [{ to: "middle/do", order: { calls: [{ to: `stranger/${way}`, order: "begin" }] } }] as const;
  return order(who, "root", { calls }, { headers: HITL });
}

/** What the stranger says it was answered. */
function heard(task: Task): { words: string[]; form?: JsonObject } {
  const [, json = "{}"] = /stranger\/\w+: (\{.*\})$/m.exec(told(task)) ?? [];
  return JSON.parse(json) as { words: string[] };
}

async function settle(task: Task, said: Parameters<typeof respond>[4]): Promise<Task> {
  const { json, text } = await respond(desk, "root", task, interruptOf(task).id, said);
  if (!json?.result?.task) throw new Error(text);
  return json.result.task;
}

describe("an agent that speaks the published profile only", () => {
  it("has each of its actions approved by itself, and gets all decisions at once, each under its own id", async () => {
    const first = await ask("approvals");
    expect(interruptOf(first)).toMatchObject({
      kind: "approval",
      asker: { agent: "stranger", skill: "approvals" },
      path: ["root", "middle", "stranger"],
      action: { description: "Allow these calls?", args: { path: "/etc/motd" } },
    });
    const second = await settle(first, { approved: true });
    expect(interruptOf(second)).toMatchObject({ kind: "approval", action: { args: { pod: "web-1" } } });
    const done = await settle(second, { approved: false, reason: "it is Friday" });
    const approvals = [
      { id: "tool-1", approved: true },
      { id: "tool-2", approved: false, rejection_reason: "it is Friday" },
    ];
    expect(heard(done).form).toEqual({ type: "tool_approval_response", approvals });
  });

  it("gets its answers by position, one choice where it offers one, several where it takes several", async () => {
    const first = await ask("questions");
    expect(interruptOf(first)).toMatchObject({ kind: "question", choices: ["PostgreSQL", "SQLite"] });
    expect((await respond(desk, "root", first, interruptOf(first).id, { text: "Oracle" })).json?.error).toBeDefined();
    const second = await settle(first, { text: "SQLite" });
    const done = await settle(second, { text: "search\naudit" });
    expect(heard(done).form).toEqual({
      type: "ask_user_response",
      id: "ask-1",
      answers: [{ answer: ["SQLite"] }, { answer: ["search", "audit"] }],
    });
  });

  it("that passes on what its own deputy asks is answered for what the deputy asked", async () => {
    const task = await ask("nested");
    expect(interruptOf(task).action?.args).toEqual({ path: "/etc/motd" });
    const done = await settle(task, { approved: true });
    expect(heard(done).form).toEqual({ type: "tool_approval_response", approvals: [{ id: "tool-1", approved: true }] });
  });
});

describe("an agent that asks in words only", () => {
  it("is answered in words only", async () => {
    const task = await ask("words");
    expect(said(task)).toBe("Which way, left or right?");
    expect(heard(await answer(desk, "root", task, "left"))).toEqual({ words: ["left"] });
    expect(heard(await settle(await ask("words"), { text: "right" }))).toEqual({ words: ["right"] });
  });

  it("and wants to be authorised is let in only by somebody who may approve", async () => {
    const refused = await ask("login", clerk);
    expect(refused.status.state).toBe("TASK_STATE_AUTH_REQUIRED");
    expect(interruptOf(refused)).toMatchObject({ kind: "approval", action: { args: { asks: "Please let me into the archive." } } });
    const { status, json } = await respond(clerk, "root", refused, interruptOf(refused).id, { approved: true });
    expect([status, json?.error?.message]).toEqual([expect.any(Number), expect.stringMatching(/approve/)]);
    const task = await ask("login");
    expect(task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(heard(await settle(task, { approved: true }))).toEqual({ words: ["yes"] });
    expect(heard(await settle(await ask("login"), { approved: false, reason: "not you" }))).toEqual({ words: ["no: not you"] });
  });

  it("whatever it puts beside the words that nobody understands, is asked for its words", async () => {
    const task = await ask("babble");
    expect(interruptOf(task)).toMatchObject({ kind: "question", asker: { agent: "stranger" } });
    expect(heard(await answer(desk, "root", task, "well"))).toEqual({ words: ["well"] });
  });

  it("and takes no answer is given up, and people are not asked for ever", async () => {
    let task = await ask("stubborn");
    for (let times = 0; times < 3; times++) {
      expect(task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
      task = await answer(desk, "root", task, "left");
    }
    expect(told(task)).toContain("it takes no answer to what it asks");
  });
});

describe("a question whose time is over two hops down", () => {
  it("goes away at the first task soon after, and what came of it is fetched from whoever asked", async () => {
    const task = await ask("fleeting");
    expect(said(task)).toBe("Quick: heads or tails?");
    await expect.poll(async () => (await taskOf(desk, "root", task)).status.state, { timeout: 30_000 }).toBe(DONE);
    expect(told(await taskOf(desk, "root", task))).toContain("nobody answered, so it went its own way");
    const { json } = await respond(desk, "root", task, interruptOf(task).id, { text: "heads" });
    expect(json?.error).toBeDefined();
  });
});

describe("the official client", () => {
  it("answers an approval from two hops down, given only the payload of the profile", async () => {
    const call: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      for (const [name, value] of Object.entries({ ...headersOf(desk), ...HITL })) headers.set(name, value);
      return fetch(input, { ...init, headers });
    };
    const transports = [new JsonRpcTransportFactory({ fetchImpl: call })];
    const cardResolver = new DefaultAgentCardResolver({ fetchImpl: call });
    const factory = new ClientFactory(ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports, cardResolver }));
    const client = await factory.createFromUrl(`${mesh.url}/agents/root/`);
    const task = await ask("nested");
    const payload = (task.status.message?.metadata?.[HITL_EXTENSION] ?? {}) as { nested?: { tools: { id: string }[] } };
    const approvals = (payload.nested?.tools ?? []).map(({ id }) => ({ id, approved: true }));
    const message = Message.fromJSON({
      messageId: randomUUID(),
      role: "ROLE_USER",
      taskId: task.id,
      parts: [{ text: "decided" }],
      extensions: [HITL_EXTENSION],
      metadata: { [HITL_EXTENSION]: { type: "tool_approval_response", approvals } },
    });
    await client.sendMessage({ tenant: "", message, configuration: undefined, metadata: undefined });
    expect(heard(await taskOf(desk, "root", task)).form).toEqual({
      type: "tool_approval_response",
      approvals: [{ id: "tool-1", approved: true }],
    });
  });
});
