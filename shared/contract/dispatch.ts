/**
 * The schema of `contracts/dispatch.v<n>.yaml`. Numbers are only checked here; what they mean is in shared/policy/dispatch.ts.
 */
import * as v from "valibot";
import { contractHead, share, wholeNumber } from "./fields.ts";

export const dispatchContract = v.strictObject({
  ...contractHead("dispatch"),
  /** Below it (0..1) a skill is never called. */
  floor: share,
  /** Scores closer than this (0..1) fit equally well. */
  margin: share,
  /** Calls open at the same time; the platform stops at six connections per invocation. */
  maxFanOut: wholeNumber(1, 6),
  /** Goals in one request. */
  maxGoals: wholeNumber(1, 100),
  /** Calls for one goal, the first included. */
  maxAttempts: wholeNumber(1, 10),
  /** Questions asked back for one request. */
  maxQuestions: wholeNumber(0, 20),
  /** Milliseconds one delegate call may take. */
  deadlineMs: wholeNumber(100, 600_000),
});

export type DispatchContract = Readonly<v.InferOutput<typeof dispatchContract>>;
