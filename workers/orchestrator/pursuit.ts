/**
 * Pursues one goal: calls the skill that was decided on, or several side by side, and after a failure another one, as long as the
 * contract allows.
 * A failure ends the goal, never the request.
 */
import { applyResult, type Goal, giveUp, goalOf, noteAttempt } from "../../shared/control/state.ts";
import type { DispatchDecision } from "../../shared/policy/dispatch.ts";
import { callFor, type Failure, failureOf, keyOf } from "./asking.ts";
import { consult } from "./consultation.ts";
import { type Course, decide, describeRefusal } from "./course.ts";
import { resultFrom } from "./hand-over.ts";

type Delegation = DispatchDecision & { outcome: "delegate" };

export async function pursue<Env>(course: Course<Env>, id: string): Promise<void> {
  let decision = course.first.get(id);
  let failure = "nobody could be found for it";
  const roads = course.over === undefined ? course.roads.get(id) : undefined;
  if (roads) {
    const answer = await consult(course, id, roads);
    if (answer === "done") return;
    failure = answer.message;
    if (answer.next === "partial") course.over = failure;
    decision = next(course, goalOf(course.state, id), answer);
  }
  while (decision?.outcome === "delegate") {
    if (course.over !== undefined) {
      failure = course.over;
      break;
    }
    const answer = await call(course, goalOf(course.state, id), decision);
    if (answer === "done") return;
    failure = answer.message;
    if (answer.next === "partial") course.over = failure;
    decision = next(course, goalOf(course.state, id), answer);
  }
  if (decision?.outcome === "refuse") failure = `${failure}; ${describeRefusal(decision, course.contract)}`;
  course.state = giveUp(course.state, id, failure);
}

/** Nobody twice; but an agent that could not be reached is tried again when nobody else fits. */
function next<Env>(course: Course<Env>, goal: Goal, { reason, other, declined }: Failure): DispatchDecision | undefined {
  // A person's no is about what was to be done, not about who does it.
  if (declined !== undefined) return undefined;
  const tried = new Set(goal.attempts.map(keyOf));
  const untried = goal.candidates.filter((each) => !tried.has(keyOf(each)));
  // The one that was named at a limit, by a person or as what would meet it.
  const named = other && untried.filter((each) => keyOf(each) === keyOf(other));
  const others = named && named.length > 0 ? named : untried;
  const name = `dispatch:${goal.id}:attempt-${goal.attempts.length + 1}`;
  const decision = decide(course, goal, others, name);
  if (decision.outcome !== "ask" || reason !== "unreachable") return decision;
  const last = goal.attempts.at(-1);
  const again = goal.candidates.filter((each) => last !== undefined && keyOf(each) === keyOf(last));
  return decide(course, goal, again, `${name}:again`);
}

async function call<Env>(course: Course<Env>, goal: Goal, { agent, skill }: Delegation): Promise<"done" | Failure> {
  const { run } = course;
  const who = { goal: goal.id, agent, skill };
  run.progress(`${agent}/${skill}: ${goal.text}`, { ...who, state: "started" });
  const answer = await run.delegate(`${goal.id}#${goal.attempts.length + 1}`, callFor(course, goal, { agent, skill }));
  const result = answer.ok ? resultFrom(goal, answer) : undefined;
  if (result) {
    course.state = noteAttempt(course.state, goal.id, { agent, skill, failure: null });
    course.state = applyResult(course.state, goal.id, result);
    if (answer.ok && answer.notice !== undefined) run.progress(answer.notice, { ...who, state: "notice" });
    run.progress(`${agent}/${skill} is done${result.findingCount > 0 ? `: ${count(result.findingCount, "finding")}` : ""}`, {
      ...who,
      state: "done",
    });
    return "done";
  }
  const failure = failureOf({ agent, skill }, answer);
  course.state = noteAttempt(course.state, goal.id, { agent, skill, failure: failure.message });
  run.progress(failure.message, { ...who, state: failure.reason });
  return failure;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
