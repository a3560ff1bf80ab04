/**
 * When the registry looks again at what it measures: at an agent by its probes, and at a rollout by its gates. Whoever does not answer
 * is asked more and more seldom, and what nobody calls is looked at more seldom too. Pure: times in milliseconds since the epoch.
 */
import type { ProbeOutcome } from "./probe.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Of one agent, in an hour, beside those of the registry's own. */
export const MOST_ASKED = 10;
/** Of a rollout that something was seen of a short while ago, and of another. */
export const LOOKS = { everyMs: 15_000, quietEveryMs: 5 * MINUTE_MS, quietAfterMs: 15 * MINUTE_MS } as const;

/** Whether an agent was away for all of a run: neither its card could be read, nor did anything that was asked of it hold. */
export function isAway(outcomes: readonly ProbeOutcome[]): boolean {
  return outcomes.every(({ ok, claim }) => !ok && claim !== "card");
}

/**
 * @param everyHours of one that answers
 * @param awayRuns of those that ran last, in how many one after the other it was away
 */
export function probePauseMs(everyHours: number, awayRuns: number): number {
  const everyMs = everyHours * HOUR_MS;
  return Math.max(everyMs, Math.min(DAY_MS, everyMs * 2 ** awayRuns));
}

/** @param asked when somebody asked for a run @returns those that still count, and when the next may be asked for, if not now */
export function askedLately(asked: readonly number[], now: number): { readonly lately: readonly number[]; readonly againAt?: number } {
  const lately = asked.filter((at) => now - at < HOUR_MS).slice(-MOST_ASKED);
  const [first] = lately;
  return first === undefined || lately.length < MOST_ASKED ? { lately } : { lately, againAt: first + HOUR_MS };
}

/** @param changedAt when something was seen last of a rollout */
export function nextLookMs(changedAt: number, now: number): number {
  return now - changedAt < LOOKS.quietAfterMs ? LOOKS.everyMs : LOOKS.quietEveryMs;
}
