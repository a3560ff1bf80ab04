/**
 * An agent on the web: one Hono app with the card and both bindings over one handler. A request passes here in this
 * order: card, version, caller, binding.
 */
import { Hono } from "hono";
import type { Authentication } from "../auth/authenticate.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import type { Homes } from "../task/home.ts";
import { drain } from "./body.ts";
import { CARD_PATH, serveCard } from "./card.ts";
import { RequestError, toAuthenticationError } from "./errors.ts";
import { type A2ARequestHandler, type CallContext, type HandlerEnv, requestHandler } from "./handler.ts";
import { httpJsonApp, onlyFor } from "./http-json.ts";
import { answerJsonRpc } from "./json-rpc.ts";

export interface AppOptions<Env> {
  readonly card: AgentCard;
  readonly homes: Homes;
  readonly authenticate: (request: Request, env: Env) => Authentication;
}

export const VERSION = "1.0";
/** Longer keys are refused: they are kept with their task. */
const KEY_CHARS = 256;

/** Serves an agent at the root of its own Worker and, behind the front door, at `/agents/<name>`. */
export function a2aApp<Env extends HandlerEnv>({ card, homes, authenticate }: AppOptions<Env>): Hono<{ Bindings: Env }> {
  const mount = `/agents/${card.name}`;
  const app = new Hono<{ Bindings: Env }>({ getPath: (request) => pathWithin(mount, request) });

  const open = (request: Request, env: Env): { handler: A2ARequestHandler; context: CallContext } => {
    checkVersion(request);
    const caller = authenticate(request, env);
    if (!caller.ok) throw toAuthenticationError(caller);
    const key = request.headers.get("Idempotency-Key");
    if (key !== null && (key === "" || key.length > KEY_CHARS))
      throw new RequestError("invalid-request", `Idempotency-Key must have 1 to ${KEY_CHARS} characters`);
    const context = { principal: caller.principal, ...(key !== null && { idempotencyKey: key }) };
    return { handler: requestHandler(card, homes, env), context };
  };

  const extensions = card.capabilities.extensions?.map(({ uri }) => uri) ?? [];
  app.use(async (c, next) => {
    await next();
    await drain(c.req.raw);
    const active = activated(c.req.raw.headers.get("A2A-Extensions"), extensions);
    if (active !== "") c.res.headers.set("A2A-Extensions", active);
  });
  app.get(CARD_PATH, (c) => serveCard(card, baseOf(mount, c.req.raw), c.req.raw));
  app.all(CARD_PATH, onlyFor("GET"));
  app.post("/", (c) => answerJsonRpc(c.req.raw, () => open(c.req.raw, c.env)));
  app.all("/", onlyFor("POST"));
  app.route(
    "/",
    httpJsonApp(open as never, (request) => baseOf(mount, request) + CARD_PATH),
  );
  return app;
}

/** Where the caller reaches the agent: origin and path, without a slash at the end. */
function baseOf(mount: string, request: Request): string {
  const { origin, pathname } = new URL(request.url);
  return pathname === mount || pathname.startsWith(`${mount}/`) ? origin + mount : origin;
}

/** The path below the agent's mount; "/" with and without a slash at the end. */
function pathWithin(mount: string, request: Request): string {
  const { pathname } = new URL(request.url);
  if (pathname === mount) return "/";
  return pathname.startsWith(`${mount}/`) ? pathname.slice(mount.length) : pathname;
}

/** Of what the client asked for, what this agent supports. (3.2.6) */
function activated(asked: string | null, supported: readonly string[]): string {
  if (asked === null) return "";
  const uris = asked.split(",").map((uri) => uri.trim());
  return supported.filter((uri) => uris.includes(uri)).join(", ");
}

/** Only major and minor count, and a request that names none speaks 0.3. (3.6) */
function checkVersion(request: Request): void {
  const asked = request.headers.get("A2A-Version") ?? new URL(request.url).searchParams.get("A2A-Version") ?? "";
  const [major, minor] = asked.split(".");
  if (`${major}.${minor}` === VERSION) return;
  const said = asked === "" ? "names no A2A version, which means 0.3" : `asks for A2A ${asked.slice(0, 20)}`;
  throw new RequestError(
    "version-not-supported",
    `the request ${said}; this agent speaks ${VERSION}: send the header "A2A-Version: ${VERSION}"`,
  );
}
