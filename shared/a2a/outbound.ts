/**
 * Calls to other agents: plain A2A SendMessage, through a service binding, or to the address of one that was published to the mesh.
 * What comes back may be anything; it becomes a result, never an exception.
 */
import { CHAIN_EXTENSION } from "../chain/delegation.ts";
import type { AsksBack, CallResult, Outbound, OutboundCall, OutboundOptions, Pending } from "../host/calls.ts";
import type { Message } from "../task/a2a-types.ts";
import { withHitl } from "../task/hitl-extension.ts";
import { asSent, errorIn, goesOn, isPaused, taskIdIn, toResult } from "./callee-result.ts";
import { callOff } from "./calling-off.ts";
import { tellOfCopy } from "./copies.ts";
import { disclosed } from "./disclosure.ts";
import { jsonRpcCode } from "./errors.ts";
import { configurationOf, firstMessage, LOOK, lookAt } from "./outside-form.ts";
import { exchange, post, type Reply } from "./peer-request.ts";
import { agentBinding, describePeer, manners } from "./peers.ts";
import { revokedNow } from "./revocation.ts";
import { notify, watch } from "./watching.ts";

const NOT_FOUND = jsonRpcCode("task-not-found");
const INTERNAL = jsonRpcCode("internal");
/** At a task that goes on, before it is left to be looked at again later. */
const LONGEST_LOOK_MS = 10_000;
/** That a callee may need to notice that the time of its question is over. */
const SLOW_CLOCK_MS = 60_000;
/** Looks in a row that come to nothing, before a stranger that has taken a call counts as gone. */
const MOST_MISSED = 5;
/** In which a stranger that nobody waits for has to take it. */
const STOP_MS = 5_000;

export const outbound: Outbound<object> = {
  describe: describePeer,

  watch(env, given, taskId, all) {
    const { call, options } = disclosed(env, given, all);
    return watch(env, call, taskId, options);
  },

  notify,
  manners,

  async isRevoked(env, callee) {
    return !agentBinding(env, callee.agent) && (await revokedNow(env, callee)) !== undefined;
  },

  async call(env, given, all, atOnce = false) {
    const { call, options, isOutside } = disclosed(env, given, all);
    const { keyed, unread } = await manners(env, call);
    if (unread !== undefined) return { ok: "lost", message: unread, unread: true };
    // Its task's id is all that a stranger can be told to stop by, so it is wanted before the answer.
    const isFollowed = isOutside && !keyed;
    const configuration = configurationOf(atOnce || isFollowed);
    const asked = { message: toMessage(call, options.key), ...underEnvelope(options) };
    const { sentAt = Date.now() } = options;
    const ended = (last: Reply): CallResult => {
      if (isOutside && options.mayCopy) tellOfCopy(env, { call, params: asked, reply: last, ms: Date.now() - sentAt });
      return toResult(call, last);
    };
    const reply = await post(env, call, options, "SendMessage", { ...asked, configuration });
    if (reply.revoked !== undefined) return revoked(call, reply.revoked);
    const pending = pendingIn(call, reply);
    if (pending && keyed) return pending;
    if (pending?.ok === "working" && isFollowed) return follow(env, { ...call, taskId: pending.taskId }, options, ended);
    const refusal = call.taskId === undefined ? undefined : errorIn(reply);
    // Of a task that is not there nothing more can be learnt, and a failure is no word about the answer.
    if (!refusal || refusal.code === NOT_FOUND || refusal.code === INTERNAL) return ended(reply);
    const now = await found(env, call, options);
    if (!now) return toResult(call, reply);
    return now.ok === "working" || now.ok === "lost" ? now : { ...now, refused: refusal.message };
  },

  async look(env, given, all) {
    const { call, options } = disclosed(env, given, all);
    return (await found(env, call, options)) ?? gone(call);
  },

  cancel(env, given, all) {
    const { call, options } = disclosed(env, given, all);
    return callOff(env, call, options, (body) => toResult(call, { body }));
  },
};

/** It is not waited for any more, whatever it does. */
function revoked({ taskId }: OutboundCall, message: string): CallResult {
  return { ok: false, reason: "refused", message, ...(taskId !== undefined && { taskId }), working: true };
}

function gone({ agent, skill }: OutboundCall): CallResult {
  return { ok: false, reason: "refused", message: `${agent}/${skill} does not know its task any more` };
}

/** Beside the message, which has to stay the same when the call is repeated. */
function underEnvelope({ envelope }: OutboundOptions): { metadata?: object } {
  return envelope ? { metadata: { [CHAIN_EXTENSION]: envelope } } : {};
}

/** What is no answer yet, where the callee can be asked again. */
function pendingIn(call: OutboundCall, reply: Reply): Pending | undefined {
  if (reply.lost !== undefined) return { ok: "lost", message: reply.lost, ...("unread" in reply && { unread: true }) };
  const error = errorIn(reply);
  // Its Worker is there, but what should have done the work was lost with it.
  if (error?.code === INTERNAL) return { ok: "lost", message: error.message };
  const taskId = taskIdIn(reply);
  const result = toResult(call, reply);
  return taskId !== undefined && (goesOn(reply) || (result.ok === "asks" && isPaused(result))) ? { ok: "working", taskId } : undefined;
}

/** A stranger's task, looked at until it rests: the same message again would be another task, so one bad connection must not end it. */
async function follow(
  env: object,
  call: OutboundCall & { taskId: string },
  options: OutboundOptions,
  ended: (task: Reply) => CallResult,
): Promise<CallResult | Pending> {
  const { agent, taskId } = call;
  for (let missed = 1; ; missed++) {
    const now = (await found(env, call, options, ended)) ?? gone(call);
    if (now.ok !== "lost") return now;
    if (options.signal.aborted) {
      // Nobody else knows the id by which it can be told, and whoever asks again has another task made.
      void exchange(env, call, { ...options, signal: AbortSignal.timeout(STOP_MS) }, "CancelTask", { id: taskId });
      return { ok: "working", taskId };
    }
    if (missed === MOST_MISSED) return { ok: false, reason: "unreachable", message: `${agent} could not be reached any more`, taskId };
    await passed(LOOK.longestMs);
  }
}

/**
 * What has become of a callee's task that did not take an answer: somebody answered it directly, or its time was over. Undefined
 * when there is no such task.
 *
 * @param ended what a task comes to that rests
 */
async function found(
  env: object,
  call: OutboundCall,
  options: OutboundOptions,
  ended = (task: Reply): CallResult => toResult(call, task),
): Promise<CallResult | Pending | undefined> {
  const { keyed, unread } = await manners(env, call);
  if (unread !== undefined) return { ok: "lost", message: unread, unread: true };
  const began = Date.now();
  for (let wait: number = LOOK.firstMs; ; wait = Math.min(2 * wait, LOOK.longestMs)) {
    const reply = await post(env, call, options, "GetTask", lookAt(call.taskId));
    if (reply.revoked !== undefined) return revoked(call, reply.revoked);
    const pending = pendingIn(call, asSent(reply) ?? reply);
    if (pending?.ok === "lost") return pending;
    if ("unreachable" in reply) return toResult(call, reply);
    const task = asSent(reply);
    if (!task) return undefined;
    const result = toResult(call, task);
    const isPast = result.ok === "asks" && stillAsks(result, call.past);
    if (!pending && !(isPast && Date.now() < began + SLOW_CLOCK_MS)) return ended(task);
    // One that knows keys can be asked again later; of a stranger nothing more would be heard.
    if (pending && keyed && Date.now() > began + LONGEST_LOOK_MS) return pending;
    await passed(wait);
  }
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function stillAsks({ asks }: AsksBack, past: string | undefined): boolean {
  if (past === undefined || asks?.form !== "interrupt") return false;
  return [asks.interrupt, ...(asks.interrupt.waiting ?? [])].some(({ id }) => id === past);
}

function toMessage({ agent: _, skill, taskId, parts, metadata, answer }: OutboundCall, key: string): Message {
  const first = firstMessage(key, skill, parts);
  const message = { ...first, ...(taskId !== undefined && { taskId }), metadata: { ...metadata, ...first.metadata } };
  return withHitl(message, answer);
}
