/**
 * Pursues one goal: calls the skill that was decided on, and after a failure another one, as long as the contract allows.
 * A failure ends the goal, never the request.
 */
import { applyResult, basisOf, type Goal, giveUp, goalOf, noteAttempt } from "../../shared/control/state.ts";
import type { DelegateResult, SkillName, StoppedCall } from "../../shared/host/program.ts";
import type { DispatchDecision } from "../../shared/policy/dispatch.ts";
import { partialFrom } from "./answer.ts";
import { type Course, decide, describeRefusal } from "./course.ts";
import { partsFor, resultFrom } from "./hand-over.ts";

type Delegation = DispatchDecision & { outcome: "delegate" };

export async function pursue<Env>(course: Course<Env>, id: string): Promise<void> {
  let decision = course.first.get(id);
  let failure = "nobody could be found for it";
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
function next<Env>(course: Course<Env>, goal: Goal, { reason, other }: Failure): DispatchDecision {
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

function keyOf({ agent, skill }: { readonly agent: string; readonly skill: string }): string {
  return `${agent}/${skill}`;
}

type Failure = {
  readonly reason: (DelegateResult & { ok: false })["reason"];
  readonly message: string;
  readonly next?: StoppedCall["next"];
  readonly other?: SkillName;
};

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
    ...checkerFor(course, goal),
    alternatives: fittingOthers(course, goal, { agent, skill }),
    basis: basisOf(course.state, goal, course.checkMisses),
    partial: () => partialFrom(course.state, course.checkMisses),
  });
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
  const failure: Failure = answer.ok ? { reason: "nonsense", message: "it answered nothing" } : answer;
  const message = `${agent}/${skill} ${describeFailure(failure)}${!answer.ok && answer.taskId ? ` (its task: ${answer.taskId})` : ""}`;
  course.state = noteAttempt(course.state, goal.id, { agent, skill, failure: message });
  run.progress(message, { ...who, state: failure.reason });
  return { ...failure, message };
}

/** Whoever would check the answer, where the plan has a check. */
function checkerFor<Env>({ state }: Course<Env>, goal: Goal): { checker?: SkillName } {
  const [best] = goal.role === "check" ? [] : (state.goals.find(({ role }) => role === "check")?.candidates ?? []);
  return best ? { checker: { agent: best.agent, skill: best.skill } } : {};
}

/** Who else would be given the goal: what the planner ranked above the floor, and was not tried yet. */
function fittingOthers<Env>({ contract }: Course<Env>, goal: Goal, called: SkillName): SkillName[] {
  const tried = new Set([called, ...goal.attempts].map(keyOf));
  return goal.candidates
    .filter((each) => each.score >= contract.floor && !tried.has(keyOf(each)))
    .sort((one, other) => other.score - one.score)
    .map(({ agent, skill }) => ({ agent, skill }));
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
    case "stopped":
      return `was not called: ${message}`;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
