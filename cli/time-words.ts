/** Times as people say them: `3 min ago`, `in 6 days`. Pure: the clock is handed in. */

/** The largest last, with how many of each make one of the next. */
const UNITS = [
  ["s", 1_000, 60],
  ["min", 60_000, 60],
  ["h", 3_600_000, 24],
  ["day", 86_400_000, Number.POSITIVE_INFINITY],
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

/** To the nearest, in the smallest unit that does not make up one of the next: what has begun its seven days has seven, not six. */
function span(ms: number): string {
  const [unit, size] = UNITS.find(([, each, next]) => Math.round(ms / each) < next) ?? UNITS[0];
  const count = Math.max(1, Math.round(ms / size));
  return `${count} ${unit}${unit === "day" && count > 1 ? "s" : ""}`;
}
