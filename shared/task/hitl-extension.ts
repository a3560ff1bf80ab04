/**
 * The published human-in-the-loop profile, as clients made for others speak it: what a question says in it, and what its answers
 * say. A payload stands under the extension's URI in the metadata of a message, which lists the URI in `extensions`. Pure.
 */
import * as v from "valibot";
import type { JsonObject, Message } from "./a2a-types.ts";
import { NO_REASON, type Verdict } from "./approval.ts";
import type { Interrupt } from "./interrupt-extension.ts";

export const HITL_EXTENSION = "https://kagent.dev/extensions/hitl/v1";

const approvalResponse = v.object({
  type: v.literal("tool_approval_response"),
  approvals: v.array(v.object({ id: v.string(), approved: v.boolean(), rejection_reason: v.nullish(v.string()) })),
});
const userResponse = v.object({
  type: v.literal("ask_user_response"),
  id: v.string(),
  answers: v.nullish(v.array(v.object({ answer: v.array(v.string()) }))),
});
const response = v.variant("type", [approvalResponse, userResponse]);

export type HitlResponse =
  | { readonly type: "approvals"; readonly approvals: readonly ({ readonly id: string } & Verdict)[] }
  | { readonly type: "answers"; readonly id: string; readonly answers: readonly (readonly string[])[] };

/**
 * @param words of the question, as a person reads them
 * @returns the payload of the message that puts it; undefined for what nobody can answer
 */
export function hitlRequest(words: string, interrupt: Interrupt): JsonObject | undefined {
  const { id, kind, action, asker, callee, choices = [] } = interrupt;
  if (kind === "paused") return undefined;
  const questions = [{ question: words, choices: [...choices], multiple: false }];
  const tools = [
    action
      ? { id, call_id: action.digest, name: `${asker.agent}/${asker.skill}`, args: action.args }
      : { id, call_id: id, name: "ask_user", args: { questions } },
  ];
  const nested = callee && {
    subagent_name: callee.agent,
    task_id: callee.task,
    ...(callee.context !== undefined && { context_id: callee.context }),
    tools,
  };
  const request = action ? { type: "tool_approval_request", hint: action.description, tools } : { type: "ask_user_request", id, questions };
  return { ...request, ...(nested && { nested }) };
}

/** The message with a payload of the profile. */
export function withHitl(message: Message, payload: JsonObject | undefined): Message {
  if (!payload) return message;
  const extensions = [...new Set([...(message.extensions ?? []), HITL_EXTENSION])];
  return { ...message, extensions, metadata: { ...message.metadata, [HITL_EXTENSION]: payload } };
}

/**
 * @returns what a message answers in the form of the profile; undefined when it says nothing in it. Also where the message forgot
 * to list the extension: a decision that its sender took must not turn into plain words.
 */
export function hitlResponseIn({ metadata }: Pick<Message, "metadata">): HitlResponse | "malformed" | undefined {
  const payload = metadata?.[HITL_EXTENSION];
  if (payload === undefined) return undefined;
  const parsed = v.safeParse(response, payload);
  if (!parsed.success) return "malformed";
  const { output } = parsed;
  if (output.type === "ask_user_response") {
    return { type: "answers", id: output.id, answers: (output.answers ?? []).map(({ answer }) => answer) };
  }
  const approvals = output.approvals.map(({ id, approved, rejection_reason }) =>
    approved ? { id, approved } : { id, approved, reason: rejection_reason?.trim() || NO_REASON },
  );
  return { type: "approvals", approvals };
}

/** The payload that answers a question by its id: with a verdict where it asks for one, else with words. */
export function hitlResponse(id: string, said: Verdict | { readonly text: string }): JsonObject {
  if ("text" in said) return { type: "ask_user_response", id, answers: [{ answer: [said.text] }] };
  const approval = said.approved ? { id, approved: true } : { id, approved: false, rejection_reason: said.reason };
  return { type: "tool_approval_response", approvals: [approval] };
}
