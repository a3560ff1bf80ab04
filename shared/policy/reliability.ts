/**
 * Reliability: how likely it is that a skill's result is right, from what was counted of it, and by which rules it may be
 * counted higher. Every number here is a bound to decide by, never a promise. Bad input counts as 0, so that it fails closed.
 */
import type { ChainCapContract } from "../contract/chain-cap.ts";
import { betaQuantile } from "./beta.ts";

/** Where a reliability comes from. `self`: the agent that began the chain, which counts nothing. */
export type Evidence = "self" | "measured" | "unmeasured" | "untrusted";

/** Outcomes of one skill in one version of its card. */
export type SkillRecord = { readonly successes: number; readonly failures: number };

export type Reliability = {
  /** 0..1 */
  readonly reliability: number;
  readonly evidence: Evidence;
};

/** What of the contract says how outcomes count. */
export type Counting = Pick<ChainCapContract, "priorSuccesses" | "priorFailures" | "minSamples" | "quantile">;

/** More outcomes than these count as these in the same ratio: the bound hardly moves any more, and the work stays bounded. */
const ENOUGH = 100_000;

/**
 * The lower bound of the Beta posterior of a skill's success: its prior is the contract's, and the likelihood is what was
 * counted. Too few outcomes say nothing: then it is the prior's mean, and says that nobody measured it.
 *
 * @param record `unmeasured` when nobody counted
 */
export function reliabilityOf(contract: Counting, record: SkillRecord | "unmeasured"): Reliability {
  if (record === "unmeasured") return { reliability: priorMean(contract), evidence: "unmeasured" };
  const { successes, failures } = record;
  // A count that is none fails closed: the prior would flatter a scoreboard that is broken.
  if (!isCount(successes) || !isCount(failures)) return { reliability: 0, evidence: "unmeasured" };
  const seen = successes + failures;
  if (seen < contract.minSamples) return { reliability: priorMean(contract), evidence: "unmeasured" };
  const scale = Math.min(1, ENOUGH / seen);
  const bound = betaQuantile(contract.quantile, contract.priorSuccesses + successes * scale, contract.priorFailures + failures * scale);
  return { reliability: bound, evidence: "measured" };
}

/** What an agent counts as before anybody has measured it. */
export function priorMean({ priorSuccesses, priorFailures }: Counting): number {
  return priorSuccesses / (priorSuccesses + priorFailures);
}

/**
 * A result that another agent checked, and that passed. Bayes, for a check that passes every right result and a wrong one with
 * the probability `misses`. Assumes that the checker does not err where the one it checks errs.
 */
export function verified(reliability: number, misses: number): number {
  const right = probability(reliability);
  if (right === 0) return 0;
  return 1 / (1 + (probability(misses, 1) * (1 - right)) / right);
}

/**
 * Several results for the same goal, by different agents: 1 - Π(1 - r). Assumes that they fail independently, and that somebody
 * can tell which one is right. To compare two results is less than to judge one, but it has to be done: without a check, two
 * results that differ are worth no more than one.
 */
export function redundant(reliabilities: readonly number[]): number {
  return 1 - reliabilities.reduce((wrong, each) => wrong * (1 - probability(each)), 1);
}

/**
 * One skill that is asked again when it fails, so many times in all. Counts only for failures that announce themselves: a wrong
 * result that looks right is never asked for again. Assumes that a second try fails independently of the first.
 *
 * @param tries the first one included
 */
export function retried(reliability: number, tries: number): number {
  const wrong = 1 - probability(reliability);
  let all = 1;
  for (let made = 0; made < Math.min(tries, 100); made++) all *= wrong;
  return 1 - all;
}

/** A number of 0..1 as it is, anything else as `otherwise`. */
export function probability(value: number, otherwise = 0): number {
  return typeof value === "number" && value > 0 && value <= 1 ? value : value === 0 ? 0 : otherwise;
}

function isCount(value: number): boolean {
  return typeof value === "number" && value >= 0 && value < Infinity;
}
