/**
 * How whoever is new comes by first calls: for a small share of needs, by the publishing contract, and only where nothing can go
 * wrong. Which needs these are a lot says, so that nobody can choose them. Pure.
 */
import type { PublishingContract } from "../contract/publishing.ts";
import type { SkillFacts } from "../task/skill-facts.ts";
import type { SkillEvidence } from "./evidence.ts";
import { isHarmless } from "./harmless.ts";
import { lotsOf } from "./lot.ts";

/** What of the contract says so. */
export type Exploration = Pick<PublishingContract, "exploreShare" | "exploreOutcomes">;

/** Whether the need is one of those for which somebody new comes first. */
export function isForTheNew(need: string, { exploreShare }: Exploration): boolean {
  return lotsOf("explore")(need) < exploreShare;
}

/** Whether its agent has few outcomes yet, in all versions, and it does no harm by its card's own account: by the rule for probes. */
export function mayBeTried(evidence: SkillEvidence | undefined, facts: SkillFacts | undefined, { exploreOutcomes }: Exploration): boolean {
  return outcomesOf(evidence) + (evidence?.others ?? 0) < exploreOutcomes && isHarmless(facts);
}

export function outcomesOf(evidence: SkillEvidence | undefined): number {
  return (evidence?.successes ?? 0) + (evidence?.failures ?? 0);
}
