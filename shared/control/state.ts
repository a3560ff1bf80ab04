/**
 * The control state: where every goal of a request stands. Explicit and plain JSON, so that it can be logged, shown and
 * compared. Pure functions, each takes a state and returns the next one; what they do not touch stays the same object.
 * Decides nothing about skills (that is shared/policy) and starts nothing (that is the program).
 */
import type { Candidate } from "../policy/dispatch.ts";
import { verified } from "../policy/reliability.ts";
import type { Part } from "../task/a2a-types.ts";
import type { Branches } from "./branches.ts";
import { type Plan, type PlannedGoal, type PlanProblem, problemOf } from "./plan.ts";
import { narrowTo } from "./surface.ts";

export type GoalStatus =
  | "waiting"
  | "done"
  | "failed"
  /** Something it depends on failed. */
  | "blocked"
  /** It turned out that there is nothing for it to do. */
  | "needless";

export type Attempt = { readonly agent: string; readonly skill: string; readonly failure: string | null };

export type GoalResult = {
  readonly text: string;
  /** The findings as they travel on to dependent goals, and how many they are. */
  readonly findings: Part | null;
  readonly findingCount: number;
  /** Some of it was worked out rather than quoted from a document: then the agent's own text says it best. */
  readonly worked: boolean;
  readonly artifacts: readonly { readonly taskId: string; readonly artifactId: string }[];
  /** Claims of a draft that a checking goal did not find in the sources. */
  readonly unsupported: readonly string[];
  /** Of the line that led to it, 0 to 1; null where nobody counted. */
  readonly reliability: number | null;
};

export type Goal = PlannedGoal & {
  readonly status: GoalStatus;
  readonly attempts: readonly Attempt[];
  readonly result: GoalResult | null;
  /** Names of the decisions in the log that concern this goal. */
  readonly decisions: readonly string[];
  /** The roads that were tried side by side; null where there was one at a time. */
  readonly branches: Branches | null;
  /** Why it failed, or is blocked or needless, in words. */
  readonly note: string | null;
};

export type ControlState = { readonly request: string; readonly goals: readonly Goal[] };

export function controlStateOf(plan: Plan): { readonly state: ControlState } | { readonly problem: PlanProblem } {
  const problem = problemOf(plan);
  if (problem) return { problem };
  const goals = plan.goals.map(
    (goal): Goal => ({
      ...goal,
      surface: surfaceIn(plan, goal),
      status: "waiting",
      attempts: [],
      result: null,
      decisions: [],
      branches: null,
      note: null,
    }),
  );
  return { state: settled({ request: plan.request, goals }) };
}

export function goalOf(state: ControlState, id: string): Goal {
  const goal = state.goals.find((each) => each.id === id);
  if (!goal) throw new Error(`the control state has no goal "${id}"`);
  return goal;
}

/** Goals that can go out now, in the plan's order. */
export function readyGoals(state: ControlState): readonly Goal[] {
  return state.goals.filter((goal) => goal.status === "waiting" && fateOf(state, goal) === "ready");
}

export function isFinished(state: ControlState): boolean {
  return state.goals.every(({ status }) => status !== "waiting");
}

/** The goal's words and candidates, after somebody answered which skill is meant or said it in other words. */
export function reword(state: ControlState, id: string, change: { text: string; candidates: readonly Candidate[] }): ControlState {
  return withGoal(state, id, change);
}

export function noteDecision(state: ControlState, id: string, decision: string): ControlState {
  return withGoal(state, id, { decisions: [...goalOf(state, id).decisions, decision] });
}

/** @param attempt `failure` says what went wrong, null when the call worked: then a result follows */
export function noteAttempt(state: ControlState, id: string, attempt: Attempt): ControlState {
  return withGoal(state, id, { attempts: [...goalOf(state, id).attempts, attempt] });
}

export function noteBranches(state: ControlState, id: string, branches: Branches): ControlState {
  return withGoal(state, id, { branches });
}

export function applyResult(state: ControlState, id: string, result: GoalResult): ControlState {
  return settled(withGoal(state, id, { status: "done", result, note: null }));
}

export function giveUp(state: ControlState, id: string, note: string): ControlState {
  return settled(withGoal(state, id, { status: "failed", note }));
}

/** What came of what a goal depends on, directly: in the plan's order, only what worked. */
export function inputsOf(state: ControlState, { dependsOn }: PlannedGoal): readonly GoalResult[] {
  return state.goals.flatMap((goal) => (dependsOn.includes(goal.id) && goal.result ? [goal.result] : []));
}

/**
 * How reliable the weakest result is that a goal builds on, 0 to 1. Who checks a draft builds on nothing: what is wrong with
 * it is what the check is for.
 * @param checkMisses chance (0..1) that a check passes a wrong result
 */
export function basisOf(state: ControlState, goal: PlannedGoal, checkMisses: number): number {
  if (goal.role === "check") return 1;
  return Math.min(1, ...goal.dependsOn.map((id) => reliabilityOf(state, goalOf(state, id), checkMisses) ?? 1));
}

/** Of a goal's result, 0 to 1: what its line was counted with, and more where a check found nothing wrong with it. */
export function reliabilityOf(state: ControlState, { id, result }: Goal, checkMisses: number): number | undefined {
  if (result?.reliability == null) return undefined;
  return isChecked(state, id) ? verified(result.reliability, checkMisses) : result.reliability;
}

/** Whether a check of the goal's result has passed. */
export function isChecked({ goals }: ControlState, id: string): boolean {
  return goals.some(({ role, dependsOn, result }) => role === "check" && dependsOn.includes(id) && result?.unsupported.length === 0);
}

/** Where a goal stands, in words a person reads. */
export function describeGoal({ text, status, attempts, note }: Goal): string {
  const last = attempts.at(-1);
  const who = last ? `${last.agent}/${last.skill}` : "nobody";
  switch (status) {
    case "waiting":
      return `"${text}" waits`;
    case "done":
      return `"${text}" was done by ${who}`;
    case "failed":
      return `"${text}" could not be done: ${note ?? "no reason was given"}`;
    case "blocked":
      return `"${text}" was not tried: ${note ?? "what it needs is missing"}`;
    case "needless":
      return `"${text}" was not needed`;
  }
}

/** What a goal may use: what was planned for it, as far as every goal that it serves may use it too. */
function surfaceIn({ goals }: Plan, goal: PlannedGoal, below: readonly string[] = []): readonly string[] {
  const parent = goals.find(({ id }) => id === goal.parent);
  // Goals that serve each other are no plan of anybody's, and must not keep this from ending.
  if (!parent || below.includes(parent.id)) return goal.surface;
  return narrowTo(surfaceIn({ request: "", goals }, parent, [...below, goal.id]), goal.surface);
}

/** Ends every goal that can no longer go out, as far as that reaches. Each round ends one goal, so it ends. */
function settled(state: ControlState): ControlState {
  for (const goal of state.goals) {
    if (goal.status !== "waiting") continue;
    const fate = fateOf(state, goal);
    if (fate === "blocked") return settled(withGoal(state, goal.id, { status: "blocked", note: blockedBy(state, goal) }));
    if (fate === "needless") return settled(withGoal(state, goal.id, { status: "needless" }));
  }
  return state;
}

function fateOf(state: ControlState, goal: Goal): "ready" | "wait" | "blocked" | "needless" {
  const before = goal.dependsOn.map((id) => goalOf(state, id));
  if (before.some(({ status }) => status === "waiting")) return "wait";
  if (before.length > 0 && !before.some(({ status }) => status === "done"))
    return before.some(({ status }) => status === "needless") ? "needless" : "blocked";
  if (goal.when === "always") return "ready";
  const given = before.flatMap(({ result }) => (result && result.findingCount > 0 ? [result] : []));
  const findings = given.reduce((sum, { findingCount }) => sum + findingCount, 0);
  // Tables and calculations are whole as they are; only passages have to be made into an answer.
  return findings >= 2 && given.some(({ worked }) => !worked) ? "ready" : "needless";
}

function blockedBy(state: ControlState, goal: Goal): string {
  const failed = goal.dependsOn.map((id) => goalOf(state, id)).filter(({ status }) => status === "failed" || status === "blocked");
  return `it builds on ${failed.map(({ text }) => `"${text}"`).join(" and ")}, which gave nothing`;
}

function withGoal(state: ControlState, id: string, change: Partial<Goal>): ControlState {
  return { ...state, goals: state.goals.map((goal) => (goal.id === id ? { ...goal, ...change } : goal)) };
}
