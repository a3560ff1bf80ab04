/**
 * What waits for people, as the inbox of their tenant shows it: who asks, for what, in which task, by which agents, what it has cost,
 * since when and until when. Types only.
 */
import type { Amount } from "../budget/amount.ts";
import type { JsonObject } from "./a2a-types.ts";
import type { InterruptKind } from "./interrupt-extension.ts";

/** One question, or one task that an operator has paused. */
export interface Waiting {
  /** The question's id, which an answer names. */
  readonly question: string;
  readonly kind: InterruptKind;
  /** As its reader is asked; what is longer than the inbox keeps ends in an ellipsis. */
  readonly words: string;
  readonly choices?: readonly string[];
  readonly action?: WaitingAction;
  /** Who asks, which may be some agents below the task. */
  readonly asker: { readonly agent: string; readonly skill: string; readonly task: string };
  /** From the agent whose task it is to the one that asks. */
  readonly path: readonly string[];
  /** The agent whose task waits, the task, and whose it is: `app/subject`; see auth/owner.ts. */
  readonly agent: string;
  readonly task: string;
  readonly owner: string;
  /** Of the task, when it was told. */
  readonly cost: Amount;
  /** ISO 8601. */
  readonly since: string;
  readonly expires?: string;
  /** What answers it when its time is over. */
  readonly default?: string;
  /** Of a task that is paused: what it had asked, which is put again when it is resumed. */
  readonly behind?: readonly HeldQuestion[];
}

/** A question that nobody can answer before its task is resumed. */
export interface HeldQuestion {
  readonly question: string;
  readonly kind: InterruptKind;
  /** Its beginning. */
  readonly words: string;
}

export interface WaitingAction {
  readonly description: string;
  /** SHA-256 of what is to be done, in hex. */
  readonly digest: string;
  /** Exactly those it will be done with; absent when they are longer than the inbox keeps: the task shows them. */
  readonly args?: JsonObject;
  /** How many people must approve it, how many of them must not be the task's caller, and who has. */
  readonly approvers: number;
  readonly others: number;
  readonly approvedBy: readonly string[];
}
