/**
 * The schema of `contracts/circuit-breaker.v<n>.yaml`. What the numbers mean is in shared/policy/circuit-breaker.ts.
 */
import * as v from "valibot";
import { contractHead, share, wholeNumber } from "./fields.ts";

const turns = wholeNumber(1, 10_000);
/** The signals tell no longer row of them. */
const row = wholeNumber(1, 20);

export const circuitBreakerContract = v.strictObject({
  ...contractHead("circuit-breaker"),
  /** Turns in a row that leave the state as it was. */
  unchangedTurns: turns,
  /** Times in a row that the same error came. */
  sameError: turns,
  /** Calls since the state last changed; more than these trip. */
  callsWithoutProgress: turns,
  /** Share (0..1) of an action's 4-grams that the one before has too; more than this is a repetition. */
  repetition: share,
  /** Repetitions in a row. */
  repeatedActions: row,
  /** Share (0..1) by which a result is shorter than the longest of late. */
  decline: share,
  /** Such results in a row. */
  decliningTurns: row,
  /** Turns of a task. */
  maxTurns: turns,
  /** Turns left at which the planner is warned, for the first time and for the last. */
  cautionTurns: wholeNumber(0, 10_000),
  warningTurns: wholeNumber(0, 10_000),
  /** Trips that the planner is told of before a person is asked. */
  planner: wholeNumber(0, 100),
});

export type CircuitBreakerContract = Readonly<v.InferOutput<typeof circuitBreakerContract>>;
