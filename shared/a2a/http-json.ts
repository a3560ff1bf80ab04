/** The HTTP+JSON binding: paths and queries in front of the table of operations. (A2A 1.0, 11) */

import type { Context } from "hono";
import { Hono } from "hono";
import { drain, readJson } from "./body.ts";
import { MethodNotAllowed, RequestError, toRequestError } from "./errors.ts";
import type { A2ARequestHandler, CallContext } from "./handler.ts";
import { OPERATIONS, type OperationName } from "./operations.ts";
import { sseResponse } from "./sse.ts";

const MEDIA_TYPE = "application/a2a+json";

type Params = (c: Context) => unknown;

const body: Params = (c) => readJson(c.req.raw, [MEDIA_TYPE, "application/json"]);
/** The task of a path such as `/tasks/{id}:cancel`. */
const id: Params = (c) => ({ id: taskId(c) });
const pushConfig: Params = (c) => ({ taskId: taskId(c), id: c.req.param("config") });
const query: Params = (c) => ({
  ...Object.fromEntries(Object.entries(c.req.query()).map(([name, value]) => [name, fromQuery(name, value)])),
  ...(id(c) as object),
});

/** In this order: Hono takes the first that fits. */
const ROUTES: readonly (readonly ["GET" | "POST" | "DELETE", string, OperationName, Params])[] = [
  ["POST", "/message:send", "SendMessage", body],
  ["POST", "/message:stream", "SendStreamingMessage", body],
  ["POST", "/tasks/:id{[^/]+:cancel}", "CancelTask", id],
  ["POST", "/tasks/:id{[^/]+:subscribe}", "SubscribeToTask", id],
  ["GET", "/tasks/:id{[^/]+:subscribe}", "SubscribeToTask", id],
  ["POST", "/tasks/:id/pushNotificationConfigs", "CreateTaskPushNotificationConfig", pushConfig],
  ["GET", "/tasks/:id/pushNotificationConfigs", "ListTaskPushNotificationConfigs", pushConfig],
  ["GET", "/tasks/:id/pushNotificationConfigs/:config", "GetTaskPushNotificationConfig", pushConfig],
  ["DELETE", "/tasks/:id/pushNotificationConfigs/:config", "DeleteTaskPushNotificationConfig", pushConfig],
  ["GET", "/tasks/:id", "GetTask", query],
  ["GET", "/tasks", "ListTasks", query],
  ["GET", "/extendedAgentCard", "GetExtendedAgentCard", query],
];

/**
 * @param open gives the handler and who is calling, or throws what the caller is told
 * @param cardUrl where the caller of a request finds the agent's card
 */
export function httpJsonApp(
  open: (request: Request, env: never) => { handler: A2ARequestHandler; context: CallContext },
  cardUrl: (request: Request) => string,
): Hono {
  const app = new Hono();
  for (const [path, routes] of Map.groupBy(ROUTES, ([, each]) => each)) {
    for (const [verb, , name, params] of routes) {
      app.on(verb, path, async (c) => {
        const { handler, context } = open(c.req.raw, c.env as never);
        const result = await OPERATIONS[name](handler, await params(c), context);
        if ("stream" in result) return sseResponse(result.stream, { before: "", after: "" });
        return c.body(result.json, 200, { "Content-Type": MEDIA_TYPE });
      });
    }
    // Before the next path, or GET /tasks/x:cancel would be taken for the task.
    app.all(path, onlyFor(...routes.map(([verb]) => verb)));
  }
  // A route, because Hono asks only the outermost app's notFound.
  app.all("*", ({ req }) => {
    const place = `${req.method} ${new URL(req.url).pathname}`;
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

function taskId(c: Context): string | undefined {
  return c.req.param("id")?.replace(/:(cancel|subscribe)$/, "");
}

/** Queries are text; what must be a number or a boolean becomes one, and what cannot stays text and is refused as such. */
function fromQuery(name: string, value: string): unknown {
  if (/^(historyLength|history_length|pageSize|page_size)$/.test(name)) return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  if (/^(includeArtifacts|include_artifacts)$/.test(name)) return value === "true" ? true : value === "false" ? false : value;
  return value;
}
