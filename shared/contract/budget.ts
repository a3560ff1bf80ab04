/**
 * The schema of `contracts/budget.v<n>.yaml`. What the numbers mean is in shared/policy/budget.ts and shared/budget/.
 */
import * as v from "valibot";
import { atLeastOne, contractHead, share, wholeNumber } from "./fields.ts";

const amount = wholeNumber(0, Number.MAX_SAFE_INTEGER);

export const budgetContract = v.strictObject({
  ...contractHead("budget"),
  /** After which a tenant's and an app's accounts begin anew. */
  periodHours: wholeNumber(1, 24 * 366),
  tenantMicroUsd: amount,
  /** In and out, each. */
  tenantTokens: amount,
  tenantCalls: amount,
  appMicroUsd: amount,
  appTokens: amount,
  appCalls: amount,
  taskMicroUsd: amount,
  taskTokens: amount,
  taskCalls: amount,
  /** Milliseconds of work, the task's own and that of all it calls. */
  taskWallMs: amount,
  /** Multiple of a task's limits up to which its caller may raise them. */
  callerRaise: atLeastOne,
  /** Of what was spent before (0..1). */
  reserveQuantile: share,
  /** Of the limit (0..1). */
  reserveShare: share,
  /** Spendings seen below which the card's price is set aside. */
  minSamples: wholeNumber(1, 100_000),
  /** Of what was set aside (0..1). */
  overdraft: share,
  /** Milliseconds until what a lost holder has set aside counts as spent. */
  leaseMs: wholeNumber(1_000, 24 * 3_600_000),
  /** Milliseconds a task waits for others to give something back. */
  waitMs: wholeNumber(0, 60_000),
});

export type BudgetContract = Readonly<v.InferOutput<typeof budgetContract>>;
