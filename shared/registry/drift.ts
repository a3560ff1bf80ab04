/**
 * Whether an agent still does what it did when it was published, and whether it ever did: a reason to take it out of the list, or
 * none. Pure and deterministic: the same outcomes give the same answer. What is done about it is the registry's.
 */
import { betaQuantile } from "../policy/beta.ts";
import type { ProbeOutcome } from "./probe.ts";
import { isProbe } from "./score.ts";

/** Outcomes that are held against each other; of fewer than twice as many, the first half against the second. */
export const WINDOW = 20;
/**
 * On either side of what was counted, 0..1. Four times a day somebody looks, for months: at a twentieth, as a single look would have
 * it, a sound agent with bad days would be taken out sooner or later.
 */
const TAIL = 0.01;
/** For an agent that never did what its publisher says: there is no long row of looks, and nobody is served by waiting. */
const TAIL_OF_FALSE = 0.05;

interface Bounds {
  readonly held: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

/**
 * @param outcomes of one version, in the order in which they were made; after somebody has put it back into the list, those since
 * @returns in words, why the agent should not be called until somebody has looked at it; undefined when nothing speaks against it
 */
export function whyQuarantine(outcomes: readonly ProbeOutcome[]): string | undefined {
  // Whatever an agent still does, under another card than was looked at it is another agent.
  const card = outcomes.findLast(({ claim }) => claim === "card");
  if (card?.ok === false) return card.why;
  for (const [skill, its] of Map.groupBy(outcomes.filter(isProbe), (outcome) => outcome.skill)) {
    const why = whyDrifted(its) ?? whyFalse(its);
    if (why !== undefined) return `skill "${skill}" ${why}`;
  }
  return undefined;
}

/** The last window lies below the first one, by more than chance can explain. */
function whyDrifted(outcomes: readonly ProbeOutcome[]): string | undefined {
  const size = Math.min(WINDOW, outcomes.length >> 1);
  if (size === 0) return undefined;
  const first = boundsOf(outcomes.slice(0, size), TAIL);
  const last = boundsOf(outcomes.slice(-size), TAIL);
  if (last.high >= first.low) return undefined;
  return `has fallen: ${last.held} of its last ${last.of} probes held, ${first.held} of its first ${first.of} did`;
}

/** It more often fails than holds what its own publisher wrote. */
function whyFalse(outcomes: readonly ProbeOutcome[]): string | undefined {
  const last = boundsOf(outcomes.slice(-WINDOW), TAIL_OF_FALSE);
  return last.high < 0.5 ? `does not hold what is claimed of it: ${last.held} of ${last.of} probes held` : undefined;
}

/** From these outcomes alone (a flat prior): a window that borrowed from what is believed of all agents could hardly ever fall. */
function boundsOf(outcomes: readonly ProbeOutcome[], tail: number): Bounds {
  const held = outcomes.filter(({ ok }) => ok).length;
  const of = outcomes.length;
  return { held, of, low: betaQuantile(tail, 1 + held, 1 + of - held), high: betaQuantile(1 - tail, 1 + held, 1 + of - held) };
}
