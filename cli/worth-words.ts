/**
 * Why one of several skills that fit equally well was called, as a person reads it: what each was worth, and what that was made of.
 * Pure.
 */
import type { Candidate, DispatchDecision } from "../shared/policy/dispatch.ts";
import { wordsOfUnit } from "../shared/task/limit-question.ts";

type ByWorth = Extract<DispatchDecision, { readonly over: unknown }>;

/** @param candidates as they were recorded with the decision */
export function worthInWords({ agent, skill, reason, over }: ByWorth, candidates: readonly Candidate[]): string {
  const figures = (each: Pick<Candidate, "agent" | "skill">) =>
    figuresOf(candidates.find((other) => other.agent === each.agent && other.skill === each.skill));
  const others = over.slice(0, SHOWN).map((each) => `${each.agent}/${each.skill} ${figures(each)}`);
  const more = over.length > SHOWN ? ` and ${over.length - SHOWN} more` : "";
  return `${agent}/${skill} ${WHY[reason]}: ${figures({ agent, skill })} to ${others.join(", ")}${more}`;
}

/** Of the others, enough to see why: all are among the decision's signals. */
const SHOWN = 3;

const WHY: Readonly<Record<ByWorth["reason"], string>> = {
  "worth-most": "is worth most of those that fit equally",
  "by-lot": "was drawn by lot of those that fit equally and are worth the same",
  "tried-new": "is new, and comes first for a small share of goals",
};

function figuresOf(candidate: Candidate | undefined): string {
  const { worth } = candidate ?? {};
  if (!worth) return "unknown";
  const { value, successes, failures, reliability, ms, microUsd } = worth;
  const outcomes = successes + failures;
  const seen = outcomes === 0 ? "not measured" : `${successes} of ${outcomes} went well`;
  const made = [seen, `counts as ${digits(reliability)}`];
  if (ms !== undefined) made.push(`${Math.round(ms)} ms`);
  if (microUsd !== undefined) made.push(wordsOfUnit("microUsd", microUsd));
  return `${digits(value)} (${made.join(", ")})`;
}

/** Of a number from 0 to 1, three digits. */
function digits(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}
