/**
 * Share: may one more call be made for a goal, or for one of its branches, that was given a share of the task's budget or a number
 * of calls. It has no contract: the share is set when the goal is begun. Nobody is asked beyond it, because what a goal was given is
 * the business of whoever gave it. Plain data in, a decision out; never throws.
 */
import { type Amount, type Limit, plus, UNITS, type Unit } from "../budget/amount.ts";

export type ShareSignals = {
  /** The goal's path, with its branch. */
  readonly of: string;
  /** The most that the call may cost, itself included. */
  readonly need: Amount;
  readonly share: Limit;
  /** By calls that have ended, and at most by those that are out. */
  readonly spent: Amount;
  readonly mostCalls: number | "any";
  /** Calls that were made, or are about to be. */
  readonly calls: number;
};

export type ShareDecision = { readonly policy: "share" } & (
  | { readonly outcome: "call"; readonly reason: "within-share" }
  | { readonly outcome: "refuse"; readonly reason: "calls-made" }
  | { readonly outcome: "refuse"; readonly reason: "share-spent"; readonly unit: Unit; readonly limit: number; readonly lacking: number }
);

export function decideShare({ need, share, spent, mostCalls, calls }: ShareSignals): ShareDecision {
  // Counted first: how often somebody may try does not depend on what it costs.
  if (mostCalls !== "any" && calls >= mostCalls) return { policy: "share", outcome: "refuse", reason: "calls-made" };
  const wanted = plus(spent, need);
  const unit = UNITS.find((each) => wanted[each] > (share[each] ?? Number.POSITIVE_INFINITY));
  if (unit === undefined) return { policy: "share", outcome: "call", reason: "within-share" };
  const limit = share[unit] ?? 0;
  return { policy: "share", outcome: "refuse", reason: "share-spent", unit, limit, lacking: wanted[unit] - limit };
}
