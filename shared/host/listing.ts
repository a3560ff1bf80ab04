/**
 * A home's side of the index. Telling the index of every change would cost as much as the change itself, so the first
 * one marks the home as behind (before its caller gets an answer), and the rest follow in one batch. What is still to be
 * told is stored with the change itself: after a crash the mark makes the next list ask, and the home knows the answer.
 */
import type { Listed, TaskIndexApi } from "./api.ts";
import type { LogStore } from "./log-store.ts";

/** How long changes are gathered, in milliseconds: about, so that homes do not all tell at once. A list does not wait for it. */
const GATHER_MS = { least: 300, spread: 400 };
/** An index that did not answer is mostly one that was lost, and there again at once. In milliseconds. */
const RETRY = { firstMs: 200, longestMs: 5_000 };

export interface ListingOptions {
  readonly home: string;
  /** A new stub each time: one that saw an error is broken for good. */
  readonly index: () => TaskIndexApi;
  readonly store: LogStore;
  /** Undefined for a task that is not there any more. */
  readonly render: (id: string) => Listed | undefined;
}

type Change = Listed | "gone";

export class Listing {
  readonly #options: ListingOptions;
  readonly #changed = new Map<string, Change>();
  readonly #inFlight = new Set<Promise<unknown>>();
  #mark: Promise<unknown> | undefined;
  #timer: number | null = null;
  /** How often in a row the index did not answer. */
  #failures = 0;
  /** Whether what a lost predecessor left untold is among the changes. */
  #inherited = false;

  constructor(options: ListingOptions) {
    this.#options = options;
  }

  /**
   * Takes a change, in the turn that stores it.
   * @param last the home's only task has ended, so the row itself is sent and no mark is needed
   * @returns when the index knows at least that it must ask; a failing index delays lists, it never fails a task
   */
  note(row: Listed, last: boolean): Promise<unknown> {
    if (last && this.#mark === undefined && this.#inFlight.size === 0) return this.#put(new Map([[row.id, row]]), false);
    this.#keep(row.id, row);
    this.#mark ??= this.#put(new Map([[row.id, row]]), true);
    return this.#mark;
  }

  /** @returns when the index knows that it must ask before it shows a list */
  async mark(): Promise<void> {
    await Promise.all(this.#inFlight);
    this.#mark ??= this.#put(new Map(), true);
    await this.#mark;
  }

  /** Takes a task off the lists, in the turn that deletes it. The index was marked. */
  noteGone(id: string): void {
    this.#keep(id, "gone");
  }

  /** Tells what a lost predecessor could not even mark; nothing to wait for when there is nothing. */
  catchUp(): Promise<void> | undefined {
    if (this.#inherited) return undefined;
    if (this.#options.store.untold().length > 0) return this.flush();
    this.#inherited = true;
    return undefined;
  }

  /**
   * Brings the index up to date. What is on its way is older, and must not come after what is told now.
   * @returns when the index knows all there is, or could not be reached
   */
  async flush(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { store } = this.#options;
    if (!this.#inherited) {
      this.#inherited = true;
      for (const id of store.untold()) this.#again(id);
    }
    const changes = new Map(this.#changed);
    this.#changed.clear();
    this.#mark = undefined;
    if (await this.#put(changes, false)) store.setTold([...changes.keys()].filter((id) => !this.#changed.has(id)));
  }

  #keep(id: string, change: Change): void {
    if (!this.#changed.has(id)) this.#options.store.setUntold(id);
    this.#changed.set(id, change);
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS.least + Math.random() * GATHER_MS.spread);
  }

  /** As it stands now, which may not be as it stood when it was first told. */
  #again(id: string): void {
    if (!this.#changed.has(id)) this.#changed.set(id, this.#options.render(id) ?? "gone");
  }

  #put(changes: ReadonlyMap<string, Change>, more: boolean): Promise<boolean> {
    const put = this.#tell(changes, more).finally(() => this.#inFlight.delete(put));
    this.#inFlight.add(put);
    return put;
  }

  async #tell(changes: ReadonlyMap<string, Change>, more: boolean): Promise<boolean> {
    const { home, index } = this.#options;
    const rows = [...changes.values()].filter((change) => change !== "gone");
    const gone = [...changes].filter(([, change]) => change === "gone").map(([id]) => id);
    try {
      await (gone.length > 0 ? index().put(home, rows, more, gone) : index().put(home, rows, more));
      this.#failures = 0;
      return true;
    } catch (error) {
      console.error(`${home}: the index did not take ${changes.size} rows, trying again`, error);
      for (const id of changes.keys()) this.#again(id);
      const retryMs = Math.min(RETRY.firstMs * 2 ** this.#failures, RETRY.longestMs);
      this.#failures += 1;
      this.#timer ??= setTimeout(() => void this.flush(), retryMs);
      return false;
    }
  }
}
