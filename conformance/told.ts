/**
 * What a stream tells: which task, which state, and what a client that only listens knows at its end. (A2A 1.0.1, 4.2)
 */
import type { Artifact, StreamResponse, Task, TaskState } from "../shared/task/a2a-types.ts";
import { isObject, type Stream, type StreamEvent } from "./agent.ts";
import { collect } from "./expect.ts";
import { Failure, NotShown } from "./requirement.ts";

/** The state an event tells of, if it tells of one. */
export function stateIn({ event }: StreamEvent): TaskState | undefined {
  const { task, statusUpdate } = event as Partial<Record<"task" | "statusUpdate", Task>>;
  return (task ?? statusUpdate)?.status?.state;
}

/** The task that a stream begins with. @throws NotShown when the agent answered with a message, which it may */
export function taskIn([first]: readonly StreamEvent[]): Task {
  const task = first?.event["task"];
  if (!isObject(task)) {
    if (isObject(first?.event["message"])) throw new NotShown("the agent answers this text with a message, not with a task");
    throw new Failure("a stream that begins with the task", first === undefined ? "no event" : JSON.stringify(first.event));
  }
  return task as unknown as Task;
}

/** A stream from its beginning to its end. @throws NotShown when its task waits for somebody: then the text was another one */
export async function whole(stream: Stream): Promise<StreamEvent[]> {
  const isWaiting = (event: StreamEvent) => /_(INPUT|AUTH)_REQUIRED$/.test(stateIn(event) ?? "");
  const events = await collect(stream, isWaiting);
  const last = events.at(-1);
  if (last && isWaiting(last)) throw new NotShown(`needs a text that leads to an end (--text "…"): this one led to ${stateIn(last)}`);
  return events;
}

/** What a client that only listens knows at the end. (4.2) */
export function toldBy(events: readonly StreamEvent[]) {
  let state: TaskState | undefined;
  const artifacts = new Map<string, Artifact>();
  for (const each of events) {
    const event = each.event as unknown as StreamResponse;
    state = stateIn(each) ?? state;
    if ("task" in event) for (const artifact of event.task.artifacts ?? []) artifacts.set(artifact.artifactId, artifact);
    if (!("artifactUpdate" in event)) continue;
    const { artifact, append } = event.artifactUpdate;
    const known = append ? artifacts.get(artifact.artifactId) : undefined;
    artifacts.set(artifact.artifactId, known ? { ...known, parts: [...known.parts, ...artifact.parts] } : artifact);
  }
  return { state, artifacts: contents([...artifacts.values()]) };
}

/** Chunks of text may have been joined: what counts is what they say together. */
export function contents(artifacts: readonly Artifact[] = []) {
  return artifacts.map(({ artifactId, parts }) => [artifactId, parts.map((part) => part.text ?? JSON.stringify(part)).join("")]);
}
