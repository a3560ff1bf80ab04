/**
 * Telling a callee that nobody waits for a call any more, in one request: by the call's key where the callee knows keys, so that a
 * message that is still on its way finds its task canceled; by the task's id elsewhere. What comes back may be anything.
 */
import * as v from "valibot";
import type { CallResult, OutboundCall, OutboundOptions, Released } from "../host/calls.ts";
import { isTerminal, type JsonObject, type Message, type TaskState } from "../task/a2a-types.ts";
import { costClaimedIn } from "../task/governance-extension.ts";
import { calledOffIn, RESUME_EXTENSION } from "../task/resume-extension.ts";
import { costIn } from "./callee-result.ts";
import { jsonRpcCode } from "./errors.ts";
import { exchange } from "./peer-request.ts";
import { manners } from "./peers.ts";

const taskSchema = v.looseObject({
  status: v.looseObject({ state: v.string() }),
  metadata: v.optional(v.record(v.string(), v.any())),
});
const calledOff = v.object({ result: v.object({ task: taskSchema }) });
const canceled = v.object({ result: taskSchema });
const refused = v.object({ error: v.looseObject({ code: v.number() }) });

const INTERNAL = jsonRpcCode("internal");

/** It had ended, or is not there: there is nothing left to cancel. */
const OVER: Released = { arrived: true };

/**
 * @param toResult what a task's reply comes to, for one that had ended before
 * @returns undefined when it could not be said, or not to all whom the callee has called in turn
 */
export async function callOff(
  env: object,
  call: OutboundCall,
  options: OutboundOptions,
  toResult: (body: unknown) => CallResult,
): Promise<Released | undefined> {
  // A stranger takes every message for a new task, one that is meant to cancel too.
  if (!(await manners(env, call)).keyed) return cancelById(env, call, options);
  const message: Message = { messageId: options.key, role: "ROLE_USER", parts: [{ text: "This call is called off." }] };
  const metadata = { [RESUME_EXTENSION]: { idempotencyKey: options.key, cancel: true } };
  const { body } = await exchange(env, call, options, "SendMessage", { message, metadata, configuration: { historyLength: 0 } });
  const reply = v.safeParse(calledOff, body);
  if (!reply.success) return v.is(refused, body) && body.error.code !== INTERNAL ? OVER : undefined;
  const said = reply.output.result.task.metadata as JsonObject | undefined;
  const { arrived, settled } = calledOffIn(said) ?? { arrived: true, settled: true };
  if (!settled) return undefined;
  const result = isEndedOtherwise(reply.output.result.task.status.state) ? toResult(body) : undefined;
  return { arrived, cost: costClaimedIn(said), ...(result && { result }) };
}

/** One that asked nothing has not said under which id it works: it is left to its own deadline. */
async function cancelById(env: object, call: OutboundCall, options: OutboundOptions): Promise<Released | undefined> {
  if (call.taskId === undefined) return OVER;
  const { body } = await exchange(env, call, options, "CancelTask", { id: call.taskId });
  const reply = v.safeParse(canceled, body);
  if (reply.success) return { arrived: true, cost: costIn({ body }) };
  return v.is(refused, body) && body.error.code !== INTERNAL ? OVER : undefined;
}

function isEndedOtherwise(state: string): boolean {
  return isTerminal(state as TaskState) && state !== "TASK_STATE_CANCELED";
}
