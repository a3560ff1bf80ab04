/**
 * What came of an operator's verb, in words: how the task stands now, or that a yes was not enough. Pure.
 */
import { type Task, textOf } from "../shared/task/a2a-types.ts";
import { type Interrupt, interruptIn } from "../shared/task/interrupt-extension.ts";
import type { Waiting } from "../shared/task/waiting.ts";
import { inWords } from "./narration.ts";

/** As `POST /operate/tasks/{id}/{verb}` answers. */
export interface Operated {
  readonly task: Pick<Task, "id" | "status" | "metadata">;
  readonly changed: boolean;
}

/** @param answered the question as it waited before; absent where a verb is about the task @returns the result first, then what the task says */
export function operatedInWords({ task: { id, status, metadata }, changed }: Operated, answered: Waiting | undefined): string[] {
  const open = answered && stillOpen(metadata, answered.question);
  if (open?.action) {
    const given = open.approvedBy?.length ?? (answered?.action?.approvedBy.length ?? 0) + 1;
    return [`task ${id}: approved by ${given} of ${open.action.approvers}; somebody else has to approve as well`];
  }
  const text = textOf(status.message?.parts ?? []);
  return [`task ${id} ${changed ? "is now" : "was already"}: ${inWords(status.state, metadata)}`, ...(text === "" ? [] : [text])];
}

/** An answer that was not enough leaves its question where it was. */
function stillOpen(metadata: Task["metadata"], question: string): Interrupt | undefined {
  const put = interruptIn(metadata);
  return put && [put, ...(put.waiting ?? [])].find(({ id }) => id === question);
}
