/**
 * What a task waits for, as a person at a terminal reads it: about what, until when, who may answer, and with which command. Pure:
 * the clock is handed in.
 */
import type { Task } from "../shared/task/a2a-types.ts";
import { actionName } from "../shared/task/approval.ts";
import { type Interrupt, interruptIn } from "../shared/task/interrupt-extension.ts";
import type { Reach } from "./address.ts";
import { until } from "./time-words.ts";

/**
 * @param reach what the commands must carry
 * @param now milliseconds since the epoch
 * @returns lines; for an agent that says nothing of it, only how to answer
 */
export function waitsFor(task: Task, reach: Reach, now: number): string[] {
  const interrupt = interruptIn(task.metadata);
  if (!interrupt) return [`Answer:  ${commandOf(task, reach)} --answer "…"      (--approve says yes)`];
  return [
    ...whoAsks(interrupt),
    ...whoMay(task, interrupt),
    ...howLong(interrupt, now),
    ...(interrupt.kind === "approval" ? howToDecide(task, interrupt, reach) : howToAnswer(task, interrupt, reach)),
    ...others(task, interrupt, reach),
  ];
}

function whoAsks({ path }: Interrupt): string[] {
  return path.length > 1 ? [`Asked by ${path.join(" → ")}.`] : [];
}

function whoMay(task: Task, { kind, action, approvedBy = [] }: Interrupt): string[] {
  if (kind === "paused") return ["It takes an operator to let it go on, and no answers before."];
  if (!action) return [];
  const { approvers, others } = action;
  const many = approvers > 1 ? `It takes ${approvers} people with the scope "approve"` : `It takes somebody with the scope "approve"`;
  const not = others === 0 ? "" : others === 1 && approvers > 1 ? ", one of them not the task's caller" : ", not the task's caller";
  const so = approvedBy.length > 0 ? [`Approved so far by ${approvedBy.join(", ")}.`] : [];
  // One person who may is what everybody expects: only the rest is worth a line.
  return approvers > 1 || others > 0 || isForOthers(task) ? [`${many}${not}.`, ...so] : so;
}

/** Its caller may not approve it, or not alone. (A2A 1.0, 4.1.3) */
function isForOthers({ status }: Task): boolean {
  return status.state === "TASK_STATE_AUTH_REQUIRED";
}

function howLong({ kind, expires, default: answer }: Interrupt, now: number): string[] {
  if (expires === undefined) return [];
  const then =
    answer !== undefined ? `then the answer is "${answer}"` : kind === "approval" ? "then it counts as rejected" : "then the task ends";
  const when = Date.parse(expires) <= now ? "" : ` ${until(expires, now)}`;
  return [`Its time is over${when}, ${then}.`];
}

function howToDecide(task: Task, { id, action }: Interrupt, reach: Reach): string[] {
  const name = action ? `   (action ${actionName(action.digest)})` : "";
  const command = commandOf(task, reach);
  const reject = `${command} --reject "why not"`;
  // No is for whoever the task is for, too.
  return isForOthers(task)
    ? [`Approve, with that scope:  npm run approve -- ${reach.mesh}${id}${name}`, `Reject:                    ${reject}`]
    : [`Approve:  ${command} --approve${name}`, `Reject:   ${reject}`];
}

function howToAnswer(task: Task, { kind }: Interrupt, reach: Reach): string[] {
  return kind === "paused"
    ? [`Go on, as an operator:  npm run resume -- ${reach.mesh}${task.id}`]
    : [`Answer:  ${commandOf(task, reach)} --answer "…"`];
}

/** What waits beside the question that is put. */
function others({ id: task }: Task, { kind, waiting = [] }: Interrupt, { mesh }: Reach): string[] {
  if (kind === "paused" || waiting.length === 0) return [];
  const are = waiting.length === 1 ? "One more waits" : `${waiting.length} more wait`;
  return [
    `${are} in this task, and can be answered before this one: npm run inbox -- ${mesh}${task}`,
    ...waiting.map((each) => `  ${each.kind} ${each.id}: ${(each.action?.description ?? each.words ?? "").trim().split("\n", 1)[0]}`),
  ];
}

function commandOf({ id }: Task, { agent }: Reach): string {
  return `npm run call -- ${agent}--task ${id}`;
}
