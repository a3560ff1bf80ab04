/**
 * The events of a task's log: everything that is known about a task is one of these, in order. Stored shapes: a field
 * may be added, never renamed or given another meaning, because running tasks outlive deploys.
 */
import type { Principal } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import type { Delegation, Envelope } from "../chain/delegation.ts";
import type { ContractVersions } from "../contract/shelf.ts";
import type { Turn } from "../policy/turns.ts";
import type { Artifact, Json, JsonObject, Message, TaskState } from "./a2a-types.ts";
import type { Wishes } from "./governance-extension.ts";

/** Under which limits a task was given to this agent, and what proves it. */
export type GivenChain = { readonly delegation: Delegation; readonly envelope: Envelope };

export type TaskEvent =
  /** The first event: who asked whom for what. */
  | {
      type: "created";
      contextId: string;
      principal: Principal;
      message: Message;
      skill?: string;
      digest?: string;
      accepts?: readonly string[];
      /** The rules the task runs under, whatever is deployed later. */
      contracts?: ContractVersions;
      chain?: GivenChain;
      wishes?: Wishes;
      traceparent?: string;
    }
  /** A later message of the caller; `answers` names the question it settles. */
  | { type: "message"; message: Message; answers?: string; key?: string; digest?: string; chain?: GivenChain }
  /** A change of state. `ask` names the question it puts; `transient` marks progress, which history leaves out. */
  | { type: "status"; state: TaskState; message?: Message; metadata?: JsonObject; ask?: string; transient?: true }
  /** A question that waits for its turn: one is put at a time, so that an answer answers what was shown. */
  | { type: "asked"; name: string; message: Message; metadata?: JsonObject }
  | { type: "artifact"; artifact: Artifact; append?: boolean; lastChunk?: boolean }
  /** What a durable helper gave, by its name: later runs of the program read it here. */
  | { type: "memo"; name: string; value: Json }
  /** A call to another agent goes out, and its callee may spend so much; `called` and its memo tell how it ended. */
  | { type: "delegating"; name: string; agent: string; skill: string; key: string; lease?: Amount }
  /** How a call ended: what its callee has cost, and, unless it was let go for another, what it was worth as a turn of this task. */
  | { type: "called"; name: string; agent: string; skill: string; cost: Amount; turn?: Turn }
  /** What the agent's own skill spent. */
  | { type: "spent"; name: string; cost: Amount }
  /** Somebody who may has raised the limits of this task. */
  | { type: "raised"; name: string; by: Amount }
  /** The circuit breaker had tripped: the planner was told why, or a person let the task go on, for so many turns more. */
  | { type: "let-go-on"; by: "planner"; reasons: readonly string[] }
  | { type: "let-go-on"; by: "person"; name: string; added: number }
  | { type: "decision"; name: string; signals: Json; decision: Json }
  /** The program was started again after its object was lost. */
  | { type: "resumed" }
  /** Notifications of this config were given up after so many failures in a row; `reason` is the last one in words. */
  | { type: "push-stopped"; config: string; attempts: number; reason: string }
  /** A config that was given up was set again or deleted: what was said of it does not hold any more. */
  | { type: "push-changed"; config: string };

/** An event in its place in the log. `at` is in milliseconds since the epoch. */
export interface LogEntry {
  readonly seq: number;
  readonly at: number;
  readonly event: TaskEvent;
}
