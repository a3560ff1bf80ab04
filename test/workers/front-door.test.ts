import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { a2aApp } from "../../shared/a2a/app.ts";
import { agentBinding } from "../../shared/a2a/peers.ts";
import { type AuthEnv, authenticate } from "../../shared/auth/authenticate.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import { frontDoor } from "../../workers/orchestrator/front-door.ts";
import probe from "./probe-agent.ts";

// Who is let in at the front door of a mesh with one agent, the probe, bound as "peer" to the Worker of these tests.

const HEADERS = { "Content-Type": "application/json", "A2A-Version": "1.0" };
const CALL = { jsonrpc: "2.0", id: "one", method: "ListTasks", params: {} };

const orchestrator = a2aApp<AgentWorkerEnv>({ card: { ...probe.card, name: "orchestrator" }, homes: "own", authenticate });
const door = frontDoor<AgentWorkerEnv>((request, bindings, ctx) => orchestrator.fetch(request, bindings, ctx));
const context = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;

function ask(url: string, init: RequestInit, settings: AuthEnv = { SKEIN_LOCAL: "1" }): Response | Promise<Response> {
  // Only its binding makes an agent of the mesh; the probe answers below its own name there.
  const bindings = { ...(env as unknown as AgentWorkerEnv), ...settings, AGENT_PROBE: agentBinding(env as object, "peer") };
  return door.request(url, { headers: HEADERS, ...init }, bindings, context);
}

const post = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });

describe.each([
  ["from elsewhere", "http://evil.example", { SKEIN_LOCAL: "1" }, 401, "UNAUTHENTICATED", "loopback"],
  ["of a mesh without authentication", "http://127.0.0.1", { SKEIN_LOCAL: "" }, 503, "UNAVAILABLE", "no authentication configured"],
] as const)("a caller %s", (_who, origin, settings, http, status, why) => {
  it.each(["", "/agents/probe"])("is told why in the shape of the binding, at %j", async (path) => {
    const plain = await ask(`${origin}${path}/tasks`, {}, settings);
    expect(plain.status).toBe(http);
    expect(await plain.json()).toMatchObject({ error: { code: http, status, message: expect.stringContaining(why) } });
    const sent = await ask(`${origin}${path}/message:send`, post({}), settings);
    expect(await sent.json()).toMatchObject({ error: { code: http, status } });

    for (const root of [`${origin}${path}/`, `${origin}${path}`]) {
      const rpc = await ask(root, post(CALL), settings);
      expect(rpc.status).toBe(http);
      expect(await rpc.json()).toMatchObject({ jsonrpc: "2.0", id: "one", error: { message: expect.stringContaining(why) } });
    }
  });

  it.each(["", "/agents/probe"])("reads the card all the same, at %j", async (path) => {
    expect((await ask(`${origin}${path}/.well-known/agent-card.json`, {}, settings)).status).toBe(200);
  });

  it("is challenged with a 401, and with nothing else", async () => {
    for (const answer of [
      await ask(`${origin}/agents/probe/tasks`, {}, settings),
      await ask(`${origin}/agents/probe`, post(CALL), settings),
    ])
      expect(answer.headers.get("WWW-Authenticate")).toBe(http === 401 ? 'Loopback realm="skein"' : null);
  });

  it("gets nowhere by saying for whom it calls", async () => {
    const forged = encodeURIComponent(JSON.stringify({ tenant: "local", app: "local", subject: "local", scopes: ["call"] }));
    const answer = await ask(`${origin}/agents/probe/tasks`, { headers: { ...HEADERS, "Skein-Principal": forged } }, settings);
    expect(answer.status).toBe(http);
  });
});

describe("the front door", () => {
  const origin = "http://127.0.0.1";

  it("passes on who is calling", async () => {
    expect((await ask(`${origin}/agents/probe/tasks`, {})).status).toBe(200);
  });

  it("says which agents there are to whoever calls another one, in the shape of the binding", async () => {
    const plain = await ask(`${origin}/agents/nobody/tasks`, {});
    expect(plain.status).toBe(404);
    expect(await plain.json()).toMatchObject({ error: { code: 404, message: expect.stringContaining("peer, probe") } });
    const rpc = await ask(`${origin}/agents/nobody`, post(CALL));
    expect(await rpc.json()).toMatchObject({ id: "one", error: { code: -32601, message: expect.stringContaining("peer, probe") } });
  });

  it.each(["/agents/PROBE", "/agents/Probe", "/agents/%70robe", "/%61gents/probe", "/agents/pro_be", "/agents/%", "/agents/probe%2F"])(
    "knows an agent by its exact name only, not at %s",
    async (path) => {
      for (const below of ["/tasks", "/.well-known/agent-card.json"]) {
        const answer = await ask(origin + path + below, {});
        expect(answer.status).toBe(404);
        const message = `there is no agent at ${path}${below}; this mesh has peer, probe`;
        expect(await answer.json()).toMatchObject({ error: { code: 404, message: expect.stringContaining(message) } });
      }
    },
  );

  it("says to a client that lost the agent's name on its way to the card what to do", async () => {
    // Where "agent-card.json" leads from an agent's URL without a slash at its end.
    const { pathname } = new URL(".well-known/agent-card.json", `${origin}/agents/probe`);
    const answer = await ask(origin + pathname, {});
    expect(answer.status).toBe(404);
    const { error } = (await answer.json()) as { error: { message: string } };
    expect(error.message).toMatch(/at \/agents\/<name>\/\.well-known\/agent-card\.json.*slash at its end.*peer, probe/);
    expect((await ask(new URL(".well-known/agent-card.json", `${origin}/agents/probe/`).href, {})).status).toBe(200);
  });

  it.each(["message:send", "message:stream", "message%3Asend", "tasks/x:cancel", "tasks"])(
    "answers in HTTP+JSON what is HTTP+JSON of a tenant that has the name of its agents' place: %s",
    async (path) => {
      const answer = await ask(`${origin}/agents/${path}`, path === "tasks" ? {} : post({}));
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({
        error: { code: 404, status: "NOT_FOUND", message: expect.stringContaining("no agent at") },
      });
    },
  );

  it("serves such a tenant where no path names it", async () => {
    const made = await ask(
      `${origin}/message:send`,
      post({ tenant: "agents", message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "hi" }] } }),
    );
    const { task } = (await made.json()) as { task: { id: string } };
    expect((await ask(`${origin}/tasks/${task.id}?tenant=agents`, {})).status).toBe(200);
    expect((await ask(`${origin}/tasks/${task.id}`, {})).status).toBe(404);
    const listed = await ask(`${origin}/`, post({ ...CALL, params: { tenant: "agents" } }));
    expect(await listed.json()).toMatchObject({ result: { tasks: [{ id: task.id }] } });
  });

  it.each([
    ["PUT", "/", "GET, HEAD, POST"],
    ["POST", "/agents", "GET, HEAD"],
    ["GET", "/agents/probe", "POST"],
    ["DELETE", "/agents/probe/tasks", "GET, HEAD"],
  ])("says for which methods a place is there: %s %s", async (method, path, allow) => {
    const answer = await ask(origin + path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("Allow")).toBe(allow);
  });
});
