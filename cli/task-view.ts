/**
 * What a watcher of a stream knows: the task as the events so far make it. Pure. (A2A 1.0, sections 3.2.3 and 4.2)
 */
import type { Artifact, StreamResponse, Task } from "../shared/task/a2a-types.ts";

/** @param task what was known before, undefined at the beginning */
export function afterEvent(task: Task | undefined, event: StreamResponse): Task {
  if ("task" in event) return event.task;
  if ("statusUpdate" in event) {
    const { taskId, contextId, status, metadata } = event.statusUpdate;
    const known = task ?? { id: taskId, contextId, status };
    return { ...known, status, ...(metadata && { metadata: { ...known.metadata, ...metadata } }) };
  }
  const { taskId, contextId, artifact, append } = event.artifactUpdate;
  const known: Task = task ?? { id: taskId, contextId, status: { state: "TASK_STATE_WORKING", timestamp: "" } };
  return { ...known, artifacts: withArtifact(known.artifacts ?? [], artifact, append === true) };
}

function withArtifact(artifacts: readonly Artifact[], artifact: Artifact, append: boolean): Artifact[] {
  const index = artifacts.findIndex((each) => each.artifactId === artifact.artifactId);
  const before = artifacts[index];
  if (before === undefined) return [...artifacts, artifact];
  return artifacts.with(index, append ? { ...before, parts: [...before.parts, ...artifact.parts] } : artifact);
}
