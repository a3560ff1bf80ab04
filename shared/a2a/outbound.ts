/**
 * Calls to other agents of the mesh: plain A2A SendMessage through a service binding. What comes back may be anything; it
 * becomes a result, never an exception.
 */
import * as v from "valibot";
import { withPrincipal } from "../auth/mesh-principal.ts";
import type { Amount } from "../budget/amount.ts";
import { CHAIN_EXTENSION } from "../chain/delegation.ts";
import type { CallResult, Outbound, OutboundCall, OutboundOptions } from "../host/calls.ts";
import { type Artifact, isTerminal, type JsonObject, type Message, type Part, type TaskState, textOf } from "../task/a2a-types.ts";
import { costClaimedIn, GOVERNANCE_EXTENSION, limitIn } from "../task/governance-extension.ts";
import { namingSkill } from "../task/skill-extension.ts";
import { jsonRpcCode } from "./errors.ts";
import { agentBinding, describePeer } from "./peers.ts";
import { VERSION } from "./version.ts";

const parts = v.array(v.looseObject({ text: v.optional(v.string()) }));
const messageSchema = v.looseObject({ parts });
const taskSchema = v.looseObject({
  id: v.string(),
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
/** What an agent says to a message for a task that has ended. (3.1.1) */
const UNSUPPORTED = jsonRpcCode("unsupported-operation");

export const outbound: Outbound<object> = {
  describe: describePeer,

  async call(env, call, options) {
    const params = { message: toMessage(call, options.key), configuration: { historyLength: 0 }, ...underEnvelope(options) };
    const reply = await post(env, call, options, "SendMessage", params);
    return toResult(call, (await endedMeanwhile(env, call, options, reply)) ?? reply);
  },

  async cancel(env, call, options) {
    if (call.taskId !== undefined) return costOf(await post(env, call, options, "CancelTask", { id: call.taskId }));
    // The task's id is the callee's to give: the same key again, without waiting, brings it.
    const message = toMessage(call, options.key);
    const found = await post(env, call, options, "SendMessage", { message, configuration: { returnImmediately: true, historyLength: 0 } });
    const reply = v.safeParse(replySchema, found.body);
    const id = reply.success && "result" in reply.output && "task" in reply.output.result ? reply.output.result.task.id : undefined;
    return id === undefined ? undefined : costOf(await post(env, call, options, "CancelTask", { id }));
  },
};

/** Beside the message, which has to stay the same when the call is repeated. */
function underEnvelope({ envelope }: OutboundOptions): { metadata?: object } {
  return envelope ? { metadata: { [CHAIN_EXTENSION]: envelope } } : {};
}

/** What a task that was canceled says it has cost. */
function costOf({ body }: Reply): Amount | undefined {
  const reply = v.safeParse(taskReplySchema, body);
  return reply.success ? costClaimedIn(reply.output.result.metadata as JsonObject | undefined) : undefined;
}

type Reply = { body: unknown } | { unreachable: string; body?: undefined };

async function post(
  env: object,
  { agent }: OutboundCall,
  { key, principal, by, signal, traceparent }: OutboundOptions,
  method: string,
  params: object,
): Promise<Reply> {
  const binding = agentBinding(env, agent);
  if (!binding) return { unreachable: `there is no agent "${agent}" in this mesh` };
  const headers = withPrincipal(
    new Headers({ "Content-Type": "application/json", "A2A-Version": VERSION, "Idempotency-Key": key }),
    principal,
    by,
  );
  if (traceparent !== undefined) headers.set("traceparent", traceparent);
  try {
    const response = await binding.fetch(`https://${agent}.mesh/`, {
      method: "POST",
      headers,
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal,
    });
    const text = await response.text();
    try {
      return { body: JSON.parse(text) as unknown };
    } catch {
      // Not JSON: told apart from an answer below, by its shape.
      return { body: undefined };
    }
  } catch (error) {
    console.warn(`${agent} could not be reached`, error);
    return { unreachable: `${agent} could not be reached` };
  }
}

/**
 * The task of a call whose answer came too late: somebody answered its agent directly, and it has ended since. What came of
 * it is the result. Undefined when the reply is another one, or the task has not ended and so would only be asked again.
 */
async function endedMeanwhile(env: object, call: OutboundCall, options: OutboundOptions, { body }: Reply): Promise<Reply | undefined> {
  const reply = v.safeParse(replySchema, body);
  const refused = reply.success && "error" in reply.output && reply.output.error.code === UNSUPPORTED;
  if (!refused || call.taskId === undefined) return undefined;
  const given = v.safeParse(taskReplySchema, (await post(env, call, options, "GetTask", { id: call.taskId, historyLength: 0 })).body);
  if (!given.success || !isTerminal(given.output.result.status.state as TaskState)) return undefined;
  return { body: { result: { task: given.output.result } } };
}

function toMessage({ agent: _, skill, taskId, parts, metadata }: OutboundCall, key: string): Message {
  return {
    messageId: key,
    role: "ROLE_USER",
    parts: [...parts],
    ...(taskId !== undefined && { taskId }),
    metadata: { ...metadata, ...namingSkill(skill) },
  };
}

function toResult({ agent, skill }: OutboundCall, reply: Reply): CallResult {
  if ("unreachable" in reply && reply.unreachable) return { ok: false, reason: "unreachable", message: reply.unreachable };
  const parsed = v.safeParse(replySchema, reply.body);
  if (!parsed.success) return { ok: false, reason: "nonsense", message: `${agent}/${skill} gave an answer that is no A2A response` };
  if ("error" in parsed.output)
    return { ok: false, reason: "refused", message: `${agent}/${skill} refused: ${parsed.output.error.message}` };
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
      return { ok: "asks", taskId, question: words || `${agent} asks for something, but does not say what`, metadata: askedFor(metadata) };
    case "TASK_STATE_REJECTED":
      return { ok: false, reason: "refused", message: words || `${agent}/${skill} refused`, taskId, cost };
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

/** Of what a task says of itself, what its question is about: a limit, or an action to approve. The rest is its own affair. */
function askedFor(metadata: JsonObject | undefined): JsonObject | undefined {
  const limit = limitIn(metadata);
  const approval = metadata?.["approval"];
  if (!limit && approval === undefined) return undefined;
  return { ...(limit && { [GOVERNANCE_EXTENSION]: { limit } }), ...(approval !== undefined && { approval }) };
}
