/**
 * What the researcher keeps for a task alone: documents that came with it, and that nobody asked to keep. They go when the task
 * is deleted. Of all other tasks nothing is kept but what their callers ingested, which stays until they say otherwise.
 */
import type { DeletedTask } from "../../shared/kit/skill.ts";
import { originOfTask } from "./origin.ts";
import { corpusOf, type ResearcherEnv } from "./researcher-env.ts";

export async function forgetTask(task: DeletedTask<ResearcherEnv>): Promise<void> {
  await corpusOf(task).forget(originOfTask(task.taskId));
}
