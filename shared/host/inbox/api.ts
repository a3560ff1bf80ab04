/**
 * What waits for people in one tenant, as its homes tell it and its operators read it. The inbox is a view: what counts is in
 * the tasks' logs, and whoever answers is answered there.
 */
import type { Amount } from "../../budget/amount.ts";
import type { JsonObject } from "../../task/a2a-types.ts";
import type { InterruptKind } from "../../task/interrupt-extension.ts";

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

/** All that waits in one task, in place of what was told before. */
export interface TaskWaits {
  readonly agent: string;
  readonly task: string;
  /** Grows with the task's log: what comes late does not take the place of what came after it. */
  readonly version: number;
  readonly waiting: readonly Waiting[];
}

export interface InboxQuery {
  readonly kind?: InterruptKind | undefined;
  /** The id of a task or of a question. */
  readonly about?: string | undefined;
  readonly pageSize: number;
  readonly cursor?: InboxCursor | undefined;
}

export interface InboxCursor {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly place: string;
}

export interface InboxPage {
  /** What has waited longest first. */
  readonly waiting: readonly Waiting[];
  readonly next?: InboxCursor;
  /** Of all pages. */
  readonly total: number;
}

export interface InboxApi {
  /** @returns `full` when the tenant has so much that waits that no more is kept: to be told again later */
  tell(waits: TaskWaits): Promise<"taken" | "full">;
  list(query: InboxQuery): Promise<InboxPage>;
}

export interface InboxEnv {
  /** Names one object for each tenant. Absent where nobody keeps an inbox. */
  INBOX?: DurableObjectNamespace;
}
