/**
 * What was seen of one agent's skills: its state in the scoreboard, and how an outcome changes it. The shape is persisted:
 * fields are added, never renamed. Bounded in versions, skills and samples, so that it stays a small value: below 600 kB at the worst,
 * where an object's value may have 2 MB. Pure.
 */
import { amountOf, type Limit, UNITS } from "../../shared/budget/amount.ts";
import type { SkillOutcome, SkillScore } from "../../shared/host/governance/api.ts";
import { scoreKey, withOutcome } from "../../shared/host/governance/score.ts";

/** The latest versions of a card that somebody called: a roll-back finds its own scores again. */
const KEPT_VERSIONS = 5;
/**
 * Of all versions together, the skills that somebody called last. A card has at most 100: whoever calls others cannot have the failures
 * of one forgotten, neither of a version nor of the one that it is tried beside.
 */
const KEPT_SKILLS = 220;
/** The skills called last keep all their samples; the others as many as a median's bounds need, and some to spare. */
const WHOLE_SKILLS = 32;
const FEW_SAMPLES = 10;
/** By then nobody sends the same report again. */
const KEPT_REPORTS = 100;

export type OutcomeOfAgent = Omit<SkillOutcome, "agent">;

/** A list and not a record: what a card calls its skills is nobody's prototype. */
export interface SeenSkill {
  readonly version: string;
  readonly skill: string;
  readonly successes: number;
  readonly failures: number;
  /** Absent where there were none. */
  readonly declined?: number;
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
  const { costs, ...score } = withOutcome(before && scoreOf(before), outcome);
  const after = { version, skill, ...score, costs: costs.map(withoutZeros) };
  return bounded([...skills.filter((seen) => seen !== before), after]);
}

function bounded(skills: readonly SeenSkill[]): readonly SeenSkill[] {
  const latestFirst = skills.toReversed();
  const versions = new Set([...new Set(latestFirst.map(({ version }) => version))].slice(0, KEPT_VERSIONS));
  return latestFirst
    .filter(({ version }) => versions.has(version))
    .slice(0, KEPT_SKILLS)
    .map((seen, at) => (at < WHOLE_SKILLS || seen.ms.length <= FEW_SAMPLES ? seen : withFewSamples(seen)))
    .toReversed();
}

/** Times and costs are those of the same calls. */
function withFewSamples(seen: SeenSkill): SeenSkill {
  return { ...seen, ms: seen.ms.slice(-FEW_SAMPLES), costs: seen.costs.slice(-FEW_SAMPLES) };
}

function scoreOf({ version: _, skill: __, costs, ...score }: SeenSkill): SkillScore {
  return { ...score, costs: costs.map(amountOf) };
}

function withoutZeros(cost: Limit): Limit {
  return Object.fromEntries(UNITS.filter((unit) => (cost[unit] ?? 0) > 0).map((unit) => [unit, cost[unit]]));
}
