/**
 * The front door of the mesh: the orchestrator at `/`, every other agent at `/agents/<name>`. It decides who is calling,
 * once, refuses who may not, and passes the others on through the agents' `Mesh` entrypoints.
 */
import { Hono } from "hono";
import { isCallbackPath } from "../../shared/a2a/callbacks.ts";
import { CARD_PATH, isPublicPath } from "../../shared/a2a/card/server.ts";
import { pathOf, RequestError, toAuthenticationError } from "../../shared/a2a/errors.ts";
import { onlyFor } from "../../shared/a2a/http-json.ts";
import { agentBinding, agentNames } from "../../shared/a2a/peers.ts";
import { refuse } from "../../shared/a2a/refuse.ts";
import { type AuthEnv, authenticate } from "../../shared/auth/authenticate.ts";
import { withOrigin } from "../../shared/auth/mesh-origin.ts";
import { withoutPrincipal, withPrincipal } from "../../shared/auth/mesh-principal.ts";
import type { GovernanceEnv } from "../../shared/host/governance/env.ts";
import type { InboxEnv } from "../../shared/host/inbox/api.ts";
import type { RegistryEnv } from "../../shared/registry/api.ts";
import { budgetFace } from "./budget-face.ts";
import { inboxFace } from "./inbox-face.ts";
import { registryFace } from "./registry-face.ts";

/** @param orchestrator answers everything that is for no other agent */
export function frontDoor<Env extends AuthEnv & GovernanceEnv & InboxEnv & RegistryEnv>(
  orchestrator: (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response>,
) {
  const app = new Hono<{ Bindings: Env }>();
  app.get("/", (c) => c.json(directory(new URL(c.req.url).origin, c.env)));
  app.post("/", (c) => orchestrator(c.req.raw, c.env, c.executionCtx as ExecutionContext));
  app.all("/", onlyFor("GET", "POST"));
  app.get("/agents", (c) => c.json(directory(new URL(c.req.url).origin, c.env)));
  app.all("/agents", onlyFor("GET"));

  // The orchestrator's own place among the agents, for those that it has called.
  app.all("/agents/orchestrator/callbacks/*", (c) => orchestrator(c.req.raw, c.env, c.executionCtx as ExecutionContext));
  app.all("/agents/:name/*", (c) => passOn(c.req.raw, c.env));
  app.all("/agents/:name", (c) => passOn(c.req.raw, c.env));
  app.route("/", budgetFace<Env>());
  app.route("/", inboxFace<Env>());
  app.route("/", registryFace<Env>());
  app.all("*", (c) => orchestrator(c.req.raw, c.env, c.executionCtx as ExecutionContext));
  return app;
}

/** Where a person or a client that knows only this URL finds the agents. */
function directory(origin: string, env: object) {
  const card = (base: string) => `${base}${CARD_PATH}`;
  const agents = agentNames(env).map((name) => ({ name, card: card(`${origin}/agents/${name}`) }));
  return { name: "skein", protocol: "A2A 1.0 and 0.3", orchestrator: card(origin), agents };
}

async function passOn(request: Request, env: AuthEnv & object): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, name = "", path = ""] = AGENT_PATH.exec(pathname) ?? [];
  // By its exact name and nothing like it, because the agent knows its own place only under that one.
  const agent = agentNames(env).includes(name) ? agentBinding(env, name) : undefined;
  if (!agent) return refuse(request, isRoot(pathname) ? "/" : pathname, noAgent(request, env));
  // Whoever calls from outside is who authentication says, whatever headers they send.
  const headers = withOrigin(withoutPrincipal(request.headers), new URL(request.url).origin);
  // Cards are public, and so are the keys that prove them. Everything else ends here: behind this door nobody knows any
  // more why a caller was not let in.
  // A callback is let in by a token, which only the task that gave it knows.
  if (!isPublicPath(path) && !isCallbackPath(path)) {
    const caller = await authenticate(request, env);
    if (!caller.ok) return refuse(request, path, toAuthenticationError(caller));
    withPrincipal(headers, caller.principal);
  }
  return agent.fetch(new Request(request, { headers }));
}

/** As it was sent, not decoded. */
const AGENT_PATH = /^\/agents\/([^/]+)(\/.*)?$/;

/** Whether JSON-RPC would be spoken there, were there an agent; no name has a colon, but `message:send` of HTTP+JSON has. */
function isRoot(pathname: string): boolean {
  return /^\/agents\/[^/]+\/?$/.test(pathname) && !/:|%3A/i.test(pathname);
}

function noAgent(request: Request, env: object): RequestError {
  const known = agentNames(env).join(", ");
  const message = new URL(request.url).pathname.startsWith("/agents/.well-known/")
    ? `all agents together have no card: each has its own, at /agents/<name>${CARD_PATH}. Give clients the agent's URL with a slash at its end. This mesh has ${known}`
    : `there is no agent at ${pathOf(request)}; this mesh has ${known}, at /agents/<name>`;
  return new RequestError("method-not-found", message);
}
