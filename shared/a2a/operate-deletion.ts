/**
 * `DELETE /operate/tasks/<id>?owner=<app>/<subject>`: an operator deletes a task of their tenant that has ended, with what other
 * agents had for it. The same as its owner may do; who did it is logged, because the task's own log is gone.
 */
import { Hono } from "hono";
import { ownerName } from "../auth/owner.ts";
import { deleteTask } from "./deletion.ts";
import { toRequestError } from "./errors.ts";
import type { HandlerEnv } from "./handler.ts";
import { answerHttpJson, onlyFor } from "./http-json.ts";
import { type Identify, operatedTask } from "./operator.ts";

/** @param identify gives who is calling */
export function operateDeletionApp<Env extends HandlerEnv>(agent: string, identify: Identify<Env>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  for (const prefix of ["", "/:tenant"]) {
    // Without a colon, which would make it an operation of a tenant of that name.
    const path = `${prefix}/operate/tasks/:id{[^/:]+}`;
    app.delete(path, async (c) => {
      const context = await identify(c.req.raw, c.env, ["operate"]);
      const named = { tenant: c.req.param("tenant"), taskId: c.req.param("id") ?? "", owner: c.req.query("owner") };
      const { operator, owner, ownerKey, taskId } = operatedTask(context, c.env, named);
      const deleted = await deleteTask(ownerKey, taskId, c.env);
      const about = { tenant: operator.tenant, agent, task: taskId, owner, operator: ownerName(operator) };
      console.log(JSON.stringify({ event: "task-deleted", ...about }));
      return c.json(deleted);
    });
    app.all(path, onlyFor("DELETE"));
  }
  app.onError((error) => answerHttpJson(toRequestError(error)));
  return app;
}
