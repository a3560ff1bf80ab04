/**
 * What a registry knows of agents, in words: how they stand, and what was measured beside what they claim. Pure. What strangers wrote
 * is shown in one line each, without what moves a cursor.
 */
import type { Check, Found } from "../shared/registry/api.ts";
import type { EntryStatus } from "../shared/registry/entry.ts";
import type { SkillEvidence } from "../shared/registry/evidence.ts";
import type { LogRow } from "../shared/registry/history.ts";
import { chooseProbes } from "../shared/registry/probe-choice.ts";
import { figure } from "./amounts.ts";
import { count } from "./conversation.ts";
import type { Listed } from "./registry.ts";
import { terminal } from "./terminal.ts";
import { ago } from "./time-words.ts";

/** An agent in the list: how it stands, where it is, and each skill with what was measured of it. */
export function agentLines(listed: Listed): string[] {
  const { url, card, evidence } = listed;
  const width = Math.max(...card.skills.map(({ id }) => plain(id).length));
  const skills = card.skills.flatMap(({ id }) => [
    `  ${plain(id).padEnd(width)}  ${measuredInWords(evidence?.[id])}`,
    ...failureLines(evidence?.[id]),
  ]);
  return [`${standingOf(listed)}  ${terminal.paint("dim", plain(url))}`, ...skills, ...untrueOf(evidence)];
}

/** A version among others of its agent. */
export function versionLines(listed: Listed, now: number): string[] {
  const { url, digest, keys, publishedAt } = listed;
  const facts = [
    `published ${ago(publishedAt, now)}`,
    plain(url),
    `card ${digest.slice(0, 12)}`,
    `key ${plain(keys.thumbprint).slice(0, 12)}`,
  ];
  return [standingOf(listed), `  ${terminal.paint("dim", facts.join(" · "))}`];
}

const COLOURS = {
  listed: "green",
  candidate: "cyan",
  deprecated: "yellow",
  quarantined: "red",
  revoked: "red",
} as const satisfies Record<EntryStatus, string>;

function standingOf({ name, version, status, reason, publisher }: Listed): string {
  const { paint } = terminal;
  const stands = paint(COLOURS[status], status);
  const why = reason === undefined ? "" : `: ${plain(reason)}`;
  return `${paint("bold", plain(name))} ${plain(version)}  ${stands}${why}  by ${publisherInWords(publisher)}`;
}

/** @param publisher `tenant/app/subject`, each percent-encoded; or the registry itself, by its name */
export function publisherInWords(publisher: string): string {
  if (!publisher.includes("/")) return `the ${plain(publisher)}`;
  const [tenant = "", ...others] = publisher.split("/").map((part) => plain(decoded(part)));
  const who = [...new Set(others)].join("/");
  return tenant === who ? who : `${who} of ${tenant}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What was measured of a skill; beside it, what it counts as before anything is known. */
export function measuredInWords(evidence: SkillEvidence | undefined): string {
  if (!evidence) return "not measured yet";
  const { successes, failures, reliability, ms, microUsd, carried } = evidence;
  const samples = successes + failures;
  const before = carried ? ` with ${carried.successes} of ${carried.successes + carried.failures} of the version before` : "";
  const counts = `counts as ${reliability.toFixed(2)}${before}`;
  if (samples === 0) return `not measured yet, ${counts}`;
  return [
    `${Math.round(successes)} of ${Math.round(samples)} held, ${counts}`,
    ...(ms === undefined ? [] : [`${Math.round(ms)} ms`]),
    ...(microUsd === undefined ? [] : [figure("microUsd", microUsd)]),
  ].join(", ");
}

/** What failed last, for whoever has to mend it; nothing where all held. */
export function failureLines(evidence: SkillEvidence | undefined): string[] {
  if (!evidence?.lastFailure) return [];
  const { at, why } = evidence.lastFailure;
  return [terminal.paint("dim", `    failed at ${plain(at)}: ${plain(why)}`)];
}

/** Of which skills no probe is sent, and what the card would have to say. */
export function skippedLines({ card, probes }: Pick<Listed, "card" | "probes">): string[] {
  const whys = new Map(chooseProbes(card, probes).skipped.map(({ probe, why }) => [probe.skill, why]));
  return [...whys].map(([skill, why]) => terminal.paint("yellow", `  ${plain(skill)} is not probed: it ${plain(why)}`));
}

function untrueOf(evidence: Listed["evidence"]): string[] {
  // That its card has changed is why it is in quarantine, and said there.
  const untrue = [...new Set(Object.values(evidence ?? {}).flatMap((each) => each.untrue))].filter((claim) => claim !== "card");
  return untrue.map((claim) => terminal.paint("yellow", `  claims ${plain(claim)}, which was found to be false`));
}

export function checkLine({ field, rule }: Check, width: number): string {
  return `  ${terminal.paint("green", "✓")} ${plain(field).padEnd(width)}  ${plain(rule)}`;
}

export function foundLines({ agent, skill, version, score, because }: Found): string[] {
  const first = `${score.toFixed(2)}  ${terminal.paint("bold", `${plain(agent)}/${plain(skill)}`)} ${plain(version)}`;
  return [first, ...because.map((why) => `      ${terminal.paint("dim", plain(why))}`)];
}

export function rowLine({ seq, at, by, what, version, status, reason }: LogRow): string {
  const why = reason === undefined ? "" : `: ${plain(reason)}`;
  return `  ${String(seq).padStart(4)}  ${plain(at)}  ${plain(version)} ${what}, ${status}${why}  by ${publisherInWords(by)}`;
}

/** How much of a log was checked. */
export function logInWords(rows: readonly LogRow[]): string {
  return `${count(rows.length, "row")} about ${count(new Set(rows.map(({ name }) => name)).size, "agent")}`;
}

/** What a stranger wrote, as one word of a command that a person may copy: it runs nothing. */
export function shellWord(text: string): string {
  return `'${plain(text).replaceAll("'", "'\\''")}'`;
}

/** One line, without what moves a cursor. */
export function plain(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
}
