/**
 * The answer to the whole request out of a finished control state. Pure. Says plainly what is missing and what no source
 * supports; adds no words of its own to what the agents established.
 */
import { type ControlState, describeGoal, type Goal } from "../../shared/control/state.ts";
import type { Outcome } from "../../shared/host/program.ts";
import { type Finding, findingsPart } from "../../shared/kit/finding.ts";
import type { JsonObject } from "../../shared/task/a2a-types.ts";
import { findingsIn } from "./hand-over.ts";

export function answerFrom(state: ControlState): Outcome {
  const asked = state.goals.filter(
    ({ parent, role, id }) => role === "asked" || (role === "compose" && parent === null && id !== "compose"),
  );
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
      done.filter(({ role }) => role === "asked"),
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
    metadata: metadataOf(state),
  };
}

function nothingDone(missing: readonly Goal[], state: ControlState): Outcome {
  const reason = missing.map(describeGoal).join("\n");
  const tried = state.goals.some(({ attempts }) => attempts.length > 0);
  return { outcome: tried ? "failed" : "rejected", reason: reason || "nothing of the request could be done: say it in other words" };
}

/** The composed draft with what it does not hold of deliveries and the like left to its own sections; else each result. */
function body(draft: Goal | undefined, done: readonly Goal[]): string {
  if (draft) return draft.result?.text ?? "";
  if (done.length === 1) return done[0]?.result?.text || "Done.";
  return done.map(({ text, result }) => `## ${text}\n\n${result?.text || "Done."}`).join("\n\n");
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
    goals: goals.map(({ id, status, attempts, note, decisions }) => {
      const last = attempts.at(-1);
      return {
        goal: id,
        status,
        agent: last?.agent ?? null,
        skill: last?.skill ?? null,
        attempts: attempts.length,
        note,
        decisions: [...decisions],
      };
    }),
  };
}
