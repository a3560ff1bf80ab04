/**
 * Results for people: a line for each requirement, every failure with what shows it, and a count by level.
 */
import type { Level } from "./requirement.ts";
import type { Outcome, Result } from "./run.ts";

export type Paint = (style: "red" | "green" | "yellow" | "dim" | "bold", text: string) => string;

/** Levels whose failures are somebody's mistake; what one MAY do, one may leave. */
const LEVELS: readonly Level[] = ["MUST", "SHOULD", "MAY", "SKEIN"];

export function isBroken({ requirement, outcome }: Result): boolean {
  return outcome.status === "failed" && requirement.level !== "MAY";
}

/** Whether nothing failed that the specification, or a declared extension, demands; never of a server that went away. */
export function conforms(results: readonly Result[]): boolean {
  return !isGone(results) && !results.some((result) => isBroken(result) && result.requirement.level !== "SHOULD");
}

/** Whether the server went away before all was tried. */
export function isGone(results: readonly Result[]): boolean {
  return results.some(({ outcome }) => outcome.status === "not shown" && outcome.isGone === true);
}

/** The lines for one requirement: both bindings in one where they agree. */
export function linesFor(results: readonly Result[], paint: Paint): string[] {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const key = JSON.stringify(result.outcome.status === "failed" ? [result.outcome.expected, result.outcome.actual] : result.outcome);
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  const isSplit = groups.size > 1;
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { requirement, outcome } = first;
    const over = isSplit ? ` (${group.map(({ binding }) => binding).join(", ")})` : "";
    const head = `${markOf(first, paint)} ${requirement.level.padEnd(6)} ${sectionOf(requirement.section).padEnd(7)} ${requirement.title}${over} ${paint("dim", requirement.id)}`;
    return [head, ...reasonsOf(outcome, paint)];
  });
}

function markOf(result: Result, paint: Paint): string {
  if (result.outcome.status === "passed") return paint("green", "✓");
  if (result.outcome.status === "not shown") return paint("dim", "–");
  return isBroken(result) ? paint("red", "✗") : paint("yellow", "·");
}

function reasonsOf(outcome: Outcome, paint: Paint): string[] {
  if (outcome.status === "passed") return [];
  if (outcome.status === "not shown") return [`    ${paint("dim", `not shown: ${outcome.reason}`)}`];
  const { expected, actual, shownBy } = outcome;
  return [`    expected ${expected}`, `    got      ${actual}`, ...(shownBy === "" ? [] : [`    ${paint("dim", shownBy)}`])];
}

/** An extension's URI is long, and tells nothing about where in the specification. */
export function sectionOf(section: string): string {
  return section.includes(":") ? "ext" : section;
}

/** By level: how many requirements hold, are broken, or were not shown. Each counts once, whatever its bindings. */
export function summary(results: readonly Result[]): string[] {
  const statuses = byRequirement(results).map(([first, ...rest]) => ({ level: first.requirement.level, status: worst([first, ...rest]) }));
  return LEVELS.flatMap((level) => {
    const of = (status: Outcome["status"]) => statuses.filter((each) => each.level === level && each.status === status).length;
    const [passed, failed, open] = [of("passed"), of("failed"), of("not shown")];
    if (passed + failed + open === 0) return [];
    return [`${level.padEnd(6)}  ${passed} hold, ${failed} ${level === "MAY" ? "left out" : "broken"}, ${open} not shown`];
  });
}

export function byRequirement(results: readonly Result[]): [Result, ...Result[]][] {
  const groups = new Map<string, [Result, ...Result[]]>();
  for (const result of results) {
    const group = groups.get(result.requirement.id);
    if (group) group.push(result);
    else groups.set(result.requirement.id, [result]);
  }
  return [...groups.values()];
}

/** Of several trials of one requirement: broken when one is, shown when one is. */
export function worst(results: readonly Result[]): Outcome["status"] {
  const statuses = results.map(({ outcome }) => outcome.status);
  if (statuses.includes("failed")) return "failed";
  return statuses.includes("passed") ? "passed" : "not shown";
}

/** For machines: one object for each trial. */
export function asJson({ requirement, binding, outcome, ms }: Result) {
  const { id, section, level, title, theme } = requirement;
  return { id, section, level, title, theme, ...(binding && { binding }), ...outcome, ms: Math.round(ms) };
}
