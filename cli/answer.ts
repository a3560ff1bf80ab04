/**
 * A finished task as a person reads it: the answer, then its sources as places that can be opened. Pure.
 */
import { fileURLToPath } from "node:url";
import { type Finding, findingsOf } from "../shared/kit/finding.ts";
import { type Task, textOf } from "../shared/task/a2a-types.ts";

type Source = NonNullable<Finding["source"]>;

/** What the agent answered: what it made, else its last words. */
export function answerOf(task: Task): string {
  return madeIn(task) || textOf(task.status.message?.parts ?? []);
}

/** The artifact named "answer" where there is one, else every artifact. Empty where nothing was made, or nothing that is text. */
export function madeIn({ artifacts = [] }: Task): string {
  const answers = artifacts.filter((artifact) => artifact.name === "answer" || artifact.artifactId === "answer");
  return (answers.length > 0 ? answers : artifacts)
    .map((artifact) => textOf(artifact.parts))
    .filter(Boolean)
    .join("\n\n");
}

/**
 * Where the answer is from, as places that open, each once. Only what the answer points at, as long as it points at
 * anything: an agent hands over all it found, which is more than it used.
 */
export function sourcesOf(task: Task): string[] {
  const found = (task.artifacts ?? []).flatMap((artifact) => findingsOf(artifact.parts)).flatMap(({ source }) => source ?? []);
  const answer = answerOf(task);
  const cited = found.filter(({ document, position }) => answer.includes(`${document}, ${position}`));
  return [...new Set((cited.length > 0 ? cited : found).flatMap(placeOf))];
}

/** `path:line  heading` for a file, as editors and terminals open it; what has no address cannot be opened. */
function placeOf({ position, uri }: Source): string[] {
  if (uri === undefined || !URL.canParse(uri)) return [];
  const where = position.replace(/,?\s*\blines? \d+(\s*[-–]\s*\d+)?/i, "").trim();
  if (!uri.startsWith("file:")) return [[uri, where].filter(Boolean).join("  ")];
  const line = /\bline (\d+)/i.exec(position)?.[1];
  const path = pathOf(uri);
  return path === undefined ? [] : [[line ? `${path}:${line}` : path, where].filter(Boolean).join("  ")];
}

/** Undefined for a file of another machine, which no path here leads to. */
function pathOf(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
