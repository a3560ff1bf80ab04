/**
 * What a skill is worth to one caller beside how well it fits: how surely it succeeds, what it costs, how long it takes. What was
 * seen is believed, and a card's price only where nothing was. Cheap is not taken for bad, nor dear for good. Pure.
 */
import type { Preferences } from "../task/governance-extension.ts";
import type { SkillEvidence } from "./evidence.ts";

/** What halves the worth for a caller who looks at nothing else. */
const HALF = { microUsd: 10_000, ms: 5_000 } as const;
/** What nobody knows counts as what halves: to keep a price to oneself must pay no more than to say an ordinary one. */
const UNKNOWN = 0.5;
/** A skill that nobody measured at all, not even by what the mesh expects of such. */
const UNMEASURED = 0.5;

/** Micro-USD of one call, and whether somebody saw it or the card says so. */
export interface Price {
  readonly microUsd: number;
  readonly seen: boolean;
}

/**
 * Success always counts; the caller's weights say how much more, and what price and time count beside it.
 *
 * @param claimed micro-USD of one call, as the card says
 * @returns 0..1
 */
export function worthOf(evidence: SkillEvidence | undefined, claimed: number | undefined, preferences: Preferences): number {
  const { accuracy, cost, latency } = sharesOf(preferences);
  const reliability = evidence ? unit(evidence.reliability) : UNMEASURED;
  const price = priceOf(evidence, claimed);
  const cheap = price === undefined ? UNKNOWN : HALF.microUsd / (HALF.microUsd + price.microUsd);
  const fast = evidence?.ms === undefined ? UNKNOWN : HALF.ms / (HALF.ms + Math.max(0, evidence.ms));
  return reliability ** (1 + 2 * accuracy) * cheap ** cost * fast ** latency;
}

/** What was seen overrides what is claimed. */
export function priceOf(evidence: SkillEvidence | undefined, claimed: number | undefined): Price | undefined {
  if (evidence?.microUsd !== undefined) return { microUsd: Math.max(0, evidence.microUsd), seen: true };
  return claimed === undefined ? undefined : { microUsd: claimed, seen: false };
}

/** Of weights, whatever they add up to. */
function sharesOf({ accuracy, cost, latency }: Preferences): Preferences {
  const weights = { accuracy: unit(accuracy), cost: unit(cost), latency: unit(latency) };
  const sum = weights.accuracy + weights.cost + weights.latency;
  if (sum === 0) return { accuracy: 1, cost: 0, latency: 0 };
  return { accuracy: weights.accuracy / sum, cost: weights.cost / sum, latency: weights.latency / sum };
}

function unit(value: number): number {
  return value > 0 ? Math.min(1, value) : 0;
}
