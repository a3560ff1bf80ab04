/**
 * Circuit breaker: may a task take another turn, or has it gone nowhere for so long that its planner, and then a person, must
 * hear of it. Plain data in, a decision out. No clock, no I/O, never throws. What a turn is and how turns become signals is in
 * turns.ts; whoever carries the decision out notes there that the task goes on (`resetBreaker`).
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
  const turnsLeft = Math.max(0, (signals.given ?? contract.maxTurns) - signals.turns - signals.out);
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
