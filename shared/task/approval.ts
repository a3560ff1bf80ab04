/** What a person is asked before an action, and what they said. Pure. */
import type { JsonObject } from "./a2a-types.ts";

export type Approval = { readonly approved: true } | { readonly approved: false; readonly reason: string };

/** @param args exactly those that the action will be done with */
export function approvalQuestion(description: string, args: JsonObject): string {
  return `${description}\n\n${JSON.stringify(args, null, 2)}\n\nAnswer "yes" to approve exactly this, anything else to reject it.`;
}

/** Only a plain yes approves; silence, doubt and conditions do not. */
export function approvalFrom(answer: string): Approval {
  if (/^\s*(yes|approved?)\s*[.!]?\s*$/i.test(answer)) return { approved: true };
  return { approved: false, reason: answer.trim() || "no reason given" };
}
