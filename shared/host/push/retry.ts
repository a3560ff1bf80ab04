/**
 * When a notification that was not taken is sent again, and when no more. Pure: chance is passed in. Waits grow with each
 * failure in a row and are spread over their whole length, so that many tasks do not come back to one receiver together.
 */

export interface PushRetryPolicy {
  /** Failures in a row after which a config is given up. */
  readonly attempts: number;
  /** The longest wait after the first failure, milliseconds; each further one may wait `factor` times as long, up to `longestMs`. */
  readonly firstMs: number;
  readonly factor: number;
  readonly longestMs: number;
  /** A receiver may ask for more time than that, up to this, milliseconds. */
  readonly longestAskedMs: number;
}

/** Between forty minutes and an hour and a half from the first failure to the last, in most cases. */
export const PUSH_RETRY: PushRetryPolicy = {
  attempts: 8,
  firstMs: 10_000,
  factor: 3,
  longestMs: 30 * 60_000,
  longestAskedMs: 60 * 60_000,
};

export interface Failure {
  /** In words for the task's owner, without anything secret; the end of a sentence about the receiver. */
  readonly reason: string;
  /** It would be the same another time. */
  readonly final?: boolean;
  /** For how long the receiver asks to be left alone. Milliseconds. */
  readonly askedMs?: number;
}

export type RetryDecision = { readonly outcome: "retry"; readonly afterMs: number } | { readonly outcome: "give-up" };

/**
 * @param failures in a row, this one counted
 * @param chance from 0 to 1
 */
export function decideRetry(
  policy: PushRetryPolicy,
  { failure, failures, chance }: { failure: Failure; failures: number; chance: number },
): RetryDecision {
  if (failure.final || failures >= policy.attempts) return { outcome: "give-up" };
  const ceiling = Math.min(policy.longestMs, policy.firstMs * policy.factor ** (failures - 1));
  const asked = Math.min(failure.askedMs ?? 0, policy.longestAskedMs);
  return { outcome: "retry", afterMs: Math.max(Math.ceil(chance * ceiling), asked) };
}

/**
 * How long a `Retry-After` header asks to wait. (RFC 9110, 10.2.3)
 * @param now milliseconds since the epoch
 * @returns milliseconds; undefined for a header that is absent or makes no sense
 */
export function askedWait(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
