/**
 * What was measured of one skill of one version, beside what its card says. Types only; how it is counted is in score.ts.
 */

export interface SkillEvidence {
  /** Outcomes that count: of probes, and of calls. */
  readonly successes: number;
  readonly failures: number;
  /** Of the version before, which count beside them as long as they are few. */
  readonly carried?: { readonly successes: number; readonly failures: number };
  /** Outcomes of all skills of the agent's other versions: who has some is not new. Absent where there are none. */
  readonly others?: number;
  /** The lower bound of the success rate that the mesh counts on, 0..1; the prior's where nothing was measured. */
  readonly reliability: number;
  /** The upper bound of the same interval: how good it may be yet. */
  readonly reliabilityAtMost?: number;
  /** Median latency seen, milliseconds; absent where nothing was measured. */
  readonly ms?: number;
  /** Median cost seen, micro-USD; absent where nothing was measured. */
  readonly microUsd?: number;
  /** What the card declares and was found to be false, such as `capabilities.streaming`. */
  readonly untrue: readonly string[];
  /** The last one that failed: when (ISO 8601), and in words what did not hold. */
  readonly lastFailure?: { readonly at: string; readonly why: string };
}
