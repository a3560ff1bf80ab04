/**
 * The course of one request: its control state, and the dispatch decisions taken on it. `settle` decides for every goal
 * before anything goes out, and asks back where the policy says so. Mutable by one run only; never outlives it.
 */
import type { DispatchContract } from "../../shared/contract/dispatch.ts";
import type { Tried } from "../../shared/contract/shelf.ts";
import { type ControlState, type Goal, giveUp, goalOf, noteDecision, reword } from "../../shared/control/state.ts";
import { decideOn } from "../../shared/host/governance/decision.ts";
import { trial } from "../../shared/host/governance/trial.ts";
import type { Run, SkillName } from "../../shared/host/program.ts";
import { type ConsultSignals, decideConsult } from "../../shared/policy/consult.ts";
import { type Candidate, type DispatchDecision, type DispatchSignals, decideDispatch } from "../../shared/policy/dispatch.ts";
import { type Part, textOf } from "../../shared/task/a2a-types.ts";
import { fromLog, toLog } from "./logged.ts";
import { choicesFor, questionFor, readAnswer } from "./question.ts";

export interface Course<Env> {
  readonly run: Run<Env>;
  readonly contract: Tried<DispatchContract>;
  /** Chance (0..1) that a check passes a wrong result, by the chain's contract. */
  readonly checkMisses: number;
  readonly attachments: readonly Part[];
  /** What the cards call their skills, by `agent/skill`. */
  readonly names: Record<string, string>;
  /** Each `agent/skill` that changes nothing, as its card says. */
  readonly readOnly: ReadonlySet<string>;
  /** Goal ids by the round in which they go out when all goes well. */
  readonly layers: readonly (readonly string[])[];
  readonly rerank: (goal: Goal) => Promise<readonly Candidate[]>;
  state: ControlState;
  /** The decision each goal first goes out with. */
  readonly first: Map<string, DispatchDecision>;
  /** Whom a goal first goes out to side by side, where it is more than one. */
  readonly roads: Map<string, readonly SkillName[]>;
  questions: number;
  /** Why nothing more is called: somebody said at a limit to end with what there is. */
  over?: string;
}

type Refusal = DispatchDecision & { outcome: "refuse" };

/** @returns the refusal that stops the whole request, if there is one */
export async function settle<Env>(course: Course<Env>): Promise<Refusal | undefined> {
  for (const { id } of course.state.goals) {
    if (goalOf(course.state, id).status !== "waiting") continue;
    const decision = await settleGoal(course, id);
    if (decision.outcome === "refuse" && decision.reason === "too-many-goals") return decision;
    if (decision.outcome === "delegate") course.first.set(id, decision);
  }
  return undefined;
}

async function settleGoal<Env>(course: Course<Env>, id: string): Promise<DispatchDecision> {
  for (let round = 0; ; round++) {
    const goal = goalOf(course.state, id);
    const name = round === 0 ? id : `${id}:answer-${round}`;
    const decision = decide(course, goal, goal.candidates, `dispatch:${name}`);
    const roads = decision.outcome === "refuse" ? [] : consulted(course, goal, `consult:${name}`);
    const isSettled = decision.outcome === "delegate" || isAmong(roads, decision);
    if (isSettled && roads.length > 0) course.roads.set(id, roads);
    if (isSettled) return decision;
    if (decision.outcome === "refuse") {
      course.state = giveUp(course.state, id, describeRefusal(decision, course.contract));
      return decision;
    }
    // Nobody asked for the added goals by name, so nobody can say which skill was meant for them.
    const mayAsk = goal.origin === "request" && course.questions < course.contract.maxQuestions;
    if (!mayAsk) {
      course.state = giveUp(course.state, id, unfitNote(decision, course));
      return decision;
    }
    await askBack(course, goal, decision);
    if (goalOf(course.state, id).status !== "waiting") return decision;
  }
}

/** Whom the goal is put to side by side; nobody, as a rule. */
function consulted<Env>(course: Course<Env>, goal: Goal, name: string): readonly SkillName[] {
  const { contract, run } = course;
  // Of two verdicts on a draft the milder one would look the better: who checks is asked alone.
  if (goal.role === "check" || goal.candidates.length < 2) return [];
  const candidates = goal.candidates.map((each) => ({ ...each, readOnly: course.readOnly.has(`${each.agent}/${each.skill}`) }));
  const signals: ConsultSignals = { candidates, preferences: run.preferences, attempts: goal.attempts.length };
  const wanted = decideConsult(contract, signals);
  // Most callers want no such thing, and no candidate would: that is not worth a line in the log.
  const isPlain = wanted.outcome === "single" && wanted.reason !== "too-few-that-read";
  if (isPlain && trial(name, contract, signals, wanted, decideConsult)?.would?.["outcome"] !== "consult") return [];
  const decision = decideOn((...recorded) => run.decide(...recorded), name, contract, signals, decideConsult);
  course.state = noteDecision(course.state, goal.id, name);
  return decision.outcome === "consult" && decision.mode === "enforce" ? decision.roads : [];
}

/** Nobody needs to say which of two is meant that are both asked. */
function isAmong(roads: readonly SkillName[], decision: DispatchDecision): boolean {
  if (decision.outcome !== "ask" || decision.reason !== "two-fit-equally") return false;
  return decision.between.every(({ agent, skill }) => roads.some((road) => road.agent === agent && road.skill === skill));
}

async function askBack<Env>(course: Course<Env>, goal: Goal, decision: DispatchDecision & { outcome: "ask" }): Promise<void> {
  course.questions += 1;
  const choices = choicesFor(goal, decision);
  const question = questionFor(goal, decision.reason, choices, course.names);
  const metadata = { goal: goal.id, reason: decision.reason, choices };
  const answer = readAnswer(textOf((await course.run.ask(question, metadata)).parts), choices);
  switch (answer.kind) {
    case "skip":
      course.state = giveUp(course.state, goal.id, "it was left out, as you said");
      return;
    case "choice":
      course.state = reword(course.state, goal.id, { text: goal.text, candidates: [answer.choice] });
      return;
    case "words": {
      const reworded = { ...goal, text: answer.text };
      const ranked = await course.run.step(`rank:${goal.id}:${course.questions}`, async () => toLog(await course.rerank(reworded)));
      course.state = reword(course.state, goal.id, { text: answer.text, candidates: fromLog<Candidate[]>(ranked) });
      return;
    }
  }
}

/** One dispatch decision, logged with its signals under a name that holds its goal. In shadow mode the log says what was decided, and the best is taken. */
export function decide<Env>(course: Course<Env>, goal: Goal, candidates: readonly Candidate[], name: string): DispatchDecision {
  const { contract, layers, state } = course;
  const signals: DispatchSignals = {
    candidates,
    ready: layers.find((layer) => layer.includes(goal.id))?.length ?? 1,
    // The planner's own additions do not count against what a caller may ask for.
    goals: state.goals.filter(({ origin }) => origin === "request").length,
    surface: candidates.every(({ agent, skill }) => goal.surface.includes(`${agent}/${skill}`)) ? "inside" : "outside",
    attempts: goal.attempts.length,
  };
  const decision = decideOn((...recorded) => course.run.decide(...recorded), name, contract, signals, decideDispatch);
  course.state = noteDecision(course.state, goal.id, name);
  // Shadow lifts the judgement of scores only. The surface and the bounds hold: they are what makes a run end.
  if (contract.mode === "enforce" || decision.outcome !== "ask" || candidates.length === 0) return decision;
  return decideDispatch({ ...contract, floor: 0, margin: 0 }, signals);
}

export function describeRefusal({ reason }: Refusal, contract: DispatchContract): string {
  // biome-ignore lint/nursery/useExhaustiveSwitchCases: it takes in the reasons of other outcomes; the compiler knows it is exhaustive
  switch (reason) {
    case "too-many-goals":
      return `The request holds more than ${contract.maxGoals} goals: send it in parts.`;
    case "outside-surface":
      return "the skills that fit are not among those it may use";
    case "attempts-exhausted":
      return `it was tried ${contract.maxAttempts} times, as often as the contract allows`;
  }
}

function unfitNote<Env>(decision: DispatchDecision & { outcome: "ask" }, { names }: Course<Env>): string {
  if (decision.reason === "two-fit-equally") return "several skills fit it equally well: name the one you mean";
  return `no skill fits it; the mesh has ${Object.keys(names).join(", ")}`;
}
