/**
 * The answer to the whole request out of a finished control state. Pure. Says plainly what is missing and what no source
 * supports; adds no words of its own to what the agents established.
 */
import type { Branch } from "../../shared/control/branches.ts";
import { type ControlState, describeGoal, type Goal, isChecked, reliabilityOf } from "../../shared/control/state.ts";
import type { NewArtifact, Outcome } from "../../shared/host/program.ts";
import { type Finding, findingsPart } from "../../shared/kit/finding.ts";
import type { JsonObject } from "../../shared/task/a2a-types.ts";
import { findingsIn, keyOfFinding } from "./hand-over.ts";

/** Characters of a goal's words over its section. */
const LONGEST_TITLE = 120;

/** @param checkMisses chance (0..1) that a check passes a wrong result */
export function answerFrom(state: ControlState, checkMisses: number): Outcome {
  const asked = state.goals.filter(({ origin }) => origin === "request");
  const done = state.goals.filter(({ status }) => status === "done");
  const missing = asked.filter(({ status }) => status !== "done");
  // What was gathered or taken in on the way is no answer as long as nothing that was asked for is done.
  if (!asked.some(({ status }) => status === "done")) return nothingDone(missing, state);

  const draft = done.findLast(({ role }) => role === "compose");
  const findings = findingsIn(done.flatMap(({ result }) => result ?? []));
  const unsupported = done.flatMap(({ result }) => result?.unsupported ?? []);
  const sections = [
    body(
      draft,
      done.filter(({ origin }) => origin === "request"),
    ),
    draft ? "" : sourcesSection(findings),
    listSection("Not found in the sources", unsupported),
    listSection("What is missing", missing.map(describeGoal)),
  ];
  const text = sections.filter(Boolean).join("\n\n");
  return {
    outcome: "completed",
    artifacts: [
      { name: "answer", parts: [{ text, mediaType: "text/markdown" }, ...(findings.length > 0 ? [findingsPart(findings)] : [])] },
    ],
    text: missing.length === 0 ? "Answered." : `Answered in part: ${asked.length - missing.length} of ${asked.length} goals were met.`,
    metadata: { ...metadataOf(state), ...reliabilityIn(state, draft ? [draft] : done, checkMisses) },
  };
}

function nothingDone(missing: readonly Goal[], state: ControlState): Outcome {
  const reason = missing.map(describeGoal).join("\n");
  const tried = state.goals.some(({ attempts }) => attempts.length > 0);
  return { outcome: tried ? "failed" : "rejected", reason: reason || "nothing of the request could be done: say it in other words" };
}

/** How sure the answer is: as sure as the weakest result that it consists of. */
function reliabilityIn(state: ControlState, shown: readonly Goal[], checkMisses: number): JsonObject {
  const counted = shown.map((goal) => reliabilityOf(state, goal, checkMisses)).filter((each) => each !== undefined);
  if (counted.length === 0) return {};
  const checked = shown.every(({ id }) => isChecked(state, id));
  return { reliability: { atLeast: Number(Math.min(...counted).toFixed(3)), checked, assumes: "agents fail independently of each other" } };
}

/** What there is so far, for whoever is asked about a limit; nothing as long as nothing is done. */
export function partialFrom(state: ControlState, checkMisses: number): NewArtifact | undefined {
  const answer = answerFrom(state, checkMisses);
  const [artifact] = answer.outcome === "completed" ? answer.artifacts : [];
  return artifact && { ...artifact, description: "what was done before the task met a limit" };
}

/** The composed draft, and below it what it does not hold; without a draft each result, alone without a heading. */
function body(draft: Goal | undefined, done: readonly Goal[]): string {
  if (!draft && done.length === 1) return done[0]?.result?.text || "Done.";
  const rest = draft ? done.filter((goal) => goal.id !== draft.id && !isHeld(goal, draft, done)) : done;
  return [draft?.result?.text ?? "", ...rest.map(sectionOf)].filter(Boolean).join("\n\n");
}

function sectionOf({ text, result }: Goal): string {
  const title = text.split("\n", 1)[0] ?? "";
  return `## ${title.length > LONGEST_TITLE ? `${title.slice(0, LONGEST_TITLE)}…` : title}\n\n${result?.text || "Done."}`;
}

/**
 * Whether the reader meets a goal's result already: the draft used a finding of it, or a goal that built on it did. A text
 * of its own that was asked for, a summary or a verdict, is in nobody else's.
 */
function isHeld(goal: Goal, draft: Goal, done: readonly Goal[]): boolean {
  if (goal.role !== "asked") return false;
  const own = keysOf(goal);
  const users = [draft, ...done.filter(({ dependsOn }) => dependsOn.includes(goal.id))];
  return users.some((user) => keysOf(user).some((key) => own.includes(key)));
}

function keysOf({ result }: Goal): string[] {
  return findingsIn(result ? [result] : []).map(keyOfFinding);
}

function sourcesSection(findings: readonly Finding[]): string {
  const places = findings.flatMap(({ source }) => (source?.uri ? [`[${source.document}, ${source.position}](<${source.uri}>)`] : []));
  const lines = [...new Set(places)].map((place, index) => `${index + 1}. ${place}`);
  return lines.length > 0 ? `## Sources\n\n${lines.join("\n")}` : "";
}

function listSection(title: string, items: readonly string[]): string {
  return items.length > 0 ? `## ${title}\n\n${items.map((item) => `- ${item}`).join("\n")}` : "";
}

/** The plan and who did what, for the task's metadata. */
function metadataOf({ goals }: ControlState): JsonObject {
  return {
    plan: goals.map(({ id, text, role, parent, dependsOn }) => ({ goal: id, text, role, parent, dependsOn: [...dependsOn] })),
    goals: goals.map(({ id, status, attempts, note, decisions, branches }) => {
      const last = attempts.at(-1);
      return {
        goal: id,
        status,
        agent: last?.agent ?? null,
        skill: last?.skill ?? null,
        attempts: attempts.length,
        note,
        decisions: [...decisions],
        ...(branches && { branches: branches.roads.map(shownBranch) }),
      };
    }),
  };
}

/** What came of one of several roads, in the figures that it was judged by. */
function shownBranch(branch: Branch): JsonObject {
  const { id, surface, status, share, evidence } = branch;
  return {
    branch: id,
    skills: [...surface],
    status,
    share: { microUsd: share.microUsd, calls: share.calls },
    ...(evidence && {
      findings: evidence.findings.length,
      reliability: evidence.reliability,
      cost: { microUsd: evidence.cost.microUsd, calls: evidence.cost.calls },
    }),
    ...(branch.status === "dropped" && { reason: branch.reason }),
  };
}
