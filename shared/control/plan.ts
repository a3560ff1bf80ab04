/**
 * A plan: goals as a graph, before anything ran. A planner (rules or a model) proposes one; this file says what a sound
 * one is. Plain JSON, because it is memoised in the log and shown in the task's metadata.
 */
import type { Candidate } from "../policy/dispatch.ts";

export type PlannedGoal = {
  readonly id: string;
  /** What is wanted, in the words of the request. */
  readonly text: string;
  /** The goal this one serves; null when it serves the request itself. */
  readonly parent: string | null;
  /** It goes out when these have ended and at least one worked: with what there is, not only when there is all. */
  readonly dependsOn: readonly string[];
  /** Whether the request asked for it, or the planner added it so that the answer gets good. */
  readonly origin: "request" | "planner";
  /** An added goal may turn out to be needless: what was worked out, or a single passage, needs no composing. */
  readonly when: "always" | "several-findings";
  /** What the goal is for. `gather`, `compose` and `check` serve the answer as a whole. */
  readonly role: "asked" | "gather" | "compose" | "check";
  /** Which `agent/skill` may be used, and no other. */
  readonly surface: readonly string[];
  /** What ends it: a result with content, or merely the word that it was done (an ingest, a delivery). */
  readonly stop: "answer" | "acknowledgement";
  readonly candidates: readonly Candidate[];
  /** Which of the request's attachments it gets, by index. */
  readonly attachments: readonly number[];
};

export type Plan = { readonly request: string; readonly goals: readonly PlannedGoal[] };

export type PlanProblem = { readonly reason: "empty" | "duplicate-goal" | "unknown-goal" | "cycle"; readonly goals: readonly string[] };

/** The first thing wrong with a plan; undefined when it is sound. */
export function problemOf(plan: Plan): PlanProblem | undefined {
  if (plan.goals.length === 0) return { reason: "empty", goals: [] };
  const ids = plan.goals.map(({ id }) => id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  if (twice.length > 0) return { reason: "duplicate-goal", goals: twice };
  const unknown = plan.goals
    .flatMap((goal) => [...goal.dependsOn, ...(goal.parent ? [goal.parent] : [])])
    .filter((id) => !ids.includes(id));
  if (unknown.length > 0) return { reason: "unknown-goal", goals: unknown };

  const ordered = new Set(layersOf(plan).flat());
  const stuck = ids.filter((id) => !ordered.has(id));
  return stuck.length > 0 ? { reason: "cycle", goals: stuck } : undefined;
}

/** Goals by the round in which they can go out when all goes well. Goals in a circle, or behind one, are in no layer. */
export function layersOf({ goals }: Plan): string[][] {
  const layers: string[][] = [];
  const placed = new Set<string>();
  for (;;) {
    const next = goals.filter(({ id, dependsOn }) => !placed.has(id) && dependsOn.every((each) => placed.has(each)));
    if (next.length === 0) return layers;
    layers.push(next.map(({ id }) => id));
    for (const { id } of next) placed.add(id);
  }
}

export function describeProblem({ reason, goals }: PlanProblem): string {
  switch (reason) {
    case "empty":
      return "the plan has no goal: say what you want done";
    case "duplicate-goal":
      return `the plan names ${goals.join(", ")} twice`;
    case "unknown-goal":
      return `the plan depends on ${goals.join(", ")}, which it does not have`;
    case "cycle":
      return `the goals ${goals.join(", ")} wait for each other`;
  }
}
