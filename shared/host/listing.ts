/**
 * A home's side of the index. Telling the index of every change would cost as much as the change itself, so the first
 * one marks the home as behind (before its caller gets an answer), and the rest follow in one batch. What is still to be
 * told is stored with the change itself: after a crash the mark makes the next list ask, and the home knows the answer.
 */
import type { Listed, TaskIndexApi } from "./api.ts";
import type { LogStore } from "./log-store.ts";

/** How long changes are gathered, in milliseconds: about, so that homes do not all tell at once. A list does not wait for it. */
const GATHER_MS = { least: 300, spread: 400 };
const RETRY_MS = 5_000;

export interface ListingOptions {
  readonly home: string;
  /** A new stub each time: one that saw an error is broken for good. */
  readonly index: () => TaskIndexApi;
  readonly store: LogStore;
  readonly render: (id: string) => Listed | undefined;
}

export class Listing {
  readonly #options: ListingOptions;
  readonly #changed = new Map<string, Listed>();
  #mark: Promise<unknown> | undefined;
  #timer: number | null = null;
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
    if (last && this.#mark === undefined) return this.#put([row], false);
    if (!this.#changed.has(row.id)) this.#options.store.setUntold(row.id);
    this.#changed.set(row.id, row);
    this.#mark ??= this.#put([row], true);
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS.least + Math.random() * GATHER_MS.spread);
    return this.#mark;
  }

  /** Tells what a lost predecessor could not even mark; nothing to wait for when there is nothing. */
  catchUp(): Promise<void> | undefined {
    if (this.#inherited) return undefined;
    if (this.#options.store.untold().length > 0) return this.flush();
    this.#inherited = true;
    return undefined;
  }

  /** Brings the index up to date. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { store, render } = this.#options;
    if (!this.#inherited) {
      this.#inherited = true;
      for (const id of store.untold()) {
        const row = this.#changed.get(id) ?? render(id);
        if (row) this.#changed.set(id, row);
      }
    }
    const rows = [...this.#changed.values()];
    this.#changed.clear();
    this.#mark = undefined;
    if (await this.#put(rows, false)) store.setTold(rows.map(({ id }) => id).filter((id) => !this.#changed.has(id)));
  }

  async #put(rows: readonly Listed[], more: boolean): Promise<boolean> {
    const { home, index } = this.#options;
    try {
      await index().put(home, rows, more);
      return true;
    } catch (error) {
      console.error(`${home}: the index did not take ${rows.length} rows, trying again`, error);
      for (const row of rows) if (!this.#changed.has(row.id)) this.#changed.set(row.id, row);
      this.#timer ??= setTimeout(() => void this.flush(), RETRY_MS);
      return false;
    }
  }
}
