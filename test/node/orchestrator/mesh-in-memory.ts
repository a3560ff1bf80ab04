/** The orchestrator's program over agents that answer at once, in plain Node: what is asked, who is called, what comes out. */
import { readFileSync } from "node:fs";
import { LOCAL_PRINCIPAL } from "../../../shared/auth/principal.ts";
import type { DispatchContract } from "../../../shared/contract/dispatch.ts";
import { readContract } from "../../../shared/contract/load.ts";
import type { Tried } from "../../../shared/contract/shelf.ts";
import { rulesPlanner } from "../../../shared/control/rules-planner.ts";
import type { DelegateCall, DelegateResult, Outcome, Run } from "../../../shared/host/program.ts";
import type { Agent } from "../../../shared/kit/agent.ts";
import { type Finding, findingsPart } from "../../../shared/kit/finding.ts";
import { runSkill } from "../../../shared/kit/testing.ts";
import { type AgentCard, type Json, type Part, textOf } from "../../../shared/task/a2a-types.ts";
import { parseCard } from "../../../shared/task/agent-card.ts";
import type { Preferences } from "../../../shared/task/governance-extension.ts";
import { type OrchestratorDeps, orchestratorProgram } from "../../../workers/orchestrator/program.ts";

const ROOT = new URL("../../../", import.meta.url);
export const dispatchContract = (version: number): DispatchContract => {
  const file = `contracts/dispatch.v${version}.yaml`;
  return readContract("dispatch", readFileSync(new URL(file, ROOT), "utf8"), file);
};
const CONTRACT = dispatchContract(3);
export const cardOf = (name: string): AgentCard => parseCard(JSON.parse(readFileSync(new URL(`agent-cards/${name}.json`, ROOT), "utf8")));

/** By `agent/skill`: what it answers. */
export type Answers = Readonly<Record<string, (call: DelegateCall) => DelegateResult | Promise<DelegateResult>>>;

export interface Handled {
  readonly outcome: Outcome;
  /** The answer's text, or the reason why there is none. */
  readonly text: string;
  readonly progress: readonly string[];
  readonly calls: readonly DelegateCall[];
  readonly questions: readonly string[];
  /** What was recorded, by name. */
  readonly decisions: Readonly<Record<string, Json>>;
}

export interface Setting {
  readonly preferences?: Preferences;
  readonly contract?: Tried<DispatchContract>;
  /** Default: nobody was published, and nobody is weighed. */
  readonly weigh?: OrchestratorDeps<object>["weigh"];
}

/** Every question is answered with "skip". */
export async function handle(
  request: string | readonly Part[],
  answers: Answers,
  more: readonly AgentCard[] = [],
  { preferences = { accuracy: 1, cost: 1, latency: 1 }, contract = CONTRACT, weigh = async (_run, goals) => goals }: Setting = {},
): Promise<Handled> {
  const cards = [...["researcher", "analyst", "writer", "critic", "courier"].map(cardOf), ...more];
  const [progress, questions]: [string[], string[]] = [[], []];
  const calls: DelegateCall[] = [];
  const decisions: Record<string, Json> = {};
  const run: Run<object> = {
    taskId: "task-1",
    contextId: "context-1",
    principal: LOCAL_PRINCIPAL,
    env: {},
    message: { messageId: "m-1", role: "ROLE_USER", parts: typeof request === "string" ? [{ text: request }] : [...request] },
    skill: undefined,
    signal: new AbortController().signal,
    progress: (text) => void progress.push(text),
    emit: () => {},
    approve: async () => ({ approved: false, digest: "", reason: "nobody is there" }),
    act: async () => ({ done: false, reason: "nobody is there" }),
    spend: async () => {},
    within: (goal, pursue) => pursue(goal),
    preferences,
    contracts: {},
    step: async (_name, fn) => fn(),
    ask: async (question) => {
      questions.push(question);
      return { messageId: `a-${questions.length}`, role: "ROLE_USER", parts: [{ text: "skip" }] };
    },
    delegate: async (_name, call) => {
      calls.push(call);
      const answer = answers[`${call.agent}/${call.skill}`];
      return answer?.(call) ?? { ok: false, reason: "refused", message: `the test has no answer of ${call.agent}/${call.skill}` };
    },
    decide: <D extends Json>(name: string, _signals: Json, decision: () => D): D => {
      const decided = decision();
      decisions[name] = decided;
      return decided;
    },
  };
  const program = orchestratorProgram<object>({
    catalogue: async () => cards,
    contract: () => contract,
    published: () => new Set(),
    weigh,
    checkMisses: () => 0.3,
    planner: rulesPlanner,
  });
  const outcome = await program.run(run);
  const text = outcome.outcome === "completed" ? textOf(outcome.artifacts.flatMap(({ parts }) => parts)) : outcome.reason;
  return { outcome, text, progress, calls, questions, decisions };
}

/** The agent itself, without a wire between. */
export function agentAnswers<Env>(agent: Agent<Env>, env?: Env): (call: DelegateCall) => Promise<DelegateResult> {
  return async ({ skill, parts }) => {
    const { outcome } = await runSkill(agent, parts, { skill, ...(env === undefined ? {} : { env }) });
    if (outcome.outcome !== "completed") return declined(outcome.reason)();
    const artifacts = outcome.artifacts.map((artifact) => ({ artifactId: "a", parts: [...artifact.parts] }));
    return { ok: true, taskId: "t", artifacts, text: outcome.text ?? "" };
  };
}

export function declined(message: string): () => DelegateResult {
  return () => ({ ok: false, reason: "refused", message });
}

export function answered(text: string, findings: readonly Finding[] = []): () => DelegateResult {
  const parts: Part[] = [{ text }, ...(findings.length > 0 ? [findingsPart(findings)] : [])];
  return () => ({ ok: true, taskId: "t", artifacts: [{ artifactId: "a", parts }], text });
}
