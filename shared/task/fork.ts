/**
 * A task that goes on from a point of another one's log: the entries up to there, as the new task's own, and what does not hold for
 * it. Its program runs again from the top, reads what is finished from the log, and does the rest anew. Pure: ids and time are
 * passed in.
 */
import type { Principal } from "../auth/principal.ts";
import { isTerminal, type Message } from "./a2a-types.ts";
import { costOf } from "./account.ts";
import type { LogEntry, TaskEvent } from "./event.ts";
import { callIn, forgettingAt, type LogNames, namesIn } from "./forgetting.ts";
import { type ForkEdit, type ForkPlan, planOf } from "./fork-plan.ts";
import { evolve, type TaskHead } from "./head.ts";
import { isCheckpoint, stateAfter, turnAt } from "./turn.ts";

export interface ForkOptions {
  /** Of the new task. */
  readonly id: string;
  readonly principal: Principal;
  /** The task whose log it is. */
  readonly from: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly edit?: ForkEdit;
}

export type ForkRefusal =
  | { code: "position-unknown"; at: number; last: number }
  | { code: "ended"; at: number; until: number }
  | { code: "inside-turn"; at: number; before: number; after?: number }
  | { code: "nested"; root: string; agent: string }
  | { code: "no-question"; at: number };

export interface Forked {
  readonly ok: true;
  readonly entries: readonly LogEntry[];
  readonly plan: ForkPlan;
  /** The question that the edit's answer is for: its name in the log. */
  readonly question?: AnsweredQuestion;
}

export interface AnsweredQuestion {
  readonly name: string;
  /** The call that passed it up, if one did: made anew, it asks under another name. */
  readonly call?: string;
  /** As a person read them. */
  readonly text: string;
}

/** @param entries the whole log @param at the position after which the new task goes its own way */
export function forkAt(entries: readonly LogEntry[], at: number, options: ForkOptions): Forked | { ok: false; refusal: ForkRefusal } {
  const { edit = {} } = options;
  const created = entries[0]?.event;
  if (created?.type === "created" && created.chain) {
    const { root, path } = created.chain.delegation;
    return refused({ code: "nested", root, agent: path[0]?.agent ?? "" });
  }
  if (at < 1 || at > entries.length) return refused({ code: "position-unknown", at, last: entries.length });
  const turn = turnAt(entries, at);
  const first = entries[turn.first - 1]?.event;
  // In place of an answer: back to where its question was open.
  const answered = edit.answer !== undefined && first?.type === "message" ? first.answers : undefined;
  const until = answered === undefined ? at : turn.first - 1;
  const copied = entries.slice(0, until);
  const head = headOf(copied, options.from);
  if (isTerminal(head.state)) return refused({ code: "ended", at, until: lastCheckpoint(entries) });
  if (answered === undefined && at !== turn.last) {
    const ends = isTerminal(headOf(entries.slice(0, turn.last), options.from).state);
    return refused({ code: "inside-turn", at, before: turn.first - 1, ...(!ends && { after: turn.last }) });
  }
  const question = answered ?? head.questions[0];
  if (edit.answer !== undefined && question === undefined) return refused({ code: "no-question", at });
  return continued(entries, copied, head, options, false, edit.answer === undefined ? undefined : question);
}

/**
 * A log that was written elsewhere, as a task here. Nobody here saw how it came about: who stands behind its answers is not said,
 * and what was approved is approved anew. One of an ended task stays as it is, to be looked at and forked.
 */
export function importedFrom(
  entries: readonly LogEntry[],
  options: Omit<ForkOptions, "edit">,
): Forked | { ok: false; refusal: ForkRefusal } {
  return continued(entries, entries, headOf(entries, options.from), options, true, undefined);
}

/** @param copied the beginning of `all` */
function continued(
  all: readonly LogEntry[],
  copied: readonly LogEntry[],
  head: TaskHead,
  options: ForkOptions,
  isFromElsewhere: boolean,
  question: string | undefined,
): Forked {
  const { from, edit = {} } = options;
  const names = namesIn(all);
  const policies = Object.keys(edit.contracts ?? {});
  const forgetting = forgettingAt(copied, head, namesIn(copied), { policies, isFromElsewhere });
  const at = Math.max(options.now, copied.at(-1)?.at ?? 0);
  const own: TaskEvent[] = [
    { type: "forked", from, seq: copied.length, forgets: forgetting.names, cost: costOf(head.account, copied.at(-1)?.at ?? 0) },
    ...(isTerminal(head.state) ? [] : [{ type: "status", state: "TASK_STATE_WORKING" } as const]),
  ];
  return {
    ok: true,
    entries: [
      ...copied.map((entry) => ({ ...entry, event: ownEvent(entry.event, options, isFromElsewhere ? undefined : head.principal) })),
      ...own.map((event, index) => ({ seq: copied.length + index + 1, at, event })),
    ],
    plan: planOf(all, copied, head, names, forgetting, edit, question),
    ...(question !== undefined && { question: answeredQuestion(question, names) }),
  };
}

/**
 * An event as the new task's: under its id, of its principal, and without what bound the other task to its callers and callees.
 * @param caller the other task's, who stands behind what nobody else does; absent where nobody here knows
 */
function ownEvent(event: TaskEvent, options: ForkOptions, caller: Principal | undefined): TaskEvent {
  const { id, from, principal, edit } = options;
  switch (event.type) {
    case "created": {
      const { digest: _, traceparent: __, chain: ___, origin, contracts, agents, ...rest } = event;
      const versions = { ...contracts, ...edit?.contracts };
      const instead = { ...agents, ...edit?.agents };
      return {
        ...rest,
        principal,
        message: ownMessage(event.message, options),
        // Callees are told to call back there: not where a file says.
        ...(origin !== undefined && caller && { origin }),
        ...((contracts || edit?.contracts) && { contracts: versions }),
        ...(Object.keys(instead).length > 0 && { agents: instead }),
      };
    }
    case "message": {
      const { key: _, digest: __, chain: ___, by, ...rest } = event;
      return { ...rest, message: ownMessage(event.message, options), ...(caller && { by: by ?? [caller] }) };
    }
    case "status":
      return { ...event, ...(event.message && { message: ownMessage(event.message, options) }) };
    case "asked":
      return { ...event, message: ownMessage(event.message, options) };
    case "delegating":
      // Whoever looks for the call by its key must not find the other task's callee.
      return { ...event, key: event.key.startsWith(`${from}/`) ? id + event.key.slice(from.length) : `${id}/${event.name}` };
    default:
      return event;
  }
}

function ownMessage({ messageId, taskId, ...message }: Message, { id, from }: ForkOptions): Message {
  return {
    ...message,
    messageId: messageId.startsWith(`${from}-`) ? id + messageId.slice(from.length) : messageId,
    ...(taskId !== undefined && { taskId: id }),
  };
}

function answeredQuestion(name: string, { calls, questions }: LogNames): AnsweredQuestion {
  const call = callIn(name, calls);
  return { name, text: questions.get(name)?.text ?? "", ...(call !== undefined && { call }) };
}

/** @throws Error when the log does not begin with its creation */
export function headOf(entries: readonly LogEntry[], id: string): TaskHead {
  let head: TaskHead | undefined;
  for (const entry of entries) head = evolve(head, entry, id);
  if (!head) throw new Error("a log has at least its creation");
  return head;
}

/** The last position that a task can be taken up from; 0 where there is none. */
function lastCheckpoint(entries: readonly LogEntry[]): number {
  let state: TaskHead["state"] = "TASK_STATE_SUBMITTED";
  let last = 0;
  for (const [index, { seq, event }] of entries.entries()) {
    state = stateAfter(state, event);
    if (isCheckpoint(state, event, entries[index + 1]?.event)) last = seq;
  }
  return last;
}

function refused(refusal: ForkRefusal): { ok: false; refusal: ForkRefusal } {
  return { ok: false, refusal };
}
