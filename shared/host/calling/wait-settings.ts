/** How long a call is waited for, and in which way. Types only. */

export interface WaitSettings {
  /** How long a request is held that waits for its answer. Milliseconds. */
  readonly holdMs: number;
  /** How long the callee's task is watched after that. Milliseconds. */
  readonly watchMs: number;
  /** Between two looks at a callee that takes longer still: as long as it has taken, within these bounds. Milliseconds. */
  readonly againMs: readonly [least: number, most: number];
}
