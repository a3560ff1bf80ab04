/**
 * The schema of `contracts/rollout.v<n>.yaml`. What the numbers mean is in shared/registry/rollout-gates.ts.
 */
import * as v from "valibot";
import { atLeastOne, contractHead, share, tail, wholeNumber } from "./fields.ts";

const SHARES = "must be a list of shares above 0 and up to 1, each larger than the one before";
/** A share of nothing would wait for calls for ever. */
const portion = (rule: string) => v.pipe(v.number(rule), v.gtValue(0, rule), v.maxValue(1, rule));
const growing = v.check<number[], string>((shares) => shares.every((each, at) => at === 0 || each > (shares[at - 1] ?? 0)), SHARES);

export const rolloutContract = v.strictObject({
  ...contractHead("rollout"),
  /** Copies that the candidate answers in shadow. */
  minCopies: wholeNumber(1, 1_000),
  /** Made of one agent's calls. */
  maxCopiesPerMinute: wholeNumber(0, 600),
  /** Of the answers that were compared (0..1). */
  minAlike: share,
  /** Of the new calls (0..1), in canary. */
  canaryShare: portion("must be a number above 0, at most 1"),
  canaryMinCalls: wholeNumber(1, 100_000),
  /** Of the new calls (0..1), one after the other. */
  rampShares: v.pipe(v.array(portion(SHARES), SHARES), growing, v.readonly()),
  /** At each of these shares, beyond the calls before it. */
  rampMinCalls: wholeNumber(1, 100_000),
  /** Of a success rate (0..1). */
  maxSuccessDrop: share,
  /** Of a candidate's calls to a skill, before it is taken back for them: failures, or refusals and questions. */
  minFailures: wholeNumber(1, 1_000),
  /** Of the share (0..1) of calls that are refused or asked back to. */
  maxDeclinedRise: share,
  /** Success rate (0..1) asked before a next step, and where the base has fewer outcomes than `minBase`. */
  floor: share,
  minBase: wholeNumber(1, 100_000),
  /** Probability (0..0.5) on either side of what was counted. */
  tail,
  /** Of medians, candidate against base. */
  maxLatencyRatio: atLeastOne,
  latencySlackMs: wholeNumber(0, 24 * 3_600_000),
  maxCostRatio: atLeastOne,
  costSlackMicroUsd: wholeNumber(0, 1_000_000_000),
});

export type RolloutContract = Readonly<v.InferOutput<typeof rolloutContract>>;
