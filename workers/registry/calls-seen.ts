/**
 * What the scoreboard has counted of calls to an agent, as its evidence counts them. Asks the object of that agent and no other.
 */
import { scoreKey } from "../../shared/host/governance/score.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import type { CallsSeen } from "../../shared/registry/score.ts";
import { type AgentScoresEnv, scoresOfAgents } from "./agent-scores.ts";

/** @returns by skill; those that nobody has called are left out */
export async function callsSeen({ name, version, card }: Entry, env: AgentScoresEnv): Promise<Readonly<Record<string, CallsSeen>>> {
  const scores = await scoresOfAgents(env).get(name).scores();
  return Object.fromEntries(
    card.skills.flatMap(({ id }) => {
      const score = scores[scoreKey(version, id)];
      if (!score) return [];
      const { successes, failures, ms, costs } = score;
      // Nothing is also what is counted where an agent says nothing, or is not believed.
      const microUsd = costs.map((cost) => cost.microUsd).filter((cost) => cost > 0);
      return [[id, { successes, failures, ms, microUsd }] as const];
    }),
  );
}
