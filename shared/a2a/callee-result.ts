/**
 * What an agent's reply comes to for the task that called it. What comes back may be anything; it becomes a result, never an
 * exception.
 */
import * as v from "valibot";
import type { Amount } from "../budget/amount.ts";
import type { CallResult, OutboundCall } from "../host/calls.ts";
import { type Artifact, isInterrupted, isTerminal, type JsonObject, type Part, type TaskState, textOf } from "../task/a2a-types.ts";
import { costClaimedIn, GOVERNANCE_EXTENSION, limitIn } from "../task/governance-extension.ts";
import { askedIn } from "./asked.ts";
import type { Reply } from "./peer-request.ts";

const parts = v.array(v.looseObject({ text: v.optional(v.string()) }));
const messageSchema = v.looseObject({ parts, metadata: v.optional(v.record(v.string(), v.any())) });
const taskSchema = v.looseObject({
  id: v.string(),
  contextId: v.optional(v.string()),
  status: v.looseObject({ state: v.string(), message: v.optional(messageSchema) }),
  artifacts: v.optional(v.array(v.looseObject({ artifactId: v.string(), parts }))),
  metadata: v.optional(v.record(v.string(), v.any())),
});
const replySchema = v.union([
  v.object({ result: v.object({ task: taskSchema }) }),
  v.object({ result: v.object({ message: messageSchema }) }),
  v.object({ error: v.looseObject({ message: v.string(), code: v.optional(v.number()) }) }),
]);
const taskReplySchema = v.object({ result: taskSchema });

/** The task of a reply to a send; undefined when there is none. */
export function taskIdIn({ body }: Reply): string | undefined {
  const reply = v.safeParse(replySchema, body);
  return reply.success && "result" in reply.output && "task" in reply.output.result ? reply.output.result.task.id : undefined;
}

/** What a task, as CancelTask or GetTask gives it, says it has cost. */
export function costIn({ body }: Reply): Amount | undefined {
  const reply = v.safeParse(taskReplySchema, body);
  return reply.success ? costClaimedIn(reply.output.result.metadata as JsonObject | undefined) : undefined;
}

/** The error that a send was answered with; undefined when it was answered with anything else. */
export function errorIn({ body }: Reply): { readonly code?: number | undefined; readonly message: string } | undefined {
  const reply = v.safeParse(replySchema, body);
  return reply.success && "error" in reply.output ? reply.output.error : undefined;
}

/** A task as GetTask gives it, in the form of a reply to a send; undefined when it gives none. */
export function asSent({ body }: Reply): Reply | undefined {
  const reply = v.safeParse(taskReplySchema, body);
  return reply.success ? { body: { result: { task: reply.output.result } } } : undefined;
}

/** Whether the task of a reply goes on by itself: it has not ended, and waits for nobody. */
export function goesOn({ body }: Reply): boolean {
  const reply = v.safeParse(replySchema, body);
  if (!reply.success || !("result" in reply.output) || !("task" in reply.output.result)) return false;
  const { state } = reply.output.result.task.status;
  return !isTerminal(state as TaskState) && !isInterrupted(state as TaskState);
}

/** Whether an operator has stopped the callee's task: no message lets it go on. */
export function isPaused(result: CallResult): boolean {
  return result.ok === "asks" && result.asks?.form === "interrupt" && result.asks.interrupt.kind === "paused";
}

export function toResult({ agent, skill }: OutboundCall, reply: Reply): CallResult {
  if ("unreachable" in reply && reply.unreachable) return { ok: false, reason: "unreachable", message: reply.unreachable };
  const parsed = v.safeParse(replySchema, reply.body);
  if (!parsed.success) return { ok: false, reason: "nonsense", message: `${agent}/${skill} gave an answer that is no A2A response` };
  if ("error" in parsed.output)
    return { ok: false, reason: "refused", message: `${agent}/${skill} refused: ${parsed.output.error.message}`, rejected: true };
  const { result } = parsed.output;
  if ("message" in result) {
    return {
      ok: true,
      taskId: "",
      text: textOf(result.message.parts as Part[]),
      artifacts: [{ artifactId: "message", parts: result.message.parts as Part[] }],
    };
  }
  const { id: taskId, status } = result.task;
  const metadata = result.task.metadata as JsonObject | undefined;
  const cost = costClaimedIn(metadata);
  const artifacts = (result.task.artifacts ?? []) as Artifact[];
  const words = textOf((status.message?.parts ?? []) as Part[]);
  switch (status.state) {
    case "TASK_STATE_COMPLETED":
      return { ok: true, taskId, text: textOf(artifacts.flatMap((artifact) => artifact.parts)) || words, artifacts, cost };
    case "TASK_STATE_INPUT_REQUIRED":
    case "TASK_STATE_AUTH_REQUIRED":
      return {
        ok: "asks",
        taskId,
        ...(result.task.contextId !== undefined && { contextId: result.task.contextId }),
        question: words || `${agent} asks for something, but does not say what`,
        metadata: limitAsked(metadata),
        cost,
        asks: askedIn(metadata, status.message?.metadata as JsonObject | undefined),
        ...(status.state === "TASK_STATE_AUTH_REQUIRED" && { auth: true as const }),
      };
    case "TASK_STATE_REJECTED":
      return { ok: false, reason: "refused", message: words || `${agent}/${skill} refused`, taskId, cost, rejected: true };
    case "TASK_STATE_CANCELED":
      // By whoever owns it, or because its time was over: not for want of skill.
      return { ok: false, reason: "refused", message: words || `${agent}/${skill} was canceled`, taskId, cost };
    case "TASK_STATE_FAILED":
      return { ok: false, reason: "failed", message: words || `${agent}/${skill} failed`, taskId, cost };
    default:
      return {
        ok: false,
        reason: "nonsense",
        message: `${agent}/${skill} answered with a task that has not ended (${status.state})`,
        taskId,
        cost,
      };
  }
}

/** Of what a task says of itself, the limit that its question is about. The rest is its own affair. */
function limitAsked(metadata: JsonObject | undefined): JsonObject | undefined {
  const limit = limitIn(metadata);
  return limit && { [GOVERNANCE_EXTENSION]: { limit } };
}
