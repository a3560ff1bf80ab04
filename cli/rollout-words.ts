/**
 * A rollout in words: how far a new version has come, what was seen of it and of the one that it is to replace, and what it waits
 * for. Pure. What strangers wrote is shown in one line each.
 */
import type { CopiesSeen, Rollout, RolloutReport, SkillSeen, Stage } from "../shared/registry/rollout.ts";
import { figure } from "./amounts.ts";
import { plain } from "./registry-words.ts";
import { terminal } from "./terminal.ts";
import { ago } from "./time-words.ts";

/** Where a rollout may be sent by hand, in its order; `back` last. */
export const DESTINATIONS = ["shadow", "canary", "ramp", "active", "back"] as const;

/** What a stage means for calls, for whoever sees it for the first time. */
export const STAGES: Readonly<Record<Stage, string>> = {
  shadow: "it gets copies of calls; its answers are compared, and nobody gets them",
  canary: "a small share of the new calls goes to it",
  ramp: "growing shares of the new calls go to it",
};

/** Such as `1.1.0 in canary, 10% of new calls`. */
function stageInWords({ version, stage, share }: Pick<Rollout, "version" | "stage" | "share">): string {
  const gets = stage === "shadow" ? "copies of calls" : `${percent(share)} of new calls`;
  return `${plain(version)} in ${stage}, ${gets}`;
}

function othersInWords({ base, stage }: Rollout): string {
  return stage === "shadow" ? `while all calls go to ${plain(base)}` : `the others to ${plain(base)}`;
}

/** Below the version that is called, in a list of agents. */
export function markLine(rollout: Rollout): string {
  return terminal.paint("cyan", `  ${stageInWords(rollout)}: npm run rollout -- ${plain(rollout.name)}`);
}

/** One of those that are under way. */
export function rolloutLine(report: RolloutReport, now: number): string {
  const { paint } = terminal;
  const begun = paint("dim", `step begun ${ago(report.since, now)}`);
  return `${paint("bold", plain(report.name))} ${stageInWords(report)}, ${othersInWords(report)}  ${begun}  ${waitsInWords(report)}`;
}

/** All that is known of one. */
export function rolloutLines(report: RolloutReport, now: number): string[] {
  const { name, version, begunAt, since, contract, why, stage } = report;
  const { paint } = terminal;
  const times = `begun ${ago(begunAt, now)}, this step ${ago(since, now)}, by version ${contract} of the rollout contract`;
  return [
    `${paint("bold", plain(name))} ${stageInWords(report)}, ${othersInWords(report)}`,
    `  ${STAGES[stage]}`,
    `  ${paint("dim", times)}`,
    ...Object.keys(report.skills).flatMap((skill) => ["", ...skillLines(report, skill)]),
    "",
    `  ${plain(version)} ${plain(why)}`,
    `  ${waitsInWords(report)}`,
  ];
}

function waitsInWords({ waitsFor }: RolloutReport): string {
  return plain(waitsFor) === "" ? "waits for the next look at its gates" : `waits for ${plain(waitsFor)}`;
}

/** Both versions below each other, so that their figures are. */
function skillLines({ base, version, skills }: RolloutReport, skill: string): string[] {
  const seen = skills[skill];
  if (!seen) return [];
  const rows: [string, string][] = [
    [`${plain(base)}, calls`, seenInWords(seen.base)],
    [`${plain(version)}, calls`, seenInWords(seen.candidate)],
    ...copiesRows(seen.copies, base, version),
  ];
  const width = Math.max(...rows.map(([which]) => which.length));
  return [`  ${terminal.paint("bold", plain(skill))}`, ...rows.map(([which, what]) => `    ${which.padEnd(width)}  ${what}`)];
}

function copiesRows(copies: CopiesSeen | undefined, base: string, version: string): [string, string][] {
  if (!copies) return [];
  const { compared, alike } = copies;
  const likeness = compared === 0 ? "no two answers to compare yet" : `${alike} of ${compared} answers alike`;
  return [
    [`${plain(base)}, copied`, seenInWords(copies.base)],
    [`${plain(version)}, copies`, `${seenInWords(copies.candidate)}; ${likeness}`],
  ];
}

/** Counts of real calls are whole; what was weighed by age is not. */
function seenInWords({ successes, failures, declined = 0, ms, microUsd }: SkillSeen): string {
  const all = Math.round(successes + failures);
  if (all === 0 && declined === 0) return "none yet";
  return [
    `${Math.round(successes)} of ${all} went well`,
    ...(declined === 0 ? [] : [`${Math.round(declined)} refused or asked back to`]),
    ...(ms === undefined ? [] : [`${Math.round(ms)} ms`]),
    ...(microUsd === undefined ? [] : [figure("microUsd", microUsd)]),
  ].join(", ");
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}
