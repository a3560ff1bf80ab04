/**
 * Which entries of a log belong together: what was stored in one turn stands or falls as one, so a task can be looked at between
 * any two entries, but taken up again only between turns. Pure.
 */
import { isTerminal, type TaskState } from "./a2a-types.ts";
import type { LogEntry, TaskEvent } from "./event.ts";

/** Positions, both included. */
export interface Turn {
  readonly first: number;
  readonly last: number;
}

/** @param entries of a whole log, from its first @param seq one of their positions */
export function turnAt(entries: readonly LogEntry[], seq: number): Turn {
  const joined = (one: number) => {
    const [event, next] = [entries[one - 1]?.event, entries[one]?.event];
    return event !== undefined && next !== undefined && isOneTurn(event, next);
  };
  let first = seq;
  let last = seq;
  while (joined(first - 1)) first -= 1;
  while (joined(last)) last += 1;
  return { first, last };
}

/** Whether an event was said together with the one that follows it, so that one without the other would not be true. */
function isOneTurn(event: TaskEvent, next: TaskEvent): boolean {
  switch (event.type) {
    case "message":
    case "expired":
      // A question has its answer, and the task works on or puts the next one.
      return (event.type === "expired" || event.answers !== undefined) && isGoingOn(next);
    case "called":
      // What a call cost, and what it gave. One that was let go has given nothing.
      return event.turn !== undefined && next.type === "memo" && next.name === event.name.replace(/:hedge$/, "");
    case "artifact":
      return event.lastChunk === true && ((next.type === "artifact" && next.lastChunk === true) || isEnd(next));
    case "forked":
      return isGoingOn(next);
    default:
      return false;
  }
}

/** The state of a task after an event. */
export function stateAfter(state: TaskState, event: TaskEvent): TaskState {
  if (event.type === "created") return "TASK_STATE_SUBMITTED";
  return event.type === "status" ? event.state : state;
}

/** @param next the event that follows, where there is one @returns whether a task can be taken up after the event */
export function isCheckpoint(state: TaskState, event: TaskEvent, next: TaskEvent | undefined): boolean {
  return !isTerminal(state) && (next === undefined || !isOneTurn(event, next));
}

function isGoingOn(event: TaskEvent): boolean {
  if (event.type !== "status" || event.transient || event.paused !== undefined) return false;
  return event.ask !== undefined || event.state === "TASK_STATE_WORKING";
}

function isEnd(event: TaskEvent): boolean {
  return event.type === "status" && isTerminal(event.state);
}
