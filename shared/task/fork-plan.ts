/**
 * What a task that goes on from another one's log will do, in words, before it does anything: what is there already and is not done
 * again, what is, what is left behind, and what is decided anew. Pure.
 */
import { type Amount, NOTHING, plus } from "../budget/amount.ts";
import type { ContractVersions } from "../contract/shelf.ts";
import { isTerminal } from "./a2a-types.ts";
import { callOf, costOf } from "./account.ts";
import type { LogEntry } from "./event.ts";
import { callIn, type Forgetting, type LogNames } from "./forgetting.ts";
import { askedAgain, lostAnswers } from "./fork-answers.ts";
import type { TaskHead } from "./head.ts";

/** What is to be otherwise in the new task. */
export interface ForkEdit {
  /** To the question that is open there, or in place of the answer that stands there. */
  readonly answer?: string;
  readonly contracts?: ContractVersions;
  /** Agents of the mesh that are called in place of others. */
  readonly agents?: Readonly<Record<string, string>>;
}

export interface ForkPlan {
  /** The last position of the other task's log that holds for the new one. */
  readonly at: number;
  /** Steps, answers and calls that are not done again. */
  readonly reused: readonly string[];
  /** What will run again, or may: calls that were out, and what came later. */
  readonly again: readonly string[];
  readonly dropped: readonly string[];
  /** What is otherwise, and which decisions are taken anew. */
  readonly changed: readonly string[];
  /** What the other task had cost by then: not part of what the new one costs. */
  readonly inherited: Amount;
}

/** A plan is read by a person: beyond this many of a kind, the rest is counted. */
const MOST_NAMED = 50;

export function planOf(
  all: readonly LogEntry[],
  copied: readonly LogEntry[],
  head: TaskHead,
  names: LogNames,
  forgetting: Forgetting,
  edit: ForkEdit,
  question: string | undefined,
): ForkPlan {
  const forgotten = new Set(forgetting.names);
  const { account } = head;
  return {
    at: copied.length,
    reused: bounded(Object.keys(head.memo).flatMap((name) => (forgotten.has(name) ? [] : done(name, names)))),
    again: bounded([...again(all, copied.length, forgetting, names, question), ...later(all, head, forgetting, names)]),
    dropped: bounded(dropped(all.slice(copied.length), head, names)),
    changed: bounded(changed(edit, forgetting, names, question)),
    inherited: account ? plus(account.inherited ?? NOTHING, costOf(account, copied.at(-1)?.at ?? 0)) : NOTHING,
  };
}

/** What is remembered under a name, unless it is something about something else. */
function done(name: string, { calls, questions }: LogNames): string[] {
  const callee = calls.get(name);
  if (callee !== undefined) return [`call of ${callee} (${bare(name)})`];
  if (name.startsWith("step:")) return [stepInWords(name, { calls, questions }, ", which was done")];
  const asked = questions.get(name);
  // What was passed up and answered is part of its call.
  if (callIn(name, calls) !== undefined) return [];
  if (asked !== undefined) return [`answer to "${asked.words}"`];
  return name.startsWith("delegate:") ? [`call (${bare(name)}), which was not made`] : [];
}

function again(all: readonly LogEntry[], at: number, forgetting: Forgetting, names: LogNames, question: string | undefined): string[] {
  const { calls, questions, approvals } = forgetting;
  return [
    ...calls.map((call) => `call of ${names.calls.get(call)} (${bare(call)}): it was out, and is made anew`),
    ...[...questions, ...approvals].map((name) => askedAgain(name, name === question, { all, at, names })),
    ...lostAnswers(forgetting, { all, at, names }),
  ];
}

/** Steps and calls that the other task came to later: the new one may come to them too. */
function later(all: readonly LogEntry[], { memo }: TaskHead, { calls }: Forgetting, names: LogNames): string[] {
  const found = new Set<string>();
  for (const { event } of all) {
    if (event.type === "memo" && event.name.startsWith("step:") && memo[event.name] === undefined)
      found.add(stepInWords(event.name, names, ", as soon as it may be done"));
    if (event.type !== "delegating" || event.name.endsWith(":hedge")) continue;
    const call = callOf(event.name);
    if (memo[call] === undefined && !calls.includes(call)) found.add(`call of ${names.calls.get(call)} (${bare(call)})`);
  }
  return [...found];
}

/** @param how what is said of an action, which is more than a step to a person: it changed something in the world */
function stepInWords(name: string, { questions }: LogNames, how: string): string {
  if (!name.startsWith("step:act:")) return `step ${bare(name)}`;
  const asked = questions.get(name.replace("step:act:", "approve:"));
  return asked ? `action "${asked.words}"${how}` : `an action that nobody was asked about${how}`;
}

function dropped(after: readonly LogEntry[], head: TaskHead, names: LogNames): string[] {
  const found: string[] = head.paused ? ["the pause: the new task goes on"] : [];
  for (const { event } of after) {
    if (event.type === "message")
      found.push(
        event.answers === undefined ? "a message of its caller" : `answer to "${names.questions.get(event.answers)?.words ?? ""}"`,
      );
    if (event.type === "status" && isTerminal(event.state)) found.push("how it ended");
  }
  return after.length === 0 ? found : [...found, `${after.length} ${after.length === 1 ? "entry" : "entries"} of the log in all`];
}

function changed(edit: ForkEdit, { decisions }: Forgetting, names: LogNames, question: string | undefined): string[] {
  const taken = new Set(decisions.map((name) => decisionInWords(name.slice("decision:".length), names)));
  return [
    ...(edit.answer === undefined ? [] : [`answer to "${names.questions.get(question ?? "")?.words ?? ""}": "${edit.answer}"`]),
    ...Object.entries(edit.contracts ?? {}).map(([policy, version]) => `contract ${policy}: version ${version} from here on`),
    ...Object.entries(edit.agents ?? {}).map(([agent, other]) => `agent ${other} is called in place of ${agent}`),
    ...[...taken].map((words) => `decided anew: ${words}`),
  ];
}

function decisionInWords(name: string, { calls }: LogNames): string {
  const kind = name.split(":", 1)[0] ?? "";
  const call = callIn(name.slice(kind.length + 1), calls);
  return call === undefined ? kind : `${kind} about ${calls.get(call)}`;
}

function bare(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function bounded(lines: readonly string[]): string[] {
  return lines.length <= MOST_NAMED ? [...lines] : [...lines.slice(0, MOST_NAMED), `and ${lines.length - MOST_NAMED} more`];
}
