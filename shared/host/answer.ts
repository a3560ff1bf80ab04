/**
 * A task as the text that leaves its object: whole for who asks for it, in one line for the index. Both are bounded, so
 * that no task is too large to be answered for or listed.
 */
import { HISTORY_DEFAULT, type TaskView } from "../task/render.ts";
import type { Listed, TaskReply } from "./api.ts";
import type { LiveTask } from "./live-task.ts";

/** Far below what one call between objects may carry (32 MiB), whatever its characters take. */
const ANSWER_CHARS = 8_000_000;

/** A task as text. Of a history too long for one answer the oldest messages are left out. */
export function answer(task: LiveTask, view: TaskView): TaskReply {
  task.flush();
  for (const historyLength of [view.historyLength, 5, 1, 0]) {
    if (historyLength !== view.historyLength && historyLength !== undefined && historyLength > (view.historyLength ?? HISTORY_DEFAULT))
      continue;
    const text = JSON.stringify(task.render({ ...view, historyLength }));
    if (text.length <= ANSWER_CHARS) return { ok: true, task: text };
  }
  return { ok: false, refusal: { code: "too-large" } };
}

/** What a list shows of one task at most; what is beyond stays with the task. */
const LISTED_CHARS = 8_000;

export function listed(task: LiveTask): Listed {
  const { id, contextId, state, statusAt: at } = task.head;
  const whole = task.render({ historyLength: 0, artifacts: false });
  const { metadata: _, ...plain } = whole;
  const { message: __, ...status } = whole.status;
  const texts = [whole, plain, { ...plain, status }].map((each) => JSON.stringify(each));
  return { id, contextId, state, at, task: texts.find((text) => text.length <= LISTED_CHARS) ?? texts.at(-1) ?? "{}" };
}
