/**
 * A person's yes or no to an action, as the message that says it: in the form that names the action by its id, so that it counts for
 * what was looked at and nothing else. Decides nothing itself.
 */
import { isInterrupted, isObject, type JsonObject, type Task } from "../shared/task/a2a-types.ts";
import { actionName, type Verdict } from "../shared/task/approval.ts";
import { HITL_EXTENSION, hitlResponse } from "../shared/task/hitl-extension.ts";
import { interruptIn } from "../shared/task/interrupt-extension.ts";
import type { Outgoing } from "./client.ts";
import { CommandError } from "./terminal.ts";

/** @throws CommandError when the task waits for no approval */
export function decisionOn(task: Task, verdict: Verdict): Outgoing {
  const { id: taskId, contextId, status, metadata } = task;
  const interrupt = interruptIn(metadata);
  if (!isInterrupted(status.state)) throw new CommandError(`task ${taskId} waits for nothing: look at it with --get ${taskId}`);
  const about = { taskId, contextId };
  if (interrupt?.kind === "approval") {
    const name = interrupt.action ? ` ${actionName(interrupt.action.digest)}` : "";
    return { ...about, parts: [{ text: inWords(verdict, name) }], answer: hitlResponse(interrupt.id, verdict) };
  }
  if (interrupt?.kind === "paused")
    throw new CommandError(
      `task ${taskId} is paused, and takes no answer before an operator has resumed it: look at it with --get ${taskId}`,
    );
  if (interrupt) throw new CommandError(`task ${taskId} asks a question, which a yes or no does not answer: use --answer "…"`);
  const asked = asksIn(status.message?.metadata?.[HITL_EXTENSION]);
  return { ...about, parts: [{ text: inWords(verdict) }], ...(asked && { answer: forAll(asked, verdict) }) };
}

function inWords(verdict: Verdict, name = ""): string {
  return verdict.approved ? `yes${name}` : `no${name}: ${verdict.reason}`;
}

/** Ids that an agent of somebody else's mesh asks about: every one of them is decided, or none. */
function asksIn(payload: unknown): string[] | undefined {
  const tools = isObject(payload) && Array.isArray(payload["tools"]) ? payload["tools"] : [];
  const ids = tools.flatMap((tool) => (isObject(tool) && typeof tool["id"] === "string" ? [tool["id"]] : []));
  return ids.length > 0 ? ids : undefined;
}

function forAll(ids: readonly string[], verdict: Verdict): JsonObject {
  const said = verdict.approved ? { approved: true } : { approved: false, rejection_reason: verdict.reason };
  return { type: "tool_approval_response", approvals: ids.map((id) => ({ id, ...said })) };
}
