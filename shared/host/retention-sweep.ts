/**
 * The index's share of retention: about once a day it walks the tasks that ended longest ago and asks their homes which of them
 * are over; a home decides and deletes, and the index drops the rows of what is gone. The index does the looking because it has
 * a row for each task anyway: a home that had to wake itself would cost every task an alarm. Decides nothing about a task.
 *
 *   sweep (at, id)  how far a sweep got that did not come to the end; made when one does not. Stored shape.
 */
import { findTask } from "../task/home.ts";
import type { TaskHomeApi } from "./api.ts";
import type { IndexedTask, IndexStore } from "./index-store.ts";

export interface SweepOptions {
  readonly store: IndexStore;
  readonly sql: SqlStorage;
  /** Key of the principal whose index this is. */
  readonly owner: string;
  /** No task is over before it has ended for so long. Milliseconds. */
  readonly shortestKeepMs: number;
  readonly home: (name: string) => Pick<TaskHomeApi, "retain" | "flushListing">;
}

const DAY_MS = 24 * 3_600_000;
/** An index that was just begun has no task that is over. Milliseconds. */
export const FIRST_SWEEP_MS = DAY_MS;
/** After a sweep that failed. Milliseconds. */
export const SWEEP_AGAIN_MS = 3_600_000;
/** A sweep that deletes and has not come to the end goes on soon. Milliseconds. */
const SOON_MS = 60_000;
/** What one sweep looks at, at most. */
const ROWS_PER_SWEEP = 1_000;
const ROWS_PER_READ = 100;
/** The platform has six connections. */
const HOMES_AT_ONCE = 6;

/** @returns when to look again, milliseconds since the epoch; undefined when there is nothing to look at */
export async function sweep(options: SweepOptions, now: number): Promise<number | undefined> {
  const { store, sql, shortestKeepMs, home } = options;
  // Tasks of which the index was not told would never be found.
  await inBatches([...store.behind()], (name) => home(name).flushListing());
  const place = new Place(sql);
  let after = place.read();
  let deleted = 0;
  let isOver = false;
  for (let seen = 0; seen < ROWS_PER_SWEEP && !isOver; seen += ROWS_PER_READ) {
    const rows = store.oldest(after, now - shortestKeepMs, ROWS_PER_READ);
    const gone = await goneOf(options, rows);
    store.drop(gone);
    deleted += gone.length;
    after = rows.at(-1) ?? after;
    isOver = rows.length < ROWS_PER_READ;
  }
  place.keep(isOver ? undefined : after);
  // Where nothing could be deleted (tasks that wait, a contract that only watches) there is no hurry.
  if (!isOver) return now + (deleted > 0 ? SOON_MS : DAY_MS);
  const [first] = store.oldest(undefined, Number.MAX_SAFE_INTEGER, 1);
  return first && Math.max(now + DAY_MS, first.at + shortestKeepMs);
}

/** Of the tasks in this part of the index, those that wait are kept by their homes as those are whose time is not over. */
async function goneOf({ owner, home }: SweepOptions, rows: readonly IndexedTask[]): Promise<IndexedTask[]> {
  const byHome = [...Map.groupBy(rows, ({ id }) => findTask(owner, id)?.home ?? "")].filter(([name]) => name !== "");
  const gone = new Set<string>();
  await inBatches(byHome, async ([name, asked]) => {
    for (const id of await home(name).retain(asked.map(({ id }) => id))) gone.add(id);
  });
  return rows.filter(({ id }) => gone.has(id));
}

/** A home that cannot be reached is asked again with the next sweep, and keeps no other one waiting. */
async function inBatches<T>(items: readonly T[], ask: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += HOMES_AT_ONCE) {
    const asked = await Promise.allSettled(items.slice(from, from + HOMES_AT_ONCE).map(ask));
    for (const each of asked) if (each.status === "rejected") console.error("a home could not be asked about its tasks", each.reason);
  }
}

/** Where a sweep goes on that did not come to the end. */
class Place {
  readonly #sql: SqlStorage;
  readonly #made: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#made = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'sweep'").toArray().length > 0;
  }

  read(): IndexedTask | undefined {
    return this.#made ? this.#sql.exec<IndexedTask>("SELECT at, id FROM sweep").toArray()[0] : undefined;
  }

  keep(row: IndexedTask | undefined): void {
    if (this.#made) this.#sql.exec("DROP TABLE sweep");
    if (!row) return;
    this.#sql.exec("CREATE TABLE sweep (at INTEGER, id TEXT)");
    this.#sql.exec("INSERT INTO sweep VALUES (?, ?)", row.at, row.id);
  }
}
