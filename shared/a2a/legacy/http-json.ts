/**
 * The HTTP+JSON binding of A2A 0.3: its paths, all below `/v1`, in front of the methods of 0.3. To a request of 1.0 these are
 * paths of a tenant with that name, so it passes. (A2A 0.3, 3.5.3 and the annotations of its proto)
 */
import type { Context } from "hono";
import { Hono } from "hono";
import type { JsonObject } from "../../task/a2a-types.ts";
import { readJson } from "../body.ts";
import { MethodNotAllowed, pathOf, RequestError, toRequestError } from "../errors.ts";
import type { Opened } from "../handler.ts";
import { mapEvents } from "../lines.ts";
import { taskIdIn, wholeNumber } from "../path.ts";
import { NO_ENVELOPE, sseResponse, toEvents } from "../sse.ts";
import { isLegacy, LEGACY_VERSION, VERSION } from "../version.ts";
import { cardToProto } from "./card-to-proto.ts";
import { sendParamsFromProto, setPushParamsFromProto } from "./from-proto.ts";
import type { LegacyEvent, LegacyTask, LegacyTaskPushConfig } from "./objects.ts";
import { LEGACY_OPERATIONS, type LegacyMethod } from "./operations.ts";
import { eventToProto, pushConfigToProto, taskToProto } from "./to-proto.ts";

const MEDIA_TYPE = "application/json";
const MEDIA_TYPES = [MEDIA_TYPE, "application/a2a+json"];

interface Route {
  readonly verb: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly method: LegacyMethod;
  readonly params: (c: Context) => unknown;
  /** From the method's result to the proto's JSON; of a stream, from each of its events. */
  readonly answer: (result: never) => object;
  readonly status?: 201 | 204;
}

const message = async (c: Context) => sendParamsFromProto(await readJson(c.req.raw, MEDIA_TYPES));
// Bodies of these say nothing that the path does not say, and some clients send `null`.
const task = (c: Context) => ({ id: taskIdIn(c) });
const queryParams = (c: Context) => {
  const length = c.req.query("historyLength") ?? c.req.query("history_length");
  return { ...task(c), ...(length !== undefined && { historyLength: wholeNumber(length) }) };
};
const pushConfig = (c: Context) => ({ id: taskIdIn(c), pushNotificationConfigId: c.req.param("config") });
const event = (result: LegacyEvent) => eventToProto(result);

/** In this order: Hono takes the first that fits. */
const ROUTES: readonly Route[] = [
  { verb: "POST", path: "/message:send", method: "message/send", params: message, answer: event, status: 201 },
  { verb: "POST", path: "/message:stream", method: "message/stream", params: message, answer: event },
  {
    verb: "POST",
    path: "/tasks/:id{[^/]+:cancel}",
    method: "tasks/cancel",
    params: task,
    answer: (result: LegacyTask) => taskToProto(result),
  },
  { verb: "GET", path: "/tasks/:id{[^/]+:subscribe}", method: "tasks/resubscribe", params: task, answer: event },
  { verb: "POST", path: "/tasks/:id{[^/]+:subscribe}", method: "tasks/resubscribe", params: task, answer: event },
  {
    verb: "POST",
    path: "/tasks/:id/pushNotificationConfigs",
    method: "tasks/pushNotificationConfig/set",
    params: async (c) => setPushParamsFromProto(taskIdIn(c) ?? "", await readJson(c.req.raw, MEDIA_TYPES)),
    answer: (result: LegacyTaskPushConfig) => pushConfigToProto(result),
    status: 201,
  },
  {
    verb: "GET",
    path: "/tasks/:id/pushNotificationConfigs",
    method: "tasks/pushNotificationConfig/list",
    params: task,
    answer: (results: LegacyTaskPushConfig[]) => ({ configs: results.map(pushConfigToProto) }),
  },
  {
    verb: "GET",
    path: "/tasks/:id/pushNotificationConfigs/:config",
    method: "tasks/pushNotificationConfig/get",
    params: pushConfig,
    answer: (result: LegacyTaskPushConfig) => pushConfigToProto(result),
  },
  {
    verb: "DELETE",
    path: "/tasks/:id/pushNotificationConfigs/:config",
    method: "tasks/pushNotificationConfig/delete",
    params: pushConfig,
    answer: () => ({}),
    status: 204,
  },
  {
    verb: "GET",
    path: "/tasks/:id",
    method: "tasks/get",
    params: queryParams,
    answer: (result: LegacyTask) => taskToProto(result),
  },
  {
    verb: "GET",
    path: "/card",
    method: "agent/getAuthenticatedExtendedCard",
    params: () => ({}),
    answer: (card: JsonObject) => cardToProto(card),
  },
];

/** @param open gives the handler and who is calling, or throws what the caller is told */
export function legacyHttpJsonApp<Env extends object>(open: (request: Request, env: Env) => Promise<Opened>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>().basePath("/v1");
  for (const [path, routes] of Map.groupBy(ROUTES, (route) => route.path)) {
    for (const route of routes) {
      app.on(route.verb, path, async (c, next) => (isLegacy(c.req.raw) ? perform(route, c, await open(c.req.raw, c.env)) : next()));
    }
    app.all(path, async (c, next) => {
      if (!isLegacy(c.req.raw)) return next();
      throw new MethodNotAllowed(
        c.req.raw,
        routes.map(({ verb }) => verb),
      );
    });
  }
  app.all("*", async (c, next) => {
    if (!isLegacy(c.req.raw)) return next();
    const place = `${c.req.method} ${pathOf(c.req.raw)}`;
    const hint = `if it is meant for A2A ${VERSION}, send the header "A2A-Version: ${VERSION}"`;
    throw new RequestError("method-not-found", `there is no ${place} in A2A ${LEGACY_VERSION}; ${hint}`);
  });
  app.onError((error) => answerLegacyHttpJson(toRequestError(error)));
  return app;
}

async function perform({ method, params, answer, status }: Route, c: Context, { handler, context }: Opened): Promise<Response> {
  const result = await LEGACY_OPERATIONS[method](handler, await params(c), context);
  const encode = (json: string) => JSON.stringify(answer(JSON.parse(json) as never));
  if ("stream" in result) return sseResponse(toEvents(mapEvents(result.stream, encode), NO_ENVELOPE));
  if (status === 204) return c.body(null, status);
  return c.body(encode(result.json), status ?? 200, { "Content-Type": MEDIA_TYPE });
}

/** 0.3 writes errors of this binding as those of JSON-RPC, without an envelope. */
export function answerLegacyHttpJson(error: RequestError): Response {
  return Response.json(error.toJsonRpc(), { status: error.http, headers: error.headers });
}
