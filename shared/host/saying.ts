/**
 * What a run says, in the form that its task's log holds: words, artifacts, and how it ended. It makes messages and events, and
 * appends none.
 */
import type { Artifact, Message } from "../task/a2a-types.ts";
import { costAtEnd } from "../task/account.ts";
import type { TaskInput } from "../task/advance.ts";
import { sayingCost } from "../task/governance-extension.ts";
import { acceptedParts } from "../task/media-type.ts";
import type { LiveTask } from "./live-task.ts";
import type { NewArtifact, Outcome } from "./program.ts";

/** Media types the caller takes; undefined where it takes all. */
type Accepts = readonly string[] | undefined;

/**
 * Words of the agent. Their id is their task's with their place in the log.
 * @param before how many entries come first that are appended with them
 */
export function say({ head: { id, contextId, seq } }: LiveTask, text: string, before = 0): Message {
  return { messageId: `${id}-${seq + before + 1}`, role: "ROLE_AGENT", parts: [{ text }], taskId: id, contextId };
}

/** An artifact with the id it has in its task, and of its parts those that the caller accepts. */
export function named({ artifactId, ...artifact }: NewArtifact, accepts: Accepts, index = 0): Artifact {
  const id = artifactId ?? (artifact.name ? artifact.name : `artifact-${index + 1}`);
  return { ...artifact, artifactId: id, parts: acceptedParts(artifact.parts, accepts) };
}

/** What a run's outcome means for its task, with what it has cost. */
export function ended(task: LiveTask, outcome: Outcome, accepts: Accepts): TaskInput & { type: "ended" } {
  const cost = sayingCost(costAtEnd(task.head.account, Date.now()));
  if (outcome.outcome !== "completed") {
    const state = outcome.outcome === "rejected" ? "TASK_STATE_REJECTED" : "TASK_STATE_FAILED";
    return { type: "ended", state, artifacts: [], message: say(task, outcome.reason), metadata: cost };
  }
  const artifacts = outcome.artifacts.map((artifact, index) => named(artifact, accepts, index));
  return {
    type: "ended",
    state: "TASK_STATE_COMPLETED",
    artifacts,
    ...(outcome.text !== undefined && { message: say(task, outcome.text, artifacts.length) }),
    metadata: { ...outcome.metadata, ...cost },
  };
}
