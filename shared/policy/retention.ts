/**
 * Retention: whether a task that has ended is still kept. Plain data in, a decision out: no clock, no I/O, never throws.
 */
import type { RetentionContract } from "../contract/retention.ts";

export type RetentionSignals = {
  /** Milliseconds since the task ended. */
  readonly endedMs: number;
};

export type RetentionDecision = {
  readonly policy: "retention";
  readonly version: number;
  /** Milliseconds from the task's end to its deletion. */
  readonly keepMs: number;
} & ({ readonly outcome: "keep"; readonly reason: "in-time" } | { readonly outcome: "delete"; readonly reason: "over" });

const HOUR_MS = 3_600_000;

export function decideRetention({ policy, version, keepHours }: RetentionContract, { endedMs }: RetentionSignals): RetentionDecision {
  const by = { policy, version, keepMs: keepHours * HOUR_MS };
  return endedMs < by.keepMs ? { ...by, outcome: "keep", reason: "in-time" } : { ...by, outcome: "delete", reason: "over" };
}
