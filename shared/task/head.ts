/**
 * The head of a task: what must be known to act on it, folded from its log. It holds positions, not contents, so that it
 * stays small however long the task; a stored head (a snapshot) bounds the fold after an eviction. Pure.
 */
import type { Principal } from "../auth/principal.ts";
import type { Delegation } from "../chain/delegation.ts";
import { LABELS } from "../contract/chain-cap.ts";
import type { ContractVersions } from "../contract/shelf.ts";
import { isInterrupted, isObject, type JsonObject, type TaskState } from "./a2a-types.ts";
import { callOf, costOf, evolveAccount, type TaskAccount } from "./account.ts";
import type { GivenChain, LogEntry } from "./event.ts";
import { sayingCost, type Wishes } from "./governance-extension.ts";
import { INTERRUPT_EXTENSION } from "./interrupt-extension.ts";
import type { MadeBy } from "./made-by.ts";

/** A stored shape, as the events are. */
export interface TaskHead {
  readonly id: string;
  readonly contextId: string;
  readonly principal: Principal;
  readonly skill: string | undefined;
  /** Digest of the first message when it came with an idempotency key. */
  readonly digest: string | undefined;
  seq: number;
  state: TaskState;
  /** When the status last changed, milliseconds since the epoch. */
  statusAt: number;
  statusSeq: number;
  metadata: JsonObject | undefined;
  /** The chunks of each artifact, as runs of positions `[first, last]`. */
  artifacts: { id: string; runs: [number, number][] }[];
  /** Positions of the most recent messages, oldest first. */
  messages: number[];
  /** Where the value of each durable helper stands. */
  memo: Record<string, number>;
  /** Questions without an answer, oldest first. The first is the one that is put. */
  questions: string[];
  /** Where each of them stands, as it was last put or asked. A head that an earlier version stored lacks the one that is put. */
  asked: Record<string, number>;
  /** Of open questions that several people must say yes to: where the last of them did. */
  approvals?: Record<string, number>;
  /** The question that was put last, and how many were put with it. */
  put?: { readonly name: string; readonly times: number };
  /** Calls to other agents that have not ended, and answers to their questions: name to position. */
  delegating: Record<string, number>;
  /** Of those that were out while nobody worked on the task, lost or paused: for how long. Milliseconds. */
  idle?: Record<string, number>;
  /** Idempotency keys of later messages: key to digest. */
  keys: Record<string, string>;
  /** Starts after a loss since the log last got further. */
  resumes: number;
  /** Push notification configs that were given up, the latest last. */
  pushStopped?: PushStopped[];
  /** Absent in a task that was made before there was governance: then the latest rules count. */
  readonly contracts?: ContractVersions | undefined;
  readonly wishes?: Wishes | undefined;
  /** W3C trace context of the request that made the task. */
  readonly traceparent?: string | undefined;
  /** Absent where the task begins its own chain. */
  chain?: GivenChain | undefined;
  account?: TaskAccount;
  readonly hitl?: true | undefined;
  readonly origin?: string | undefined;
  readonly agents?: Readonly<Record<string, string>> | undefined;
  /** When the program was last started again after a loss, milliseconds since the epoch. */
  resumedAt?: number;
  /** An operator has stopped the task. */
  paused?: true;
  /** Who wrote the last entry. Absent in a log from before that was noted. */
  madeBy?: MadeBy;
  /** The task whose log the beginning of this one was copied from. */
  forkedFrom?: { readonly task: string; readonly seq: number };
}

export interface PushStopped {
  readonly config: string;
  readonly attempts: number;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** History beyond this many messages stays in the log, but no answer carries it. */
export const HISTORY_LIMIT = 100;
/** A caller may make new configs again and again, and each may fail. */
const PUSH_STOPPED_LIMIT = 10;
/** Chunks of an artifact this close together are one run. */
const RUN_GAP = 16;

/**
 * Takes the next entry into the head. The head is the fold's own accumulator: it is changed in place, because copying
 * it for every event would make the cost of an event grow with the task.
 * @throws Error when the log does not begin with `created`
 */
export function evolve(head: TaskHead | undefined, { seq, at, event, madeBy }: LogEntry, id: string): TaskHead {
  if (event.type === "created") {
    const { contracts, wishes, chain, traceparent, hitl, origin, agents } = event;
    const account = evolveAccount(undefined, { at, event });
    return {
      ...(contracts && { contracts }),
      ...(wishes && { wishes }),
      ...(chain && { chain: underWishes(chain, wishes) }),
      ...(account && { account }),
      ...(traceparent !== undefined && { traceparent }),
      ...(hitl && { hitl }),
      ...(origin !== undefined && { origin }),
      ...(agents && { agents }),
      ...(madeBy && { madeBy }),
      id,
      contextId: event.contextId,
      principal: event.principal,
      skill: event.skill,
      digest: event.digest,
      seq,
      state: "TASK_STATE_SUBMITTED",
      statusAt: at,
      statusSeq: seq,
      metadata: undefined,
      artifacts: [],
      messages: [seq],
      memo: {},
      questions: [],
      asked: {},
      delegating: {},
      keys: {},
      resumes: 0,
    };
  }
  if (!head) throw new Error(`the log of task ${id} does not begin with its creation`);
  head.seq = seq;
  if (madeBy) head.madeBy = madeBy;
  const account = evolveAccount(head.account, { at, event });
  if (account) head.account = account;
  switch (event.type) {
    case "message":
      pushMessage(head, seq);
      // A caller that answers later says anew how long it waits and what may be spent.
      if (event.chain) head.chain = underWishes(event.chain, head.wishes);
      if (event.key !== undefined) head.keys[keyName(event.key)] = event.digest ?? "";
      if (event.approves !== undefined) head.approvals = { ...head.approvals, [event.approves]: seq };
      if (event.answers !== undefined) settle(head, event.answers, seq);
      break;
    case "expired":
      settle(head, event.name, seq);
      break;
    case "status":
      if (event.paused === false) noteIdle(head, at - head.statusAt);
      head.state = event.state;
      head.statusAt = at;
      head.statusSeq = seq;
      if (event.paused === true) head.paused = true;
      if (event.paused === false) delete head.paused;
      if (!isInterrupted(event.state)) head.metadata = without(head.metadata, INTERRUPT_EXTENSION);
      if (event.metadata && !event.transient) head.metadata = { ...head.metadata, ...event.metadata };
      if (event.message && !event.transient) pushMessage(head, seq);
      if (event.ask !== undefined) notePut(head, event.ask, seq);
      break;
    case "asked":
      head.questions.push(event.name);
      head.asked[event.name] = seq;
      break;
    case "artifact":
      pushChunk(head, event.artifact.artifactId, seq, event.append === true);
      break;
    case "memo":
      head.memo[event.name] = seq;
      head.resumes = 0;
      // A callee that asks has not ended.
      if (!(isObject(event.value) && event.value["ok"] === "asks")) endCall(head, event.name);
      break;
    case "delegating":
      head.delegating[event.name] = seq;
      break;
    case "decision":
      head.memo[event.name] = seq;
      break;
    case "resumed":
      head.resumes += 1;
      head.resumedAt = at;
      if (event.idle !== undefined) noteIdle(head, event.idle);
      break;
    case "push-stopped": {
      const { config, attempts, reason } = event;
      const others = (head.pushStopped ?? []).filter((each) => each.config !== config);
      head.pushStopped = [...others, { config, attempts, reason, at }].slice(-PUSH_STOPPED_LIMIT);
      break;
    }
    case "spent":
      head.memo[event.name] = seq;
      break;
    case "raised":
      head.memo[event.name] = seq;
      break;
    case "let-go-on":
      if (event.by === "person") head.memo[event.name] = seq;
      break;
    case "granted":
      head.chain = underWishes(event.chain, head.wishes);
      break;
    case "called":
      // Of the account alone.
      break;
    case "let-go":
      for (const name of Object.keys(head.delegating)) if (callOf(name) === event.name) delete head.delegating[name];
      // What it says it has cost was more, as long as nobody knew better.
      if (event.cost && head.account) head.metadata = { ...head.metadata, ...sayingCost(costOf(head.account, at)) };
      break;
    case "forked":
      head.forkedFrom = { task: event.from, seq: event.seq };
      forgetQuestions(head, event.forgets);
      for (const name of event.forgets) delete head.memo[name];
      head.delegating = {};
      delete head.idle;
      head.keys = {};
      head.resumes = 0;
      delete head.pushStopped;
      delete head.paused;
      break;
    case "push-changed":
      head.pushStopped = (head.pushStopped ?? []).filter(({ config }) => config !== event.config);
      break;
    default:
      event satisfies never;
  }
  return head;
}

/** What limits whom the task's content may be sent to. */
export function labelOf({ chain, wishes }: Pick<TaskHead, "chain" | "wishes">): Delegation["label"] {
  return chain?.delegation.label ?? wishes?.label ?? "internal";
}

/**
 * Of a task that another agent gives, the lease is the limit, and it has the chain's label or the stricter one that is wished:
 * what is stricter binds everything that is called from here.
 */
function underWishes(chain: GivenChain, wishes: Wishes | undefined): GivenChain {
  const { delegation } = chain;
  const label = wishes?.label;
  if (label === undefined || LABELS.indexOf(label) <= LABELS.indexOf(delegation.label)) return chain;
  return { ...chain, delegation: { ...delegation, label } };
}

/** Put again, after a pause or when one of several has said yes, it is the same question. */
function notePut(head: TaskHead, name: string, seq: number): void {
  if (!head.questions.includes(name)) head.questions.push(name);
  head.asked[name] = seq;
  if (head.put?.name !== name) head.put = { name, times: (head.put?.times ?? 0) + 1 };
}

/** A question has its answer. */
function settle(head: TaskHead, name: string, seq: number): void {
  head.memo[name] = seq;
  head.questions = head.questions.filter((each) => each !== name);
  delete head.asked[name];
  delete head.approvals?.[name];
}

/** They are put again, and history need not hold them twice. */
function forgetQuestions(head: TaskHead, names: readonly string[]): void {
  const places = new Set(names.flatMap((name) => head.asked[name] ?? []));
  head.messages = head.messages.filter((seq) => !places.has(seq));
  head.questions = head.questions.filter((name) => !names.includes(name));
  for (const name of names) delete head.asked[name];
  delete head.approvals;
}

/** A call is over, with whatever was said to its callee. */
function endCall(head: TaskHead, call: string): void {
  for (const name of Object.keys(head.delegating)) {
    if (name !== call && !name.startsWith(`${call}:`)) continue;
    delete head.delegating[name];
    delete head.idle?.[name];
  }
}

/** Nobody worked on the task for so long: what its calls may take is not used up meanwhile. */
function noteIdle(head: TaskHead, ms: number): void {
  for (const name of Object.keys(head.delegating)) head.idle = { ...head.idle, [name]: (head.idle?.[name] ?? 0) + ms };
}

function without(metadata: JsonObject | undefined, key: string): JsonObject | undefined {
  if (metadata?.[key] === undefined) return metadata;
  const { [key]: _, ...rest } = metadata;
  return rest;
}

function pushMessage(head: TaskHead, seq: number): void {
  head.messages.push(seq);
  if (head.messages.length > HISTORY_LIMIT) head.messages.shift();
}

/** Keys are callers' words, and an object has names of its own. */
export function keyName(key: string): string {
  return `key:${key}`;
}

function pushChunk(head: TaskHead, id: string, seq: number, append: boolean): void {
  const artifact = head.artifacts.find((each) => each.id === id);
  if (!artifact) {
    head.artifacts.push({ id, runs: [[seq, seq]] });
    return;
  }
  if (!append) artifact.runs = [];
  const last = artifact.runs.at(-1);
  // What stands between chunks is passed over when they are read; a run for each chunk would make the head grow.
  if (last && seq - last[1] <= RUN_GAP) last[1] = seq;
  else artifact.runs.push([seq, seq]);
}
