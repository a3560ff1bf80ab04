import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { candidatesOf } from "../../shared/kit/candidate.ts";
import type { JsonObject, Message, Task } from "../../shared/task/a2a-types.ts";
import { anAgent, type RunningAgent } from "../node/registry/an-agent.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { record, said, send, told } from "./governed.ts";
import { HEADERS, post } from "./wire.ts";

// The registry as an agent: asked over A2A by people, by the orchestrator where it is named, and by an agent that looks for another.

const NEED = "count the herons in a list of birds";
const PROBES = [2, 3, 4].map((herons) => ({
  skill: "count",
  message: Array.from({ length: herons }, () => "heron").join(" "),
  expect: { number: { value: herons, within: 0 } },
}));

let mesh: CopiedMesh;
let herons: RunningAgent;

beforeAll(async () => {
  mesh = await copyMesh({ agents: [{ name: "scout", calls: ["registry"] }], unlimited: true });
  await mesh.start();
  herons = await heronCounter();
  const { status, text } = await post(`${mesh.url}/registry/agents`, JSON.stringify({ url: herons.url, probes: PROBES }), HEADERS);
  expect(status, text).toBe(201);
});
afterAll(async () => {
  await mesh?.remove();
  await herons?.[Symbol.asyncDispose]();
});

/** Somebody else's agent: it counts the words that it is sent. */
async function heronCounter(): Promise<RunningAgent> {
  const extensions = [{ uri: "urn:skein:ext:governance:v1", params: { skills: { count: { readOnly: true } } } }];
  const agent = await anAgent({ capabilities: { extensions } });
  agent.at("/", (_request, response, body) => {
    const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: { message?: Message } };
    const count = (params.message?.parts[0]?.text ?? "").split(" ").length;
    const status = { state: "TASK_STATE_COMPLETED", timestamp: "2026-11-21T12:00:00.000Z" };
    const task = { id: "t", contextId: "c", status, artifacts: [{ artifactId: "a", parts: [{ text: `${count} herons` }] }] };
    const answer = method === "SendMessage" ? { result: { task } } : { error: { code: -32001, message: "there is no such task" } };
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
  });
  return agent;
}

async function calledBy(agent: string, task: Task): Promise<string[]> {
  const { calls } = await record(mesh, agent, task);
  return calls.map((call) => `${call.agent}/${call.skill}`);
}

describe("the skill find-agent", () => {
  it("names a published skill that fits, with what was measured of it and where it is", async () => {
    const task = await send(mesh, "registry", [{ text: NEED }]);
    expect(told(task)).toMatch(/^1 published skill fits:\n\n1\. heron-counter\/count, version 1\.0\.0, score 0\.\d\d\n/);
    expect(told(task)).toContain("3 of 3 outcomes held");
    const [first] = candidatesOf((task.artifacts ?? []).flatMap(({ parts }) => parts));
    expect(first).toMatchObject({ call: "heron-counter/count", url: herons.url, evidence: { successes: 3, failures: 0, untrue: [] } });
    expect(await (await fetch(first?.card ?? "")).json()).toMatchObject({ name: first?.agent, version: first?.version });
  });

  it("finds nobody where nobody fits, and says what was looked through", async () => {
    const task = await send(mesh, "registry", [{ text: "varnish" }]);
    expect(task.status.state).toBe("TASK_STATE_REJECTED");
    expect(said(task)).toContain('no published skill knows a word of "varnish"');
  });

  it("is asked by an agent that knows nobody, which then calls the first it is told of", async () => {
    const task = await send(mesh, "scout", [{ text: NEED }]);
    expect(told(task)).toBe("heron-counter/count says: 8 herons");
    expect(await calledBy("scout", task)).toEqual(["registry/find-agent", "heron-counter/count"]);
  });
});

describe("a request to the mesh", () => {
  it.each([
    "Find an agent for translating a contract",
    "Which agent can look up flights?",
    "Find a published skill for route planning",
    "Look up in the registry who ranks skills for a need",
  ])("in words about agents is never planned for the registry: %s", async (text) => {
    const task = await send(mesh, "orchestrator", [{ text }]);
    expect(await calledBy("orchestrator", task)).not.toContain("registry/find-agent");
    expect(said(task) + told(task)).not.toContain("registry/find-agent");
  });

  it("that names the skill is the registry's", async () => {
    const limited: JsonObject = { limit: 1 };
    const task = await send(mesh, "orchestrator", [{ text: NEED }, { data: limited }], { skill: "registry/find-agent" });
    expect(await calledBy("orchestrator", task)).toEqual(["registry/find-agent"]);
    expect(told(task)).toContain("heron-counter/count, version 1.0.0");
  });
});
