/**
 * The front door of the mesh: the orchestrator at `/`, every other agent at `/agents/<name>`. It decides who is calling,
 * once, and passes requests on through the agents' `Mesh` entrypoints.
 */
import { Hono } from "hono";
import { CARD_PATH } from "../../shared/a2a/card.ts";
import { RequestError } from "../../shared/a2a/errors.ts";
import { agentBinding } from "../../shared/a2a/outbound.ts";
import { type AuthEnv, authenticate, withPrincipal } from "../../shared/auth/authenticate.ts";
import { agentNames } from "./catalogue.ts";

/** @param orchestrator answers everything that is for no other agent */
export function frontDoor<Env extends AuthEnv & object>(
  orchestrator: (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response>,
) {
  const app = new Hono<{ Bindings: Env }>();
  app.get("/", (c) => c.json(directory(new URL(c.req.url).origin, c.env)));
  app.get("/agents", (c) => c.json(directory(new URL(c.req.url).origin, c.env)));

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
  const agent = agentBinding(env, name);
  if (!agent) {
    const error = new RequestError("method-not-found", `there is no agent "${name}"; this mesh has ${agentNames(env).join(", ")}`);
    return Response.json(error.toHttpJson(), { status: error.http });
  }
  const headers = new Headers(request.headers);
  // Whoever calls from outside is who authentication says, whatever headers they send.
  headers.delete("Skein-Principal");
  const caller = authenticate(request, env);
  if (caller.ok) withPrincipal(headers, caller.principal);
  // Cards are public; everything else an agent answers by itself, and refuses when nobody is named.
  return agent.fetch(new Request(request, { headers }));
}
