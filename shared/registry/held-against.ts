/**
 * One version of a skill held against another: how often it succeeds and how often it declines, how long it takes, what it costs, and
 * whether it says the same.
 * Each comparison is a gate with one of three verdicts. What only chance may have done breaches none. Pure.
 */
import type { RolloutContract } from "../contract/rollout.ts";
import { betaQuantile } from "../policy/beta.ts";
import type { CopiesSeen, SkillSeen, Within } from "./rollout.ts";

/** `doubt`: as seen it does not hold, and that may be chance. */
export type Verdict = "holds" | "doubt" | "breach";

export interface Gate {
  readonly gate: "success" | "declined" | "likeness" | "latency" | "cost";
  readonly verdict: Verdict;
  /** The end of a sentence about the candidate, with both figures. */
  readonly why: string;
}

type Record = Pick<SkillSeen, "successes" | "failures" | "declined">;

/** A share that lies on its bound holds, however it was divided. */
const ROUNDING = 1e-9;

/**
 * Not inferior, but for the drop that is allowed. As seen: the rates themselves. Beyond chance: the candidate's upper bound lies below
 * the base's lower one, less the drop; both of the success rate's Beta posterior from a flat prior; and so many failed that they are
 * not one caller's mishap. A base with fewer outcomes than `minBase` says nothing, and the contract's floor stands in for it. Below
 * the floor nothing holds, whatever the base did: two that always fail are as good as each other.
 *
 * @returns undefined where the candidate has no outcome
 */
export function holdSuccess(contract: RolloutContract, base: Record, candidate: Record): Gate | undefined {
  if (outcomesOf(candidate) === 0) return undefined;
  const isMeasured = outcomesOf(base) >= contract.minBase;
  const allowed = isMeasured ? base.successes / outcomesOf(base) - contract.maxSuccessDrop : contract.floor;
  const wanted = Math.max(allowed, contract.floor);
  const least = isMeasured ? boundOf(contract.tail, base) - contract.maxSuccessDrop : contract.floor;
  const holds = candidate.successes / outcomesOf(candidate) >= wanted - ROUNDING;
  const mayBeChance = candidate.failures < contract.minFailures || boundOf(1 - contract.tail, candidate) >= least;
  const against =
    isMeasured && wanted === allowed ? `where ${ratio(base)} of the base's did` : `where at least ${percent(contract.floor)} should`;
  return { gate: "success", verdict: verdictOf(holds, mayBeChance), why: `has ${ratio(candidate)} calls that succeeded, ${against}` };
}

/**
 * Refusals and questions, of the calls that did not fail: no more than the base has, but for the rise that is allowed. A base with fewer of these
 * than `minBase` says nothing of how often a skill has to ask; then the candidate should answer as often as the floor says, and what it does
 * not takes nothing back.
 *
 * @returns undefined where the candidate declined nothing
 */
export function holdDeclined(contract: RolloutContract, base: Record, candidate: Record): Gate | undefined {
  const [its, ofBase] = [declinedOf(candidate), declinedOf(base)];
  if (its.successes === 0) return undefined;
  const isMeasured = outcomesOf(ofBase) >= contract.minBase;
  const most = isMeasured ? ofBase.successes / outcomesOf(ofBase) + contract.maxDeclinedRise : 1 - contract.floor;
  const holds = its.successes / outcomesOf(its) <= most + ROUNDING;
  const limit = boundOf(1 - contract.tail, ofBase) + contract.maxDeclinedRise;
  const mayBeChance = !isMeasured || its.successes < contract.minFailures || boundOf(contract.tail, its) <= limit;
  const against = isMeasured ? `where the base did to ${ratio(ofBase)}` : `where at most ${percent(1 - contract.floor)} may be`;
  return { gate: "declined", verdict: verdictOf(holds, mayBeChance), why: `refused or asked back to ${ratio(its)} calls, ${against}` };
}

/** Of the answers that were compared, so many must be alike. @returns undefined where none was */
export function holdLikeness(contract: RolloutContract, { compared, alike }: Pick<CopiesSeen, "compared" | "alike">): Gate | undefined {
  if (compared === 0) return undefined;
  const holds = alike / compared >= contract.minAlike - ROUNDING;
  const mayBeChance = boundOf(1 - contract.tail, { successes: alike, failures: compared - alike }) >= contract.minAlike;
  const why = `gave ${alike} of ${compared} answers that are like the base's, where at least ${percent(contract.minAlike)} should be`;
  return { gate: "likeness", verdict: verdictOf(holds, mayBeChance), why };
}

/** @returns undefined where of either nothing was seen */
export function holdLatency(contract: RolloutContract, base: SkillSeen, candidate: SkillSeen): Gate | undefined {
  if (base.ms === undefined || candidate.ms === undefined) return undefined;
  const limit = (ms: number) => ms * contract.maxLatencyRatio + contract.latencySlackMs;
  return {
    gate: "latency",
    verdict: verdictOf(candidate.ms <= limit(base.ms), mayBeBelow(limit, base.msWithin, candidate.msWithin)),
    why: `takes ${rounded(candidate.ms)} ms, where the base takes ${rounded(base.ms)} ms and ${rounded(limit(base.ms))} ms are allowed`,
  };
}

/** @returns undefined where of either nothing was seen */
export function holdCost(contract: RolloutContract, base: SkillSeen, candidate: SkillSeen): Gate | undefined {
  if (base.microUsd === undefined || candidate.microUsd === undefined) return undefined;
  const limit = (microUsd: number) => microUsd * contract.maxCostRatio + contract.costSlackMicroUsd;
  const costs = `costs ${rounded(candidate.microUsd)} micro-USD, where the base costs ${rounded(base.microUsd)}`;
  return {
    gate: "cost",
    verdict: verdictOf(candidate.microUsd <= limit(base.microUsd), mayBeBelow(limit, base.microUsdWithin, candidate.microUsdWithin)),
    why: `${costs} and ${rounded(limit(base.microUsd))} are allowed`,
  };
}

export function outcomesOf({ successes, failures }: Record): number {
  return successes + failures;
}

/** Declined, against answered: a share whose bounds are found as a success rate's are. A failure must not make it look better. */
function declinedOf({ declined = 0, successes }: Record): Record {
  return { successes: declined, failures: successes };
}

function verdictOf(holds: boolean, mayBeChance: boolean): Verdict {
  if (holds) return "holds";
  return mayBeChance ? "doubt" : "breach";
}

function boundOf(quantile: number, { successes, failures }: Record): number {
  return betaQuantile(quantile, 1 + successes, 1 + failures);
}

/** The candidate's median at its lowest lies within what is allowed of the base's at its highest; or too little was seen to say. */
function mayBeBelow(limit: (median: number) => number, base: Within | undefined, candidate: Within | undefined): boolean {
  return !base || !candidate || candidate[0] <= limit(base[1]);
}

function ratio(record: Record): string {
  return `${rounded(record.successes)} of ${rounded(outcomesOf(record))}`;
}

function percent(share: number): string {
  return `${rounded(share * 100)}%`;
}

function rounded(value: number): number {
  return Math.round(value);
}
