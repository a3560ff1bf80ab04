/**
 * Pursues one goal: calls the skill that was decided on, and after a failure another one, as long as the contract allows.
 * A failure ends the goal, never the request.
 */
import { applyResult, type Goal, giveUp, goalOf, noteAttempt } from "../../shared/control/state.ts";
import type { DelegateResult } from "../../shared/host/program.ts";
import type { DispatchDecision } from "../../shared/policy/dispatch.ts";
import { type Course, decide, describeRefusal } from "./course.ts";
import { partsFor, resultFrom } from "./hand-over.ts";

type Delegation = DispatchDecision & { outcome: "delegate" };

export async function pursue<Env>(course: Course<Env>, id: string): Promise<void> {
  let decision = course.first.get(id);
  let failure = "nobody could be found for it";
  while (decision?.outcome === "delegate") {
    const answer = await call(course, goalOf(course.state, id), decision);
    if (answer === "done") return;
    failure = answer.message;
    decision = next(course, goalOf(course.state, id), answer.reason);
  }
  if (decision?.outcome === "refuse") failure = `${failure}; ${describeRefusal(decision, course.contract)}`;
  course.state = giveUp(course.state, id, failure);
}

/** Nobody twice; but an agent that could not be reached is tried again when nobody else fits. */
function next<Env>(course: Course<Env>, goal: Goal, reason: Failure["reason"]): DispatchDecision {
  const tried = new Set(goal.attempts.map(keyOf));
  const others = goal.candidates.filter((each) => !tried.has(keyOf(each)));
  const name = `dispatch:${goal.id}:attempt-${goal.attempts.length + 1}`;
  const decision = decide(course, goal, others, name);
  if (decision.outcome !== "ask" || reason !== "unreachable") return decision;
  const last = goal.attempts.at(-1);
  const again = goal.candidates.filter((each) => last !== undefined && keyOf(each) === keyOf(last));
  return decide(course, goal, again, `${name}:again`);
}

function keyOf({ agent, skill }: { readonly agent: string; readonly skill: string }): string {
  return `${agent}/${skill}`;
}

type Failure = { readonly reason: (DelegateResult & { ok: false })["reason"]; readonly message: string };

async function call<Env>(course: Course<Env>, goal: Goal, { agent, skill }: Delegation): Promise<"done" | Failure> {
  const { run, contract, attachments, state } = course;
  const who = { goal: goal.id, agent, skill };
  run.progress(`${agent}/${skill}: ${goal.text}`, { ...who, state: "started" });
  const answer = await run.delegate(`${goal.id}#${goal.attempts.length + 1}`, {
    agent,
    skill,
    parts: partsFor(state, goal, attachments),
    metadata: { goal: goal.id, request: state.request },
    deadlineMs: contract.deadlineMs,
  });
  const result = answer.ok ? resultFrom(goal, answer) : undefined;
  if (result) {
    course.state = noteAttempt(course.state, goal.id, { agent, skill, failure: null });
    course.state = applyResult(course.state, goal.id, result);
    run.progress(`${agent}/${skill} is done${result.findingCount > 0 ? `: ${count(result.findingCount, "finding")}` : ""}`, {
      ...who,
      state: "done",
    });
    return "done";
  }
  const failure: Failure = answer.ok ? { reason: "nonsense", message: "it answered nothing" } : answer;
  const message = `${agent}/${skill} ${describeFailure(failure)}${!answer.ok && answer.taskId ? ` (its task: ${answer.taskId})` : ""}`;
  course.state = noteAttempt(course.state, goal.id, { agent, skill, failure: message });
  run.progress(message, { ...who, state: failure.reason });
  return { reason: failure.reason, message };
}

function describeFailure({ reason, message }: Failure): string {
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
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
