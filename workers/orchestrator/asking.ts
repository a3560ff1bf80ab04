/**
 * How a goal is put to an agent, and what is said of an agent that did not do it. Pure, but for what there is so far, which is asked
 * for when a limit is met.
 */
import { basisOf, type Goal } from "../../shared/control/state.ts";
import type { DelegateCall, DelegateResult, SkillName, StoppedCall } from "../../shared/host/program.ts";
import { bestFirst } from "../../shared/policy/most-worth.ts";
import { partialFrom } from "./answer.ts";
import type { Course } from "./course.ts";
import { partsFor } from "./hand-over.ts";

/** Why a call came to nothing. */
export type Failure = {
  readonly reason: (DelegateResult & { ok: false })["reason"];
  readonly message: string;
  readonly next?: StoppedCall["next"];
  readonly other?: SkillName;
  /** What somebody said who did not want it done. */
  readonly declined?: string;
};

/** The call of a goal: held to what the goal may use, and with those beside it that would be given the goal as well. */
export function callFor<Env>(course: Course<Env>, goal: Goal, { agent, skill }: SkillName): DelegateCall {
  const { contract, attachments, state } = course;
  return {
    agent,
    skill,
    parts: partsFor(state, goal, attachments),
    metadata: { goal: goal.id, request: state.request },
    deadlineMs: contract.deadlineMs,
    within: { goal: goal.id, surface: goal.surface },
    ...checkerFor(course, goal),
    alternatives: fittingOthers(course, goal, { agent, skill }),
    basis: basisOf(course.state, goal, course.checkMisses),
    partial: () => partialFrom(course.state, course.checkMisses),
  };
}

/** @param answer one that holds nothing usable, or none */
export function failureOf({ agent, skill }: SkillName, answer: DelegateResult): Failure {
  const failure: Failure = answer.ok ? { reason: "nonsense", message: "it answered nothing" } : answer;
  const task = !answer.ok && answer.taskId ? ` (its task: ${answer.taskId})` : "";
  return { ...failure, message: `${agent}/${skill} ${describeFailure(failure)}${task}` };
}

export function keyOf({ agent, skill }: SkillName): string {
  return `${agent}/${skill}`;
}

/** Whoever would check the answer, where the plan has a check. */
function checkerFor<Env>({ state }: Course<Env>, goal: Goal): { checker?: SkillName } {
  const [best] = goal.role === "check" ? [] : (state.goals.find(({ role }) => role === "check")?.candidates ?? []);
  return best ? { checker: { agent: best.agent, skill: best.skill } } : {};
}

/** Who else would be given the goal: what the planner ranked above the floor, and was not tried yet. */
function fittingOthers<Env>({ contract }: Course<Env>, goal: Goal, called: SkillName): SkillName[] {
  const tried = new Set([called, ...goal.attempts].map(keyOf));
  const others = goal.candidates.filter((each) => each.score >= contract.floor && !tried.has(keyOf(each)));
  return bestFirst(contract, others).map(({ agent, skill }) => ({ agent, skill }));
}

function describeFailure({ reason, message, declined }: Failure): string {
  if (declined !== undefined) return `was not allowed to: ${message}`;
  switch (reason) {
    case "refused":
      return `declined: ${message}`;
    case "failed":
      return `failed: ${message}`;
    case "deadline":
      return `did not answer in time: ${message}`;
    case "unreachable":
      return `could not be reached: ${message}`;
    case "nonsense":
      return `gave no answer that can be used: ${message}`;
    case "stopped":
      return `was not called: ${message}`;
  }
}
