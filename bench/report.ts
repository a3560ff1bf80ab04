/**
 * From rounds to a table: medians, ratios, and whether a goal was reached. Pure: nothing is measured or printed here.
 */

import type { Comparison, Group, Line, Storage } from "./group.ts";
import type { Round } from "./load.ts";
import type { Rounds } from "./measure.ts";

interface Figures extends Pick<Round, "bytesEach"> {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

export type Verdict = "met" | "missed" | "no-goal" | "invalid";

export interface Result {
  readonly line: Line;
  readonly storage: Storage;
  readonly ours: { readonly name: string; readonly figures: Figures };
  readonly against: { readonly name: string; readonly figures: Figures };
  /** A ratio, or milliseconds for a difference. */
  readonly value: number;
  /** The least and the most of the rounds. */
  readonly spread: readonly [number, number];
  readonly verdict: Verdict;
  /** How far from the goal, as a share of it; or what went wrong. */
  readonly note: string;
}

/** The lines of a group whose rounds have been run. A line with one wrong answer on either side is invalid. */
export function resultsOf(group: Group, storage: Storage, rounds: Rounds): Result[] {
  return group.lines.map((line) => {
    const ours = rounds[line.ours] ?? [];
    const against = rounds[line.against] ?? [];
    const values = ours.map((round, index) => compared(line, round, against[index] ?? round));
    const value = median(values);
    const wrong = [...ours, ...against].filter((round) => round.errors > 0);
    const judged =
      wrong.length > 0
        ? {
            verdict: "invalid" as const,
            note: `${wrong.reduce((sum, { errors }) => sum + errors, 0)} errors, first: ${wrong[0]?.firstError}`,
          }
        : judge(line, value);
    return {
      line,
      storage,
      ours: { name: group.subjects[line.ours]?.name ?? line.ours, figures: figuresOf(ours) },
      against: { name: group.subjects[line.against]?.name ?? line.against, figures: figuresOf(against) },
      value,
      spread: [Math.min(...values), Math.max(...values)],
      ...judged,
    };
  });
}

/** Rounds of the same number were run next to each other: they are compared with each other, and the median is taken last. */
function compared(line: Comparison, ours: Round, against: Round): number {
  switch (line.compare) {
    case "throughput":
      return ours.requestsPerSecond / against.requestsPerSecond;
    case "p50":
      return ours.p50 / against.p50;
    case "microseconds":
      return ours.p50 * 1_000;
    case "p50-difference":
      return (ours.p50 - against.p50) / (line.of ?? 1);
    case "memory":
      return (ours.bytesEach ?? Number.NaN) / (against.bytesEach ?? Number.NaN);
  }
}

export function judge(goal: Comparison, value: number): { verdict: Verdict; note: string } {
  if (goal.compare === "throughput") {
    if (goal.atLeast === undefined) return { verdict: "no-goal", note: "" };
    if (value >= goal.atLeast) return { verdict: "met", note: "" };
    return { verdict: "missed", note: `${percent(1 - value / goal.atLeast)} below` };
  }
  if (goal.atMost === undefined) return { verdict: "no-goal", note: "" };
  if (value <= goal.atMost) return { verdict: "met", note: "" };
  return { verdict: "missed", note: `${percent(value / goal.atMost - 1)} above` };
}

export function table(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { line, storage, ours, against, verdict, note } = result;
    const cells = [
      line.title,
      storage,
      figures(line, ours),
      figures(line, against),
      valueText(result),
      goalText(line),
      verdictText(verdict, note),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| row | storage | ours: req/s (p50 / p99 ms) | against: req/s (p50 / p99 ms) | ratio (of all rounds) | goal | |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function figures({ compare }: Comparison, { name, figures: { requestsPerSecond, p50, p99, bytesEach } }: Result["ours"]): string {
  if (compare === "memory") return `${name}: ${((bytesEach ?? Number.NaN) / 1024).toFixed(0)} kB each`;
  if (compare === "microseconds") return `${name}: ${short(p50 * 1_000)} / ${short(p99 * 1_000)} µs`;
  return `${name}: ${Math.round(requestsPerSecond).toLocaleString("en")} (${short(p50)} / ${short(p99)})`;
}

function valueText({ line, value, spread: [least, most] }: Result): string {
  const more = line.compare === "p50-difference" ? " more" : "";
  return `${value.toFixed(2)}${unitOf(line)}${more} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

function goalText(line: Comparison): string {
  if (line.compare === "throughput") return line.atLeast === undefined ? "none" : `at least ${line.atLeast}`;
  return line.atMost === undefined ? "none" : `at most ${line.atMost}${unitOf(line)}`;
}

function unitOf({ compare }: Comparison): string {
  return compare === "microseconds" ? " µs" : compare === "p50-difference" ? " ms" : "";
}

function verdictText(verdict: Verdict, note: string): string {
  switch (verdict) {
    case "met":
      return "met";
    case "missed":
      return `**missed**: ${note}`;
    case "invalid":
      return `**invalid**: ${note.replaceAll("|", "\\|").replaceAll("\n", " ")}`;
    case "no-goal":
      return "";
  }
}

function figuresOf(rounds: readonly Round[]): Figures {
  return {
    requestsPerSecond: median(rounds.map((round) => round.requestsPerSecond)),
    p50: median(rounds.map((round) => round.p50)),
    p99: median(rounds.map((round) => round.p99)),
    bytesEach: median(rounds.map((round) => round.bytesEach ?? Number.NaN)),
  };
}

/** The middle one, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (high + (sorted[middle - 1] ?? Number.NaN)) / 2 : high;
}

function percent(share: number): string {
  return `${Math.max(1, Math.round(share * 100))}%`;
}

function short(milliseconds: number): string {
  return milliseconds < 10 ? milliseconds.toFixed(2) : milliseconds.toFixed(0);
}
