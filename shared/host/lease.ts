/**
 * What survives a crash: for each task whose program must be running, a row with the time by which somebody must look
 * after it, and a wish for the object's alarm. While all is well nobody needs either.
 */
import type { Alarm, Sleeper } from "./alarm.ts";
import type { LogStore } from "./log-store.ts";

/** After a crash that nobody touches, work goes on after this long. Milliseconds. */
const LEASE_MS = 10_000;

export class Lease implements Sleeper {
  readonly #store: LogStore;
  readonly #alarm: Alarm;
  /** Tasks this object has rows for; a predecessor's are renewed or settled by the alarm. */
  readonly #owing = new Set<string>();

  constructor(store: LogStore, alarm: Alarm) {
    this.#store = store;
    this.#alarm = alarm;
    alarm.register(this);
  }

  earliest(): number | undefined {
    return this.#store.owed()[0]?.due;
  }

  /** Stored in the same turn as what the caller stores. */
  take(task: string): void {
    const due = Date.now() + LEASE_MS;
    this.#owing.add(task);
    this.#alarm.wish(this, due);
    this.#store.owe(task, due);
  }

  /** When the task's object was last known to live, by its lease; undefined when it had none. Milliseconds since the epoch. */
  lastSeen(task: string): number | undefined {
    const due = this.#store.dueOf(task);
    return due === undefined ? undefined : due - LEASE_MS;
  }

  release(task: string): void {
    if (!this.#owing.delete(task)) return;
    this.#store.settle(task);
    if (this.#owing.size === 0) this.#alarm.settle(this);
  }

  /**
   * The alarm went off: sees after every task somebody must look after.
   * @param isRunning takes the task up again if it was lost; an error leaves the task for the next alarm
   */
  renew(isRunning: (task: string) => boolean): void {
    for (const { task } of this.#store.owed()) {
      try {
        if (isRunning(task)) this.take(task);
        else this.#store.settle(task);
      } catch (error) {
        console.error(`task ${task} could not be taken up again`, error);
        this.take(task);
      }
    }
  }
}
