/**
 * Two tasks side by side: how they stand, what they gave line by line, what they cost, whom they called, and which decisions were
 * others. Pure.
 */
import { diffLines } from "diff";
import type { Task } from "../shared/task/a2a-types.ts";
import { wordsOfAmount } from "../shared/task/limit-question.ts";
import type { RecordedCall, RecordedDecision, TaskRecord } from "../shared/task/record.ts";
import { answerOf } from "./answer.ts";
import { aboutOf, nameOf, outcomeOf, whyOf } from "./decision-words.ts";
import { inWords } from "./narration.ts";

export interface Side {
  readonly record: TaskRecord;
  readonly task: Task;
}

/** What stands left and right; empty where one of them has nothing. */
export interface Row {
  readonly title: string;
  readonly left: string;
  readonly right: string;
  readonly same: boolean;
}

export interface Comparison {
  readonly tasks: readonly [string, string];
  /** State, cost, contracts: the same things of both. */
  readonly facts: readonly Row[];
  readonly result: readonly Row[];
  /** Those that are not the same. */
  readonly calls: readonly Row[];
  readonly decisions: readonly Row[];
  /** How many are the same. */
  readonly same: { readonly calls: number; readonly decisions: number };
}

export function compare(left: Side, right: Side): Comparison {
  const calls = rows(
    byName(left.record.calls),
    byName(right.record.calls),
    callInWords,
    ({ name }) => `call ${name.replace(/^delegate:/, "")}`,
  );
  const decisions = rows(
    byTurn(left.record),
    byTurn(right.record),
    decisionInWords,
    ({ decision, about }) => `${kindOf(decision)} ${about}`,
  );
  return {
    tasks: [left.record.id, right.record.id],
    facts: factsOf(left, right),
    result: lineByLine(answerOf(left.task), answerOf(right.task)),
    calls: calls.filter(({ same }) => !same),
    decisions: decisions.filter(({ same }) => !same),
    same: { calls: calls.filter(({ same }) => same).length, decisions: decisions.filter(({ same }) => same).length },
  };
}

function factsOf({ record: left }: Side, { record: right }: Side): Row[] {
  const forked = ({ forkedFrom }: TaskRecord) => (forkedFrom ? `${forkedFrom.task} at ${forkedFrom.seq}` : "");
  const inherited = (record: TaskRecord) => (record.inherited ? wordsOfAmount(record.inherited) : "");
  const policies = [...new Set([...Object.keys(left.contracts), ...Object.keys(right.contracts)])] as (keyof TaskRecord["contracts"])[];
  const version = ({ contracts }: TaskRecord, policy: (typeof policies)[number]) => (contracts[policy] ? `v${contracts[policy]}` : "");
  const contracts = policies.map((policy) => row(policy, version(left, policy), version(right, policy)));
  return [
    row("state", inWords(left.state), inWords(right.state)),
    row("forked from", forked(left), forked(right)),
    row("cost", wordsOfAmount(left.cost), wordsOfAmount(right.cost)),
    row("inherited", inherited(left), inherited(right)),
    ...contracts.filter(({ same }) => !same),
    ...(contracts.every(({ same }) => same) ? [row("contracts", "the same", "the same")] : []),
  ].filter((each) => each.left !== "" || each.right !== "");
}

/** The lines of both, those that are in both beside each other. */
function lineByLine(left: string, right: string): Row[] {
  const found: Row[] = [];
  let removed: string[] = [];
  const put = (ours: readonly string[], theirs: readonly string[]) => {
    for (let index = 0; index < Math.max(ours.length, theirs.length); index++) found.push(row("", ours[index] ?? "", theirs[index] ?? ""));
  };
  for (const { value, added, removed: isRemoved } of diffLines(ended(left), ended(right))) {
    const lines = value.replace(/\n$/, "").split("\n");
    if (isRemoved) removed = lines;
    else {
      put(added ? removed : [...removed, ...lines], added ? lines : [...removed.map(() => ""), ...lines]);
      removed = [];
    }
  }
  put(removed, []);
  return found;
}

/** A last line without its end would differ from the same line with one. */
function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

interface Decided {
  readonly decision: RecordedDecision;
  readonly about: string;
}

/** What is of both under one name, beside each other; what only one has, alone. In the order of the left one, then of the right. */
function rows<T>(
  left: ReadonlyMap<string, T>,
  right: ReadonlyMap<string, T>,
  words: (each: T) => string,
  title: (each: T) => string,
): Row[] {
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].flatMap((name) => {
    const [one, other] = [left.get(name), right.get(name)];
    const some = one ?? other;
    return some === undefined ? [] : [row(title(some), one === undefined ? "" : words(one), other === undefined ? "" : words(other))];
  });
}

function byName(calls: readonly RecordedCall[]): Map<string, RecordedCall> {
  return new Map(calls.map((call) => [call.name, call]));
}

/** By their names; where one was taken again, the last one counts. */
function byTurn({ decisions, calls }: TaskRecord): Map<string, Decided> {
  return new Map(decisions.map((decision) => [decision.name, { decision, about: aboutOf(decision, [...calls]) }]));
}

function callInWords(call: RecordedCall): string {
  return `${nameOf(call)}, ${call.cost ? `cost ${wordsOfAmount(call.cost)}` : "under way"}`;
}

function decisionInWords({ decision }: Decided): string {
  const { version } = decision.decision as { version?: unknown };
  return `v${String(version)} ${outcomeOf(decision)}: ${reasonOf(decision)}`;
}

/** The figures of two tasks are never quite the same; what was decided, and why, may be. */
function reasonOf(decision: RecordedDecision): string {
  const { reason } = decision.decision as { reason?: unknown };
  return typeof reason === "string" ? reason : whyOf(decision);
}

function kindOf({ name }: RecordedDecision): string {
  return name.split(":", 1)[0] ?? "";
}

function row(title: string, left: string, right: string): Row {
  return { title, left, right, same: left === right };
}
