/**
 * What waits for people in one tenant, as its homes tell it and its operators read it. The inbox is a view: what counts is in
 * the tasks' logs, and whoever answers is answered there.
 */
import type { InterruptKind } from "../../task/interrupt-extension.ts";
import type { Waiting } from "../../task/waiting.ts";

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
  /** The id of a task or of a question; a question of a task that is paused leads to the pause. */
  readonly about?: string | undefined;
  readonly pageSize: number;
  readonly cursor?: InboxCursor | undefined;
}

/** The last row of a page. */
export interface InboxCursor {
  /** Since when it waits, milliseconds since the epoch. */
  readonly at: number;
  readonly id: string;
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
