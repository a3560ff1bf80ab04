/**
 * Puts one goal to several agents at once: each is a branch with a surface and a share of its own, which the host holds. What they come
 * to is compared by what there is to show for it; the best is merged, and the others are dropped with the reason.
 */
import { amountOf, NOTHING } from "../../shared/budget/amount.ts";
import {
  type Branch,
  type Branches,
  describeBetter,
  drop,
  type Evidence,
  fork,
  merge,
  noBranches,
  noteEvidence,
  ranked,
  shareOut,
} from "../../shared/control/branches.ts";
import { applyResult, type Goal, type GoalResult, goalOf, noteAttempt, noteBranches } from "../../shared/control/state.ts";
import type { DelegateResult, SkillName } from "../../shared/host/program.ts";
import { callFor, type Failure, failureOf, keyOf } from "./asking.ts";
import type { Course } from "./course.ts";
import { findingsIn, keyOfFinding, resultFrom } from "./hand-over.ts";

type Road = { readonly id: string; readonly who: SkillName };
type Tried = Road & { readonly answer: DelegateResult; readonly result: GoalResult | undefined };

/** @param asked at least two that were decided on */
export async function consult<Env>(course: Course<Env>, id: string, asked: readonly SkillName[]): Promise<"done" | Failure> {
  const { run } = course;
  const goal = goalOf(course.state, id);
  const roads = asked.map((who, index): Road => ({ id: `road-${index + 1}`, who }));
  let branches = begun(course, goal, roads);
  const note = (next: Branches) => {
    branches = next;
    course.state = noteBranches(course.state, id, next);
  };
  note(branches);
  const names = roads.map(({ who }) => keyOf(who)).join(" and ");
  run.progress(`${names} are asked side by side: ${goal.text}`, { goal: id, state: "branches", branches: roads.map((road) => road.id) });

  const tried = await Promise.all(
    roads.map(async (road): Promise<Tried> => {
      const answer = await callOn(course, goal, road, branches);
      const result = answer.ok ? resultFrom(goal, answer) : undefined;
      if (result) note(noteEvidence(branches, road.id, evidenceOf(answer, result)));
      else note(drop(branches, road.id, failureOf(road.who, answer).message, spentBy(answer)));
      return { ...road, answer, result };
    }),
  );

  const [first, ...rest] = ranked(branches);
  const best = tried.find(({ id: road }) => road === first?.id);
  for (const { id: road, surface, evidence } of rest) {
    const reason = first && best ? `${keyOf(best.who)} was taken: ${describeBetter(first.evidence, evidence)}` : "";
    note(drop(branches, road, reason, evidence.cost));
    run.progress(`${surface.join(", ")} is dropped; ${reason}`, { goal: id, branch: road, state: "dropped" });
  }
  // The one that was taken is the last that is noted: it is who did it.
  for (const each of tried)
    if (each !== best) course.state = noteAttempt(course.state, id, { ...each.who, failure: failureIn(branches, each) });
  if (!best?.result) return failureOfAll(tried);
  note(merge(branches, best.id));
  course.state = noteAttempt(course.state, id, { ...best.who, failure: null });
  course.state = applyResult(course.state, id, best.result);
  const { findingCount } = best.result;
  run.progress(`${keyOf(best.who)} is taken${findingCount > 0 ? `, with ${findingCount} finding${findingCount === 1 ? "" : "s"}` : ""}`, {
    goal: id,
    branch: best.id,
    ...best.who,
    state: "done",
  });
  return "done";
}

/** @throws Error when a road lies outside the goal's surface, which was decided on before */
function begun<Env>({ contract }: Course<Env>, goal: Goal, roads: readonly Road[]): Branches {
  const whole = amountOf({ microUsd: contract.branchMicroUsd, calls: contract.branchCalls });
  const none = noBranches(goal.surface, whole);
  const share = shareOut(none, roads.length);
  return roads.reduce((branches, { id, who }) => {
    const forked = fork(branches, { id, surface: [keyOf(who)], share });
    if (!forked.ok) throw new Error(`goal ${goal.id} cannot be put to ${keyOf(who)}: ${forked.reason}`);
    return forked.branches;
  }, none);
}

async function callOn<Env>(course: Course<Env>, goal: Goal, { id, who }: Road, branches: Branches): Promise<DelegateResult> {
  const { run } = course;
  const about = { goal: goal.id, branch: id, ...who };
  run.progress(`${keyOf(who)}: ${goal.text}`, { ...about, state: "started" });
  const { surface, share } = roadOf(branches, id);
  const answer = await run.delegate(`${goal.id}#${id}`, {
    ...callFor(course, goal, who),
    // The other one is asked anyway.
    alternatives: [],
    within: { goal: goal.id, branch: id, surface, share: { microUsd: share.microUsd, calls: share.calls } },
  });
  run.progress(answer.ok ? `${keyOf(who)} has answered` : failureOf(who, answer).message, {
    ...about,
    state: answer.ok ? "answered" : answer.reason,
  });
  return answer;
}

function evidenceOf(answer: DelegateResult, result: GoalResult): Evidence {
  return {
    text: result.text,
    findings: findingsIn([result]).map(keyOfFinding),
    reliability: result.reliability,
    checked: null,
    cost: spentBy(answer),
  };
}

function spentBy(answer: DelegateResult): Evidence["cost"] {
  return "spent" in answer && answer.spent ? answer.spent : NOTHING;
}

function roadOf({ roads }: Branches, id: string): Branch {
  const road = roads.find((each) => each.id === id);
  if (!road) throw new Error(`there is no branch ${id}`);
  return road;
}

function failureIn(branches: Branches, { id }: Road): string {
  const road = roadOf(branches, id);
  return road.status === "dropped" ? road.reason : "it was not taken";
}

/** Of several failures the one that somebody has decided: it ends more than this goal. */
function failureOfAll(tried: readonly Tried[]): Failure {
  const failures = tried.map(({ who, answer }) => failureOf(who, answer));
  const message = failures.map((each) => each.message).join("; ");
  const decided = failures.find(({ next, declined }) => next === "partial" || declined !== undefined) ?? failures[0];
  return { ...(decided ?? { reason: "failed" }), message };
}
