/**
 * The agents this mesh was deployed with: one service binding each, found by its prefix, and the card each one serves.
 */

import { CARD_PATH } from "../../shared/a2a/card/server.ts";
import { AGENT_BINDING, agentBinding } from "../../shared/a2a/outbound.ts";
import { parseCard } from "../../shared/kit/card.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";

/** As long as a card may be cached by any client. Milliseconds. */
const FRESH_MS = 60_000;

/** Cards, never promises of them: a request must not wait for what another one began, because that one may be canceled. */
let known: { at: number; cards: readonly AgentCard[] } | undefined;

/** Names of the bound agents, as in their URLs. */
export function agentNames(env: object): string[] {
  return Object.entries(env)
    .filter(([name, bound]) => name.startsWith(AGENT_BINDING) && typeof bound === "object")
    .map(([name]) => name.slice(AGENT_BINDING.length).toLowerCase().replaceAll("_", "-"))
    .sort();
}

/** The cards of all bound agents that answer. One that does not is left out and logged; it cannot be delegated to. */
export async function catalogue(env: object): Promise<AgentCard[]> {
  if (known && Date.now() - known.at < FRESH_MS) return [...known.cards];
  const all = await Promise.all(agentNames(env).map((name) => fetchCard(env, name)));
  const cards = all.filter((card) => card !== undefined);
  // An agent that was down is asked again with the next request, not after the time a card is good for.
  known = cards.length === all.length ? { at: Date.now(), cards } : undefined;
  return cards;
}

async function fetchCard(env: object, name: string): Promise<AgentCard | undefined> {
  try {
    const response = await agentBinding(env, name)?.fetch(`https://${name}.mesh${CARD_PATH}`);
    return parseCard(await response?.json());
  } catch (error) {
    console.error(`agent ${name} gave no usable card`, error);
    return undefined;
  }
}
