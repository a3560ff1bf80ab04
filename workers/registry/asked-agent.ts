/**
 * One JSON-RPC request to a published agent, from outside the mesh and as a stranger: no credentials go along. (A2A 1.0, 9) What comes
 * back may be anything; it becomes a value. Where it may go and how long is the guarded fetch's.
 */
import { type Fetch, type Guarded, guardedFetch } from "../../shared/net/guarded-fetch.ts";
import type { Harmless } from "../../shared/registry/probe-choice.ts";
import { isObject, type Json, type Message } from "../../shared/task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../../shared/task/governance-extension.ts";
import { namingSkill, SKILL_EXTENSION } from "../../shared/task/skill-extension.ts";

export interface Asking {
  readonly fetch: Fetch;
  /** Somebody's own machine, whose own servers may be reached. */
  readonly local: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export type Replied =
  | { readonly kind: "result"; readonly result: Json }
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  /** `reached`: something answered, but not as an agent does. */
  | { readonly kind: "nothing"; readonly reached: boolean; readonly why: string };

/** An answer with its artifacts; what is longer is no answer to a probe. */
const MOST_BYTES = 1024 * 1024;

/** Headers of every request to an agent; the skill is named, and what it cost is wished to be said. */
export const HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "application/json",
  "A2A-Version": "1.0",
  "A2A-Extensions": `${SKILL_EXTENSION}, ${GOVERNANCE_EXTENSION}`,
};

export function requestBody(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
}

/** The message of a probe: a new one each time, so that no agent can answer with what it said before. */
export function messageOf({ skill, message, data }: Harmless): Message {
  const parts = [{ text: message }, ...(data === undefined ? [] : [{ data, mediaType: "application/json" }])];
  return { messageId: crypto.randomUUID(), role: "ROLE_USER", parts, metadata: namingSkill(skill) };
}

/** @param timeoutMs for all of it, the body included */
export async function askAgent(
  endpoint: string,
  method: string,
  params: object,
  { fetch, local }: Asking,
  timeoutMs: number,
): Promise<Replied> {
  const body = requestBody(method, params);
  const request = { fetch, local, method: "POST", headers: HEADERS, body, timeoutMs, mostBytes: MOST_BYTES, anyStatus: true } as const;
  return repliedIn(await guardedFetch(endpoint, request));
}

function repliedIn(reply: Guarded): Replied {
  if (!reply.ok) return { kind: "nothing", reached: reply.status !== undefined && reply.status < 500, why: reply.why };
  const { json, status } = reply;
  const error = isObject(json) ? json["error"] : undefined;
  if (isObject(error) && typeof error["code"] === "number")
    return { kind: "error", code: error["code"], message: typeof error["message"] === "string" ? error["message"] : "" };
  if (isObject(json) && json["result"] !== undefined) return { kind: "result", result: json["result"] };
  return { kind: "nothing", reached: status < 500, why: `answered HTTP ${status} with JSON that is no JSON-RPC response` };
}
