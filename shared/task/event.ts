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
import type { MadeBy } from "./made-by.ts";

/** Under which limits a task was given to this agent, and what proves it. */
export type GivenChain = { readonly delegation: Delegation; readonly envelope: Envelope };

/** A card that a call was made by: its version and, of an agent that was published, its SHA-256 in hex: others change with the mesh itself. */
export interface CalledCard {
  readonly version: string;
  readonly digest?: string;
  /** It was on its way into the list when the call went out. */
  readonly candidate?: true;
}

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
      /** The caller takes questions in the form of the human-in-the-loop profile. */
      hitl?: true;
      /** Where the mesh is reached from outside, as the root of its chain was: `https://host`. */
      origin?: string;
      /** Agents of the mesh that are called in place of others: a fork may try a new version so. */
      agents?: Readonly<Record<string, string>>;
    }
  /**
   * A later message; `answers` names the question it settles, `approves` the one that it says yes to while more people have to.
   * `by` are those who stand behind it, absent for the task's caller.
   */
  | {
      type: "message";
      message: Message;
      answers?: string;
      approves?: string;
      by?: readonly Principal[];
      key?: string;
      digest?: string;
      chain?: GivenChain;
    }
  /**
   * A change of state. `ask` names the question it puts; `transient` marks progress, which history leaves out. `paused`: an
   * operator has stopped the task, or lets it go on.
   */
  | { type: "status"; state: TaskState; message?: Message; metadata?: JsonObject; ask?: string; transient?: true; paused?: boolean }
  /** A question that waits for its turn: one is put at a time, so that an answer answers what was shown. */
  | { type: "asked"; name: string; message: Message; metadata?: JsonObject }
  /**
   * Nobody has answered in time: the question is settled by its default, where it has one. `withdrawn`: whoever asked it needs no
   * answer any more.
   */
  | { type: "expired"; name: string; value?: string; withdrawn?: true }
  | { type: "artifact"; artifact: Artifact; append?: boolean; lastChunk?: boolean }
  /** What a durable helper gave, by its name: later runs of the program read it here. */
  | { type: "memo"; name: string; value: Json }
  /**
   * A call to another agent goes out, and its callee may spend so much; `called` and its memo tell how it ended. `branch`: the path
   * of the goal or branch whose share it counts to. `card`: which one was gone by; whatever follows of the call goes to that version.
   */
  | {
      type: "delegating";
      name: string;
      agent: string;
      skill: string;
      key: string;
      lease?: Amount;
      branch?: string;
      card?: CalledCard;
    }
  /** How a call ended: what its callee has cost, and, unless it was let go for another, what it was worth as a turn of this task. */
  | { type: "called"; name: string; agent: string; skill: string; cost: Amount; turn?: Turn }
  /** The agent that gave this task asks for it again, and gives it longer. */
  | { type: "granted"; chain: GivenChain }
  /** What the agent's own skill spent. */
  | { type: "spent"; name: string; cost: Amount }
  /** Somebody who may has raised the limits of this task. */
  | { type: "raised"; name: string; by: Amount }
  /** The circuit breaker had tripped: the planner was told why, or a person let the task go on, for so many turns more. */
  | { type: "let-go-on"; by: "planner"; reasons: readonly string[] }
  | { type: "let-go-on"; by: "person"; name: string; added: number }
  | { type: "decision"; name: string; signals: Json; decision: Json }
  /** The task had ended with this call out; its callee was told to stop, and says what it has cost. */
  | { type: "let-go"; name: string; cost?: Amount }
  /**
   * What stands before was copied from another task's log, up to `seq`; from here on it is this task's own. `forgets` names what
   * does not hold for it: calls that were out, and what is to be done again. `cost`: of the other task by then, since its own fork.
   */
  | { type: "forked"; from: string; seq: number; forgets: readonly string[]; cost?: Amount }
  /** The program was started again after its object was lost. */
  | {
      type: "resumed";
      /** Milliseconds that nobody worked on it, as far as its lease says: no part of its work. */
      idle?: number;
    }
  /** Notifications of this config were given up after so many failures in a row; `reason` is the last one in words. */
  | { type: "push-stopped"; config: string; attempts: number; reason: string }
  /** A config that was given up was set again or deleted: what was said of it does not hold any more. */
  | { type: "push-changed"; config: string };

/** An event in its place in the log. `at` is in milliseconds since the epoch. */
export interface LogEntry {
  readonly seq: number;
  readonly at: number;
  readonly event: TaskEvent;
  /** Who wrote it and what comes after it, where that is not who wrote the entry before. */
  readonly madeBy?: MadeBy;
}
