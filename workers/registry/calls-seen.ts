/**
 * What the scoreboard has counted of calls to an agent, as its evidence counts them. Asks the object of that agent and no other.
 */
import { scoreKey } from "../../shared/host/governance/score.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import { type CallsSeen, callsIn } from "../../shared/registry/score.ts";
import { type AgentScoresEnv, scoresOfAgents } from "./agent-scores.ts";

/** @returns by skill; those that nobody has called are left out */
export async function callsSeen({ name, version, card }: Entry, env: AgentScoresEnv): Promise<Readonly<Record<string, CallsSeen>>> {
  const scores = await scoresOfAgents(env).get(name).scores();
  return Object.fromEntries(
    card.skills.flatMap(({ id }) => {
      const score = scores[scoreKey(version, id)];
      return score ? [[id, callsIn(score)] as const] : [];
    }),
  );
}
