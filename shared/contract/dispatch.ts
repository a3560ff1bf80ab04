/**
 * The schema of `contracts/dispatch.v<n>.yaml`. Numbers are only checked here; what they mean is in shared/policy/dispatch.ts.
 */
import * as v from "valibot";
import { contractHead, share, wholeNumber } from "./fields.ts";

const fields = v.strictObject({
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
  deadlineMs: wholeNumber(100, 30 * 24 * 3_600_000),
  /** Agents that one goal may be put to at once. */
  branches: v.optional(wholeNumber(1, 5)),
  /** Share (0..1) of a caller's weights from which accuracy is high. */
  branchAccuracy: v.optional(share),
  /** Of all branches of a goal, with what their calls cause. */
  branchMicroUsd: v.optional(wholeNumber(0, 1_000_000_000)),
  branchCalls: v.optional(wholeNumber(1, 100)),
});

export const dispatchContract = v.pipe(
  fields,
  v.forward(sinceTwo("branches"), ["branches"]),
  v.forward(sinceTwo("branchAccuracy"), ["branchAccuracy"]),
  v.forward(sinceTwo("branchMicroUsd"), ["branchMicroUsd"]),
  v.forward(sinceTwo("branchCalls"), ["branchCalls"]),
  // In a file of version 1 a goal has no branches.
  v.transform(({ branches = 1, branchAccuracy = 1, branchMicroUsd = 0, branchCalls = 1, ...contract }) => ({
    ...contract,
    branches,
    branchAccuracy,
    branchMicroUsd,
    branchCalls,
  })),
);

/** Nothing is filled in silently that a file of its version should say. */
function sinceTwo(field: "branches" | "branchAccuracy" | "branchMicroUsd" | "branchCalls") {
  return v.check<v.InferOutput<typeof fields>, string>(
    (contract) => contract.version < 2 || contract[field] !== undefined,
    "must be there from version 2 on",
  );
}

export type DispatchContract = Readonly<v.InferOutput<typeof dispatchContract>>;
