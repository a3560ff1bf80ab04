/**
 * Runs one skill in plain Node, without a mesh: for the tests of an agent's author.
 */
import { LOCAL_PRINCIPAL } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import type { Action, DelegateCall, DelegateResult, NewArtifact, Outcome, Run } from "../host/program.ts";
import { type Json, type Message, type Part, textOf } from "../task/a2a-types.ts";
import { choiceIn } from "../task/answering.ts";
import { type Approval, approvalQuestion, digestOfAction, readVerdict } from "../task/approval.ts";
import type { Preferences } from "../task/governance-extension.ts";
import { covers, levelsOf, pathOf, type Within } from "../task/within.ts";
import type { Agent } from "./agent.ts";

export interface SkillRun {
  readonly outcome: Outcome;
  /** The text of everything the skill completed with. */
  readonly text: string;
  readonly progress: readonly string[];
  readonly chunks: readonly NewArtifact[];
  readonly questions: readonly string[];
  readonly calls: readonly DelegateCall[];
  readonly spent: readonly ({ readonly name: string } & Partial<Amount>)[];
}

export interface SkillRunOptions<Env> {
  readonly skill?: string;
  readonly env?: Env;
  /** Given one after the other to `ask` and `approve`. */
  readonly answers?: readonly string[];
  readonly delegate?: (call: DelegateCall) => DelegateResult;
  readonly signal?: AbortSignal;
  readonly contextId?: string;
  readonly preferences?: Preferences;
}

/**
 * @param input text, or the parts of a message
 * @throws what the skill throws, and Error when it asks more than it was given answers
 */
export async function runSkill<Env>(
  agent: Agent<Env>,
  input: string | readonly Part[],
  options: SkillRunOptions<Env> = {},
): Promise<SkillRun> {
  const message: Message = { messageId: "m-1", role: "ROLE_USER", parts: typeof input === "string" ? [{ text: input }] : [...input] };
  const progress: string[] = [];
  const chunks: NewArtifact[] = [];
  const questions: string[] = [];
  const calls: DelegateCall[] = [];
  const spent: SkillRun["spent"][number][] = [];
  const ask = async (question: string): Promise<Message> => {
    const answer = options.answers?.[questions.length];
    questions.push(question);
    if (answer === undefined) throw new Error(`the skill asked "${question}", and the test gave no answer`);
    return { messageId: `a-${questions.length}`, role: "ROLE_USER", parts: [{ text: answer }] };
  };
  // As in a mesh whose operator lets nothing go ahead by itself.
  const approve = async ({ description, args }: Action, what = description): Promise<Approval> => {
    const digest = digestOfAction({ whose: options.skill ?? "", what, args });
    const said = readVerdict(textOf((await ask(approvalQuestion(description, args))).parts));
    return said.approved ? { approved: true, digest, by: [LOCAL_PRINCIPAL] } : { approved: false, digest, reason: said.reason };
  };
  const signal = options.signal ?? new AbortController().signal;
  const run: Run<Env> = {
    taskId: "task-1",
    contextId: options.contextId ?? "context-1",
    principal: LOCAL_PRINCIPAL,
    env: options.env as Env,
    message,
    skill: options.skill,
    signal,
    progress: (text) => void progress.push(text),
    emit: (artifact) => void chunks.push(artifact),
    step: async (_name, fn) => fn(),
    ask: async (question, _metadata, { choices = [] } = {}) => {
      const answer = await ask(question);
      const choice = choiceIn(textOf(answer.parts), choices);
      return choice === undefined ? answer : { ...answer, parts: [{ text: choice }] };
    },
    approve: (action) => approve(action),
    act: async (name, action, effect) => {
      const approval = await approve(action, name);
      if (!approval.approved) return { done: false, reason: approval.reason };
      return { done: true, value: await effect(action.args, { key: `task-1:${name}`, signal }) };
    },
    spend: async (name, cost) => void spent.push({ name, ...cost }),
    contracts: {},
    preferences: options.preferences ?? { accuracy: 1, cost: 1, latency: 1 },
    within: (goal, pursue) => pursue(goal),
    delegate: async (_name, call) => {
      const refused = heldToGoal(call, calls);
      if (refused) return refused;
      calls.push(call);
      return options.delegate?.(call) ?? { ok: false, reason: "unreachable", message: `the test has no agent "${call.agent}"` };
    },
    decide: <D extends Json>(_name: string, _signals: Json, decision: () => D): D => decision(),
  };
  const outcome = await agent.program.run(run);
  const text = outcome.outcome === "completed" ? textOf(outcome.artifacts.flatMap((artifact) => artifact.parts)) : outcome.reason;
  return { outcome, text, progress, chunks, questions, calls, spent };
}

/** As a mesh holds it, in the order in which it does; what calls cost is known there only. */
function heldToGoal({ agent, skill, within }: DelegateCall, made: readonly DelegateCall[]): DelegateResult | undefined {
  if (!within) return undefined;
  const levels = levelsOf(within);
  const path = skill === "" ? agent : `${agent}/${skill}`;
  const outside = levels.find(({ surface }) => !surface.includes(path));
  if (outside) return stoppedBy("surface", `${path} is not among the skills that the goal "${pathOf(outside)}" was given`, "other");
  const madeFor = (level: Within) => made.filter((each) => each.within && covers(pathOf(level), pathOf(each.within))).length;
  const usedUp = levels.find((level) => level.mostCalls !== undefined && madeFor(level) >= level.mostCalls);
  return usedUp && stoppedBy("share", `the goal "${pathOf(usedUp)}" was given ${usedUp.mostCalls} calls, and they are made`, "partial");
}

function stoppedBy(policy: string, message: string, next: "other" | "partial"): DelegateResult {
  return { ok: false, reason: "stopped", policy, message, next };
}
