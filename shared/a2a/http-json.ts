/** The HTTP+JSON binding: paths and queries in front of the table of operations. (A2A 1.0, 11) */

import type { Context } from "hono";
import { Hono } from "hono";
import { drain, readJson, readOptionalJson } from "./body.ts";
import { MethodNotAllowed, pathOf, RequestError, toRequestError } from "./errors.ts";
import type { Opened } from "./handler.ts";
import { isObject } from "./json-object.ts";
import { acting, HTTP_OPERATIONS } from "./operations.ts";
import { taskIdIn, wholeNumber } from "./path.ts";
import { NO_ENVELOPE, sseForm, sseResponse } from "./sse.ts";

const MEDIA_TYPE = "application/a2a+json";

type Params = (c: Context) => unknown;

const EVENTS = sseForm(NO_ENVELOPE);

const MEDIA_TYPES = [MEDIA_TYPE, "application/json"];

const body: Params = (c) => readJson(c.req.raw, MEDIA_TYPES);
/** The task of a path such as `/tasks/{id}:cancel`, whose request may have a body. */
const taskAndBody: Params = async (c) => ({ ...objectOf(await readOptionalJson(c.req.raw, MEDIA_TYPES)), id: taskIdIn(c) });
const pushConfig: Params = (c) => ({ ...queryOf(c), taskId: taskIdIn(c), id: c.req.param("config") });
const newPushConfig: Params = async (c) => ({ ...objectOf(await readJson(c.req.raw, MEDIA_TYPES)), taskId: taskIdIn(c) });
const query: Params = (c) => {
  const id = taskIdIn(c);
  return { ...queryOf(c), ...(id !== undefined && { id }) };
};

/** In this order: Hono takes the first that fits. */
const ROUTES: readonly (readonly ["GET" | "POST" | "DELETE", string, keyof typeof HTTP_OPERATIONS, Params])[] = [
  ["POST", "/message:send", "SendMessage", body],
  ["POST", "/message:stream", "SendStreamingMessage", body],
  ["POST", "/tasks/:id{[^/]+:cancel}", "CancelTask", taskAndBody],
  ["POST", "/tasks/:id{[^/]+:subscribe}", "SubscribeToTask", taskAndBody],
  ["GET", "/tasks/:id{[^/]+:subscribe}", "SubscribeToTask", query],
  ["POST", "/tasks/:id/pushNotificationConfigs", "CreateTaskPushNotificationConfig", newPushConfig],
  ["GET", "/tasks/:id/pushNotificationConfigs", "ListTaskPushNotificationConfigs", pushConfig],
  ["GET", "/tasks/:id/pushNotificationConfigs/:config", "GetTaskPushNotificationConfig", pushConfig],
  ["DELETE", "/tasks/:id/pushNotificationConfigs/:config", "DeleteTaskPushNotificationConfig", pushConfig],
  ["GET", "/tasks/:id", "GetTask", query],
  ["DELETE", "/tasks/:id", "DeleteTask", query],
  ["GET", "/tasks", "ListTasks", query],
  ["GET", "/extendedAgentCard", "GetExtendedAgentCard", query],
];

/**
 * @param open gives the handler and who is calling, or throws what the caller is told
 * @param cardUrl where the caller of a request finds the agent's card
 */
export function httpJsonApp<Env extends object>(
  open: (request: Request, env: Env) => Promise<Opened>,
  cardUrl: (request: Request) => string,
): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  const byPath = Map.groupBy(ROUTES, ([, path]) => path);
  // Every path is there for a tenant too, after those without one: no tenant can take the place of an operation.
  for (const prefix of ["", "/:tenant"]) {
    for (const [path, routes] of byPath) {
      for (const [verb, , name, params] of routes) {
        app.on(verb, prefix + path, async (c) => {
          const opened = await open(c.req.raw, c.env);
          // Who may not act for the tenant of the path is told nothing about the body.
          const context = acting(opened.context, c.req.param("tenant"));
          const result = await HTTP_OPERATIONS[name](opened.handler, forTenantOf(c, await params(c)), { ...context, form: EVENTS });
          if ("stream" in result) {
            const events = sseResponse(result.stream);
            // HEAD comes here as GET: its answer has no body, so nobody would ever let go of the stream.
            if (c.req.method === "HEAD") await events.body?.cancel();
            return events;
          }
          return c.body(result.json, 200, { "Content-Type": MEDIA_TYPE });
        });
      }
      // Before the next path, or GET /tasks/x:cancel would be taken for the task.
      app.all(prefix + path, onlyFor(...routes.map(([verb]) => verb)));
    }
  }
  // A route, because Hono asks only the outermost app's notFound.
  app.all("*", ({ req }) => {
    const place = `${req.method} ${pathOf(req.raw)}`;
    return answerHttpJson(
      new RequestError("method-not-found", `there is no ${place}; the agent's card says what there is: ${cardUrl(req.raw)}`),
    );
  });
  app.onError((error) => answerHttpJson(toRequestError(error)));
  return app;
}

/** The last route of a path that has routes for these methods only. */
export function onlyFor(...methods: readonly string[]): (c: Context) => Promise<Response> {
  return async (c) => {
    await drain(c.req.raw);
    return answerHttpJson(new MethodNotAllowed(c.req.raw, methods));
  };
}

export function answerHttpJson(error: RequestError): Response {
  const headers = { "Content-Type": MEDIA_TYPE, ...error.headers };
  return new Response(JSON.stringify(error.toHttpJson()), { status: error.http, headers });
}

/** The path says for whom the caller acts, whatever the body says. */
function forTenantOf(c: Context, params: unknown): unknown {
  const tenant = c.req.param("tenant");
  return tenant === undefined || !isObject(params) ? params : { ...params, tenant };
}

/** @throws RequestError when a body is there, and is something else */
function objectOf(body: unknown): object {
  if (body === undefined || isObject(body)) return body ?? {};
  throw new RequestError("invalid-params", "the body must be an object", [{ field: "", description: "must be an object" }]);
}

function queryOf(c: Context): object {
  return Object.fromEntries(Object.entries(c.req.query()).map(([name, value]) => [name, fromQuery(name, value)]));
}

/** Queries are text; what must be a number or a boolean becomes one, and what cannot stays text and is refused as such. */
function fromQuery(name: string, value: string): unknown {
  if (/^(historyLength|history_length|pageSize|page_size)$/.test(name)) return wholeNumber(value);
  if (/^(includeArtifacts|include_artifacts)$/.test(name)) return value === "true" ? true : value === "false" ? false : value;
  return value;
}
