/**
 * The agents this mesh was deployed with, and the card each one serves: what the planner may choose from.
 */
import { agentNames, cardOf } from "../../shared/a2a/peers.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";

/** The cards of all bound agents that answer. One that does not is left out; it cannot be delegated to. */
export async function catalogue(env: object): Promise<AgentCard[]> {
  const cards = await Promise.all(agentNames(env).map((name) => cardOf(env, name)));
  return cards.filter((card) => card !== undefined);
}
