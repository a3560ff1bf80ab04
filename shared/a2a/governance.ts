/**
 * What governance did in a task, over HTTP: `GET /governance/tasks/<id>`, for the task's owner, and for operators
 * who say whose task it is. No operation of A2A, so it asks for no version of it; who may call and what an error looks like are the
 * same as everywhere.
 */
import { Hono } from "hono";
import * as v from "valibot";
import { refusalToError, toRequestError } from "./errors.ts";
import type { HandlerEnv } from "./handler.ts";
import { answerHttpJson, onlyFor } from "./http-json.ts";
import { type Identify, readableTask } from "./operator.ts";
import { wholeNumber } from "./path.ts";
import { count, parseRequest } from "./request.ts";

const query = v.object({ after: v.optional(count, 0) });

/** @param identify gives who is calling, or throws what the caller is told */
export function governanceApp<Env extends HandlerEnv>(identify: Identify<Env>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  for (const prefix of ["", "/:tenant"]) {
    // Without a colon, which would make it an operation of a tenant of that name.
    const path = `${prefix}/governance/tasks/:id{[^/:]+}`;
    app.get(path, async (c) => {
      const named = { tenant: c.req.param("tenant"), taskId: c.req.param("id") ?? "", owner: c.req.query("owner") };
      const { taskId, home } = await readableTask(c.req.raw, c.env, identify, named);
      const said = c.req.query("after");
      const { after } = parseRequest(query, said === undefined ? {} : { after: wholeNumber(said) });
      const reply = await home.record(taskId, after);
      if (!reply.ok) throw refusalToError(reply.refusal, taskId);
      return c.body(reply.record, 200, { "Content-Type": "application/json" });
    });
    app.all(path, onlyFor("GET"));
  }
  app.onError((error) => answerHttpJson(toRequestError(error)));
  return app;
}
