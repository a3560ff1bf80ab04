/**
 * What a home has to see to at some time, whatever becomes of its object until then: rows with the time by which somebody must
 * look, and a wish for the object's alarm. Decides nothing about what is done then.
 *
 *   agenda (kind, task, due)  made with the first row. Stored shape.
 */
import type { Alarm, Sleeper } from "./alarm.ts";

/**
 * `expiry`: a question's time is over. `recheck`: something elsewhere is to be asked again.
 * `inbox`: the tenant's inbox does not know yet what waits.
 */
export type AgendaKind = "expiry" | "recheck" | "inbox";

/** After a handler that failed. Milliseconds. */
const AGAIN_MS = 30_000;

export class Agenda implements Sleeper {
  readonly #sql: SqlStorage;
  readonly #alarm: Alarm;
  readonly #handlers = new Map<AgendaKind, (task: string) => void>();
  #made: boolean | undefined;

  constructor(sql: SqlStorage, alarm: Alarm) {
    this.#sql = sql;
    this.#alarm = alarm;
    alarm.register(this);
  }

  /** @param handler called when a row's time has come; the row is gone by then, and is set again by whoever still needs it */
  on(kind: AgendaKind, handler: (task: string) => void): void {
    this.#handlers.set(kind, handler);
  }

  /** In place of the row that was there. Stored in the same turn as what the caller stores. @param due milliseconds since the epoch */
  set(kind: AgendaKind, task: string, due: number): void {
    if (!this.#exists()) {
      this.#sql.exec("CREATE TABLE agenda (kind TEXT, task TEXT, due INTEGER, PRIMARY KEY (kind, task)) WITHOUT ROWID");
      this.#made = true;
    }
    this.#alarm.wish(this, due);
    this.#sql.exec("INSERT INTO agenda VALUES (?,?,?) ON CONFLICT (kind, task) DO UPDATE SET due = excluded.due", kind, task, due);
  }

  drop(kind: AgendaKind, task: string): void {
    if (this.#exists()) this.#sql.exec("DELETE FROM agenda WHERE kind = ? AND task = ?", kind, task);
  }

  has(kind: AgendaKind, task: string): boolean {
    return this.#exists() && this.#sql.exec("SELECT 1 FROM agenda WHERE kind = ? AND task = ?", kind, task).toArray().length > 0;
  }

  /** There is nothing to see to. */
  get isEmpty(): boolean {
    return this.earliest() === undefined;
  }

  /** All storage was deleted, the table too. */
  wiped(): void {
    this.#made = false;
  }

  earliest(): number | undefined {
    if (!this.#exists()) return undefined;
    return this.#sql.exec<{ due: number | null }>("SELECT min(due) AS due FROM agenda").one().due ?? undefined;
  }

  /** The alarm went off: sees to what is due, and asks to be woken for the rest. An error keeps a row for later. */
  rang(now: number): void {
    if (!this.#exists()) return;
    const due = this.#sql.exec<{ kind: AgendaKind; task: string }>("SELECT kind, task FROM agenda WHERE due <= ?", now).toArray();
    for (const { kind, task } of due) {
      this.drop(kind, task);
      try {
        this.#handlers.get(kind)?.(task);
      } catch (error) {
        console.error(`${kind} of task ${task} failed, and is tried again`, error);
        this.set(kind, task, now + AGAIN_MS);
      }
    }
    const next = this.earliest();
    if (next !== undefined) this.#alarm.wish(this, next);
  }

  #exists(): boolean {
    this.#made ??= this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'agenda'").toArray().length > 0;
    return this.#made;
  }
}
