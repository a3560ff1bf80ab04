/**
 * Calls to other agents of the mesh: plain A2A SendMessage through a service binding. What comes back may be anything; it
 * becomes a result, never an exception.
 */
import { CHAIN_EXTENSION } from "../chain/delegation.ts";
import type { AsksBack, CallResult, Outbound, OutboundCall, OutboundOptions, Pending } from "../host/calls.ts";
import type { Message } from "../task/a2a-types.ts";
import { withHitl } from "../task/hitl-extension.ts";
import { namingSkill } from "../task/skill-extension.ts";
import { asSent, errorIn, goesOn, isPaused, taskIdIn, toResult } from "./callee-result.ts";
import { callOff } from "./calling-off.ts";
import { jsonRpcCode } from "./errors.ts";
import { post, type Reply } from "./peer-request.ts";
import { describePeer, manners } from "./peers.ts";
import { notify, watch } from "./watching.ts";

const NOT_FOUND = jsonRpcCode("task-not-found");
const INTERNAL = jsonRpcCode("internal");
/** Between two looks at a task that goes on. Milliseconds. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;
/** At a task that goes on, before it is left to be looked at again later. */
const LONGEST_LOOK_MS = 10_000;
/** That a callee may need to notice that the time of its question is over. */
const SLOW_CLOCK_MS = 60_000;

export const outbound: Outbound<object> = {
  describe: describePeer,

  watch,
  notify,
  manners,

  async call(env, call, options, atOnce = false) {
    const configuration = { historyLength: 0, ...(atOnce && { returnImmediately: true }) };
    const params = { message: toMessage(call, options.key), configuration, ...underEnvelope(options) };
    const reply = await post(env, call, options, "SendMessage", params);
    const pending = pendingIn(call, reply);
    if (pending && (await manners(env, call.agent)).keyed) return pending;
    const refusal = call.taskId === undefined ? undefined : errorIn(reply);
    // Of a task that is not there nothing more can be learnt, and a failure is no word about the answer.
    if (!refusal || refusal.code === NOT_FOUND || refusal.code === INTERNAL) return toResult(call, reply);
    const now = await found(env, call, options);
    if (!now) return toResult(call, reply);
    return now.ok === "working" || now.ok === "lost" ? now : { ...now, refused: refusal.message };
  },

  async look(env, call, options) {
    const gone = { ok: false, reason: "refused", message: `${call.agent}/${call.skill} does not know its task any more` } as const;
    return (await found(env, call, options)) ?? gone;
  },

  cancel: (env, call, options) => callOff(env, call, options, (body) => toResult(call, { body })),
};

/** Beside the message, which has to stay the same when the call is repeated. */
function underEnvelope({ envelope }: OutboundOptions): { metadata?: object } {
  return envelope ? { metadata: { [CHAIN_EXTENSION]: envelope } } : {};
}

/** What is no answer yet, where the callee can be asked again. */
function pendingIn(call: OutboundCall, reply: Reply): Pending | undefined {
  if (reply.lost !== undefined) return { ok: "lost", message: reply.lost };
  const error = errorIn(reply);
  // Its Worker is there, but what should have done the work was lost with it.
  if (error?.code === INTERNAL) return { ok: "lost", message: error.message };
  const taskId = taskIdIn(reply);
  const result = toResult(call, reply);
  return taskId !== undefined && (goesOn(reply) || (result.ok === "asks" && isPaused(result))) ? { ok: "working", taskId } : undefined;
}

/**
 * What has become of a callee's task that did not take an answer: somebody answered it directly, or its time was over. Undefined
 * when there is no such task.
 */
async function found(env: object, call: OutboundCall, options: OutboundOptions): Promise<CallResult | Pending | undefined> {
  const { keyed } = await manners(env, call.agent);
  const began = Date.now();
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    const reply = await post(env, call, options, "GetTask", { id: call.taskId, historyLength: 0 });
    const pending = pendingIn(call, asSent(reply) ?? reply);
    if (pending?.ok === "lost") return pending;
    if ("unreachable" in reply) return toResult(call, reply);
    const task = asSent(reply);
    if (!task) return undefined;
    const result = toResult(call, task);
    const isPast = result.ok === "asks" && stillAsks(result, call.past);
    if (!pending && !(isPast && Date.now() < began + SLOW_CLOCK_MS)) return result;
    // One that knows keys can be asked again later; of a stranger nothing more would be heard.
    if (pending && keyed && Date.now() > began + LONGEST_LOOK_MS) return pending;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function stillAsks({ asks }: AsksBack, past: string | undefined): boolean {
  if (past === undefined || asks?.form !== "interrupt") return false;
  return [asks.interrupt, ...(asks.interrupt.waiting ?? [])].some(({ id }) => id === past);
}

function toMessage({ agent: _, skill, taskId, parts, metadata, answer }: OutboundCall, key: string): Message {
  const message: Message = {
    messageId: key,
    role: "ROLE_USER",
    parts: [...parts],
    ...(taskId !== undefined && { taskId }),
    metadata: { ...metadata, ...namingSkill(skill) },
  };
  return withHitl(message, answer);
}
