/**
 * Requests to a published agent, from outside the mesh and as a stranger: no credentials go along. (A2A 1.0, 9) They have the form of a
 * call's, so that no agent can do better by those that are counted. What comes back may be anything; it becomes a value. Where it may
 * go and how long is the guarded fetch's.
 */
import { bytesToHex, randomBytes } from "@noble/hashes/utils.js";
import { configurationOf, firstMessage, LOOK, lookAt, outsideBody, outsideHeaders } from "../../shared/a2a/outside-form.ts";
import { type Fetch, type Guarded, guardedFetch } from "../../shared/net/guarded-fetch.ts";
import type { Harmless } from "../../shared/registry/probe-choice.ts";
import { isInterrupted, isObject, isTerminal, type Json, type Message, type TaskState } from "../../shared/task/a2a-types.ts";

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

/** Of a call to somebody who does not know it: made of nothing. */
export function newKey(): string {
  return bytesToHex(randomBytes(32));
}

/** The message of a probe: a new one each time, so that no agent can answer with what it said before. */
export function messageOf({ skill, message, data }: Harmless, key: string): Message {
  return firstMessage(key, skill, [{ text: message }, ...(data === undefined ? [] : [{ data, mediaType: "application/json" }])]);
}

/** An agent that a message is sent to. */
export interface Asked {
  readonly endpoint: string;
  /** The same key is the same call to it, by its card. */
  readonly keyed: boolean;
}

/**
 * Sends a message as a call is sent, and waits for what comes of it as a call does: in the request, or by looking at its task.
 *
 * @param timeoutMs for all of it
 * @returns the reply to the message, with the task as it was seen last
 */
export async function askToEnd({ endpoint, keyed }: Asked, message: Message, asking: Asking, timeoutMs: number): Promise<Replied> {
  const until = asking.now() + timeoutMs;
  const { messageId: key } = message;
  const params = { message, configuration: configurationOf(!keyed) };
  let last = await askAgent(endpoint, "SendMessage", params, asking, timeoutMs, key);
  for (let wait: number = LOOK.firstMs; !keyed; wait = Math.min(2 * wait, LOOK.longestMs)) {
    const id = idOfGoingOn(last);
    const left = until - asking.now() - wait;
    if (id === undefined || left <= 0) break;
    await new Promise((resolve) => setTimeout(resolve, wait));
    const seen = await askAgent(endpoint, "GetTask", lookAt(id), asking, left, key);
    // Whoever does not show its task is believed in what it said of it before.
    if (seen.kind !== "result" || stateIn(seen.result) === undefined) break;
    last = { kind: "result", result: { task: seen.result } };
  }
  return last;
}

/** Of a task that has not ended, and waits for nobody. */
function idOfGoingOn(replied: Replied): string | undefined {
  const task = replied.kind === "result" && isObject(replied.result) ? replied.result["task"] : undefined;
  const state = stateIn(task);
  if (!isObject(task) || state === undefined || isTerminal(state) || isInterrupted(state)) return undefined;
  return typeof task["id"] === "string" ? task["id"] : undefined;
}

function stateIn(task: Json | undefined): TaskState | undefined {
  const status = isObject(task) ? task["status"] : undefined;
  return isObject(status) && typeof status["state"] === "string" ? (status["state"] as TaskState) : undefined;
}

/** @param timeoutMs for all of it, the body included @param key of the message that it is about, where it is about one */
export async function askAgent(
  endpoint: string,
  method: string,
  params: object,
  { fetch, local }: Asking,
  timeoutMs: number,
  key = newKey(),
): Promise<Replied> {
  const [headers, body] = [outsideHeaders(key, method), outsideBody(method, params)];
  const request = { fetch, local, method: "POST", headers, body, timeoutMs, mostBytes: MOST_BYTES, anyStatus: true } as const;
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
