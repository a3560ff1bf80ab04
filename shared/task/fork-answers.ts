/**
 * What becomes of the answers of a log, and above all of its approvals, in a task that goes on from it, in words: which are asked for
 * again, which are left behind with what they were about, and whether what they allowed was done later in the other task. Pure.
 */
import { isObject, type Json, textOf } from "./a2a-types.ts";
import { readVerdict } from "./approval.ts";
import type { LogEntry } from "./event.ts";
import { callIn, type Forgetting, type LogNames } from "./forgetting.ts";
import { hitlResponseIn } from "./hitl-extension.ts";

/** The other task's log, and the last position of it that holds for the new one. */
export interface Road {
  readonly all: readonly LogEntry[];
  readonly at: number;
  readonly names: LogNames;
}

/** Of a question that the new task puts again. @param isAnswered the fork's own answer is for it */
export function askedAgain(name: string, isAnswered: boolean, road: Road): string {
  const asked = road.names.questions.get(name);
  const words = `"${asked?.words ?? name.slice(name.indexOf(":") + 1)}"`;
  const answered = isAnswered ? ", and answered" : "";
  if (asked?.isApproval !== true) return `question ${words}: it is asked again${answered}`;
  const once = verdictOn(name, road.all.slice(0, road.at)) === undefined ? "" : ": it was good once";
  return `approval of ${words} is asked again${answered}${once}${doneLater(name, road)}`;
}

/** Answers within what is copied that hold no more: to limits, and to what was asked by calls that are made anew. */
export function lostAnswers(forgetting: Forgetting, road: Road): string[] {
  const { all, at, names } = road;
  const told = new Set([...forgetting.questions, ...forgetting.approvals]);
  const forgotten = new Set(forgetting.names);
  const found = new Set<string>();
  for (const { event } of all.slice(0, at)) {
    if (event.type !== "message" || event.answers === undefined) continue;
    const name = event.answers;
    if (told.has(name) || !forgotten.has(name)) continue;
    const asked = names.questions.get(name);
    const call = callIn(name, names.calls);
    if (asked?.isApproval === true) found.add(`approval of "${asked.words}" is asked again${within(call, names)}${doneLater(name, road)}`);
    else if (call !== undefined) found.add(`answer to "${asked?.words ?? ""}" is left behind: the call may ask again`);
    else found.add(`answer to "${asked?.words ?? ""}" is left behind: the new task has limits of its own`);
  }
  return [...found];
}

function within(call: string | undefined, { calls }: LogNames): string {
  return call === undefined ? "" : ` by the call of ${calls.get(call)}`;
}

/** That what was approved was done behind the fork, where the log shows it, or that it does not say. */
function doneLater(name: string, { all, at, names }: Road): string {
  if (verdictOn(name, all) !== true) return "";
  const call = callIn(name, names.calls);
  const act = name.replace(/^approve:/, "step:act:");
  const done = all.find(({ seq, event }) => {
    if (seq <= at || event.type !== "memo") return false;
    return call === undefined ? event.name === act : event.name === call && isGood(event.value);
  });
  if (done) return `; what it allowed was done at ${done.seq}, after ${at}, and would be done again`;
  return "; the log does not show whether what it allowed was done: if it was, it would be done again";
}

/** The last word on it: true for a yes. Undefined where nobody has answered it. */
function verdictOn(name: string, entries: readonly LogEntry[]): boolean | undefined {
  const entry = entries.findLast(({ event }) => event.type === "message" && event.answers === name);
  if (entry?.event.type !== "message") return undefined;
  const { message } = entry.event;
  const said = hitlResponseIn(message);
  if (said === undefined || said === "malformed") return readVerdict(textOf(message.parts)).approved;
  return said.type === "approvals" && said.approvals.some(({ approved }) => approved);
}

function isGood(value: Json): boolean {
  return isObject(value) && (value as { ok?: Json })["ok"] === true;
}
