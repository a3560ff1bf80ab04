/**
 * A task's log over HTTP: in words for its owner (`/history`), whole for operators, and forked and taken in again by them
 * (`/operate`). No operations of A2A, so they ask for no version of it.
 */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import { ownerName } from "../auth/owner.ts";
import { type Principal, principalKey } from "../auth/principal.ts";
import type { AdoptReply, TaskHomeApi } from "../host/api.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import { type Forked, forkAt, importedFrom } from "../task/fork.ts";
import type { ForkEdit } from "../task/fork-plan.ts";
import { type Homes, placeTask } from "../task/home.ts";
import { readJson, readJsonLines } from "./body.ts";
import { RequestError, refusalToError, toRequestError } from "./errors.ts";
import { forkRefused } from "./fork-refusal.ts";
import { checkAgents, checkDeployed, forkRequest } from "./fork-request.ts";
import type { CallContext, HandlerEnv } from "./handler.ts";
import { answerHttpJson, onlyFor } from "./http-json.ts";
import { type ImportedLog, importedLog } from "./log-import.ts";
import { logLines } from "./log-lines.ts";
import { acting } from "./operations.ts";
import { type Identify, noTask, type OperatedTask, operatedTask, readableTask } from "./operator.ts";
import { wholeNumber } from "./path.ts";
import { count, parseRequest } from "./request.ts";
import { requestKey } from "./resume.ts";

const NDJSON = "application/x-ndjson";
/** Of a log that is taken in; far below what one call between objects may carry. */
const LOG_BYTES = 16 * 1024 * 1024;

const page = v.object({
  after: v.optional(count, 0),
  limit: v.optional(v.pipe(count, v.minValue(1, "must be from 1 to 1000"), v.maxValue(1000, "must be from 1 to 1000")), 500),
});

export function taskLogsApp<Env extends HandlerEnv>(
  { card, homes }: { readonly card: AgentCard; readonly homes: Homes },
  identify: Identify<Env>,
): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  type C = Context<{ Bindings: Env }>;
  const homeOf = (env: Env, name: string) => env.TASK_HOME.getByName(name) as unknown as TaskHomeApi;

  const named = (c: C) => ({ tenant: c.req.param("tenant"), taskId: c.req.param("id") ?? "", owner: c.req.query("owner") });
  const readTask = (c: C) => readableTask(c.req.raw, c.env, identify, named(c));
  const othersTask = (c: C, context: CallContext) => operatedTask(context, c.env, named(c));

  const logOf = async (task: OperatedTask) => {
    const reply = await task.home.log(task.taskId, card.version);
    if (!reply.ok && reply.refusal.code === "not-found") throw noTask(task.taskId, task.owner);
    if (!reply.ok) throw refusalToError(reply.refusal, task.taskId);
    return reply.log;
  };

  /** Gives the new task a place, has it made, and says what comes of it. */
  const made = async (
    c: C,
    context: CallContext,
    { header, entries }: ImportedLog,
    make: (id: string, principal: Principal) => ReturnType<typeof forkAt>,
    { event, edit = {}, dryRun = false, ...rest }: { event: "forked" | "imported"; at?: number; edit?: ForkEdit; dryRun?: boolean },
  ): Promise<Response> => {
    const { principal } = acting(context, c.req.param("tenant"));
    const said = requestKey(undefined, context);
    const key = said === undefined ? undefined : JSON.stringify([event, rest.at, edit, header.task, said]);
    const random = crypto.randomUUID().replaceAll("-", "");
    const { taskId, home: name } = placeTask(principalKey(principal), homes, { contextId: header.contextId, key, random });
    const home = homeOf(c.env, name);
    const created = entries[0]?.event;
    const pinned = created?.type === "created" ? created.contracts : undefined;
    await checkDeployed(home, { ...pinned, ...edit.contracts });
    const forked = make(taskId, principal);
    if (!forked.ok) throw forkRefused(forked.refusal, header.task);
    const { plan } = forked;
    if (dryRun) return c.json({ plan });
    const reply = await home.adopt(taskId, forked.entries, answerIn(forked, edit, principal));
    console.log(
      JSON.stringify({ event: `task-${event}`, agent: card.name, task: taskId, from: header.task, operator: ownerName(principal) }),
    );
    return c.json({ task: taskId, plan, ...answerSaid(reply, taskId) });
  };

  for (const prefix of ["", "/:tenant"]) {
    // Without a colon, which would make it an operation of a tenant of that name.
    const history = `${prefix}/history/tasks/:id{[^/:]+}`;
    app.get(history, async (c) => {
      const { home, taskId } = await readTask(c);
      const asked = { after: c.req.query("after"), limit: c.req.query("limit") };
      const given = Object.entries(asked).flatMap(([name, text]) => (text === undefined ? [] : [[name, wholeNumber(text)] as const]));
      const { after, limit } = parseRequest(page, Object.fromEntries(given));
      const reply = await home.history(taskId, after, limit);
      if (!reply.ok) throw refusalToError(reply.refusal, taskId);
      return c.body(reply.history, 200, { "Content-Type": "application/json" });
    });
    app.get(`${history}/at/:seq`, async (c) => {
      const { home, taskId } = await readTask(c);
      const seq = parseRequest(count, wholeNumber(c.req.param("seq") ?? ""), "seq");
      const reply = await home.getAt(taskId, seq);
      if (!reply.ok && reply.refusal.code === "position-unknown")
        throw forkRefused({ code: "position-unknown", at: seq, last: reply.refusal.last }, taskId);
      if (!reply.ok) throw refusalToError(reply.refusal, taskId);
      return c.body(reply.task, 200, { "Content-Type": "application/json" });
    });
    for (const path of [history, `${history}/at/:seq`]) app.all(path, onlyFor("GET"));

    const operated = `${prefix}/operate/tasks/:id{[^/:]+}`;
    app.get(`${operated}/log`, async (c) => {
      const task = othersTask(c, await identify(c.req.raw, c.env, ["operate"]));
      const { taskId } = task;
      const log = await logOf(task);
      const file = `attachment; filename="${taskId.replace(/[^\w-]/g, "")}.jsonl"`;
      return c.body(log, 200, { "Content-Type": NDJSON, "Content-Disposition": file });
    });
    app.all(`${operated}/log`, onlyFor("GET"));

    app.post(`${operated}/fork`, async (c) => {
      const context = await identify(c.req.raw, c.env, ["operate"]);
      const task = othersTask(c, context);
      const { taskId } = task;
      const { at, edit, dryRun } = parseRequest(forkRequest, await readJson(c.req.raw, ["application/json"]));
      checkAgents(c.env, edit.agents);
      const stored = await logLines(await logOf(task), taskId);
      const { chain } = stored.header;
      if (chain) throw forkRefused({ code: "nested", ...chain }, taskId);
      const make = (id: string, principal: Principal) => forkAt(stored.entries, at, { id, principal, from: taskId, now: Date.now(), edit });
      return made(c, context, stored, make, { event: "forked", at, edit, dryRun });
    });
    app.all(`${operated}/fork`, onlyFor("POST"));

    app.post(`${prefix}/operate/tasks/import`, async (c) => {
      const context = await identify(c.req.raw, c.env, ["operate"]);
      const now = Date.now();
      const log = importedLog(await readJsonLines(c.req.raw, [NDJSON, "application/jsonl"], { bytes: LOG_BYTES }), now);
      const { agent, chain, task } = log.header;
      if (agent !== card.name)
        throw new RequestError("invalid-params", `line 1: the log is of a task of ${agent}, and this is ${card.name}: import it there`);
      if (chain) throw forkRefused({ code: "nested", ...chain }, task);
      const make = (id: string, principal: Principal) => importedFrom(log.entries, { id, principal, from: task, now });
      return made(c, context, log, make, { event: "imported" });
    });
    app.all(`${prefix}/operate/tasks/import`, onlyFor("POST"));
  }
  app.onError((error) => answerHttpJson(toRequestError(error)));
  return app;
}

function answerIn({ question }: Forked, { answer: text }: ForkEdit, by: Principal) {
  return question === undefined || text === undefined ? undefined : { question, text, by };
}

/** `answered`: whether the new task took the answer; if not, why, and the task waits with its question. */
function answerSaid({ answer }: AdoptReply, taskId: string): object {
  if (!answer) return {};
  if (answer.given) return { answered: true };
  const why = answer.refusal
    ? refusalToError(answer.refusal, taskId).message
    : "the new task has not asked again yet: answer it when it does";
  return { answered: false, why };
}
