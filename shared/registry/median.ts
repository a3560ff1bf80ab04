/**
 * Medians of what was seen, and how far off they may be by chance: from the order of the samples alone, because neither times nor
 * costs follow any distribution that is known. Pure; bounded work whatever comes in.
 */
import type { SkillSeen, Within } from "./rollout.ts";
import type { CallsSeen } from "./score.ts";

/** Samples looked at, the latest: beyond them the bounds hardly move any more. */
const MOST_SAMPLES = 500;

/** Of an even number the lower one of the middle: a value that was seen. Undefined where there is none. */
export function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((one, other) => one - other)[(values.length - 1) >> 1];
}

/**
 * The bounds of a median by order statistics: the true one lies below the k-th smallest sample only if fewer than k of n lie below it,
 * each with a probability of one half, whatever they are distributed like (the sign test's interval).
 *
 * @param tail probability on either side, 0..0.5
 * @returns undefined for samples so few that the smallest of them says nothing: up to five at a tail of 0.02
 */
export function medianWithin(values: readonly number[], tail: number): Within | undefined {
  const sorted = values.slice(-MOST_SAMPLES).sort((one, other) => one - other);
  const of = sorted.length;
  let probability = 0.5 ** of;
  let below = probability;
  let outside = 0;
  while (below <= tail && outside < of) {
    outside += 1;
    probability *= (of - outside + 1) / outside;
    below += probability;
  }
  const [low, high] = [sorted[outside - 1], sorted[of - outside]];
  return low === undefined || high === undefined ? undefined : [low, high];
}

/**
 * Calls to a skill, or copies of them, as the gates of a rollout read them. A success of which no cost is known counts as free: who
 * begins to charge must not be measured by the few calls that cost something.
 *
 * @param tail of the rollout contract
 */
export function seenOf({ successes, failures, declined, ms, microUsd }: CallsSeen, tail: number): SkillSeen {
  const costs = [...microUsd, ...Array.from({ length: Math.max(0, ms.length - microUsd.length) }, () => 0)];
  const [medianMs, medianCost] = [medianOf(ms), medianOf(costs)];
  const [msWithin, microUsdWithin] = [medianWithin(ms, tail), medianWithin(costs, tail)];
  return {
    successes,
    failures,
    ...(declined !== undefined && declined > 0 && { declined }),
    ...(medianMs !== undefined && { ms: medianMs }),
    ...(medianCost !== undefined && { microUsd: medianCost }),
    ...(msWithin && { msWithin }),
    ...(microUsdWithin && { microUsdWithin }),
  };
}
