/** Times as people say them: `3 min ago`, `in 6 days`. Pure: the clock is handed in. */

const UNITS = [
  ["day", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** @param at ISO 8601 @param now milliseconds since the epoch */
export function ago(at: string, now: number): string {
  const ms = now - Date.parse(at);
  return ms < 1_000 ? "just now" : `${span(ms)} ago`;
}

/** @param at ISO 8601 @param now milliseconds since the epoch */
export function until(at: string, now: number): string {
  const ms = Date.parse(at) - now;
  return ms <= 0 ? "is over" : `in ${span(ms)}`;
}

/** In the largest unit of which there is one, cut off: what is left is never more than what is said. */
function span(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? (["s", 1_000] as const);
  const count = Math.max(1, Math.floor(ms / size));
  return `${count} ${unit}${unit === "day" && count > 1 ? "s" : ""}`;
}
