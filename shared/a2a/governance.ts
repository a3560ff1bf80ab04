/**
 * What governance did in a task, over HTTP: `GET /governance/tasks/<id>`, for the task's owner and nobody else. No operation
 * of A2A, so it asks for no version of it; who may call and what an error looks like are the same as everywhere.
 */
import { Hono } from "hono";
import * as v from "valibot";
import { principalKey } from "../auth/principal.ts";
import type { TaskHomeApi } from "../host/api.ts";
import { findTask } from "../task/home.ts";
import { refusalToError, toRequestError } from "./errors.ts";
import type { HandlerEnv, Opened } from "./handler.ts";
import { answerHttpJson, onlyFor } from "./http-json.ts";
import { acting } from "./operations.ts";
import { wholeNumber } from "./path.ts";
import { count, parseRequest } from "./request.ts";

const query = v.object({ after: v.optional(count, 0) });

/** @param open gives who is calling, or throws what the caller is told */
export function governanceApp<Env extends HandlerEnv>(open: (request: Request, env: Env) => Promise<Opened>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  for (const prefix of ["", "/:tenant"]) {
    // Without a colon, which would make it an operation of a tenant of that name.
    const path = `${prefix}/governance/tasks/:id{[^/:]+}`;
    app.get(path, async (c) => {
      const { context } = await open(c.req.raw, c.env);
      const { principal } = acting(context, c.req.param("tenant"));
      const taskId = c.req.param("id") ?? "";
      const said = c.req.query("after");
      const { after } = parseRequest(query, said === undefined ? {} : { after: wholeNumber(said) });
      const address = findTask(principalKey(principal), taskId);
      if (!address) throw refusalToError({ code: "not-found" }, taskId);
      const reply = await (c.env.TASK_HOME.getByName(address.home) as unknown as TaskHomeApi).record(taskId, after);
      if (!reply.ok) throw refusalToError(reply.refusal, taskId);
      return c.body(reply.record, 200, { "Content-Type": "application/json" });
    });
    app.all(path, onlyFor("GET"));
  }
  app.onError((error) => answerHttpJson(toRequestError(error)));
  return app;
}
