/**
 * Operators' verbs over one task, over HTTP: `POST /operate/tasks/<id>/<verb>?owner=<app>/<subject>`. Answers, approvals and
 * rejections go the way of a message, with the operator as the one behind it; the others stop and move what runs. No operations of
 * A2A, so they ask for no version of it; who did what is logged.
 */
import { Hono } from "hono";
import * as v from "valibot";
import { ownerName } from "../auth/owner.ts";
import type { Scope } from "../auth/principal.ts";
import type { OperatedReply, TaskReply } from "../host/api.ts";
import { isInterrupted, type Message, type Task } from "../task/a2a-types.ts";
import type { Verdict } from "../task/approval.ts";
import { hitlResponse, withHitl } from "../task/hitl-extension.ts";
import { INTERRUPT_EXTENSION } from "../task/interrupt-extension.ts";
import { raisedBy } from "./amounts.ts";
import { readOptionalJson } from "./body.ts";
import { refusalToError, toRequestError } from "./errors.ts";
import type { HandlerEnv } from "./handler.ts";
import { answerHttpJson, onlyFor } from "./http-json.ts";
import { type Identify, noTask, type OperatedTask, operatedTask } from "./operator.ts";
import { parseRequest, text } from "./request.ts";
import { contentDigest, requestKey } from "./resume.ts";

interface Operation {
  readonly scope: Scope;
  /** Names it in the log. */
  readonly done: string;
  /** @param key of the request, where it has one */
  perform(task: OperatedTask, body: unknown, key: string | undefined): Promise<TaskReply | OperatedReply>;
}

const words = v.pipe(
  v.string(),
  v.check((said) => said.trim() !== "", "must not be empty"),
  v.maxLength(10_000, "must be at most 10000 characters"),
);
const LOGGED_CHARS = 500;
const unknownField = "is no field of this request";
const nothing = v.strictObject({}, unknownField);
const why = v.strictObject({ reason: v.optional(words) }, unknownField);
const answered = v.strictObject({ question: text, text: words }, unknownField);
const approved = v.strictObject({ question: text }, unknownField);
const rejected = v.strictObject({ question: text, reason: words }, unknownField);
const raised = v.strictObject({ by: raisedBy }, unknownField);

const OPERATIONS: Readonly<Record<string, Operation>> = {
  answer: operation("approve", "answered", answered, (task, body, key) => say(task, body.question, { text: body.text }, key)),
  approve: operation("approve", "approved", approved, (task, { question }, key) => say(task, question, { approved: true }, key)),
  reject: operation("approve", "rejected", rejected, (task, { question, reason }, key) =>
    say(task, question, { approved: false, reason }, key),
  ),
  pause: operation("operate", "paused", why, ({ home, taskId, operator }, { reason }) => home.pause(taskId, operator, reason)),
  resume: operation("operate", "resumed", nothing, ({ home, taskId }) => home.unpause(taskId)),
  cancel: operation("operate", "canceled", why, ({ home, taskId, operator }, { reason }) =>
    home.cancel(taskId, {
      messageId: crypto.randomUUID(),
      role: "ROLE_AGENT",
      parts: [{ text: `canceled by ${ownerName(operator)}, an operator${reason === undefined ? "" : `: ${reason}`}` }],
      taskId,
    }),
  ),
  raise: operation("operate", "raised", raised, ({ home, taskId, operator }, { by }, key) =>
    home.raise(taskId, operator, by, key ?? crypto.randomUUID()),
  ),
};

/** @param identify gives who is calling */
export function operateApp<Env extends HandlerEnv>(agent: string, identify: Identify<Env>): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>();
  for (const prefix of ["", "/:tenant"])
    for (const [verb, { scope, done, perform }] of Object.entries(OPERATIONS)) {
      // Without a colon, which would make it an operation of a tenant of that name.
      const path = `${prefix}/operate/tasks/:id{[^/:]+}/${verb}`;
      app.post(path, async (c) => {
        const context = await identify(c.req.raw, c.env, [scope]);
        const named = { tenant: c.req.param("tenant"), taskId: c.req.param("id") ?? "", owner: c.req.query("owner") };
        const task = operatedTask(context, c.env, named);
        const body = (await readOptionalJson(c.req.raw, ["application/json"])) ?? {};
        const key = requestKey(undefined, context);
        // An operator's keys are not the caller's, whose task it is.
        const reply = await perform(task, body, key && `operator ${ownerName(task.operator)} ${key}`);
        if (!reply.ok && reply.refusal.code === "not-found") throw noTask(task.taskId, task.owner);
        if (!reply.ok) throw refusalToError(reply.refusal, task.taskId, context.scheme);
        const changed = !("changed" in reply) || reply.changed;
        if (changed) note(agent, `task-${done}`, task, body);
        return c.json({ task: shown(reply.task), changed });
      });
      app.all(path, onlyFor("POST"));
    }
  app.onError((error) => answerHttpJson(toRequestError(error)));
  return app;
}

function operation<S extends v.GenericSchema>(
  scope: Scope,
  done: string,
  schema: S,
  act: (task: OperatedTask, body: v.InferOutput<S>, key: string | undefined) => Promise<TaskReply | OperatedReply>,
): Operation {
  return { scope, done, perform: async (task, body, key) => act(task, parseRequest(schema, body), key) };
}

/** Answers one question, in words for who reads the history and in the form that names it. */
async function say(
  { home, taskId, operator }: OperatedTask,
  question: string,
  said: Verdict | { readonly text: string },
  key: string | undefined,
): Promise<TaskReply> {
  const inWords = "text" in said ? said.text : said.approved ? "yes" : `no: ${said.reason}`;
  const plain: Message = { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: inWords }], taskId };
  const message = withHitl(plain, hitlResponse(question, said));
  const keyed = key !== undefined && { key, digest: await contentDigest(message) };
  return home.message({ taskId, message, by: [operator], ...keyed }, { blocking: false, historyLength: 0 });
}

function note(agent: string, event: string, { operator, owner, taskId }: OperatedTask, body: unknown): void {
  // What was answered is in the task's own log, for those whose task it is.
  const { question, by, reason } = body as { question?: string; by?: object; reason?: string };
  const about = { question, by, reason: reason?.slice(0, LOGGED_CHARS) };
  console.log(JSON.stringify({ event, tenant: operator.tenant, agent, task: taskId, owner, operator: ownerName(operator), ...about }));
}

/** How the task stands, and what it waits for. What it has made is for those whose task it is. */
function shown(json: string): Pick<Task, "id" | "contextId" | "status" | "metadata"> {
  const { id, contextId, status, metadata } = JSON.parse(json) as Task;
  const interrupt = isInterrupted(status.state) ? metadata?.[INTERRUPT_EXTENSION] : undefined;
  return { id, contextId, status, ...(interrupt !== undefined && { metadata: { [INTERRUPT_EXTENSION]: interrupt } }) };
}
