/**
 * A finished task as a person reads it: the answer, then its sources as places that can be opened. Pure.
 */
import { fileURLToPath } from "node:url";
import { type Finding, findingsOf } from "../shared/kit/finding.ts";
import { type Task, textOf } from "../shared/task/a2a-types.ts";

/** What the agent answered: the artifact named "answer" where there is one, else every artifact, else its last words. */
export function answerOf(task: Task): string {
  const artifacts = task.artifacts ?? [];
  const answers = artifacts.filter((artifact) => artifact.name === "answer" || artifact.artifactId === "answer");
  const text = (answers.length > 0 ? answers : artifacts)
    .map((artifact) => textOf(artifact.parts))
    .filter(Boolean)
    .join("\n\n");
  return text === "" ? textOf(task.status.message?.parts ?? []) : text;
}

/** Where the answer is from, each place once, in the order of the findings. */
export function sourcesOf(task: Task): string[] {
  const findings = (task.artifacts ?? []).flatMap((artifact) => findingsOf(artifact.parts));
  return [...new Set(findings.flatMap(placeOf))];
}

/** `path:line  heading` where there is a file, so that editors and terminals open it; else the document's own name. */
function placeOf({ source }: Finding): string[] {
  if (source === undefined) return [];
  const { document, position, uri } = source;
  const line = /\bline (\d+)/i.exec(position)?.[1];
  const where = position.replace(/,?\s*\blines? \d+(\s*[-–]\s*\d+)?/i, "").trim();
  if (uri === undefined) return [[document, position].filter(Boolean).join(", ")];
  const path = uri.startsWith("file://") ? fileURLToPath(uri.replace(/#.*$/, "")) : uri;
  return [`${path}${line && uri.startsWith("file://") ? `:${line}` : ""}${where ? `  ${where}` : ""}`];
}
