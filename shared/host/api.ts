/**
 * What the objects answer over RPC, written by hand: the platform's derived stub types break on recursive JSON. Replies
 * are unions, because a thrown error loses its class on the way. A reply must fit the previous version's callers too.
 */
import type { Principal } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import type { Message, Task, TaskPushNotificationConfig, TaskState } from "../task/a2a-types.ts";
import type { Refusal } from "../task/advance.ts";
import type { GivenChain, LogEntry } from "../task/event.ts";
import type { AnsweredQuestion } from "../task/fork.ts";
import type { Wishes } from "../task/governance-extension.ts";
import type { TaskHistory } from "../task/history.ts";
import type { TaskRecord } from "../task/record.ts";
import type { TaskView } from "../task/render.ts";

export interface StartRequest {
  readonly taskId: string;
  readonly contextId: string;
  readonly principal: Principal;
  readonly message: Message;
  readonly skill?: string;
  /** Given when the id was made from an idempotency key: the same content gets the same task. */
  readonly digest?: string;
  /** Media types that the caller accepts; absent for any. */
  readonly accepts?: readonly string[];
  readonly push?: SealedPushConfig;
  /** Verified: the limits under which another agent gives this task. */
  readonly chain?: GivenChain;
  readonly wishes?: Wishes;
  /** The caller takes questions in the form of the human-in-the-loop profile. */
  readonly hitl?: true;
  /** W3C trace context of the request that made the task. */
  readonly traceparent?: string;
  /** Where the mesh is reached from outside. */
  readonly origin?: string;
}

/** A push notification config as its caller sends it; its id is made where there is none. */
export type NewPushConfig = Loose<Omit<TaskPushNotificationConfig, "id" | "taskId" | "authentication" | "tenant">> & {
  readonly id?: string | undefined;
  readonly authentication?: Loose<{ scheme: string; credentials?: string }> | undefined;
  /** The form of what is delivered: that of the protocol it was made in. Absent for the current one. */
  readonly protocolVersion?: "0.3";
};
/** The same on its way to a home: its URL was judged, and what is secret in it is sealed. */
export interface SealedPushConfig {
  readonly id?: string;
  readonly url: string;
  /** Of the `Authorization` header. */
  readonly scheme?: string;
  /** PushSecrets in a box; see auth/secret-box.ts. Bound to `pushPlace` of their task. */
  readonly secrets?: string;
  readonly protocolVersion?: "0.3";
}

export interface PushSecrets {
  readonly token?: string;
  readonly credentials?: string;
}

/** @param owner key of the task's principal */
export function pushPlace(owner: string, taskId: string): string {
  return `push ${owner} ${taskId}`;
}

type Loose<T> = { readonly [K in keyof T]: T[K] | (undefined extends T[K] ? undefined : never) };

export interface FollowUp {
  readonly taskId: string;
  readonly message: Message;
  /** Those who stand behind it, absent for the task's own caller: an approval counts only from people who may approve. */
  readonly by?: readonly Principal[];
  readonly key?: string;
  readonly digest?: string;
  readonly push?: SealedPushConfig;
  readonly chain?: GivenChain;
}

export interface ReplyOptions {
  /** Wait for a terminal or interrupted state. */
  readonly blocking: boolean;
  readonly historyLength?: number | undefined;
  /** A stream goes on after this event. */
  readonly after?: number | undefined;
  readonly form?: StreamForm | undefined;
}

/**
 * How a stream is written. The object that knows the events writes them as they go to the socket: taken apart and put
 * together on the way, each would cost as much again. Absent: lines of `<sequence> <JSON>`, or of `#` and a remark.
 */
export interface StreamForm {
  /** Before an event's sequence, between it and the event's JSON, and after that. */
  readonly event: readonly [before: string, between: string, after: string];
  /** Says only that the stream is alive. */
  readonly alive: string;
  /** Around words for whoever reads the stream by eye. */
  readonly remark: readonly [before: string, after: string];
}

/**
 * An object as JSON text. Answers are written where their object is known and go to the socket as they are: every copy
 * between two Workers would cost as much as the writing.
 */
export type JsonText<T> = string & { readonly of?: T };

export type HomeRefusal =
  | Refusal
  | { code: "not-found" }
  | { code: "too-large" }
  | { code: "position-unknown"; after: number; last: number }
  | { code: "not-ended"; state: TaskState }
  | { code: "still-telling" }
  | { code: "still-asked-for"; root: string; until: number }
  | { code: "not-forgotten" }
  | { code: "limits-given"; root: string }
  | { code: "config-not-found" }
  | { code: "config-invalid"; field: string; description: string };
export type TaskReply = { ok: true; task: JsonText<Task> } | { ok: false; refusal: HomeRefusal };
/** Lines of `<sequence> <StreamResponse as JSON>`; an empty line is a heartbeat. */
export type StreamReply = { ok: true; stream: ReadableStream<Uint8Array> } | { ok: false; refusal: HomeRefusal };
/** `changed`: whether the task was not so already. */
export type OperatedReply = { ok: true; task: JsonText<Task>; changed: boolean } | { ok: false; refusal: HomeRefusal };
export type RecordReply = { ok: true; record: JsonText<TaskRecord> } | { ok: false; refusal: HomeRefusal };
/** Whose task it was, which task had begun its chain, and which calls were made for it. */
export type DeleteReply = { ok: true; principal: Principal; root: string; calls: MadeCall[] } | { ok: false; refusal: HomeRefusal };
export type PushReply<T> = ({ ok: true } & T) | { ok: false; refusal: HomeRefusal };

/** A task at another agent that was made for one of this agent's. */
export interface MadeCall {
  readonly agent: string;
  readonly taskId: string;
}

/** What is said to a question of a task that was made of a log, when its program asks it again. */
export interface AdoptedAnswer {
  readonly question: AnsweredQuestion;
  readonly text: string;
  readonly by: Principal;
}

/** `refusal` is absent where the question was not asked again, or not yet. */
export type AnswerGiven = { readonly given: true } | { readonly given: false; readonly refusal?: HomeRefusal };
export type AdoptReply = { readonly ok: true; readonly answer?: AnswerGiven };
export type HistoryReply = { ok: true; history: JsonText<TaskHistory> } | { ok: false; refusal: HomeRefusal };
/** JSON Lines; see task/log-file.ts. */
export type LogReply = { ok: true; log: ReadableStream<Uint8Array> } | { ok: false; refusal: HomeRefusal };

export interface TaskHomeApi {
  start(request: StartRequest, options: ReplyOptions): Promise<TaskReply>;
  startStream(request: StartRequest, options: ReplyOptions): Promise<StreamReply>;
  message(followUp: FollowUp, options: ReplyOptions): Promise<TaskReply>;
  messageStream(followUp: FollowUp, options: ReplyOptions): Promise<StreamReply>;
  get(taskId: string, view: TaskView): Promise<TaskReply>;
  /** What governance did in a task, after a position of its log. */
  record(taskId: string, after: number): Promise<RecordReply>;
  /** The log in words: after a position, so many entries at most. */
  history(taskId: string, after: number, limit: number): Promise<HistoryReply>;
  /** The task as it was when its log was so long. */
  getAt(taskId: string, seq: number): Promise<TaskReply>;
  /** The log itself, without what only the task may know. */
  log(taskId: string, cardVersion: string): Promise<LogReply>;
  /** Makes a task of a log that was begun elsewhere, and lets it go on. The same id again changes nothing. */
  adopt(taskId: string, entries: readonly LogEntry[], answer?: AdoptedAnswer): Promise<AdoptReply>;
  /** The versions of a policy that are deployed here; none for what is no policy. */
  deployed(policy: string): Promise<number[]>;
  cancel(taskId: string, message: Message): Promise<TaskReply>;
  /** An operator's word; `reason` in their words. */
  pause(taskId: string, by: Principal, reason?: string): Promise<OperatedReply>;
  unpause(taskId: string): Promise<OperatedReply>;
  /** @param key the same again raises nothing */
  raise(taskId: string, by: Principal, amounts: Partial<Amount>, key: string): Promise<OperatedReply>;
  /** Cancels the task that a key made, or makes it as a canceled one, so that whoever comes with the key later finds it so. */
  callOff(request: StartRequest): Promise<TaskReply>;
  /**
   * Somebody says that something has happened to a task that this one waits for.
   * @param token proves that it was asked to
   * @param goesOn it says that it is nothing that ends the wait
   * @returns false for a token that this task did not give, and for a task that is not there
   */
  callback(taskId: string, token: string, goesOn: boolean): Promise<boolean>;
  /** After a sequence: what came since. Without: the task as it stands, then what comes. */
  subscribe(taskId: string, after?: number, form?: StreamForm): Promise<StreamReply>;
  /** Adds a push notification config, or takes the place of the one with its id. The answer holds no secrets. */
  setPush(taskId: string, config: SealedPushConfig): Promise<PushReply<{ config: JsonText<TaskPushNotificationConfig> }>>;
  /** All of a task's, or the one with the id, if there is one; without their secrets. */
  listPush(taskId: string, id?: string): Promise<PushReply<{ configs: JsonText<TaskPushNotificationConfig>[] }>>;
  deletePush(taskId: string, id: string): Promise<PushReply<Record<never, never>>>;
  /** Deletes a task that has ended, at its owner's word. @param root the task that began the chain, where that was deleted */
  delete(taskId: string, root?: string): Promise<DeleteReply>;
  /** Deletes those of these tasks whose time is over. @returns those that are not here, any more or at all */
  retain(taskIds: readonly string[]): Promise<string[]>;
  /** Brings the index up to date with this home. */
  flushListing(): Promise<void>;
}

/** A line of a task list: the task without history and artifacts. */
export interface Listed {
  readonly id: string;
  readonly contextId: string;
  readonly state: TaskState;
  /** When the status last changed, milliseconds since the epoch. */
  readonly at: number;
  readonly task: JsonText<Task>;
}

export interface ListQuery {
  readonly contextId?: string | undefined;
  readonly state?: TaskState | undefined;
  /** Only statuses at or after this time, milliseconds since the epoch. */
  readonly after?: number | undefined;
  readonly pageSize: number;
  readonly cursor?: { at: number; id: string } | undefined;
}

export interface ListPage {
  readonly tasks: { id: string; task: JsonText<Task> }[];
  readonly next?: { at: number; id: string };
  readonly total: number;
  /** Homes with changes that the page may miss. */
  readonly behind: string[];
}

export interface TaskIndexApi {
  /** Takes a home's rows; `more` says that others may follow without a word, `gone` names tasks that are not there any more. */
  put(home: string, rows: readonly Listed[], more: boolean, gone?: readonly string[]): Promise<void>;
  list(query: ListQuery): Promise<ListPage>;
}
