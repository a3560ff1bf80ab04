/**
 * What arrives for the questions of a task: messages that may answer them, and the end of their time. Reads from the log what is
 * open, has it judged, and applies what comes of it; lets nobody go on, which is its caller's to do.
 */
import { ownerName } from "../auth/owner.ts";
import type { Principal } from "../auth/principal.ts";
import { isInterrupted } from "../task/a2a-types.ts";
import type { Effect, Question, Refusal } from "../task/advance.ts";
import { type Asked, interruptOf, type Judged, judge, type OpenQuestion } from "../task/answering.ts";
import { INTERRUPT_EXTENSION } from "../task/interrupt-extension.ts";
import type { FollowUp } from "./api.ts";
import type { LiveTask } from "./live-task.ts";

export type Took = { readonly effect: Effect; readonly question?: string } | { readonly refusal: Refusal };

/** @param now milliseconds since the epoch @returns also the question that it settles */
export function takeMessage(task: LiveTask, { message, by, key, digest, chain }: FollowUp, now: number): Took {
  const { head } = task;
  const judged = judge(message, by ?? [head.principal], askedBy(task), now);
  const keyed = { ...(key !== undefined && { key }), ...(digest !== undefined && { digest }), ...(chain && { chain }) };
  const step = task.apply({ type: "message", message, judged, ...keyed, ...behind(task), ...again(task, judged) });
  if ("refusal" in step) return step;
  return { effect: step.effect, ...(judged.means === "settles" && { question: judged.name }) };
}

/** Settles the questions whose time is over. @returns their names */
export function settleExpired(task: LiveTask, now: number): string[] {
  const over = openQuestions(task).filter(({ interrupt }) => expiryOf(interrupt.expires) <= now);
  return over.flatMap(({ name, interrupt }) => {
    const value = interrupt.default === undefined ? {} : { value: interrupt.default };
    const step = task.apply({ type: "expired", name, ...value, ...behind(task) });
    return "effect" in step && step.effect === "run" ? [name] : [];
  });
}

/** Whoever asked it needs no answer any more. */
export function withdraw(task: LiveTask, name: string): void {
  task.apply({ type: "expired", name, withdrawn: true, ...behind(task) });
}

/** When the first of the open questions is over, milliseconds since the epoch; undefined where none ever is. */
export function nextExpiry(task: LiveTask): number | undefined {
  if (task.ended) return undefined;
  const next = Math.min(...openQuestions(task).map(({ interrupt }) => expiryOf(interrupt.expires)));
  return next === Number.POSITIVE_INFINITY ? undefined : next;
}

function expiryOf(expires: string | undefined): number {
  const at = expires === undefined ? Number.NaN : Date.parse(expires);
  return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
}

function askedBy(task: LiveTask): Asked {
  const { principal, state, paused, put } = task.head;
  return { owner: principal, questions: openQuestions(task), isPut: isInterrupted(state) && !paused, put: put?.times ?? 1 };
}

function openQuestions(task: LiveTask): OpenQuestion[] {
  return task.head.questions.flatMap((_, index) => {
    const question = task.question(index);
    if (!question) return [];
    const { name, metadata, at } = question;
    const interrupt = interruptOf(task.id, name, metadata, new Date(at).toISOString());
    return [{ name, metadata, interrupt, approvals: approvalsOf(task, name) }];
  });
}

/** The last of those who said yes to it stands in the log with all before. */
function approvalsOf(task: LiveTask, name: string): readonly Principal[] {
  const seq = task.head.approvals?.[name];
  const event = seq === undefined ? undefined : task.read(seq, seq)[0]?.event;
  return event?.type === "message" ? (event.by ?? [task.head.principal]) : [];
}

function behind(task: LiveTask): { next?: Question } {
  const next = task.question(1);
  return next ? { next: shown(task, next, approvalsOf(task, next.name), 2) } : {};
}

/** The question that needs more people than have said yes, as it is put again for the others. */
function again(task: LiveTask, judged: Judged): { again?: Question } {
  const put = judged.means === "approves" ? task.question(0) : undefined;
  return judged.means === "approves" && put?.name === judged.name ? { again: shown(task, put, judged.by, 2) } : {};
}

/** @param place of the event that puts it, behind the last one of the log */
function shown({ id, head }: LiveTask, { name, message, metadata }: Question, by: readonly Principal[], place: number): Question {
  const said = metadata?.[INTERRUPT_EXTENSION];
  const approvedBy = typeof said === "object" && by.length > 0 && { [INTERRUPT_EXTENSION]: { ...said, approvedBy: by.map(ownerName) } };
  return {
    name,
    message: { ...message, messageId: `${id}-${head.seq + place}` },
    ...(metadata && { metadata: { ...metadata, ...approvedBy } }),
  };
}
