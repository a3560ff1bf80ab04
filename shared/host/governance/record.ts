/**
 * What governance did in a task, as its owner reads it: the rules it is pinned to, its chain, what it cost, and its decisions
 * in their order. Read from the log and nowhere else, some of it at a time, so that no task is too long to be asked about.
 */
import { NOTHING, ONE_CALL, plus } from "../../budget/amount.ts";
import { isObject } from "../../task/a2a-types.ts";
import { callOf, carvedOf, costOf } from "../../task/account.ts";
import type { LogEntry } from "../../task/event.ts";
import type { RecordedCall, RecordedDecision, TaskRecord } from "../../task/record.ts";
import type { JsonText } from "../api.ts";
import type { LiveTask } from "../live-task.ts";
import type { Governor } from "./governor.ts";

/** Of JSON, in one answer; the decision that exceeds it still is in it. */
const ANSWER_CHARS = 1_000_000;
/** Entries of the log that one answer looks at, and that are in memory at a time. */
const ENTRIES = 4_000;
const AT_ONCE = 100;

/** @param after the position after which to begin */
export function recordOf(task: LiveTask, governor: Governor | undefined, after: number): JsonText<TaskRecord> {
  const { id, head } = task;
  const [first] = task.read(1, 1);
  const path = governor?.path(task) ?? [];
  const { madeBy, decisions, calls, next } = page(task, after);
  const record: TaskRecord = {
    id,
    agent: governor?.governance.agent ?? "",
    state: head.state,
    created: timestamp(first?.at ?? head.statusAt),
    contracts: head.contracts ?? {},
    ...(madeBy && madeBy.length > 0 && { madeBy }),
    ...(head.wishes && { wishes: head.wishes }),
    chain: {
      root: head.chain?.delegation.root ?? id,
      path,
      product: path.reduce((product, { reliability }) => product * reliability, 1),
    },
    cost: costOf(head.account, Date.now()),
    ...(head.account?.inherited && { inherited: head.account.inherited }),
    ...(head.forkedFrom && { forkedFrom: head.forkedFrom }),
    carved: head.account ? carvedOf(head.account) : NOTHING,
    decisions,
    calls,
    ...(next !== undefined && { next }),
  };
  return JSON.stringify(record);
}

function page(task: LiveTask, after: number): Pick<TaskRecord, "madeBy" | "decisions" | "calls" | "next"> {
  const madeBy: NonNullable<TaskRecord["madeBy"]>[number][] = [];
  const decisions: RecordedDecision[] = [];
  const calls = new Map<string, RecordedCall>();
  let chars = 0;
  const last = task.head.seq;
  const end = Math.min(last, after + ENTRIES);
  for (let from = after + 1; from <= end; from += AT_ONCE) {
    for (const entry of task.read(from, Math.min(end, from + AT_ONCE - 1))) {
      note(calls, entry);
      if (entry.madeBy) madeBy.push({ ...entry.madeBy, from: entry.seq });
      const decision = decisionIn(entry);
      if (!decision) continue;
      decisions.push(decision);
      chars += JSON.stringify(decision).length;
      if (chars > ANSWER_CHARS && entry.seq < last) return { madeBy, decisions, calls: [...calls.values()], next: entry.seq };
    }
  }
  return { madeBy, decisions, calls: [...calls.values()], ...(end < last && { next: end }) };
}

function decisionIn({ seq, at, event }: LogEntry): RecordedDecision | undefined {
  if (event.type !== "decision") return undefined;
  const { signals, decision } = event;
  return { seq, at: timestamp(at), name: event.name.replace(/^decision:/, ""), signals, decision };
}

function note(calls: Map<string, RecordedCall>, { event }: LogEntry): void {
  if (event.type === "memo") {
    const call = calls.get(callOf(event.name));
    // Its result, or its question, says which task the callee made of it.
    const task = call && isObject(event.value) ? event.value["taskId"] : undefined;
    if (call && typeof task === "string" && task !== "") calls.set(call.name, { ...call, task });
  }
  if (event.type !== "delegating" && event.type !== "called") return;
  // An answer to a callee belongs to its call.
  const name = callOf(event.name);
  const { agent, skill } = event;
  const known = calls.get(name);
  // With the call itself, which the log counts when it goes out.
  const told =
    event.type === "delegating"
      ? { ...(event.lease && { lease: plus(ONE_CALL, event.lease) }), ...(event.card && { card: event.card }) }
      : { cost: plus(known?.cost ?? ONE_CALL, event.cost) };
  calls.set(name, { ...known, name, agent, skill, ...told });
}

function timestamp(at: number): string {
  return new Date(at).toISOString();
}
