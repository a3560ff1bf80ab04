/**
 * What was seen of one agent's skills: its state in the scoreboard, and how an outcome changes it. The shape is persisted:
 * fields are added, never renamed. Bounded in versions, skills and samples, so that it stays a small value. Pure.
 */
import { amountOf, type Limit, UNITS } from "../../shared/budget/amount.ts";
import type { SkillOutcome, SkillScore } from "../../shared/host/governance/api.ts";
import { scoreKey, withOutcome } from "../../shared/host/governance/score.ts";

/** The latest versions of a card that somebody called: a roll-back finds its own scores again. */
const KEPT_VERSIONS = 5;
/** In each version, the latest that somebody called. */
const KEPT_SKILLS = 32;
/** By then nobody sends the same report again. */
const KEPT_REPORTS = 100;

export type OutcomeOfAgent = Omit<SkillOutcome, "agent">;

/** A list and not a record: what a card calls its skills is nobody's prototype. */
export interface SeenSkill {
  readonly version: string;
  readonly skill: string;
  readonly successes: number;
  readonly failures: number;
  readonly ms: readonly number[];
  /** Without the units of which there was nothing. */
  readonly costs: readonly Limit[];
}

export interface Seen {
  /** The one called last stands last. */
  readonly skills: readonly SeenSkill[];
  readonly reports: readonly string[];
}

export const NOBODY_SEEN: Seen = { skills: [], reports: [] };

/** @param report a report that was counted before changes nothing; null for one that nobody sends again */
export function counted(seen: Seen, outcomes: readonly OutcomeOfAgent[], report: string | null): Seen {
  if (report === null) return { ...seen, skills: outcomes.reduce(withCall, seen.skills) };
  if (seen.reports.includes(report)) return seen;
  return { skills: outcomes.reduce(withCall, seen.skills), reports: [...seen.reports.slice(1 - KEPT_REPORTS), report] };
}

/** By `version/skill`. */
export function scoresOf({ skills }: Seen): Readonly<Record<string, SkillScore>> {
  return Object.fromEntries(skills.map((seen) => [scoreKey(seen.version, seen.skill), scoreOf(seen)]));
}

function withCall(skills: readonly SeenSkill[], outcome: OutcomeOfAgent): readonly SeenSkill[] {
  const { version, skill } = outcome;
  const before = skills.find((seen) => seen.version === version && seen.skill === skill);
  const { successes, failures, ms, costs } = withOutcome(before && scoreOf(before), outcome);
  const after = { version, skill, successes, failures, ms, costs: costs.map(withoutZeros) };
  return bounded([...skills.filter((seen) => seen !== before), after]);
}

function bounded(skills: readonly SeenSkill[]): readonly SeenSkill[] {
  const latestFirst = skills.toReversed();
  const versions = [...new Set(latestFirst.map(({ version }) => version))].slice(0, KEPT_VERSIONS);
  const room = new Map(versions.map((version) => [version, KEPT_SKILLS]));
  return latestFirst
    .filter(({ version }) => {
      const left = room.get(version) ?? 0;
      room.set(version, left - 1);
      return left > 0;
    })
    .toReversed();
}

function scoreOf({ successes, failures, ms, costs }: SeenSkill): SkillScore {
  return { successes, failures, ms, costs: costs.map(amountOf) };
}

function withoutZeros(cost: Limit): Limit {
  return Object.fromEntries(UNITS.filter((unit) => (cost[unit] ?? 0) > 0).map((unit) => [unit, cost[unit]]));
}
