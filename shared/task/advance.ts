/**
 * What a task does when something arrives: the head and an input give the events to append and what the host must do
 * next, or a refusal. Pure: no clock, no ids, no storage.
 */
import { type Principal, principalKey } from "../auth/principal.ts";
import { type Artifact, isInterrupted, isTerminal, type Json, type JsonObject, type Message, type TaskState } from "./a2a-types.ts";
import { type AnswerRefusal, type Judged, waitingState } from "./answering.ts";
import type { GivenChain, TaskEvent } from "./event.ts";
import { keyName, type TaskHead } from "./head.ts";
import { interruptIn } from "./interrupt-extension.ts";

export type TaskInput =
  /**
   * `next` is the question that waits behind the one that is put, if there is one; `again` the one that is put, where it needs more
   * people than have said yes.
   */
  | {
      type: "message";
      message: Message;
      judged: Judged;
      key?: string;
      digest?: string;
      chain?: GivenChain;
      next?: Question;
      again?: Question;
    }
  | { type: "cancel"; message: Message; metadata?: JsonObject }
  | { type: "pause"; message: Message; metadata?: JsonObject }
  /** `again` is the question that is put once more, where one waits. */
  | { type: "unpause"; again?: Question }
  /** `next` as in a message. */
  | { type: "expired"; name: string; value?: string; withdrawn?: true; next?: Question }
  | (TaskEvent & { type: "let-go" })
  | { type: "progress"; message: Message; metadata?: JsonObject }
  | ({ type: "question" } & Question)
  | { type: "artifact"; artifact: Artifact; append?: boolean; lastChunk?: boolean }
  | { type: "memo"; name: string; value: Json }
  | (TaskEvent & { type: "delegating" | "called" | "spent" | "raised" | "let-go-on" })
  | { type: "decision"; name: string; signals: Json; decision: Json }
  | { type: "ended"; state: TaskState; artifacts: readonly Artifact[]; message?: Message; metadata?: JsonObject }
  | { type: "working" }
  | { type: "lost"; idle?: number }
  /** The agent that gave the task asks for it again. */
  | { type: "granted"; chain: GivenChain }
  | { type: "push-stopped"; config: string; attempts: number; reason: string }
  | { type: "push-changed"; config: string };

export interface Question {
  readonly name: string;
  readonly message: Message;
  readonly metadata?: JsonObject;
}

/** Told to the host: let the program go on, stop it, or nothing. */
export type Effect = "run" | "abort" | "none";

export type Refusal =
  | { code: "task-ended"; state: TaskState }
  | { code: "not-cancelable"; state: TaskState }
  | { code: "paused" }
  | { code: "not-paused" }
  | { code: "context-mismatch"; contextId: string }
  | { code: "key-reused" }
  | AnswerRefusal;

export type Advance = { ok: true; events: TaskEvent[]; effect: Effect } | { ok: false; refusal: Refusal };

/** A task that loses its object this often without getting any further is given up. */
export const RESUME_LIMIT = 5;

export function advance(head: TaskHead, input: TaskInput): Advance {
  const ended = isTerminal(head.state);
  switch (input.type) {
    case "message":
      return takeMessage(head, input);
    case "cancel":
      if (ended) return { ok: false, refusal: { code: "not-cancelable", state: head.state } };
      return {
        ok: true,
        events: [{ type: "status", state: "TASK_STATE_CANCELED", message: input.message, ...metadataOf(input) }],
        effect: "abort",
      };
    case "pause":
      if (ended) return { ok: false, refusal: { code: "task-ended", state: head.state } };
      if (head.paused) return { ok: false, refusal: { code: "paused" } };
      return {
        ok: true,
        events: [{ type: "status", state: "TASK_STATE_INPUT_REQUIRED", message: input.message, ...metadataOf(input), paused: true }],
        effect: "abort",
      };
    case "unpause":
      return unpause(head, input);
    case "expired":
      if (ended || !head.questions.includes(input.name)) return { ok: true, events: [], effect: "none" };
      return { ok: true, events: [expired(input), ...afterAnswer(head, input.name, input.next)], effect: "run" };
    case "let-go":
      // About what the task left behind when it ended.
      return { ok: true, events: ended ? [input] : [], effect: "none" };
    case "push-stopped":
      // About the task's notifications, which go on when the task has ended.
      return { ok: true, events: [input], effect: "none" };
    case "push-changed":
      return { ok: true, events: head.pushStopped?.some(({ config }) => config === input.config) ? [input] : [], effect: "none" };
    default:
      // Whatever a program still says after its task ended (canceled, past its deadline) is not part of the task.
      if (ended) return { ok: true, events: [], effect: "abort" };
      return { ok: true, events: fromProgram(head, input), effect: "none" };
  }
}

function takeMessage(head: TaskHead, { message, judged, key, digest, chain, next, again }: TaskInput & { type: "message" }): Advance {
  // The key first: a repeat of an accepted message is no new message, also when the task has ended since.
  if (key !== undefined && Object.hasOwn(head.keys, keyName(key))) {
    if (head.keys[keyName(key)] !== (digest ?? "")) return { ok: false, refusal: { code: "key-reused" } };
    return { ok: true, events: isTerminal(head.state) ? [] : longer(head, chain), effect: "none" };
  }
  if (isTerminal(head.state)) return { ok: false, refusal: { code: "task-ended", state: head.state } };
  if (head.paused) return { ok: false, refusal: { code: "paused" } };
  if (message.contextId !== undefined && message.contextId !== head.contextId) {
    return { ok: false, refusal: { code: "context-mismatch", contextId: head.contextId } };
  }
  if (judged.means === "refused") return { ok: false, refusal: judged.refusal };
  const keyed = { ...(key !== undefined && { key, digest: digest ?? "" }), ...(chain && isOwn(head, chain) && { chain }) };
  if (judged.means === "nothing") return { ok: true, events: [{ type: "message", message, ...keyed }], effect: "none" };
  const { name } = judged;
  const by = isOwner(judged.by, head.principal) ? {} : { by: judged.by };
  if (judged.means === "approves") {
    const shown: TaskEvent[] = again && head.questions[0] === name ? [put(again, head.principal)] : [];
    return { ok: true, events: [{ type: "message", message, approves: name, ...by, ...keyed }, ...shown], effect: "none" };
  }
  return {
    ok: true,
    events: [{ type: "message", message, answers: name, ...by, ...keyed }, ...afterAnswer(head, name, next)],
    effect: "run",
  };
}

/** The limits of another chain are not this task's, nor are anybody's of a task that began its own. */
function isOwn({ chain }: TaskHead, { delegation }: GivenChain): boolean {
  return chain?.delegation.root === delegation.root;
}

/** Less is not worth an entry. Milliseconds. */
const LONGER_MS = 1_000;

/** What is asked for again was given time before, which may be over: all of the mesh was down, say. */
function longer(head: TaskHead, chain: GivenChain | undefined): TaskEvent[] {
  const isLonger = chain && isOwn(head, chain) && chain.delegation.deadline > (head.chain?.delegation.deadline ?? 0) + LONGER_MS;
  return isLonger ? [{ type: "granted", chain }] : [];
}

/** Nobody but the task's caller, who may have more scopes now than when the task was made: then those stand with the answer. */
function isOwner(by: readonly Principal[], owner: Principal): boolean {
  return by.every((each) => principalKey(each) === principalKey(owner) && each.scopes.every((scope) => owner.scopes.includes(scope)));
}

/** Another question is put when the one that was has its answer; one that waited behind it changes nothing that is shown. */
function afterAnswer(head: TaskHead, name: string, next: Question | undefined): TaskEvent[] {
  if (head.paused || head.questions[0] !== name) return [];
  return [next ? put(next, head.principal) : { type: "status", state: "TASK_STATE_WORKING" }];
}

function expired({ name, value, withdrawn }: TaskInput & { type: "expired" }): TaskEvent {
  return { type: "expired", name, ...(value !== undefined && { value }), ...(withdrawn && { withdrawn }) };
}

function unpause(head: TaskHead, { again }: TaskInput & { type: "unpause" }): Advance {
  if (isTerminal(head.state)) return { ok: false, refusal: { code: "task-ended", state: head.state } };
  if (!head.paused) return { ok: false, refusal: { code: "not-paused" } };
  const event: TaskEvent = again ? put(again, head.principal) : { type: "status", state: "TASK_STATE_WORKING" };
  return { ok: true, events: [{ ...event, paused: false } as TaskEvent], effect: "run" };
}

type ProgramInput = Exclude<
  TaskInput,
  { type: "message" | "cancel" | "pause" | "unpause" | "expired" | "let-go" | "push-stopped" | "push-changed" }
>;

function fromProgram(head: TaskHead, input: ProgramInput): TaskEvent[] {
  switch (input.type) {
    case "progress":
      // A question that waits stays the status: progress of another branch must not hide it.
      if (isInterrupted(head.state)) return [];
      return [{ ...input, type: "status", state: "TASK_STATE_WORKING", transient: true }];
    case "question":
      // A run that was paused has not stopped by itself; the one that takes over asks again.
      if (head.paused) return [];
      // One is put at a time: a "yes" must approve what its reader was shown, whatever else is asked meanwhile.
      return head.questions.length === 0
        ? [put(input, head.principal)]
        : [{ type: "asked", name: input.name, message: input.message, ...metadataOf(input) }];
    case "ended":
      return [
        ...input.artifacts.map((artifact): TaskEvent => ({ type: "artifact", artifact, lastChunk: true })),
        { type: "status", state: input.state, ...(input.message && { message: input.message }), ...metadataOf(input) },
      ];
    case "working":
      return head.state === "TASK_STATE_SUBMITTED" ? [{ type: "status", state: "TASK_STATE_WORKING" }] : [];
    case "granted":
      return longer(head, input.chain);
    case "lost":
      return [{ type: "resumed", ...(input.idle !== undefined && { idle: input.idle }) }];
    case "artifact":
    case "memo":
    case "delegating":
    case "called":
    case "spent":
    case "raised":
    case "let-go-on":
    case "decision":
      return [input];
  }
}

function put({ name, message, metadata }: Question, owner: Principal): TaskEvent {
  return { type: "status", state: waitingState(interruptIn(metadata), owner), message, ask: name, ...(metadata && { metadata }) };
}

function metadataOf(input: { metadata?: JsonObject }): { metadata?: JsonObject } {
  return input.metadata ? { metadata: input.metadata } : {};
}
