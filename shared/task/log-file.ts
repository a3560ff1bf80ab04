/**
 * A task's log as it is handed out: JSON Lines, a header and then one entry a line. What would let a reader act in the task's name is
 * taken out: envelopes with their keys, and callers' idempotency keys. Pure.
 */
import type { TaskEvent } from "./event.ts";
import type { TaskHead } from "./head.ts";

export const LOG_FORMAT = "skein-task-log";
/** Of the format: entries may get fields without it. */
export const LOG_VERSION = 1;

/** The first line. */
export interface LogHeader {
  readonly format: typeof LOG_FORMAT;
  readonly version: typeof LOG_VERSION;
  /** The agent whose task it is, by the name on its card, and that card's version. */
  readonly agent: string;
  readonly cardVersion: string;
  readonly task: string;
  readonly contextId: string;
  /** How many entries follow: a file that was cut off has fewer. */
  readonly entries: number;
  /** ISO 8601. */
  readonly exportedAt: string;
  /** Of a task that another agent gave: where its chain began. */
  readonly chain?: { readonly root: string; readonly agent: string };
}

export function logHeader({ id, contextId, seq, chain }: TaskHead, agent: string, cardVersion: string, exportedAt: string): LogHeader {
  const begun = chain && { root: chain.delegation.root, agent: chain.delegation.path[0]?.agent ?? "" };
  return {
    format: LOG_FORMAT,
    version: LOG_VERSION,
    agent,
    cardVersion,
    task: id,
    contextId,
    entries: seq,
    exportedAt,
    ...(begun && { chain: begun }),
  };
}

/** An event without what only its task may know. */
export function withoutSecrets(event: TaskEvent): TaskEvent {
  if (event.type === "created") {
    const { chain: _, digest: __, traceparent: ___, ...rest } = event;
    return rest;
  }
  if (event.type === "message") {
    const { chain: _, key: __, digest: ___, ...rest } = event;
    return rest;
  }
  // Of a task that another agent gave, which nobody can take in anyway.
  if (event.type === "granted") return { type: "resumed" };
  return event;
}
