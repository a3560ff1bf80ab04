/**
 * What a caller is told that called something off by its key: the task, whether the key had made it before, and whether all that
 * the task had called in turn has been told as well, for which it is waited a little.
 */
import { isTerminal, type JsonObject, type Task } from "../../task/a2a-types.ts";
import { type CalledOff, RESUME_EXTENSION } from "../../task/resume-extension.ts";
import { answer } from "../answer.ts";
import type { TaskReply } from "../api.ts";
import type { LiveTask } from "../live-task.ts";

/** In place of the digest of a task's content, where the key was called off before the content came: any content may have it. */
export const CALLED_OFF = "called off";

/** Less than the caller waits, who has others to tell. Milliseconds. */
const SETTLE_MS = 3_000;

export interface Settling {
  tell(id: string): void;
  settled(id: string, ms: number): Promise<boolean>;
}

/** @param find the task as it is stored, however often its object has made way for another since */
export async function calledOff(id: string, letGo: Settling, find: (id: string) => LiveTask | undefined): Promise<TaskReply> {
  letGo.tell(id);
  const settled = await letGo.settled(id, SETTLE_MS);
  const task = find(id);
  if (!task || !isTerminal(task.head.state)) return { ok: false, refusal: { code: "not-found" } };
  const reply = answer(task, { historyLength: 0, artifacts: true });
  if (!reply.ok) return reply;
  const said: CalledOff = { arrived: task.head.digest !== CALLED_OFF, settled };
  const whole = JSON.parse(reply.task) as Task & { metadata?: JsonObject };
  return { ok: true, task: JSON.stringify({ ...whole, metadata: { ...whole.metadata, [RESUME_EXTENSION]: said } }) };
}
