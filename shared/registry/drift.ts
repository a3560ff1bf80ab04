/**
 * Whether an agent still does what it did when it was published, as fast and as cheaply, and whether it ever did: a reason to take it
 * out of the list, or none. Pure and deterministic: the same outcomes give the same answer. What is done about it is the registry's.
 */
import type { PublishingContract } from "../contract/publishing.ts";
import { betaQuantile } from "../policy/beta.ts";
import { medianOf, medianWithin } from "./median.ts";
import type { ProbeOutcome } from "./probe.ts";
import { isProbe } from "./score.ts";

/** What of the contract says when an agent has fallen. */
export type DriftLimits = Pick<
  PublishingContract,
  "driftWindow" | "driftTail" | "falseTail" | "driftLatencyRatio" | "driftLatencySlackMs" | "driftCostRatio" | "driftCostSlackMicroUsd"
>;

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
export function whyQuarantine(limits: DriftLimits, outcomes: readonly ProbeOutcome[]): string | undefined {
  // Whatever an agent still does, under another card than was looked at it is another agent.
  return whyOtherCard(outcomes) ?? whyFallen(limits, outcomes);
}

/** @returns in words, why the card that is served is not the one that was published; undefined where it is, or nobody knows */
export function whyOtherCard(outcomes: readonly ProbeOutcome[]): string | undefined {
  const card = outcomes.findLast(({ claim }) => claim === "card");
  return card?.ok === false ? card.why : undefined;
}

function whyFallen(limits: DriftLimits, outcomes: readonly ProbeOutcome[]): string | undefined {
  for (const [skill, its] of Map.groupBy(outcomes.filter(isProbe), (outcome) => outcome.skill)) {
    const why = whyDrifted(limits, its) ?? whyFalse(limits, its);
    if (why !== undefined) return `skill "${skill}" ${why}`;
  }
  return undefined;
}

/** The last window lies below the first one, by more than chance can explain; of fewer than two windows, one half below the other. */
function whyDrifted(limits: DriftLimits, outcomes: readonly ProbeOutcome[]): string | undefined {
  const size = Math.min(limits.driftWindow, outcomes.length >> 1);
  if (size === 0) return undefined;
  const [begin, end] = [outcomes.slice(0, size), outcomes.slice(-size)];
  return (
    whyFails(limits, begin, end) ??
    whySlower(limits, begin.filter(isHeld), end.filter(isHeld)) ??
    whyDearer(limits, begin.filter(isHeld), end.filter(isHeld))
  );
}

function whyFails({ driftTail }: DriftLimits, begin: readonly ProbeOutcome[], end: readonly ProbeOutcome[]): string | undefined {
  const [first, last] = [boundsOf(begin, driftTail), boundsOf(end, driftTail)];
  if (last.high >= first.low) return undefined;
  return `has fallen: ${last.held} of its last ${last.of} probes held, ${first.held} of its first ${first.of} did`;
}

/** By what held: a failure is as slow as the probe was patient, and costs what it costs. */
function whySlower(limits: DriftLimits, begin: readonly ProbeOutcome[], end: readonly ProbeOutcome[]): string | undefined {
  const [first, last] = [begin.map(({ ms }) => ms), end.map(({ ms }) => ms)];
  if (!isFarBeyond(first, last, limits.driftTail, (ms) => ms * limits.driftLatencyRatio + limits.driftLatencySlackMs)) return undefined;
  return `has become slow: ${last.length} probes that held of late took ${rounded(last)} ms, the first ${first.length} took ${rounded(first)} ms`;
}

/** By what it said, where it said something: who begins to tell costs has not become dearer. */
function whyDearer(limits: DriftLimits, begin: readonly ProbeOutcome[], end: readonly ProbeOutcome[]): string | undefined {
  const [first, last] = [begin, end].map((all) => all.flatMap(({ microUsd }) => microUsd ?? []));
  if (!first || !last) return undefined;
  const limit = (microUsd: number) => microUsd * limits.driftCostRatio + limits.driftCostSlackMicroUsd;
  if (!isFarBeyond(first, last, limits.driftTail, limit)) return undefined;
  return `has become dear: ${last.length} probes that held of late cost ${rounded(last)} micro-USD, the first ${first.length} cost ${rounded(first)}`;
}

/** The median of the last at its lowest lies beyond what is allowed of the first at its highest; never where too few were seen to say. */
function isFarBeyond(first: readonly number[], last: readonly number[], tail: number, limit: (median: number) => number): boolean {
  const [begin, end] = [medianWithin(first, tail), medianWithin(last, tail)];
  return begin !== undefined && end !== undefined && end[0] > limit(begin[1]);
}

function isHeld({ ok }: ProbeOutcome): boolean {
  return ok;
}

function rounded(values: readonly number[]): number {
  return Math.round(medianOf(values) ?? 0);
}

/** It more often fails than holds what its own publisher wrote. */
function whyFalse({ driftWindow, falseTail }: DriftLimits, outcomes: readonly ProbeOutcome[]): string | undefined {
  const last = boundsOf(outcomes.slice(-driftWindow), falseTail);
  return last.high < 0.5 ? `does not hold what is claimed of it: ${last.held} of ${last.of} probes held` : undefined;
}

/** From these outcomes alone (a flat prior): a window that borrowed from what is believed of all agents could hardly ever fall. */
function boundsOf(outcomes: readonly ProbeOutcome[], tail: number): Bounds {
  const held = outcomes.filter(isHeld).length;
  const of = outcomes.length;
  return { held, of, low: betaQuantile(tail, 1 + held, 1 + of - held), high: betaQuantile(1 - tail, 1 + held, 1 + of - held) };
}
