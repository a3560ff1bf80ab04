/**
 * An agent on the web: one Hono app with the card and both bindings over one handler. A request passes here in this
 * order: card, caller, version, binding; what speaks 0.3 goes to that version's own bindings.
 */
import { Hono } from "hono";
import type { Authentication } from "../auth/authenticate.ts";
import { schemeOf } from "../auth/challenge.ts";
import { publicOrigin } from "../auth/mesh-origin.ts";
import { missingScope } from "../auth/scope.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import { HITL_EXTENSION } from "../task/hitl-extension.ts";
import type { Homes } from "../task/home.ts";
import { traceparentIn } from "../task/trace-context.ts";
import { drain } from "./body.ts";
import { callbackApp } from "./callbacks.ts";
import { withMeshExtensions } from "./card/deployed.ts";
import { CARD_PATH, type CardEnv, cardServer, JWKS_PATH } from "./card/server.ts";
import { toAuthenticationError, toRequestError } from "./errors.ts";
import { activatedExtensions, checkRequiredExtensions, extensionsHeader } from "./extensions.ts";
import { governanceApp } from "./governance.ts";
import { type HandlerEnv, type Opened, requestHandler } from "./handler.ts";
import { answerHttpJson, httpJsonApp, onlyFor } from "./http-json.ts";
import { answerJsonRpc } from "./json-rpc.ts";
import { legacyHttpJsonApp } from "./legacy/http-json.ts";
import { LEGACY } from "./legacy/operations.ts";
import { operateApp } from "./operate.ts";
import { operateDeletionApp } from "./operate-deletion.ts";
import type { Identify } from "./operator.ts";
import { taskLogsApp } from "./task-logs.ts";
import { checkVersion, isLegacy, LEGACY_VERSION } from "./version.ts";

export interface AppOptions<Env> {
  readonly card: AgentCard;
  /** What authenticated callers see in its place: the same agent with more skills. */
  readonly extendedCard?: AgentCard | undefined;
  readonly homes: Homes;
  readonly authenticate: (request: Request, env: Env) => Authentication | Promise<Authentication>;
  /** Where the mesh is reached from outside, as far as a request says so that may be believed. */
  readonly originOf?: (request: Request) => string | undefined;
}

/** Serves an agent at the root of its own Worker and, behind the front door, at `/agents/<name>`. */
export function a2aApp<Env extends HandlerEnv & CardEnv>({
  homes,
  authenticate,
  originOf = publicOrigin,
  ...written
}: AppOptions<Env>): Hono<{ Bindings: Env }> {
  const publicCard = withMeshExtensions(written.card);
  const extendedCard = written.extendedCard && withMeshExtensions(written.extendedCard);
  // Who gets as far as an operation is authenticated.
  const card = extendedCard ?? publicCard;
  const cards = cardServer(publicCard, extendedCard);
  const mount = `/agents/${card.name}`;
  const app = new Hono<{ Bindings: Env }>({ getPath: (request) => pathWithin(mount, request) });

  /** @throws RequestError with what keeps the caller out */
  const identify: Identify<Env> = async (request, env, anyOf) => {
    const caller = await authenticate(request, env);
    if (!caller.ok) throw toAuthenticationError(caller);
    const forbidden = missingScope(caller.principal, anyOf, request.headers);
    if (forbidden) throw toAuthenticationError(forbidden);
    const idempotencyKey = request.headers.get("Idempotency-Key");
    const lastEventId = request.headers.get("Last-Event-ID");
    const traceparent = traceparentIn(request.headers.get("traceparent"));
    const origin = originOf(request);
    return {
      principal: caller.principal,
      scheme: schemeOf(request.headers),
      ...(caller.by && { by: caller.by }),
      ...(caller.deleted !== undefined && { deleted: caller.deleted }),
      hitl: activatedExtensions(card, request.headers).split(", ").includes(HITL_EXTENSION),
      ...(idempotencyKey !== null && { idempotencyKey }),
      ...(lastEventId !== null && { lastEventId }),
      ...(traceparent !== undefined && { traceparent }),
      ...(origin !== undefined && { origin }),
    };
  };
  const open = async (request: Request, env: Env): Promise<Opened> => {
    const context = await identify(request, env, ["call"]);
    checkRequiredExtensions(card, request.headers);
    const extended = extendedCard && (() => cards.extendedCard(request, baseOf(mount, request), env));
    return { handler: requestHandler({ card, homes, extendedCard: extended }, env), context };
  };
  const openCurrent = async (request: Request, env: Env): Promise<Opened> => {
    const opened = await open(request, env);
    checkVersion(request);
    return opened;
  };

  const openLegacy = async (request: Request, env: Env): Promise<Opened> => {
    const { handler, context } = await open(request, env);
    return { handler, context: { ...context, protocolVersion: LEGACY_VERSION } };
  };

  app.use(async (c, next) => {
    await next();
    await drain(c.req.raw);
    const active = activatedExtensions(card, c.req.raw.headers);
    if (active !== "") c.res.headers.set(extensionsHeader(c.req.raw.headers), active);
  });
  app.get(CARD_PATH, (c) => cards.card(c.req.raw, baseOf(mount, c.req.raw), c.env));
  app.get(JWKS_PATH, (c) => cards.jwks(c.req.raw, c.env));
  for (const path of [CARD_PATH, JWKS_PATH]) app.all(path, onlyFor("GET"));
  for (const path of ["/extendedAgentCard", "/:tenant/extendedAgentCard", "/v1/card"])
    app.use(path, async (c, next) => {
      await next();
      const { raw } = c.req;
      if (/^(GET|HEAD)$/.test(c.req.method) && c.res.ok) c.res = await cards.extendedForCaches(raw, c.res, baseOf(mount, raw), c.env);
    });
  app.route("/", callbackApp<Env>());
  app.post("/", ({ req: { raw }, env }) =>
    isLegacy(raw) ? answerJsonRpc(raw, () => openLegacy(raw, env), LEGACY) : answerJsonRpc(raw, () => openCurrent(raw, env)),
  );
  app.all("/", onlyFor("POST"));
  // Before the bindings, where "governance", "history" and "operate" would be tenants.
  app.route("/", governanceApp(identify));
  app.route("/", taskLogsApp({ card, homes }, identify));
  app.route("/", operateApp(card.name, identify));
  app.route("/", operateDeletionApp(card.name, identify));
  app.route("/", legacyHttpJsonApp(openLegacy));
  app.route(
    "/",
    httpJsonApp(openCurrent, (request) => baseOf(mount, request) + CARD_PATH),
  );
  app.onError((error) => answerHttpJson(toRequestError(error)));
  return app;
}

/** Where the caller reaches the agent: origin and path, without a slash at the end. */
function baseOf(mount: string, request: Request): string {
  const { origin, pathname } = new URL(request.url);
  return pathname === mount || pathname.startsWith(`${mount}/`) ? origin + mount : origin;
}

/** The path below the agent's mount; "/" with and without a slash at the end. */
function pathWithin(mount: string, request: Request): string {
  // A colon may be written either way in a path, and the names of operations hold one. (RFC 3986, 3.3)
  const pathname = new URL(request.url).pathname.replace(/%3A/gi, ":");
  if (pathname === mount) return "/";
  return pathname.startsWith(`${mount}/`) ? pathname.slice(mount.length) : pathname;
}
