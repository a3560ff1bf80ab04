import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SkillEvidence } from "../../shared/registry/evidence.ts";
import type { Probe } from "../../shared/registry/probe.ts";
import type { AgentCard, JsonObject, Message } from "../../shared/task/a2a-types.ts";
import { anAgent, type RunningAgent } from "../node/registry/an-agent.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { HEADERS, post, request } from "./wire.ts";

// Agents that are published at a running mesh and do not do what their cards say: what the mesh measures of them over HTTP, and
// what it then says of them to everybody.

const PROBES: readonly Probe[] = [2, 3, 4, 5, 6, 7].map((herons) => ({
  skill: "count",
  message: Array.from({ length: herons }, () => "heron").join(" "),
  expect: { number: { value: herons, within: 0 } },
}));

let mesh: CopiedMesh;
const agents: RunningAgent[] = [];

/** Of the operator's own, and known to nobody. */
const SECRET = Array.from({ length: 4 }, (_, more) => ({
  skill: "count",
  message: Array.from({ length: 20 + more }, () => "grey").join(" "),
  expect: { number: { value: 20 + more, within: 0 } },
}));

beforeAll(async () => {
  vi.stubEnv("SKEIN_HIDDEN_PROBES", JSON.stringify({ "rote-heron": SECRET }));
  mesh = await copyMesh({ unlimited: true });
  await mesh.start();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await mesh?.remove();
  for (const agent of agents) await agent[Symbol.asyncDispose]();
});

interface Asked {
  readonly id: unknown;
  readonly method: string;
  readonly params: { readonly message?: Message };
}

/** Answers on the open connection, or not at all. */
type Conduct = (asked: Asked, response: ServerResponse) => void;

/** @param conduct by JSON-RPC method; for all others there is no such task */
async function start(
  name: string,
  capabilities: AgentCard["capabilities"],
  conduct: Readonly<Record<string, Conduct>>,
): Promise<RunningAgent> {
  const extensions = [{ uri: "urn:skein:ext:governance:v1", params: { skills: { count: { readOnly: true } } } }];
  const agent = await anAgent({ name, capabilities: { ...capabilities, extensions } });
  agents.push(agent);
  agent.at("/", (_request, response, body) => {
    const asked = JSON.parse(body) as Asked;
    const answer =
      conduct[asked.method] ?? ((_asked, open) => send(open, { error: { code: -32001, message: "there is no such task" } }, asked));
    answer(asked, response);
  });
  return agent;
}

function send(response: ServerResponse, said: object, { id }: Asked): void {
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, ...said }));
}

/** @param more than there are */
const counting =
  (more = 0): Conduct =>
  (asked, response) => {
    const herons = (asked.params.message?.parts[0]?.text ?? "").split(" ").length + more;
    const status = { state: "TASK_STATE_COMPLETED", timestamp: "2026-11-21T12:00:00.000Z" };
    const task = { id: "t", contextId: "c", status, artifacts: [{ artifactId: "a", parts: [{ text: `${herons} herons` }] }] };
    send(response, { result: { task } }, asked);
  };

/** The same line again and again, until whoever reads it goes. */
const dripping =
  (line: string): Conduct =>
  (_asked, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).write(line);
    const timer = setInterval(() => response.write(line), 50);
    response.on("close", () => clearInterval(timer));
  };

interface Shown {
  readonly status: string;
  readonly reason?: string;
  readonly evidence?: Readonly<Record<string, SkillEvidence>>;
}

async function tell(path: string, body: JsonObject): Promise<Shown> {
  const { json, text } = await post(`${mesh.url}/registry${path}`, JSON.stringify(body), HEADERS);
  const { entry } = (json ?? {}) as { entry?: Shown };
  if (!entry) throw new Error(text);
  return entry;
}

const publish = ({ url }: RunningAgent, probes = PROBES) => tell("/agents", { url, probes: probes as unknown as JsonObject[] });
const probe = (name: string) => tell(`/agents/${name}/probe`, {});

async function foundFor(need: string): Promise<readonly string[]> {
  const { json } = await request(`${mesh.url}/registry/search?need=${encodeURIComponent(need)}`);
  return (json as unknown as { found: { agent: string }[] }).found.map(({ agent }) => agent);
}

describe("an agent that declares streaming", () => {
  const event = `data: ${JSON.stringify({ jsonrpc: "2.0", id: 1, result: { statusUpdate: { taskId: "t", contextId: "c", status: { state: "TASK_STATE_WORKING" } } } })}\n\n`;

  it("and streams is believed, and its stream that never ends is let go", async () => {
    const agent = await start("streaming-heron", { streaming: true }, { SendMessage: counting(), SendStreamingMessage: dripping(event) });
    expect(await publish(agent)).toMatchObject({ status: "listed", evidence: { count: { successes: 6, failures: 0, untrue: [] } } });
  });

  it.each<[string, string, Conduct]>([
    ["answers in one piece", "silent-heron", counting()],
    ["never gets to its first event", "murmuring-heron", dripping(": still here\n\n")],
  ])("and %s is marked with it, and still called for what it can", async (_what, name, streaming) => {
    const agent = await start(name, { streaming: true }, { SendMessage: counting(), SendStreamingMessage: streaming });
    const marked = { count: { successes: 6, untrue: ["capabilities.streaming"] } };
    expect(await publish(agent)).toMatchObject({ status: "listed", evidence: marked });
    expect(await foundFor("count herons in a list of birds")).toContain(name);
  });
});

describe("an agent that does not do what its card says", () => {
  it("is put into quarantine with its publication, and found by nobody", async () => {
    const shown = await publish(await start("blind-heron", {}, { SendMessage: counting(1) }));
    expect(shown).toMatchObject({ status: "quarantined", reason: expect.stringMatching(/"count" does not hold .* 0 of 6 probes held/) });
    expect(shown.evidence?.["count"]).toMatchObject({ failures: 6, lastFailure: { why: "says 8, and 7 was expected, give or take 0" } });
    expect(await foundFor("count herons in a list of birds")).not.toContain("blind-heron");
  });

  it("but has learnt the known probes by heart, is found out by those it cannot know, and learns nothing of them", async () => {
    const byHeart: Conduct = (asked, response) => counting(asked.params.message?.parts[0]?.text?.includes("grey") ? 1 : 0)(asked, response);
    const shown = await publish(await start("rote-heron", {}, { SendMessage: byHeart }));
    const lastFailure = { why: "did not do what a probe of the operator's own expects" };
    expect(shown.evidence?.["count"]).toMatchObject({ successes: 6, failures: 4, lastFailure });
    const { text } = await request(`${mesh.url}/registry/agents/rote-heron`);
    expect(text).toContain("heron heron");
    expect(text).not.toContain("grey");
  });

  it("but hangs keeps nobody waiting for long, and is measured as one that fails", async () => {
    const hangs = await start("sleeping-heron", {}, { SendMessage: () => {} });
    const since = performance.now();
    const shown = await publish(hangs, PROBES.slice(0, 2));
    expect(performance.now() - since).toBeLessThan(20_000);
    expect(shown.evidence?.["count"]).toMatchObject({
      successes: 0,
      failures: 2,
      lastFailure: { why: expect.stringMatching(/has not answered in full within 10 s/) },
    });
  });

  it("any more falls from run to run, until it is in quarantine", async () => {
    let more = 0;
    const agent = await start("ageing-heron", {}, { SendMessage: (asked, response) => counting(more)(asked, response) });
    const reliabilities = [(await publish(agent)).evidence?.["count"]?.reliability ?? 0];
    const measure = async () => {
      const shown = await probe("ageing-heron");
      reliabilities.push(shown.evidence?.["count"]?.reliability ?? 0);
      return shown;
    };
    await measure();
    more = 1;
    expect(await measure()).toMatchObject({ status: "listed" });
    expect(await measure()).toMatchObject({
      status: "quarantined",
      reason: expect.stringMatching(/has fallen: 0 of its last 12 .* 12 of its first 12/),
    });
    const [first = 0, best = 0, worse = 0, worst = 0] = reliabilities;
    expect([best > first, worse < best, worst < worse]).toEqual([true, true, true]);
  });
});
