/**
 * The tasks of a home that are in memory. One that is asked for is taken from its log; whose run was lost is taken up again by
 * whoever touches it first; and of too many those go that only wait. Their log has all of them.
 */
import type { LogEntry, TaskEvent } from "../task/event.ts";
import { LiveTask, type TaskKeeping } from "./live-task.ts";

/** Tasks kept in memory; beyond it those that only wait go first. */
const MEMORY_LIMIT = 500;

export interface ResidentsOptions extends TaskKeeping {
  /** A task was taken from its log: its last object may have been lost before it told anybody. */
  readonly onLoaded: (task: LiveTask) => void;
  /** Its run was lost: begins another. */
  readonly resume: (task: LiveTask) => void;
  /** It waits for callees that take long: it has no run, and none was lost. */
  readonly isDueLater: (task: string) => boolean;
  /** Nobody but people can bring it further. */
  readonly isWaiting: (task: LiveTask) => boolean;
  /** Its run, if there is one, ends here; the log knows how to begin another. */
  readonly drop: (task: LiveTask) => void;
}

export class Residents {
  readonly #options: ResidentsOptions;
  readonly #tasks = new Map<string, LiveTask>();

  constructor(options: ResidentsOptions) {
    this.#options = options;
  }

  /** The task as it is in memory, if it is there. */
  at(id: string): LiveTask | undefined {
    return this.#tasks.get(id);
  }

  /** The task in memory or from its log. */
  find(id: string): LiveTask | undefined {
    const known = this.#tasks.get(id);
    if (known) return known;
    const { onLoaded, resume, isDueLater } = this.#options;
    const task = LiveTask.load(id, this.#options);
    if (!task) return undefined;
    onLoaded(task);
    if (task.ended) return task;
    this.#keep(task);
    if (!task.resting && !isDueLater(id)) resume(task);
    return task;
  }

  /** A new task; it is stored with its first flush. */
  create(id: string, created: TaskEvent & { type: "created" }): LiveTask {
    const task = LiveTask.create(id, created, this.#options);
    this.#keep(task);
    return task;
  }

  /** A task of a log that was begun elsewhere; stored as a new one is. */
  adopt(id: string, entries: readonly LogEntry[]): LiveTask {
    const task = LiveTask.adopt(id, entries, this.#options);
    this.#keep(task);
    return task;
  }

  /** The task's object makes way for another one, which is taken from the log when somebody asks for it. */
  release(task: LiveTask): void {
    this.#options.drop(task);
    this.#tasks.delete(task.id);
  }

  get isEmpty(): boolean {
    return this.#tasks.size === 0;
  }

  /** Another object of the task takes the place of this one, made from the log; whoever watches it goes over. */
  renew(task: LiveTask): LiveTask {
    task.flush();
    const next = LiveTask.load(task.id, this.#options);
    if (!next) throw new Error(`task ${task.id} has no log`);
    this.#options.drop(task);
    task.handOver(next);
    this.#keep(next);
    return next;
  }

  /** Of an ended task nobody may ask again; whoever still waits holds on to it. */
  forgetEnded(task: LiveTask): void {
    if (task.ended && !task.watched) this.#tasks.delete(task.id);
  }

  #keep(task: LiveTask): void {
    this.#tasks.set(task.id, task);
    if (this.#tasks.size <= MEMORY_LIMIT) return;
    for (const each of this.#tasks.values()) {
      if (each.watched || each.stored !== each.head.seq || !this.#options.isWaiting(each)) continue;
      this.release(each);
      return;
    }
  }
}
