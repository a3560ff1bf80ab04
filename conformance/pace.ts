/**
 * How often the suite may ask: for servers that count the calls of a caller. Turns are handed out one after the other, evenly.
 */
import { setTimeout as sleep } from "node:timers/promises";

/**
 * @param perMinute how many requests; as many as there are when left out
 * @param now the clock, in milliseconds
 */
export function pace(perMinute: number | undefined, now: () => number = Date.now, wait: (ms: number) => Promise<unknown> = sleep) {
  if (perMinute === undefined) return async () => {};
  const interval = 60_000 / perMinute;
  let next = 0;
  return async () => {
    const at = Math.max(now(), next);
    next = at + interval;
    await wait(at - now());
  };
}
