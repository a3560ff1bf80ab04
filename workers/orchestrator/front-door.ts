/**
 * The front door of the mesh: the orchestrator at `/`, every other agent at `/agents/<name>`. It decides who is calling,
 * once, refuses who may not, and passes the others on through the agents' `Mesh` entrypoints.
 */
import { Hono } from "hono";
import { CARD_PATH, isPublicPath } from "../../shared/a2a/card/server.ts";
import { RequestError, toAuthenticationError } from "../../shared/a2a/errors.ts";
import { onlyFor } from "../../shared/a2a/http-json.ts";
import { agentBinding } from "../../shared/a2a/outbound.ts";
import { refuse } from "../../shared/a2a/refuse.ts";
import { type AuthEnv, authenticate, withPrincipal } from "../../shared/auth/authenticate.ts";
import { agentNames } from "./catalogue.ts";

/** @param orchestrator answers everything that is for no other agent */
export function frontDoor<Env extends AuthEnv & object>(
  orchestrator: (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response>,
) {
  const app = new Hono<{ Bindings: Env }>();
  app.get("/", (c) => c.json(directory(new URL(c.req.url).origin, c.env)));
  app.post("/", (c) => orchestrator(c.req.raw, c.env, c.executionCtx as ExecutionContext));
  app.all("/", onlyFor("GET", "POST"));
  app.get("/agents", (c) => c.json(directory(new URL(c.req.url).origin, c.env)));
  app.all("/agents", onlyFor("GET"));

  app.all("/agents/:name/*", (c) => passOn(c.req.raw, c.req.param("name"), c.env));
  app.all("/agents/:name", (c) => passOn(c.req.raw, c.req.param("name"), c.env));
  app.all("*", (c) => orchestrator(c.req.raw, c.env, c.executionCtx as ExecutionContext));
  return app;
}

/** Where a person or a client that knows only this URL finds the agents. */
function directory(origin: string, env: object) {
  const card = (base: string) => `${base}${CARD_PATH}`;
  const agents = agentNames(env).map((name) => ({ name, card: card(`${origin}/agents/${name}`) }));
  return { name: "skein", protocol: "A2A 1.0", orchestrator: card(origin), agents };
}

async function passOn(request: Request, name: string, env: AuthEnv & object): Promise<Response> {
  const path = new URL(request.url).pathname.replace(/^\/agents\/[^/]+/, "");
  const agent = agentBinding(env, name);
  if (!agent) {
    const known = agentNames(env).join(", ");
    return refuse(request, path, new RequestError("method-not-found", `there is no agent "${name.slice(0, 100)}"; this mesh has ${known}`));
  }
  // Whoever calls from outside is who authentication says, whatever headers they send.
  const headers = new Headers(request.headers);
  headers.delete("Skein-Principal");
  // Cards are public, and so are the keys that prove them. Everything else ends here: behind this door nobody knows any
  // more why a caller was not let in.
  if (!isPublicPath(path)) {
    const caller = await authenticate(request, env);
    if (!caller.ok) return refuse(request, path, toAuthenticationError(caller));
    withPrincipal(headers, caller.principal);
  }
  return agent.fetch(new Request(request, { headers }));
}
