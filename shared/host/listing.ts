/**
 * A home's side of the index. Telling the index of every change would cost as much as the change itself, so the first
 * one marks the home as behind (before its caller gets an answer), and the rest follow in one batch. A mark survives a
 * crash: the next list then asks the home, which knows from its log.
 */
import type { Listed, TaskIndexApi } from "./api.ts";

/** How long changes are gathered, in milliseconds. A list does not wait for it. */
const GATHER_MS = 500;
const RETRY_MS = 5_000;

export class Listing {
  readonly #home: string;
  readonly #index: () => TaskIndexApi;
  readonly #changed = new Map<string, Listed>();
  #mark: Promise<void> | undefined;
  #timer: number | null = null;
  /** True once everything that changed before this object came to life is known to the index. */
  #swept = false;

  constructor(home: string, index: () => TaskIndexApi) {
    this.#home = home;
    this.#index = index;
  }

  /**
   * Takes a change.
   * @param last no other change of this home can follow soon, so the row itself is sent and no mark is needed
   * @returns when the index knows at least that it must ask; a failing index delays lists, it never fails a task
   */
  note(row: Listed, last: boolean): Promise<void> {
    if (last && this.#mark === undefined) return this.#put([row], false);
    this.#changed.set(row.id, row);
    this.#mark ??= this.#put([row], true);
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS);
    return this.#mark;
  }

  /** @param all every row of the home, read only when this object cannot know what its predecessor left untold */
  async flush(all?: () => Listed[]): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = null;
    const sweep = all && !this.#swept;
    const rows = sweep ? all() : [...this.#changed.values()];
    if (sweep) this.#swept = true;
    this.#changed.clear();
    this.#mark = undefined;
    await this.#put(rows, false);
  }

  async #put(rows: readonly Listed[], more: boolean): Promise<void> {
    try {
      await this.#index().put(this.#home, rows, more);
    } catch (error) {
      console.error(`${this.#home}: the index did not take ${rows.length} rows, trying again`, error);
      for (const row of rows) if (!this.#changed.has(row.id)) this.#changed.set(row.id, row);
      this.#timer ??= setTimeout(() => void this.flush(), RETRY_MS);
    }
  }
}
