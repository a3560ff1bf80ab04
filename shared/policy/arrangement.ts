/**
 * Arrangement: when one call would fall below the floor, which agents, checks and second tries together would not, and which of
 * these is cheapest. A proposal to the planner, no decision: whatever it picks is admitted call by call like any other.
 * Plain data in and out, no clock, no I/O, never throws. The rules that raise a bound, and what they assume, are in reliability.ts.
 */
import type { ChainCapContract } from "../contract/chain-cap.ts";
import { probability, type Reliability, redundant, retried, verified } from "./reliability.ts";

export type Call = { readonly agent: string; readonly skill: string };

/** A skill that could do the work, or check it, with what a call of it is expected to take. */
export type Priced = Call & {
  /** Micro-USD. */
  readonly cost: number;
  readonly ms: number;
};

export type ArrangementOptions = {
  /** Product of reliabilities (0..1) of the chain so far. */
  readonly line: number;
  readonly candidates: readonly (Priced & Reliability)[];
  /** Checks results of others. Without it nobody can tell which of two results is right. */
  readonly checker?: Priced;
  /** What is left: micro-USD and calls. */
  readonly budget: { readonly microUsd: number; readonly calls: number };
  /** How much each counts (0..1). Left out, only the cost does. */
  readonly preferences?: { readonly accuracy: number; readonly cost: number; readonly latency: number };
};

export type Arrangement = {
  /** `redundant`: two agents at once, and a check that tells which is right. `retried`: once more if it fails. */
  readonly kind: "alone" | "checked" | "retried" | "redundant";
  /** In their order, each as often as it may be called; the check stands last. */
  readonly calls: readonly Call[];
  /** Of the whole chain with it (0..1). */
  readonly product: number;
  /** Micro-USD, expected. */
  readonly cost: number;
  /** Micro-USD if all that may be called is called. The budget is held against this one. */
  readonly costAtMost: number;
  /** Milliseconds, expected. */
  readonly ms: number;
};

type Candidate = ArrangementOptions["candidates"][number];

const CHEAPEST = { accuracy: 0, cost: 1, latency: 0 };

/**
 * The arrangement of least weight among those that meet the floor within the budget. The weight is
 *
 *     cost × (expected cost / budget left) + latency × (ms / the chain's deadline) + accuracy × ((1 - product) / (1 - floor))
 *
 * Each part is a share of what it may be at most, so that the weights compare like with like, and so that an arrangement that
 * does not qualify never moves those that do. Of equal weight is first the cheaper, then the one with fewer calls, then by name.
 */
export function cheapestArrangement(contract: ChainCapContract, options: ArrangementOptions): Arrangement | "none" {
  const { budget, preferences = CHEAPEST } = options;
  const weightOf = ({ product, cost, ms }: Arrangement) =>
    preferences.cost * part(cost, budget.microUsd) +
    preferences.latency * part(ms, contract.deadlineMs) +
    preferences.accuracy * part(1 - product, 1 - contract.floor);

  let best: Arrangement | undefined;
  let least = 0;
  for (const arrangement of arrangementsOf(contract, options)) {
    if (arrangement.product < contract.floor) continue;
    if (!(arrangement.costAtMost <= budget.microUsd && arrangement.calls.length <= budget.calls)) continue;
    const weight = weightOf(arrangement);
    if (best && (weight - least || compare(arrangement, best)) >= 0) continue;
    best = arrangement;
    least = weight;
  }
  return best ?? "none";
}

function* arrangementsOf(contract: ChainCapContract, { line, candidates, checker }: ArrangementOptions): Generator<Arrangement> {
  const sofar = probability(line);
  const sound = candidates.filter(isPriced).sort(byName);
  for (const [index, one] of sound.entries()) {
    yield arrange("alone", [one], sofar * probability(one.reliability), one.cost, one.cost, one.ms);
    // Only what was measured: outcomes are counted where a failure announced itself, and the prior speaks of silent ones as well.
    if (one.evidence === "measured") yield retry(one, sofar);
    if (!checker || !isPriced(checker) || checker.agent === one.agent) continue;
    yield together("checked", [one], checker, sofar * verified(one.reliability, contract.checkMisses));
    for (const other of sound.slice(index + 1)) {
      // The same agent fails twice for the same cause, and no agent is its own judge.
      if (other.agent === one.agent || other.agent === checker.agent) continue;
      yield together("redundant", [one, other], checker, sofar * redundant([one.reliability, other.reliability]));
    }
  }
}

function retry(one: Candidate, sofar: number): Arrangement {
  const expected = 2 - probability(one.reliability);
  return arrange("retried", [one, one], sofar * retried(one.reliability, 2), expected * one.cost, 2 * one.cost, expected * one.ms);
}

/** All at once, then the check of all they found. */
function together(kind: "checked" | "redundant", workers: readonly Candidate[], checker: Priced, product: number): Arrangement {
  const cost = workers.reduce((sum, each) => sum + each.cost, checker.cost);
  return arrange(kind, [...workers, checker], product, cost, cost, Math.max(...workers.map(({ ms }) => ms)) + checker.ms);
}

function arrange(
  kind: Arrangement["kind"],
  calls: readonly Call[],
  product: number,
  cost: number,
  costAtMost: number,
  ms: number,
): Arrangement {
  return { kind, calls: calls.map(({ agent, skill }) => ({ agent, skill })), product, cost, costAtMost, ms };
}

/** A price that is no number cannot be held against a budget. */
function isPriced({ cost, ms }: Priced): boolean {
  return cost >= 0 && cost < Infinity && ms >= 0 && ms < Infinity;
}

/** Of nothing that may be spent, nothing is no part. */
function part(value: number, most: number): number {
  return most > 0 ? value / most : 0;
}

function compare(one: Arrangement, other: Arrangement): number {
  return one.cost - other.cost || one.calls.length - other.calls.length || compareText(nameOf(one), nameOf(other));
}

function byName(one: Call, other: Call): number {
  return compareText(one.agent, other.agent) || compareText(one.skill, other.skill);
}

function nameOf({ kind, calls }: Arrangement): string {
  return `${kind} ${calls.map(({ agent, skill }) => `${agent}/${skill}`).join(" ")}`;
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
