/**
 * Where agents that were called say that something has happened: `POST /callbacks/<task that waits>?owner=<its principal's key>`, as
 * any receiver of push notifications. (A2A 1.0, 4.3.3) Whoever has no token of that task's is told that it is not there. Nothing
 * that is said is believed: the task asks for itself.
 */
import { Hono } from "hono";
import * as v from "valibot";
import type { TaskHomeApi } from "../host/api.ts";
import { isInterrupted, isTerminal, type TaskState } from "../task/a2a-types.ts";
import { findTask } from "../task/home.ts";
import { readJson } from "./body.ts";
import { refusalToError, toRequestError } from "./errors.ts";
import type { HandlerEnv } from "./handler.ts";
import { answerHttpJson, onlyFor } from "./http-json.ts";

const MEDIA_TYPES = ["application/json", "application/a2a+json"];
const PATH = "/callbacks/:id{[^/:]+}";

const update = v.looseObject({ statusUpdate: v.looseObject({ status: v.looseObject({ state: v.string() }) }) });
const artifact = v.looseObject({ artifactUpdate: v.looseObject({}) });

/** Its token is all that a callback is let in by. @param path below the agent's URL */
export function isCallbackPath(path: string): boolean {
  return /^\/callbacks\/[^/:]+$/.test(path);
}

export function callbackApp<Env extends HandlerEnv>(): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  app.post(PATH, async (c) => {
    const taskId = c.req.param("id");
    const token = c.req.header("X-A2A-Notification-Token") ?? "";
    const body = await readJson(c.req.raw, MEDIA_TYPES);
    const address = findTask(c.req.query("owner") ?? "", taskId);
    const home = address && (c.env.TASK_HOME.getByName(address.home) as unknown as TaskHomeApi);
    if (token === "" || !(await home?.callback(taskId, token, goesOn(body)))) throw refusalToError({ code: "not-found" }, taskId);
    return c.body(null, 204);
  });
  app.all(PATH, onlyFor("POST"));
  app.onError((error) => answerHttpJson(toRequestError(error)));
  return app;
}

/** It tells of work that is under way: nobody needs to be woken for that. */
function goesOn(body: unknown): boolean {
  if (v.is(artifact, body)) return true;
  if (!v.is(update, body)) return false;
  const state = body.statusUpdate.status.state as TaskState;
  return !isTerminal(state) && !isInterrupted(state);
}
