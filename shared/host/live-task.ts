/**
 * A task in memory: its head, what is not yet stored, who watches and who waits. Appends gather until the end of the
 * turn and are stored with one INSERT; nobody outside sees an entry before it is stored.
 */
import { isInterrupted, isTerminal, type Task } from "../task/a2a-types.ts";
import { advance, type Effect, type Question, type Refusal, type TaskInput } from "../task/advance.ts";
import type { LogEntry, TaskEvent } from "../task/event.ts";
import { evolve, type TaskHead } from "../task/head.ts";
import { isSameMaker, type MadeBy } from "../task/made-by.ts";
import { renderTask, type TaskView } from "../task/render.ts";
import type { LogStore } from "./log-store.ts";

/** Entries kept in memory, so that watchers and answers seldom read what was just written. */
const RECENT = 64;

/** Told in the turn in which entries of a task are stored. */
export type OnStored = (task: LiveTask, entries: readonly LogEntry[]) => void;

/** What a task in memory needs of its home. */
export interface TaskKeeping {
  readonly store: LogStore;
  readonly onStored: OnStored;
  /** Who writes here; absent where nobody wants to know. */
  readonly madeBy?: MadeBy | undefined;
}

export class LiveTask {
  readonly head: TaskHead;
  readonly #store: LogStore;
  readonly #onStored: OnStored;
  readonly #madeBy: MadeBy | undefined;
  #pending: LogEntry[] = [];
  #recent: LogEntry[] = [];
  #timer: number | null = null;
  #gathering = false;
  #retired = false;
  #successor: LiveTask | undefined;
  readonly #watchers = new Set<() => void>();
  #waiters: (() => void)[] = [];

  private constructor(head: TaskHead, { store, onStored, madeBy }: TaskKeeping) {
    this.head = head;
    this.#store = store;
    this.#onStored = onStored;
    this.#madeBy = madeBy;
  }

  /** A new task; it is stored with the first flush. */
  static create(id: string, event: TaskEvent & { type: "created" }, keeping: TaskKeeping): LiveTask {
    const { madeBy } = keeping;
    const entry: LogEntry = { seq: 1, at: Date.now(), event, ...(madeBy && { madeBy }) };
    const task = new LiveTask(evolve(undefined, entry, id), keeping);
    task.#pending.push(entry);
    task.#recent.push(entry);
    task.gather();
    return task;
  }

  /** A task whose log was begun elsewhere; it is stored with the first flush. */
  static adopt(id: string, entries: readonly LogEntry[], keeping: TaskKeeping): LiveTask {
    let head: TaskHead | undefined;
    // What was copied is by whoever wrote it; from where the task goes its own way it is by this one.
    const own = entries.findLastIndex(({ event }) => event.type === "forked");
    const all = entries.map((entry, index) => {
      const said = index === own ? { ...entry, ...ifAnother(head?.madeBy, keeping.madeBy) } : entry;
      head = evolve(head, said, id);
      return said;
    });
    if (!head) throw new Error(`the log of task ${id} is empty`);
    const task = new LiveTask(head, keeping);
    task.#pending = all;
    task.#recent = all.slice(-RECENT);
    task.gather();
    return task;
  }

  static load(id: string, keeping: TaskKeeping): LiveTask | undefined {
    const head = keeping.store.head(id);
    return head && new LiveTask(head, keeping);
  }

  get id(): string {
    return this.head.id;
  }

  get ended(): boolean {
    return isTerminal(this.head.state);
  }

  get resting(): boolean {
    return isTerminal(this.head.state) || isInterrupted(this.head.state);
  }

  get watched(): boolean {
    return this.#watchers.size > 0 || this.#waiters.length > 0;
  }

  /** The position up to which entries are stored. */
  get stored(): number {
    return this.#pending[0] === undefined ? this.head.seq : this.#pending[0].seq - 1;
  }

  /** Leaves storing to the next flush, which the caller owes: it spares a timer where one comes at once anyway. */
  gather(): void {
    this.#gathering = true;
  }

  /** Takes an input; what it appends is stored at the end of the turn, or with the next flush. */
  apply(input: TaskInput): { effect: Effect } | { refusal: Refusal } {
    if (this.#retired) return { effect: "abort" };
    const step = advance(this.head, input);
    if (!step.ok) return { refusal: step.refusal };
    for (const event of step.events) {
      // Time never runs backwards in a log, even when the clock does.
      const entry = {
        seq: this.head.seq + 1,
        at: Math.max(Date.now(), this.head.statusAt),
        event,
        ...ifAnother(this.head.madeBy, this.#madeBy),
      };
      evolve(this.head, entry, this.id);
      this.#pending.push(entry);
      this.#recent.push(entry);
    }
    if (this.#recent.length > 2 * RECENT) this.#recent = this.#recent.slice(-RECENT);
    if (step.events.length > 0 && !this.#gathering) this.#timer ??= setTimeout(() => this.flush(), 0);
    return { effect: step.effect };
  }

  /** Another object of this task takes its place: from here on nothing may be appended to this one. */
  retire(): void {
    this.#retired = true;
  }

  get retired(): boolean {
    return this.#retired;
  }

  /** The object that has taken this one's place, or this one. */
  get current(): LiveTask {
    return this.#successor?.current ?? this;
  }

  /** Whoever watches this task, or waits until it rests, does so with the one that takes its place. */
  handOver(next: LiveTask): void {
    this.#successor = next;
    for (const watch of this.#watchers) next.#watchers.add(watch);
    next.#waiters.push(...this.#waiters);
    this.#watchers.clear();
    this.#waiters = [];
  }

  /** A question without an answer: the one that is put at 0, and behind it those that wait. */
  question(index: number): (Question & { readonly at: number }) | undefined {
    const { questions, asked, statusSeq } = this.head;
    const name = questions[index];
    if (name === undefined) return undefined;
    const seq = asked[name] ?? statusSeq;
    const [entry] = this.read(seq, seq);
    if (entry?.event.type !== "asked" && entry?.event.type !== "status") return undefined;
    const { message, metadata } = entry.event;
    return message && { name, message, at: entry.at, ...(metadata && { metadata }) };
  }

  /** Stores what is pending, then tells watchers and waiters. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#gathering = false;
    if (this.#pending.length > 0) {
      const entries = this.#pending;
      this.#store.append(this.id, entries, this.head);
      this.#pending = [];
      this.#onStored(this, entries);
    }
    for (const watch of this.#watchers) watch();
    if (this.resting) {
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const wake of waiters) wake();
    }
  }

  /** Resolves when the task has ended or waits for somebody, and that is stored. */
  async rest(): Promise<void> {
    if (this.resting && this.stored === this.head.seq) return;
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** @returns how to stop watching */
  watch(tell: () => void): () => void {
    this.#watchers.add(tell);
    return () => void this.current.#watchers.delete(tell);
  }

  read(first: number, last: number): readonly LogEntry[] {
    const from = this.#recent[0]?.seq;
    if (from === undefined || first < from) return this.#store.read(this.id, first, last);
    return this.#recent.slice(first - from, last - from + 1);
  }

  render(view: TaskView): Task {
    return renderTask(this.head, (first, last) => this.read(first, last), view);
  }

  /** The task as it was before anything was done for it. */
  renderAsCreated(view: TaskView): Task {
    const [first] = this.read(1, 1);
    if (!first) throw new Error(`task ${this.id} has no beginning`);
    return renderTask(evolve(undefined, first, this.id), () => [first], view);
  }
}

/** Whoever goes on with a log that another version wrote says so, once, with whatever it writes first: that takes no row. */
function ifAnother(before: MadeBy | undefined, madeBy: MadeBy | undefined): { madeBy?: MadeBy } {
  return madeBy === undefined || isSameMaker(before, madeBy) ? {} : { madeBy };
}
