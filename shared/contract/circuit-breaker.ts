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
  /** Turns in a row that show nothing for the first time. */
  unchangedTurns: turns,
  /** Times in a row that the same error came. */
  sameError: turns,
  /** Calls since an answer last brought the task forward; more than these trip. */
  callsWithoutProgress: turns,
  /** Of all 4-grams of an action and the one before, the share (0..1) that both have; more than this is a repetition. */
  repetition: share,
  /** Repetitions in a row. */
  repeatedActions: row,
  /** Share (0..1) by which an answer that says nothing new is shorter than its skill's longest of late. */
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
