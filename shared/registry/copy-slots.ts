/**
 * How many copies of an agent's calls are made: so many in a minute, and two at once, because a candidate that nobody knows yet has
 * others to serve too. Pure; kept in memory by whoever makes them.
 */

export interface Copying {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly isOut: boolean;
}

const AT_ONCE = 2;
/** What did not come back by then never will: whoever sent it is gone. */
const MINUTE_MS = 60_000;

/** @returns the copies with one more; undefined when it is too many */
export function withCopy(copies: readonly Copying[], id: number, now: number, perMinute: number): readonly Copying[] | undefined {
  const latest = copies.filter(({ at }) => now - at < MINUTE_MS);
  if (latest.length >= perMinute || latest.filter(({ isOut }) => isOut).length >= AT_ONCE) return undefined;
  return [...latest, { id, at: now, isOut: true }];
}

export function withoutCopy(copies: readonly Copying[], id: number): readonly Copying[] {
  return copies.map((each) => (each.id === id ? { ...each, isOut: false } : each));
}
