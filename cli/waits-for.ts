/**
 * What a task waits for, as a person at a terminal reads it: about what, until when, who may answer, and with which command. Pure:
 * the clock is handed in.
 */
import type { Task } from "../shared/task/a2a-types.ts";
import { actionName } from "../shared/task/approval.ts";
import { type Interrupt, interruptIn } from "../shared/task/interrupt-extension.ts";
import { until } from "./time-words.ts";

/**
 * @param flags what the commands must carry to reach the task
 * @param now milliseconds since the epoch
 * @returns lines; for an agent that says nothing of it, only how to answer
 */
export function waitsFor(task: Task, flags: string, now: number): string[] {
  const interrupt = interruptIn(task.metadata);
  const command = `npm run call -- ${flags}--task ${task.id}`;
  if (!interrupt) return [`Answer:  ${command} --answer "…"      (--approve says yes)`];
  return [...whoAsks(interrupt), ...whoMay(task, interrupt), ...howLong(interrupt, now), ...how(interrupt, command)];
}

function whoAsks({ path }: Interrupt): string[] {
  return path.length > 1 ? [`Asked by ${path.join(" → ")}.`] : [];
}

function whoMay({ status }: Task, { kind, action, approvedBy = [] }: Interrupt): string[] {
  if (kind === "paused") return ["It takes an operator to let it go on."];
  if (!action) return [];
  const { approvers, others } = action;
  const many = approvers > 1 ? `It takes ${approvers} people with the scope "approve"` : `It takes somebody with the scope "approve"`;
  const not = others === 0 ? "" : others === 1 && approvers > 1 ? ", one of them not the task's caller" : ", not the task's caller";
  const so = approvedBy.length > 0 ? [`Approved so far by ${approvedBy.join(", ")}.`] : [];
  // One person who may is what everybody expects: only the rest is worth a line.
  return approvers > 1 || others > 0 || status.state === "TASK_STATE_AUTH_REQUIRED" ? [`${many}${not}.`, ...so] : so;
}

function howLong({ kind, expires, default: answer }: Interrupt, now: number): string[] {
  if (expires === undefined) return [];
  const then =
    answer !== undefined ? `then the answer is "${answer}"` : kind === "approval" ? "then it counts as rejected" : "then the task ends";
  const when = Date.parse(expires) <= now ? "" : ` ${until(expires, now)}`;
  return [`Its time is over${when}, ${then}.`];
}

function how({ kind, action }: Interrupt, command: string): string[] {
  if (kind === "paused") return [];
  if (kind !== "approval") return [`Answer:  ${command} --answer "…"`];
  const name = action ? `   (action ${actionName(action.digest)})` : "";
  return [`Approve:  ${command} --approve${name}`, `Reject:   ${command} --reject "why not"`];
}
