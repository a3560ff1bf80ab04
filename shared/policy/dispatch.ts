/**
 * Dispatch: may this goal go out, to which skill, alone or together with others; or must somebody be asked first.
 * Plain data in, a decision out. No clock, no I/O, never throws: a bad contract was refused at load.
 * Shadow mode is not known here: the decision is the same, whoever carries it out obeys it or only records it.
 */
import type { DispatchContract } from "../contract/dispatch.ts";

/** A skill that might take the goal. */
export type Candidate = {
  readonly agent: string;
  readonly skill: string;
  /** How well it fits, 0 to 1. */
  readonly score: number;
};

export type DispatchSignals = {
  /** Ranked or not: the policy looks at the scores only. */
  readonly candidates: readonly Candidate[];
  /** Goals that could go out at this moment, this one included. */
  readonly ready: number;
  /** Goals in the whole request. */
  readonly goals: number;
  /** Whether every candidate lies inside what the goal may use. */
  readonly surface: "inside" | "outside";
  /** Calls already spent on this goal. */
  readonly attempts: number;
};

export type DispatchDecision = { readonly policy: "dispatch"; readonly version: number } & (
  | {
      readonly outcome: "delegate";
      readonly reason: "best-fit";
      readonly agent: string;
      readonly skill: string;
      readonly score: number;
      readonly lane: "inline" | "fan-out";
      /** How many goals may be out together. */
      readonly width: number;
    }
  | { readonly outcome: "ask"; readonly reason: "no-skill-fits" }
  | { readonly outcome: "ask"; readonly reason: "two-fit-equally"; readonly between: readonly Candidate[] }
  | { readonly outcome: "refuse"; readonly reason: "outside-surface" | "too-many-goals" | "attempts-exhausted" }
);

export function decideDispatch(contract: DispatchContract, signals: DispatchSignals): DispatchDecision {
  const by = { policy: contract.policy, version: contract.version } as const;
  const { surface, goals, attempts, ready } = signals;

  // What is not allowed comes before what would fit: no score buys a way out of the surface or past a bound.
  if (surface === "outside") return { ...by, outcome: "refuse", reason: "outside-surface" };
  if (goals > contract.maxGoals) return { ...by, outcome: "refuse", reason: "too-many-goals" };
  if (attempts >= contract.maxAttempts) return { ...by, outcome: "refuse", reason: "attempts-exhausted" };

  // A score that is no number compares false with the floor, so it fails closed here.
  const fitting = signals.candidates.filter(({ score }) => score >= contract.floor).sort(byScoreThenName);
  const best = fitting[0];
  if (!best) return { ...by, outcome: "ask", reason: "no-skill-fits" };

  // Only a first call asks which one is meant; on a retry the person has answered, or the others were tried.
  const equal = fitting.filter(({ score }) => best.score - score < contract.margin);
  if (attempts === 0 && equal.length > 1) return { ...by, outcome: "ask", reason: "two-fit-equally", between: equal };

  const width = Math.max(1, Math.min(ready, contract.maxFanOut));
  const lane = width > 1 ? "fan-out" : "inline";
  return { ...by, outcome: "delegate", reason: "best-fit", agent: best.agent, skill: best.skill, score: best.score, lane, width };
}

/** By name where scores are equal, so that the order in which cards were read never decides. */
function byScoreThenName(one: Candidate, other: Candidate): number {
  return other.score - one.score || compare(one.agent, other.agent) || compare(one.skill, other.skill);
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
