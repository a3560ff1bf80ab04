/**
 * Puts to the test what a card declares its agent to be capable of: what is declared and does not happen is false. An agent that is
 * away says nothing either way. Sends nothing but what may be sent to a skill without harm.
 */
import { createParser } from "eventsource-parser";
import { configurationOf, outsideBody, outsideHeaders } from "../../shared/a2a/outside-form.ts";
import { whyNotReached } from "../../shared/net/guarded-fetch.ts";
import type { Probe } from "../../shared/registry/probe.ts";
import { type Harmless, harmlessMessage } from "../../shared/registry/probe-choice.ts";
import { type AgentCard, isObject } from "../../shared/task/a2a-types.ts";
import { type Asking, askAgent, messageOf, newKey } from "./asked-agent.ts";

export interface Tried {
  readonly ok: boolean;
  readonly why: string;
}

export interface Claim {
  /** As it stands in the card, such as `capabilities.streaming`. */
  readonly claim: string;
  /** @returns undefined when nothing can be said: the agent is away, or wants to know who asks */
  try(timeoutMs: number): Promise<Tried | undefined>;
}

/** Says in so many words that it cannot: method, push, operation or extended card. (A2A 1.0, 5.4) */
const DENYING_CODES = [-32601, -32003, -32004, -32007];
/** Until the first event. An agent that sends more without saying anything says nothing. */
const MOST_BYTES = 256 * 1024;
/** Exactly one of them is in an event. (A2A 1.0, 3.2.3) */
const EVENTS = ["task", "message", "statusUpdate", "artifactUpdate"];

/** One for each capability that the card declares and that can be tried. */
export function claimsOf(
  { card, probes, endpoint }: { card: AgentCard; probes: readonly Probe[]; endpoint: string },
  asking: Asking,
): Claim[] {
  const { streaming, pushNotifications, extendedAgentCard } = card.capabilities;
  const message = harmlessMessage(card, probes);
  const answers = (claim: string, method: string, params: object): Claim => ({
    claim,
    try: (timeoutMs) => isNotDenied(endpoint, method, params, asking, timeoutMs),
  });
  return [
    ...(streaming && message ? [{ claim: "capabilities.streaming", try: (ms: number) => streams(endpoint, message, asking, ms) }] : []),
    // Of a task that nobody has: whoever sends notifications says so, and whoever does not says that.
    ...(pushNotifications
      ? [answers("capabilities.pushNotifications", "ListTaskPushNotificationConfigs", { taskId: crypto.randomUUID() })]
      : []),
    ...(extendedAgentCard ? [answers("capabilities.extendedAgentCard", "GetExtendedAgentCard", {})] : []),
  ];
}

async function isNotDenied(
  endpoint: string,
  method: string,
  params: object,
  asking: Asking,
  timeoutMs: number,
): Promise<Tried | undefined> {
  const reply = await askAgent(endpoint, method, params, asking, timeoutMs);
  if (reply.kind === "nothing") return undefined;
  if (reply.kind === "result") return { ok: true, why: `${method} was answered` };
  if (!DENYING_CODES.includes(reply.code)) return { ok: true, why: `${method} is known, and answered with error ${reply.code}` };
  return { ok: false, why: `is declared, and ${method} was answered with error ${reply.code}: it is not supported` };
}

/** One event in the form of A2A is enough: how it goes on is for whoever calls. */
async function streams(endpoint: string, asked: Harmless, { fetch, local }: Asking, timeoutMs: number): Promise<Tried | undefined> {
  if (whyNotReached(endpoint, { local }) !== undefined) return undefined;
  const timeout = AbortSignal.timeout(timeoutMs);
  const key = newKey();
  const no = (what: string): Tried => ({ ok: false, why: `is declared, and SendStreamingMessage ${what}` });
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      redirect: "manual",
      signal: timeout,
      headers: outsideHeaders(key, "SendStreamingMessage"),
      body: outsideBody("SendStreamingMessage", { message: messageOf(asked, key), configuration: configurationOf(false) }),
    });
    const { status, headers, body } = response;
    const isStream = status === 200 && headers.get("Content-Type")?.startsWith("text/event-stream") === true;
    if (!isStream || !body) {
      // A sender that does not want to stop is no reason to stop here.
      body?.cancel().catch(() => {});
      return isAbsence(status) ? undefined : no(`was answered with HTTP ${status} and no event stream`);
    }
    const data = await firstEvent(body);
    if (data === undefined) return no("gave a stream without an event");
    return isEvent(data) ? { ok: true, why: "SendStreamingMessage gave an event" } : no("gave an event that is none of A2A");
  } catch {
    return timeout.aborted ? no(`gave no event within ${timeoutMs / 1000} s`) : undefined;
  }
}

/** Who asks is not known here, or it is too much, or the agent is broken: nothing that a card says. */
function isAbsence(status: number): boolean {
  return status === 401 || status === 403 || status === 429 || status >= 500;
}

/** @returns its data; undefined when the stream ends, or goes on without one */
async function firstEvent(body: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const events: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => events.push(data) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (let bytes = 0; bytes <= MOST_BYTES && events.length === 0; ) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      parser.feed(decoder.decode(value, { stream: true }));
    }
    return events[0];
  } finally {
    reader.cancel().catch(() => {});
  }
}

function isEvent(data: string): boolean {
  try {
    const said: unknown = JSON.parse(data);
    const result = isObject(said) ? said["result"] : undefined;
    return isObject(result) && EVENTS.filter((name) => isObject(result[name])).length === 1;
  } catch {
    return false;
  }
}
