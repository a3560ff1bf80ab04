/**
 * Who writes a task's log: its agent by the version of its card, and the version of the Worker that ran, as the platform names it. A
 * task may outlive many deploys: each entry is by whoever wrote the one before, unless it says otherwise. Pure.
 */

/** Stored shape. */
export interface MadeBy {
  /** Version of the agent's own card. */
  readonly card: string;
  /** Absent where the platform does not say. */
  readonly worker?: WorkerVersion;
}

/** As the binding `version_metadata` has it. A local runtime makes an id of its own whenever it starts. */
export interface WorkerVersion {
  readonly id: string;
  /** Absent where none was given. */
  readonly tag?: string;
  /** When it was uploaded, ISO 8601. */
  readonly timestamp: string;
}

/** @param metadata what the platform binds, where it binds anything */
export function madeBy(card: string, metadata: WorkerVersion | undefined): MadeBy {
  if (metadata === undefined || metadata.id === "") return { card };
  const { id, tag, timestamp } = metadata;
  return { card, worker: { id, ...(tag && { tag }), timestamp } };
}

export function isSameMaker(one: MadeBy | undefined, other: MadeBy | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && one.card === other.card && one.worker?.id === other.worker?.id);
}

/** `1.2.0 (Worker 5f0c9a31, tag blue)` */
export function wordsOfMaker({ card, worker }: MadeBy): string {
  if (!worker) return card;
  // As much of an id as tells versions apart, and as the platform's own lists show first.
  return `${card} (Worker ${worker.id.slice(0, 8)}${worker.tag === undefined ? "" : `, tag ${worker.tag}`})`;
}
