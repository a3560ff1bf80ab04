/**
 * Hedging: may a call that takes unusually long be asked of a second agent as well, of whom, and after how long. Plain data in,
 * a decision out. No clock, no I/O, never throws. Its numbers stand in the agent breaker's contract. Whoever carries it out takes
 * the first answer and cancels the other call.
 */
import type { AgentBreakerContract } from "../contract/agent-breaker.ts";

export interface HedgeSignals {
  /** Whether the skill is known to change nothing: only then may it be done twice. */
  readonly readOnly: boolean;
  /** Milliseconds that calls of this skill took, in any order. */
  readonly ms: readonly number[];
  /** Who else can do it, the best first. */
  readonly alternatives: readonly { readonly agent: string; readonly skill: string }[];
}

export type HedgeDecision = { readonly policy: "agent-breaker"; readonly version: number } & (
  | {
      readonly outcome: "hedge";
      readonly reason: "takes-long";
      /** Milliseconds after the first call went out. */
      readonly afterMs: number;
      readonly with: { readonly agent: string; readonly skill: string };
    }
  | { readonly outcome: "single"; readonly reason: "not-read-only" | "too-few-times" | "nobody-else" }
);

export function decideHedge(contract: AgentBreakerContract, { readOnly, ms, alternatives }: HedgeSignals): HedgeDecision {
  const by = { policy: contract.policy, version: contract.version } as const;

  // What may not be done twice first: no waiting time is long enough to make up for a second effect.
  if (!readOnly) return { ...by, outcome: "single", reason: "not-read-only" };

  // A time that is no number was not measured.
  const times = ms.filter(Number.isFinite);
  if (times.length < contract.hedgeSamples) return { ...by, outcome: "single", reason: "too-few-times" };

  const other = alternatives[0];
  if (!other) return { ...by, outcome: "single", reason: "nobody-else" };
  return { ...by, outcome: "hedge", reason: "takes-long", afterMs: nearestRank(times, contract.hedgeQuantile), with: other };
}

/**
 * The smallest of the times that at least this share of them does not exceed: always one that was seen, never one in between.
 * @param share 0..1; of 20 times, 0.95 is the 19th smallest, and 0 is the smallest
 */
function nearestRank(times: readonly number[], share: number): number {
  const ascending = Float64Array.from(times).sort();
  // 0.55 of 100 comes out as 55.00000000000001: without the allowance it would be the 56th.
  const rank = Math.max(1, Math.ceil(share * ascending.length - 1e-9));
  return ascending[rank - 1] ?? 0;
}
