/**
 * The score of a skill: what was seen of it, outcome by outcome, and which outcomes may count at all. The scoreboard keeps
 * scores by these rules, and so does each isolate for what it has seen itself. Pure.
 */
import { UNITS } from "../../budget/amount.ts";
import type { SkillOutcome, SkillScore } from "./api.ts";

/** Of the latest successes, enough for a quantile. */
const KEPT_SAMPLES = 50;
/** The same as in a card (shared/task/agent-card.ts), with an end. */
const AGENT_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const SKILL_ID = /^[a-z0-9][a-z0-9._-]{0,127}$/i;
/** A card may say anything; what is no plain ASCII, or longer, is not measured. */
const VERSION = /^[ -~]{1,64}$/;
/** A week of milliseconds, and a million US dollars: what is beyond was never measured. */
const MOST_MS = 7 * 24 * 3_600_000;
const MOST_OF_A_UNIT = 1e12;

const NOTHING_SEEN: SkillScore = { successes: 0, failures: 0, ms: [], costs: [] };

/** Under which a score is kept with its agent. A skill's id has no slash in it, so that no two pairs give the same key. */
export function scoreKey(version: string, skill: string): string {
  return `${version}/${skill}`;
}

export function withOutcome(
  score: SkillScore = NOTHING_SEEN,
  { ok, declined, ms, cost }: Pick<SkillOutcome, "ok" | "declined" | "ms" | "cost">,
): SkillScore {
  if (declined) return { ...score, declined: (score.declined ?? 0) + 1 };
  if (!ok) return { ...score, failures: score.failures + 1 };
  return { ...score, successes: score.successes + 1, ms: latest(score.ms, Math.round(ms)), costs: latest(score.costs, cost) };
}

export function isAgentName(name: unknown): name is string {
  return typeof name === "string" && AGENT_NAME.test(name);
}

/** @returns what keeps an outcome from being counted, in words; undefined when nothing does */
export function outcomeProblem(outcome: SkillOutcome): string | undefined {
  if (typeof outcome !== "object" || outcome === null) return "an outcome must be an object";
  const { agent, version, skill, ok, declined, ms, cost } = outcome;
  if (!isAgentName(agent)) return "agent must be a card's name: lower-case letters, digits and dashes, at most 63";
  if (typeof version !== "string" || !VERSION.test(version)) return "version must be a card's version: plain ASCII, at most 64 characters";
  if (typeof skill !== "string" || !SKILL_ID.test(skill))
    return "skill must be a skill's id: letters, digits, dots and dashes, at most 128";
  if (typeof ok !== "boolean") return "ok must be true or false";
  if (declined !== undefined && (declined !== true || ok)) return "declined must be true, of an outcome that is not ok, or not be there";
  if (!between(ms, MOST_MS)) return `ms must be milliseconds, from 0 to ${MOST_MS}`;
  if (typeof cost !== "object" || cost === null) return `cost must be an amount of ${UNITS.join(", ")}`;
  const unit = UNITS.find((unit) => !Number.isInteger(cost[unit]) || !between(cost[unit], MOST_OF_A_UNIT));
  return unit && `cost.${unit} must be a whole number from 0 to ${MOST_OF_A_UNIT}`;
}

/** NaN is between nothing. */
function between(value: unknown, most: number): boolean {
  return typeof value === "number" && value >= 0 && value <= most;
}

function latest<Sample>(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  return [...samples.slice(1 - KEPT_SAMPLES), sample];
}
