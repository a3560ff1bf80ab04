/**
 * Tells the registry of a call that a candidate in shadow may be tried on too: what the callee was sent, and what it answered, and
 * nothing that it did not get. In the background, once the call has ended: nobody waits for it, and no call can fail by it. A registry
 * that makes no copy of one is not told of the next ones for a while: it takes few, and all of them may be large.
 */
import { waitUntil } from "cloudflare:workers";
import type { OutboundCall } from "../host/calls.ts";
import type { RegistryEnv } from "../registry/api.ts";
import type { SnapshotEntry } from "../registry/entry.ts";
import { harmlessSkills } from "../registry/harmless.ts";
import type { ShadowCopy } from "../registry/rollout.ts";
import { isObject } from "./json-object.ts";
import type { Reply } from "./peer-request.ts";
import { published } from "./published.ts";

/** Of what was sent and answered together, as JSON. */
const MOST_BYTES = 256 * 1024;
/** After a call of which no copy was made. Milliseconds. */
export const QUIET_MS = 5_000;
/** Candidates; beyond it those that were told of first are forgotten. */
const MOST_KEPT = 1_000;
/** How a task ends that its agent brought to its end. What was canceled says nothing of whoever worked on it. */
const ENDS: readonly unknown[] = ["TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_REJECTED"];

export interface EndedCall {
  /** To an agent that was published. */
  readonly call: OutboundCall;
  /** Of the request that began it: what was asked, not how its answer was waited for. */
  readonly params: object;
  /** A task, or a message, in the form of a reply to a send. */
  readonly reply: Reply;
  /** From when it was first sent. */
  readonly ms: number;
}

/** Until when which candidate's registry is told nothing. Milliseconds since the epoch. */
const quietUntil = new Map<string, number>();

export function tellOfCopy(env: object, ended: EndedCall): void {
  const { REGISTRY } = env as RegistryEnv;
  const answer = answerIn(ended.reply);
  if (!REGISTRY || answer === undefined) return;
  const tell = async () => {
    try {
      const entry = await published(env, ended.call.agent);
      const which = `${entry?.name}@${entry?.candidate?.version}`;
      const copy = shadowCopyOf(entry, ended, answer);
      if (!copy || Date.now() < (quietUntil.get(which) ?? 0) || sizeOf(copy) > MOST_BYTES) return;
      // While it has not answered, the others that end at the same time are not told of either.
      rest(which);
      if (await REGISTRY.copy(copy)) quietUntil.delete(which);
    } catch (error) {
      console.warn(`the registry was not told of a call to ${ended.call.agent}, and its candidate is not tried on it`, error);
    }
  };
  waitUntil(tell());
}

function rest(which: string): void {
  quietUntil.delete(which);
  quietUntil.set(which, Date.now() + QUIET_MS);
  const [first] = quietUntil.keys();
  if (quietUntil.size > MOST_KEPT && first !== undefined) quietUntil.delete(first);
}

/** @returns undefined where there is no candidate that it could be made of without harm */
function shadowCopyOf(entry: SnapshotEntry | undefined, { call, params, ms }: EndedCall, answer: object): ShadowCopy | undefined {
  const { agent, skill, card, taskId } = call;
  const candidate = entry?.candidate;
  // An answer to a question is nothing without the task that asked.
  if (!entry || candidate?.stage !== "shadow" || taskId !== undefined || card?.version !== entry.version) return undefined;
  if (![entry, candidate].every((each) => harmlessSkills(each.card).has(skill))) return undefined;
  return { agent, skill, base: entry.version, params, answer, ms };
}

/** The task or message, once its agent has done with it. */
function answerIn({ body }: Reply): object | undefined {
  const result = isObject(body) ? body["result"] : undefined;
  if (!isObject(result)) return undefined;
  const { task, message } = result;
  if (isObject(message)) return message;
  const status = isObject(task) ? task["status"] : undefined;
  return isObject(task) && isObject(status) && ENDS.includes(status["state"]) ? task : undefined;
}

function sizeOf(copy: ShadowCopy): number {
  return new TextEncoder().encode(JSON.stringify(copy)).byteLength;
}
