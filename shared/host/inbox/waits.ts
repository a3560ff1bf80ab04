/**
 * What waits in a task, in the words its inbox shows: each open question, or that an operator has paused it. Read from the log,
 * and bounded, so that no task fills an inbox.
 */
import { ownerName } from "../../auth/owner.ts";
import { type JsonObject, textOf } from "../../task/a2a-types.ts";
import { costOf } from "../../task/account.ts";
import type { Question } from "../../task/advance.ts";
import { interruptOf } from "../../task/answering.ts";
import type { LogEntry } from "../../task/event.ts";
import type { TaskHead } from "../../task/head.ts";
import type { Interrupt, ProposedAction } from "../../task/interrupt-extension.ts";
import type { HeldQuestion, Waiting, WaitingAction } from "../../task/waiting.ts";
import type { LiveTask } from "../live-task.ts";
import type { TaskWaits } from "./api.ts";

/** Of one task: branches that ask side by side are few. */
const QUESTIONS = 20;
const WORDS_CHARS = 2_000;
const ARGS_CHARS = 4_000;
/** Of a question that cannot be answered now. */
const HELD_CHARS = 200;

/** Whether these entries change what waits. An end changes it only where something waited. */
export function changesWaits(entries: readonly LogEntry[], { questions, paused }: Pick<TaskHead, "questions" | "paused">): boolean {
  return entries.some(({ event }) => {
    switch (event.type) {
      case "message":
        return event.answers !== undefined || event.approves !== undefined;
      case "asked":
      case "expired":
      case "forked":
        return true;
      case "status":
        return event.ask !== undefined || event.paused !== undefined || (!event.transient && (questions.length > 0 || paused === true));
      default:
        return false;
    }
  });
}

export function waitsOf(task: LiveTask, agent: string): TaskWaits {
  return { agent, task: task.id, version: task.head.seq, waiting: task.ended ? [] : openIn(task, agent) };
}

function openIn(task: LiveTask, agent: string): Waiting[] {
  const { head } = task;
  if (head.paused) {
    const [entry] = task.read(head.statusSeq, head.statusSeq);
    const message = entry?.event.type === "status" ? entry.event.message : undefined;
    if (!message || !entry) return [];
    const paused = waiting(task, agent, { name: "paused", message, ...(head.metadata && { metadata: head.metadata }) }, entry.at);
    const behind = heldIn(task);
    return [behind.length > 0 ? { ...paused, behind } : paused];
  }
  return head.questions.slice(0, QUESTIONS).flatMap((_, index) => {
    const question = task.question(index);
    return question ? [waiting(task, agent, question, question.at)] : [];
  });
}

function heldIn(task: LiveTask): HeldQuestion[] {
  return task.head.questions.slice(0, QUESTIONS).flatMap((_, index) => {
    const open = task.question(index);
    if (!open) return [];
    const { id, kind } = interruptOf(task.id, open.name, open.metadata, "");
    return [{ question: id, kind, words: cut(textOf(open.message.parts), HELD_CHARS) }];
  });
}

function waiting({ id: task, head }: LiveTask, agent: string, { name, message, metadata }: Question, at: number): Waiting {
  const since = new Date(at).toISOString();
  const interrupt = interruptOf(task, name, metadata, since);
  const { id: question, kind, asker, path, choices, expires, default: otherwise } = interrupt;
  return {
    question,
    kind,
    words: cut(textOf(message.parts)),
    ...(choices && { choices }),
    ...(interrupt.action && { action: actionOf(interrupt.action, interrupt) }),
    asker,
    path,
    agent,
    task,
    owner: ownerName(head.principal),
    cost: costOf(head.account, Date.now()),
    since: interrupt.since,
    ...(expires !== undefined && { expires }),
    ...(otherwise !== undefined && { default: cut(otherwise) }),
  };
}

function actionOf({ description, args, digest, approvers, others }: ProposedAction, { approvedBy = [] }: Interrupt): WaitingAction {
  return { description: cut(description), digest, ...shownArgs(args), approvers, others, approvedBy };
}

/** All of them or none: an action with half its arguments would be another one. */
function shownArgs(args: JsonObject): { args?: JsonObject } {
  return JSON.stringify(args).length <= ARGS_CHARS ? { args } : {};
}

function cut(text: string, most = WORDS_CHARS): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}
