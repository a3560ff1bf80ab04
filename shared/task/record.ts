/**
 * What governance did in a task, as it is told to the task's owner: the rules it is pinned to, its chain, what it cost, its calls,
 * and its decisions with the signals they were taken on, from which each can be taken again. Types only.
 */
import type { Amount } from "../budget/amount.ts";
import type { Hop } from "../chain/delegation.ts";
import type { ContractVersions } from "../contract/shelf.ts";
import type { Json, JsonObject, TaskState } from "./a2a-types.ts";
import type { CalledCard } from "./event.ts";
import type { Wishes } from "./governance-extension.ts";
import type { MadeBy } from "./made-by.ts";

export interface TaskRecord {
  readonly id: string;
  readonly agent: string;
  readonly state: TaskState;
  /** ISO 8601. */
  readonly created: string;
  /** The versions that the task is pinned to. */
  readonly contracts: ContractVersions;
  /**
   * Who wrote its log, from which position on, in their order: several where the agent was deployed anew meanwhile. Absent of a log
   * from before that was noted.
   */
  readonly madeBy?: readonly (MadeBy & { readonly from: number })[];
  readonly wishes?: Wishes;
  readonly chain: {
    /** The task that began it. */
    readonly root: string;
    /** From the agent that began it to this one. */
    readonly path: readonly Hop[];
    /** Of the path's reliabilities, 0..1. */
    readonly product: number;
  };
  readonly cost: Amount;
  /** What the tasks had cost that this one was forked from: not part of its own cost. */
  readonly inherited?: Amount;
  /** Up to there the log is a copy. */
  readonly forkedFrom?: { readonly task: string; readonly seq: number };
  /** Set aside for calls that have not ended. */
  readonly carved: Amount;
  readonly decisions: readonly RecordedDecision[];
  /** Calls to other agents that went out or came to their end here, by the names that decisions about them hold. */
  readonly calls: readonly RecordedCall[];
  /** The position to go on after; absent at the end. */
  readonly next?: number;
}

export interface RecordedDecision {
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  /** `<policy>:<what it was about>` */
  readonly name: string;
  readonly signals: Json;
  readonly decision: Json;
}

/**
 * What stands in a decision as `candidate`, where one was tried beside the contract that bound: its version alone when it would have
 * had the same done. Stored shape.
 */
export interface TriedBeside {
  readonly version: number;
  /** Its decision, when it would have had something else done. */
  readonly would?: JsonObject;
  /** It threw, and decided nothing. */
  readonly failed?: true;
}

export interface RecordedCall {
  readonly name: string;
  readonly agent: string;
  readonly skill: string;
  /** The one that was gone by. */
  readonly card?: CalledCard;
  /** What was set aside for it. */
  readonly lease?: Amount;
  /** The callee's task, as far as it is known. */
  readonly task?: string;
  /** Once it has ended. */
  readonly cost?: Amount;
}
