/**
 * Dispatch: may this goal go out, to which skill, alone or together with others; or must somebody be asked first. Of skills that fit
 * equally well and may stand for each other, most-worth.ts says which.
 * Plain data in, a decision out. No clock, no I/O, never throws: a bad contract was refused at load.
 * Shadow mode is not known here: the decision is the same, whoever carries it out obeys it or only records it.
 */
import type { DispatchContract } from "../contract/dispatch.ts";
import { byScoreThenName, byWorth, type Fitting, interchangeable } from "./most-worth.ts";

/** A skill that might take the goal. */
export type Candidate = Fitting;

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

type Delegation = {
  readonly outcome: "delegate";
  readonly agent: string;
  readonly skill: string;
  readonly score: number;
  readonly lane: "inline" | "fan-out";
  /** How many goals may be out together. */
  readonly width: number;
};

export type DispatchDecision = { readonly policy: "dispatch"; readonly version: number } & (
  | (Delegation & { readonly reason: "best-fit" })
  /** `over`: those that fit as well, in the order in which they would be called. */
  | (Delegation & { readonly reason: "worth-most" | "by-lot" | "tried-new"; readonly over: readonly Pick<Candidate, "agent" | "skill">[] })
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

  // Only a first call asks which one is meant; on a retry the person has answered, or the others were tried. Nor is anybody asked
  // where all that are this near may stand for each other: then it is no question of what is meant.
  const alike = interchangeable(contract, fitting);
  const equal = fitting.filter(({ score }) => best.score - score < contract.margin);
  if (attempts === 0 && equal.length > Math.max(1, alike.length))
    return { ...by, outcome: "ask", reason: "two-fit-equally", between: equal };

  const width = Math.max(1, Math.min(ready, contract.maxFanOut));
  const out = { lane: width > 1 ? "fan-out" : "inline", width } as const;
  const { order, reason } = byWorth(contract, alike);
  const [first, ...others] = order;
  if (!first) return { ...by, outcome: "delegate", reason: "best-fit", ...named(best), score: best.score, ...out };
  return { ...by, outcome: "delegate", reason, ...named(first), score: first.score, ...out, over: others.map(named) };
}

function named({ agent, skill }: Candidate): Pick<Candidate, "agent" | "skill"> {
  return { agent, skill };
}
