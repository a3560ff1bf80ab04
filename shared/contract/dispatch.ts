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
  /** Share (0..1) of the best by which others may fall short and stand for it; 0 asks about them like about any others. */
  interchangeable: v.optional(share),
});

export const dispatchContract = v.pipe(
  fields,
  v.forward(since(2, "branches"), ["branches"]),
  v.forward(since(2, "branchAccuracy"), ["branchAccuracy"]),
  v.forward(since(2, "branchMicroUsd"), ["branchMicroUsd"]),
  v.forward(since(2, "branchCalls"), ["branchCalls"]),
  v.forward(since(3, "interchangeable"), ["interchangeable"]),
  // In a file of version 1 a goal has no branches, and before version 3 nobody stands for anybody.
  v.transform(({ branches = 1, branchAccuracy = 1, branchMicroUsd = 0, branchCalls = 1, interchangeable = 0, ...contract }) => ({
    ...contract,
    branches,
    branchAccuracy,
    branchMicroUsd,
    branchCalls,
    interchangeable,
  })),
);

/** Nothing is filled in silently that a file of its version should say. */
function since(version: number, field: "branches" | "branchAccuracy" | "branchMicroUsd" | "branchCalls" | "interchangeable") {
  return v.check<v.InferOutput<typeof fields>, string>(
    (contract) => contract.version < version || contract[field] !== undefined,
    `must be there from version ${version} on`,
  );
}

export type DispatchContract = Readonly<v.InferOutput<typeof dispatchContract>>;
