/**
 * Calls that nobody waits for any more while their task goes on: the callee is told to stop, and what it says it has cost is
 * believed as far as its word is. What an ended task leaves behind is let-go.ts's.
 */
import { type Amount, amountOf, most, NOTHING } from "../../budget/amount.ts";
import type { CallingRun, OutboundCall, Released } from "../calls.ts";
import type { Peer } from "../governance/peer.ts";

/** How long a callee is waited for that is told to stop. Milliseconds. */
const RELEASE_MS = 5_000;

/**
 * Cancels what the call with this key began, or keeps it from beginning.
 * @param key of the call's first message
 * @returns undefined when the callee could not be told: it is left to its own deadline
 */
export function release<Env>({ outbound, env, task }: CallingRun<Env>, call: OutboundCall, key: string): Promise<Released | undefined> {
  const options = { key, principal: task.head.principal, signal: AbortSignal.timeout(RELEASE_MS) };
  return outbound.cancel(env, call, options).catch(() => undefined);
}

/** @returns undefined where its word is not taken, or it says nothing: it may have cost all that it was given */
export function costOfReleased({ arrived, cost }: Released, peer: Peer | undefined, skill: string): Amount | undefined {
  if (!arrived) return NOTHING;
  if (!peer?.chain || !cost) return undefined;
  return most(cost, amountOf({ microUsd: peer.facts.get(skill)?.price ?? 0 }));
}
