/**
 * The form of what agents outside the mesh are sent: one for calls, for copies of calls and for probes, so that no agent can tell from
 * a request whether somebody waits for its answer or its answers are being measured. Pure; sends nothing, and knows no values.
 */
import type { Message, Part } from "../task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../task/governance-extension.ts";
import { HITL_EXTENSION } from "../task/hitl-extension.ts";
import { RESUME_EXTENSION } from "../task/resume-extension.ts";
import { namingSkill, SKILL_EXTENSION } from "../task/skill-extension.ts";
import { VERSION } from "./version.ts";

/** Answered by events. */
const STREAMED: readonly string[] = ["SendStreamingMessage", "SubscribeToTask"];
/** What is named in every request: its skill; what it asks passed up; what it cost said. */
const ASKED_FOR = [HITL_EXTENSION, SKILL_EXTENSION, GOVERNANCE_EXTENSION].join(", ");
/** Between two looks at a task that goes on. Milliseconds. */
export const LOOK = { firstMs: 50, longestMs: 2_000 } as const;

/** @param key of the message; of what follows of it, the same one */
export function outsideHeaders(key: string, method: string): Readonly<Record<string, string>> {
  return {
    Accept: STREAMED.includes(method) ? "text/event-stream" : "application/json",
    "Content-Type": "application/json",
    "A2A-Version": VERSION,
    "A2A-Extensions": ASKED_FOR,
    "Idempotency-Key": key,
    "User-Agent": "skein/1",
  };
}

export function outsideBody(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
}

/** A message that begins a task. @param key SHA-256 in hex, or as many random bytes */
export function firstMessage(key: string, skill: string, parts: readonly Part[]): Message {
  return { messageId: key, role: "ROLE_USER", parts: [...parts], metadata: namingSkill(skill) };
}

/**
 * Beside the message.
 * @param atOnce answered with the task as it stands, and looked at from then on
 */
export function configurationOf(atOnce: boolean): { readonly historyLength: 0; readonly returnImmediately?: true } {
  return { historyLength: 0, ...(atOnce && { returnImmediately: true }) };
}

export function lookAt(taskId: string | undefined): object {
  return { id: taskId, historyLength: 0 };
}

/** Of one that takes the same key for the same message the answer is waited for in its request; of any other, its task is looked at. */
export function isKeyed(extensions: readonly string[]): boolean {
  return extensions.includes(RESUME_EXTENSION);
}
