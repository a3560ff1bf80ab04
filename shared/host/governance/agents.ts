/**
 * What this isolate knows of the agents that are called from here: how their last calls went, for the agent breaker, and the
 * key pairs that envelopes for them are held with. Calls are told apart by tenant: what one tenant sends must not close an agent
 * to the others.
 */

import { type HolderKey, newHolderKey } from "../../chain/envelope.ts";
import type { AgentBreakerContract } from "../../contract/agent-breaker.ts";
import { type AgentBreakerState, type AgentCall, noteBegun, noteCall, UNTROUBLED } from "../../policy/agent-breaker.ts";
import type { CalledCard } from "../../task/event.ts";

const states = new Map<string, AgentBreakerState>();
const keys = new Map<string, { key: HolderKey; until: number }>();

/** A pair is only ever given to the one agent, so using it again shortens nobody's chain. Milliseconds. */
const KEY_MS = 5 * 60_000;
/** Agents kept; beyond it those that were called first are forgotten. */
const LIMIT = 1_000;

export function stateOf(tenant: string, agent: string): AgentBreakerState {
  return states.get(stateKey(tenant, agent)) ?? UNTROUBLED;
}

export function callBegins(
  contract: AgentBreakerContract,
  tenant: string,
  agent: string,
  { call, at }: { call: string; at: number },
): void {
  keep(states, stateKey(tenant, agent), noteBegun(contract, stateOf(tenant, agent), { call, at }));
}

export function callEnded(contract: AgentBreakerContract, tenant: string, agent: string, call: AgentCall): void {
  keep(states, stateKey(tenant, agent), noteCall(contract, stateOf(tenant, agent), call));
}

/** A candidate is held back by itself: most calls go to the version that it is tried beside, which must not suffer for it. */
export function heldAs(agent: string, card: CalledCard | undefined): string {
  return card?.candidate ? `${agent}@${card.version}` : agent;
}

export async function holderKeyFor(agent: string): Promise<HolderKey> {
  const known = keys.get(agent);
  if (known && known.until > Date.now()) return known.key;
  const key = await newHolderKey();
  keep(keys, agent, { key, until: Date.now() + KEY_MS });
  return key;
}

/** An agent's name has no space in it. */
function stateKey(tenant: string, agent: string): string {
  return `${agent} ${tenant}`;
}

function keep<V>(map: Map<string, V>, name: string, value: V): void {
  map.set(name, value);
  if (map.size <= LIMIT) return;
  const [first] = map.keys();
  if (first !== undefined) map.delete(first);
}
