/**
 * The log as a caller sees it: an A2A Task from a head and the entries it points to, and stream events from entries. Pure.
 */
import {
  type Artifact,
  isObject,
  type JsonObject,
  type Message,
  type StreamResponse,
  type Task,
  type TaskStatus,
  textOf,
} from "./a2a-types.ts";
import type { LogEntry, TaskEvent } from "./event.ts";
import type { TaskHead } from "./head.ts";
import { INTERRUPT_EXTENSION } from "./interrupt-extension.ts";
import { sayingStopped } from "./push-extension.ts";

/** Gives the entries from position `first` to `last`, in order. */
export type ReadEntries = (first: number, last: number) => readonly LogEntry[];

/** A whole conversation in each answer to a message would make each answer dearer than the one before. */
export const HISTORY_DEFAULT = 20;

export interface TaskView {
  /** How many of the most recent messages; unset means HISTORY_DEFAULT, 0 means no history. (3.2.4) */
  readonly historyLength?: number | undefined;
  /** `present`: also when there are none. */
  readonly artifacts: boolean | "present";
}

export function renderTask(head: TaskHead, read: ReadEntries, { historyLength, artifacts }: TaskView): Task {
  const messages = historyLength === 0 ? [] : head.messages.slice(-(historyLength ?? HISTORY_DEFAULT));
  const history = messages.flatMap((seq) => read(seq, seq).flatMap(({ event }) => messageOf(event) ?? []));
  return {
    id: head.id,
    contextId: head.contextId,
    status: statusOf(head, read(head.statusSeq, head.statusSeq)[0]),
    ...((artifacts === "present" || (artifacts && head.artifacts.length > 0)) && {
      artifacts: head.artifacts.map(({ id, runs }) => renderArtifact(id, runs, read)),
    }),
    ...(history.length > 0 && { history }),
    ...metadataOf(head, read),
  };
}

/** What a subscriber is told of an entry; nothing when it concerns only the program. */
export function renderEvent(head: Pick<TaskHead, "id" | "contextId">, { at, event }: LogEntry): StreamResponse | undefined {
  const ids = { taskId: head.id, contextId: head.contextId };
  if (event.type === "status") {
    const status = { state: event.state, timestamp: timestamp(at), ...(event.message && { message: event.message }) };
    return { statusUpdate: { ...ids, status, ...(event.metadata && { metadata: event.metadata }) } };
  }
  if (event.type === "artifact") {
    const { artifact, append, lastChunk } = event;
    return { artifactUpdate: { ...ids, artifact, ...(append && { append }), ...(lastChunk && { lastChunk }) } };
  }
  return undefined;
}

function statusOf(head: TaskHead, entry: LogEntry | undefined): TaskStatus {
  const message = entry?.event.type === "status" ? entry.event.message : undefined;
  return { state: head.state, timestamp: timestamp(head.statusAt), ...(message && { message }) };
}

function metadataOf(head: TaskHead, read: ReadEntries): { metadata?: JsonObject } {
  const { pushStopped = [] } = head;
  const metadata = withWaiting(head, read);
  if (pushStopped.length === 0) return metadata ? { metadata } : {};
  const stopped = pushStopped.map(({ config: id, attempts, reason, at }) => ({ id, attempts, reason, at: timestamp(at) }));
  return { metadata: { ...metadata, ...sayingStopped(stopped) } };
}

/** The questions behind the one that is put: each may be answered by its id, in any order. */
function withWaiting({ metadata, questions, asked }: TaskHead, read: ReadEntries): JsonObject | undefined {
  const put = metadata?.[INTERRUPT_EXTENSION];
  if (!isObject(put) || questions.length < 2) return metadata;
  const waiting = questions.slice(1).flatMap((name) => {
    const seq = asked[name];
    const event = seq === undefined ? undefined : read(seq, seq)[0]?.event;
    if (event?.type !== "asked" && event?.type !== "status") return [];
    const said = event.metadata?.[INTERRUPT_EXTENSION];
    return isObject(said) ? [{ ...said, words: textOf(event.message?.parts ?? []) }] : [];
  });
  return { ...metadata, [INTERRUPT_EXTENSION]: { ...put, waiting } };
}

function renderArtifact(artifactId: string, runs: readonly [number, number][], read: ReadEntries): Artifact {
  const chunks: Artifact[] = [];
  for (const [first, last] of runs) {
    for (const { event } of read(first, last))
      if (event.type === "artifact" && event.artifact.artifactId === artifactId) chunks.push(event.artifact);
  }
  // Later chunks add parts; name and description stand in the first one that has them.
  return { ...Object.assign({}, ...chunks.toReversed()), artifactId, parts: chunks.flatMap((chunk) => chunk.parts) };
}

function messageOf(event: TaskEvent): Message | undefined {
  return event.type === "created" || event.type === "message" || event.type === "status" ? event.message : undefined;
}

let last = { at: Number.NaN, text: "" };

/** ISO 8601, UTC, milliseconds, `Z`. (5.6.1) Most of a task's events fall into the millisecond of the one before. */
export function timestamp(at: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: writes a given time as text, and reads no clock
  if (last.at !== at) last = { at, text: new Date(at).toISOString() };
  return last.text;
}
