/**
 * A task's log as a person reads it: a line for each entry, and whether the task can be taken up again from there. Pure.
 */
import type { TaskState } from "./a2a-types.ts";
import type { LogEntry } from "./event.ts";
import { type Known, wordsOf } from "./event-words.ts";
import type { MadeBy } from "./made-by.ts";
import { timestamp } from "./render.ts";
import { isCheckpoint, stateAfter } from "./turn.ts";

export interface HistoryEntry {
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly words: string;
  /** Of the task, after it. */
  readonly state: TaskState;
  /** The task can be taken up from here. */
  readonly checkpoint: boolean;
  /** Who wrote it and what comes after it, where that changes: the agent's version and its Worker's. */
  readonly madeBy?: MadeBy;
}

/** What answers `GET /history/tasks/<id>`. */
export interface TaskHistory {
  readonly id: string;
  readonly agent: string;
  readonly state: TaskState;
  /** The log's last position. */
  readonly last: number;
  readonly forkedFrom?: { readonly task: string; readonly seq: number };
  readonly entries: readonly HistoryEntry[];
  /** The position to go on after; absent at the end. */
  readonly next?: number;
}

/**
 * @param entries in their order, without gaps
 * @param before the task's state before the first of them
 * @param following the entry that comes after the last of them, where there is one
 */
export function historyOf(entries: readonly LogEntry[], before: TaskState, following: LogEntry | undefined): HistoryEntry[] {
  const known: Known = { calls: new Map(), questions: new Map() };
  let state = before;
  return entries.map(({ seq, at, event, madeBy }, index) => {
    state = stateAfter(state, event);
    const words = wordsOf(event, known);
    const next = entries[index + 1] ?? following;
    const checkpoint = isCheckpoint(state, event, next?.event);
    return { seq, at: timestamp(at), words, state, checkpoint, ...(madeBy && { madeBy }) };
  });
}
