/**
 * What survives a crash: for each task whose program must be running, a row with the time by which somebody must look
 * after it, and one alarm for the earliest. While all is well nobody needs either.
 */
import type { Homes } from "../task/home.ts";
import type { LogStore } from "./log-store.ts";

/** After a crash that nobody touches, work goes on after this long. Milliseconds. */
const LEASE_MS = 10_000;

export class Lease {
  readonly #store: LogStore;
  readonly #storage: DurableObjectStorage;
  readonly #homes: Homes;
  /** Tasks this object has rows for; a predecessor's are renewed or settled by the alarm. */
  readonly #owing = new Set<string>();
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(store: LogStore, storage: DurableObjectStorage, homes: Homes) {
    this.#store = store;
    this.#storage = storage;
    this.#homes = homes;
  }

  /** Stored in the same turn as what the caller stores. */
  take(task: string): void {
    const due = Date.now() + LEASE_MS;
    this.#owing.add(task);
    this.#store.owe(task, due);
    if (this.#alarmAt <= due) return;
    this.#alarmAt = due;
    void this.#storage.setAlarm(due);
  }

  release(task: string): void {
    if (!this.#owing.delete(task)) return;
    this.#store.settle(task);
    // A shared home soon needs its alarm again; a home of one task does not, and would be woken for nothing.
    if (this.#homes === "own" && this.#alarmAt !== Number.POSITIVE_INFINITY) {
      this.#alarmAt = Number.POSITIVE_INFINITY;
      void this.#storage.deleteAlarm();
    }
  }

  /**
   * The alarm went off: sees after every task somebody must look after.
   * @param isRunning takes the task up again if it was lost; an error leaves the task for the next alarm
   */
  renew(isRunning: (task: string) => boolean): void {
    this.#alarmAt = Number.POSITIVE_INFINITY;
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
