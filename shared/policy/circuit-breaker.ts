/**
 * Circuit breaker: may a task take another turn, or has it gone nowhere for so long that its planner, and then a person, must
 * hear of it. Plain data in, a decision out. No clock, no I/O, never throws. What a turn is and how turns become signals is in
 * turns.ts; whoever carries the decision out notes there what came of it (`noteReplan`, `noteLetGoOn`).
 */
import type { CircuitBreakerContract } from "../contract/circuit-breaker.ts";
import type { TurnSignals } from "./turns.ts";

export interface CircuitBreakerSignals extends TurnSignals {
  /** Calls that are out now: they will be turns. */
  readonly out: number;
}

/** Each is a signal of its own, in the order in which they are named when several trip. */
export type Trip = "turn-cap" | "same-error" | "repetition" | "unchanged-state" | "calls-without-progress" | "decline";

/** `turnsLeft` counts the turn that is decided on. */
export type CircuitBreakerDecision = { readonly policy: "circuit-breaker"; readonly version: number; readonly turnsLeft: number } & (
  | { readonly outcome: "go"; readonly reason: "moving"; readonly notice: "none" | "caution" | "warning" }
  | {
      /** The planner is told, and may try something else. */
      readonly outcome: "replan";
      readonly reason: Trip;
      readonly reasons: readonly Trip[];
      /** Trips it will be told of after this one. */
      readonly tripsLeft: number;
    }
  | { readonly outcome: "ask"; readonly reason: Trip; readonly reasons: readonly Trip[] }
);

export function decideCircuitBreaker(contract: CircuitBreakerContract, signals: CircuitBreakerSignals): CircuitBreakerDecision {
  const turnsLeft = Math.max(0, contract.maxTurns + signals.addedTurns - signals.turns - signals.out);
  const by = { policy: contract.policy, version: contract.version, turnsLeft } as const;

  const reasons = tripsOf(contract, signals, turnsLeft);
  const reason = reasons[0];
  if (reason === undefined) return { ...by, outcome: "go", reason: "moving", notice: noticeOf(contract, turnsLeft) };

  // The cap goes to a person at once: the planner was warned twice, and a new plan would need turns that are not there.
  const tripsLeft = contract.planner - signals.trips - 1;
  if (turnsLeft === 0 || tripsLeft < 0) return { ...by, outcome: "ask", reason, reasons };
  return { ...by, outcome: "replan", reason, reasons, tripsLeft };
}

/** The cap first, because it decides who is asked; then from the plainest sign of a loop to the weakest. */
function tripsOf(contract: CircuitBreakerContract, signals: CircuitBreakerSignals, turnsLeft: number): readonly Trip[] {
  const tripped: Record<Trip, boolean> = {
    "turn-cap": turnsLeft === 0,
    "same-error": signals.sameError >= contract.sameError,
    repetition: lastInARow(signals.repetition, (share) => share > contract.repetition) >= contract.repeatedActions,
    "unchanged-state": signals.unchanged >= contract.unchangedTurns,
    "calls-without-progress": signals.withoutProgress > contract.callsWithoutProgress,
    decline: lastInARow(signals.decline, (share) => share > contract.decline) >= contract.decliningTurns,
  };
  return (Object.keys(tripped) as Trip[]).filter((trip) => tripped[trip]);
}

function noticeOf(contract: CircuitBreakerContract, turnsLeft: number): "none" | "caution" | "warning" {
  if (turnsLeft <= contract.warningTurns) return "warning";
  return turnsLeft <= contract.cautionTurns ? "caution" : "none";
}

/** How many from the end hold in a row. */
function lastInARow(shares: readonly number[], holds: (share: number) => boolean): number {
  return shares.length - 1 - shares.findLastIndex((share) => !holds(share));
}

/** For a planner and for a person: what was seen, and what there is to do about it. */
export function describeCircuitBreaker(decision: CircuitBreakerDecision): string {
  const left = `${decision.turnsLeft} ${decision.turnsLeft === 1 ? "turn" : "turns"} left`;
  switch (decision.outcome) {
    case "go":
      if (decision.notice === "warning") return `only ${left}: finish with what there is`;
      return decision.notice === "caution" ? `${left}: begin to wrap up` : left;
    case "replan":
      return `the task goes nowhere: ${inWords(decision.reasons)}; try something else (${left})`;
    case "ask":
      // Being at its end is not going nowhere: a healthy task may need more turns.
      if (decision.reasons.every((each) => each === "turn-cap")) return `${WORDS["turn-cap"]}; take what there is so far, or give it more`;
      return `the task goes nowhere: ${inWords(decision.reasons)}; take what there is so far, or let it go on`;
  }
}

function inWords(reasons: readonly Trip[]): string {
  return reasons.map((reason) => WORDS[reason]).join(", ");
}

const WORDS: Readonly<Record<Trip, string>> = {
  "turn-cap": "all its turns are used up",
  "same-error": "the same error comes again and again",
  repetition: "it repeats the same action and learns nothing from it",
  "unchanged-state": "its last turns showed nothing that was not known",
  "calls-without-progress": "for many calls no answer has brought it forward",
  decline: "the answers get much shorter and say nothing new",
};
