/**
 * Rollout: whether a new version of an agent stays where it is, gets more calls, or is taken back. Each skill is judged by itself, so
 * that one that is rarely called does not hide behind another; then all of them together. Plain data in, a decision out: no clock, no
 * I/O, never throws, and the order in which skills are given changes nothing.
 */
import type { RolloutContract } from "../contract/rollout.ts";
import { type Gate, holdCost, holdDeclined, holdLatency, holdLikeness, holdSuccess, outcomesOf } from "./held-against.ts";
import type { CopiesSeen, Rollout, RolloutReport, SkillSeen } from "./rollout.ts";

export interface RolloutSignals extends Pick<Rollout, "stage" | "share"> {
  /** In canary and ramp, `candidate` has all of its calls so far, whichever share they came with; since the last step by hand. */
  readonly skills: RolloutReport["skills"];
  /** What the candidate's card declares and was found false, where it was not found false of the base. */
  readonly untrue: readonly string[];
  /** Whether any skill may get copies. */
  readonly tryable: boolean;
}

export type RolloutDecision = {
  readonly policy: "rollout";
  readonly version: number;
  /** In words, with the skill and the figures: the end of a sentence about the candidate. */
  readonly why: string;
  /** In words, what is still wanted before the next step; empty where nothing is. */
  readonly waitsFor: string;
} & (
  | { readonly outcome: "stay"; readonly reason: "too-few" | "in-doubt" }
  | { readonly outcome: "advance"; readonly reason: "gates-hold" | "no-copies" }
  | { readonly outcome: "back"; readonly reason: "untrue" | Gate["gate"] }
);

export type RolloutStep = Pick<Rollout, "stage" | "share">;

/** A gate of a skill, or of all together. */
type Judged = Gate & { readonly what: string };

export function decideRollout(contract: RolloutContract, { stage, share, skills, untrue, tryable }: RolloutSignals): RolloutDecision {
  const by = { policy: contract.policy, version: contract.version, waitsFor: "" };

  // A lie needs no samples.
  if (untrue.length > 0)
    return { ...by, outcome: "back", reason: "untrue", why: `declares ${untrue.toSorted().join(", ")}, which was found to be false` };
  if (stage === "shadow" && !tryable) return { ...by, outcome: "advance", reason: "no-copies", why: NO_COPIES };

  const judged = stage === "shadow" ? judgeCopies(contract, skills) : judgeCalls(contract, skills);
  // Before enough was seen too: what is beyond chance already is no reason to wait.
  const breach = judged.find(({ verdict }) => verdict === "breach");
  if (breach) return { ...by, outcome: "back", reason: breach.gate, why: sentence(breach) };

  // A copy that came to nothing to compare says too little to go on by.
  const seenIn = (skill: RolloutSignals["skills"][string]) => (stage === "shadow" ? copiesOf(skill).compared : outcomesOf(skill.candidate));
  const seen = sumOf(Object.values(skills).map(seenIn));
  const wanted = wantedAt(contract, { stage, share });
  const what = stage === "shadow" ? "copies compared" : "calls seen";
  const counted = seen > wanted ? `${seen} ${what}, where ${wanted} were wanted` : `${seen} of ${wanted} ${what}`;
  const doubts = judged.filter(({ verdict }) => verdict === "doubt");
  const doubt = doubts[0];
  if (seen < wanted)
    return {
      ...by,
      outcome: "stay",
      reason: "too-few",
      why: `has ${counted}, and no gate is breached`,
      waitsFor: more(contract, wanted - seen, stage),
    };
  if (doubt)
    return {
      ...by,
      outcome: "stay",
      reason: "in-doubt",
      why: `may be worse, or it is chance: ${doubts.map(sentence).join("; ")}`,
      waitsFor: `more ${stage === "shadow" ? "copies" : "calls to the candidate"}, until ${doubt.gate} (${doubt.what}) holds or is breached`,
    };
  const unseen = inOrder(skills).flatMap(([id, skill]) => (seenIn(skill) === 0 ? [id] : []));
  return { ...by, outcome: "advance", reason: "gates-hold", why: `has ${counted}, and all gates hold${nobodySaw(unseen, stage)}` };
}

/** Where a rollout begins. @param tryable whether any skill may get copies; in canary at once where none may */
export function firstStage(contract: RolloutContract, tryable: boolean): RolloutStep & { readonly why: string } {
  if (tryable) return { stage: "shadow", share: 0, why: "gets copies of calls first" };
  return { stage: "canary", share: contract.canaryShare, why: NO_COPIES };
}

/** What comes after. `active`: it is listed, and gets all new calls. */
export function nextStep(contract: RolloutContract, { stage, share }: RolloutStep): RolloutStep | "active" {
  if (stage === "shadow") return { stage: "canary", share: contract.canaryShare };
  const next = contract.rampShares.find((each) => each > share);
  return next === undefined ? "active" : { stage: "ramp", share: next };
}

/** Where somebody sends it who says the stage only: a ramp begins with its first share. */
export function stepTo(contract: RolloutContract, stage: Rollout["stage"]): RolloutStep {
  if (stage === "shadow") return { stage, share: 0 };
  return { stage, share: stage === "canary" ? contract.canaryShare : (contract.rampShares[0] ?? contract.canaryShare) };
}

const NO_COPIES = "gets calls at once: no skill of it may get copies, which only skills do that both cards declare harmless";
const TOGETHER = "all skills together";
const NOTHING_SEEN: SkillSeen = { successes: 0, failures: 0 };
const NO_COPY: CopiesSeen = { base: NOTHING_SEEN, candidate: NOTHING_SEEN, compared: 0, alike: 0 };

/** Named in a reason, which is to stay a sentence. */
const MOST_NAMED = 3;

/** Outcomes of the candidate: copies, or calls with all that the steps before have seen. */
function wantedAt({ minCopies, canaryMinCalls, rampShares, rampMinCalls }: RolloutContract, { stage, share }: RolloutStep): number {
  if (stage === "shadow") return minCopies;
  return canaryMinCalls + (stage === "ramp" ? rampShares.filter((each) => each <= share).length * rampMinCalls : 0);
}

function judgeCopies(contract: RolloutContract, skills: RolloutSignals["skills"]): readonly Judged[] {
  const each = inOrder(skills).map(([skill, seen]) => ({ skill, ...copiesOf(seen) }));
  const all = { compared: sumOf(each.map(({ compared }) => compared)), alike: sumOf(each.map(({ alike }) => alike)) };
  return [
    ...judgeCalls(contract, Object.fromEntries(each.map(({ skill, base, candidate }) => [skill, { base, candidate }]))),
    ...each.flatMap((seen) => of(seen.skill, holdLikeness(contract, seen))),
    ...(each.length > 1 ? of(TOGETHER, holdLikeness(contract, all), false) : []),
  ];
}

function judgeCalls(contract: RolloutContract, skills: RolloutSignals["skills"]): readonly Judged[] {
  const each = inOrder(skills);
  const together = each.length > 1 ? asCalled(each.map(([, seen]) => seen)) : undefined;
  return [
    ...each.flatMap(([skill, { base, candidate }]) => of(skill, holdSuccess(contract, base, candidate))),
    ...(together ? of(TOGETHER, holdSuccess(contract, together.base, together.candidate), false) : []),
    ...each.flatMap(([skill, { base, candidate }]) => of(skill, holdDeclined(contract, base, candidate))),
    ...each.flatMap(([skill, { base, candidate }]) => of(skill, holdLatency(contract, base, candidate))),
    ...each.flatMap(([skill, { base, candidate }]) => of(skill, holdCost(contract, base, candidate))),
  ];
}

/**
 * All skills as one, in the candidate's proportions: had the base's calls gone to other skills more often, its bare sum would be a
 * measure of that. As many of the base's outcomes count as can be had in these proportions. Undefined where no skill was seen of both.
 */
function asCalled(skills: readonly Pick<RolloutReport["skills"][string], "base" | "candidate">[]) {
  const both = skills.filter(({ base, candidate }) => outcomesOf(base) > 0 && outcomesOf(candidate) > 0);
  if (both.length < 2) return undefined;
  const times = Math.min(...both.map(({ base, candidate }) => outcomesOf(base) / outcomesOf(candidate)));
  const counted = both.map(({ base, candidate }) => {
    const outcomes = times * outcomesOf(candidate);
    const successes = outcomes * (base.successes / outcomesOf(base));
    return { successes, failures: outcomes - successes };
  });
  return { base: sum(counted), candidate: sum(both.map(({ candidate }) => candidate)) };
}

function sum(records: readonly Pick<SkillSeen, "successes" | "failures">[]) {
  return { successes: sumOf(records.map(({ successes }) => successes)), failures: sumOf(records.map(({ failures }) => failures)) };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

function copiesOf({ copies = NO_COPY }: RolloutReport["skills"][string]): CopiesSeen {
  return copies;
}

function inOrder(skills: RolloutSignals["skills"]): readonly (readonly [string, RolloutSignals["skills"][string]])[] {
  return Object.entries(skills).sort(([one], [other]) => (one < other ? -1 : 1));
}

function of(what: string, gate: Gate | undefined, isSkill = true): readonly Judged[] {
  return gate ? [{ ...gate, what: isSkill ? `skill "${what}"` : what }] : [];
}

function sentence({ what, why }: Judged): string {
  return `${what} ${why}`;
}

/** They go on with the others: for want of calls no gate has anything to say of them. */
function nobodySaw(skills: readonly string[], stage: Rollout["stage"]): string {
  if (skills.length === 0) return "";
  const named = skills.slice(0, MOST_NAMED).map((skill) => `"${skill}"`);
  const rest = skills.length - named.length;
  const which = [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
  return `; ${stage === "shadow" ? "nothing was compared" : "nobody has had an answer"} of ${which}`;
}

function more({ maxCopiesPerMinute }: RolloutContract, count: number, stage: Rollout["stage"]): string {
  if (stage === "shadow") return `${count} more ${count === 1 ? "copy" : "copies"} to compare, at most ${maxCopiesPerMinute} a minute`;
  return `${count} more ${count === 1 ? "call" : "calls"} to the candidate`;
}
