/**
 * What a goal sends to the agent that takes it, and what is kept of the agent's answer. Pure. The first text part is the
 * goal itself; findings travel as data; a draft travels as a text of its own. The whole request stays in the metadata:
 * beside the goal's text it would be read as a second order.
 */
import * as v from "valibot";
import { type ControlState, type Goal, type GoalResult, goalOf, inputsOf } from "../../shared/control/state.ts";
import type { DelegateResult } from "../../shared/host/program.ts";
import { type Finding, findingsOf, findingsPart } from "../../shared/kit/finding.ts";
import { type Part, textOf } from "../../shared/task/a2a-types.ts";

/** For whoever takes documents in: they are to go when the task goes that they came with. */
const WITH_TASK: Part = { data: { keep: "with-task" }, mediaType: "application/json" };

/** @param attachments the request's parts that are no words, in the plan's numbering */
export function partsFor(state: ControlState, goal: Goal, attachments: readonly Part[]): Part[] {
  const inputs = inputsOf(state, goal);
  const drafts = goal.dependsOn.flatMap((id) => (goalOf(state, id).role === "compose" ? (goalOf(state, id).result?.text ?? []) : []));
  const findings = goal.role === "check" ? sourcesOfDraft(state, goal) : findingsIn(inputs);
  const words = wordsFor(state, goal, drafts);
  return [
    ...words.map((text): Part => ({ text })),
    ...(findings.length > 0 ? [findingsPart(findings)] : []),
    ...goal.attachments.flatMap((index) => attachments[index] ?? []),
    // The request brought them to be asked about, and said nothing of keeping them.
    ...(goal.stop === "acknowledgement" && goal.origin === "planner" ? [WITH_TASK] : []),
  ];
}

function wordsFor(state: ControlState, goal: Goal, drafts: readonly string[]): string[] {
  // Who composes needs the question whole; who checks reads the draft and nothing else.
  if (goal.role === "compose") return [state.request];
  if (goal.role === "check") return [...drafts];
  // An ingest is said by its attachments: words beside them would be taken in as one more document.
  if (goal.stop === "acknowledgement") return [];
  return [goal.text, ...drafts];
}

/**
 * What a draft is checked against: what was found, never merely what the composer says was found. Those it used come
 * first and in its order, because its citation numbers count them.
 */
function sourcesOfDraft(state: ControlState, goal: Goal): Finding[] {
  const found = goal.dependsOn.flatMap((id) => findingsIn(inputsOf(state, goalOf(state, id))));
  const known = new Set(found.map(({ text }) => text));
  const used = findingsIn(inputsOf(state, goal)).filter(({ text }) => known.has(text));
  return distinct([...used, ...found]);
}

/** What tells one finding from another, wherever it was handed on. */
export function keyOfFinding({ text, source }: Finding): string {
  return JSON.stringify([text, source?.document, source?.position]);
}

export function findingsIn(results: readonly GoalResult[]): Finding[] {
  return distinct(results.flatMap(({ findings }) => (findings ? findingsOf([findings]) : [])));
}

function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter((finding) => {
    const key = keyOfFinding(finding);
    return !seen.has(key) && seen.add(key);
  });
}

const verdict = v.object({ unsupported: v.array(v.object({ claim: v.string(), reason: v.optional(v.string()) })) });

/** What is kept of an answer; undefined when it holds nothing that meets the goal's stop condition. */
export function resultFrom(goal: Goal, answer: DelegateResult & { ok: true }): GoalResult | undefined {
  const parts = answer.artifacts.flatMap((artifact) => artifact.parts);
  const text = textOf(parts).trim() || answer.text.trim();
  const findings = findingsOf(parts);
  if (goal.stop === "answer" && !text && parts.length === 0) return undefined;
  const unsupported = parts.flatMap((part) => {
    const result = v.safeParse(verdict, part.data);
    return result.success ? result.output.unsupported.map(({ claim, reason }) => (reason ? `${claim}: ${reason}` : claim)) : [];
  });
  return {
    text,
    findings: findings.length > 0 ? findingsPart(findings) : null,
    findingCount: findings.length,
    // A passage can be opened, or was ranked by a search; what has neither was worked out.
    worked: findings.some(({ source }) => source?.uri === undefined && source?.score === undefined),
    artifacts: answer.artifacts.map(({ artifactId }) => ({ taskId: answer.taskId, artifactId })),
    unsupported,
    // Who checks builds on nothing: a check that passes makes what it checked surer.
    reliability: answer.reliability ?? null,
  };
}
