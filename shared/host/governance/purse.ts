/**
 * The leases that a home's own tasks hold of their tenant's budget. A task that began its own chain reserves when it first
 * spends, tops up when that is used up, and settles when it ends or waits for people. Decides nothing. What is owed to the
 * tenant's object is a row here, so that a crash leaves nothing locked: the alarm settles by what the task's log says.
 *
 *   leases (task, number, agent, base, granted, until, closed)  one row a lease that is not settled; `base` is what the task had
 *                                                     spent before it. Stored shape.
 */
import { type Amount, minus, NOTHING, plus } from "../../budget/amount.ts";
import type { TaskAccount } from "../../task/account.ts";
import type { Alarm, Sleeper } from "../alarm.ts";
import type { BudgetApi, Granted, Short } from "./api.ts";

export interface PurseOptions {
  readonly sql: SqlStorage;
  readonly alarm: Alarm;
  /** A new stub each time: one that saw an error is broken for good. Undefined where no budget is bound. */
  readonly budget: () => BudgetApi | undefined;
  readonly app: () => string;
  readonly agent: string;
  /** The account of a task by its log; undefined when there is none of this id. `ended`: nothing more is spent. */
  readonly accountOf: (task: string) => { readonly account: TaskAccount | undefined; readonly idle: boolean } | undefined;
  readonly during: (work: Promise<unknown>) => void;
}

type Row = { task: string; number: number; base: string; granted: string; until: number; closed: number };

/** What a lease is renewed before, and a settlement that failed is tried again after. Milliseconds. */
const AHEAD_MS = 60_000;
const RETRY_MS = 5_000;

export class Purse implements Sleeper {
  readonly #options: PurseOptions;
  #made: boolean | undefined;

  constructor(options: PurseOptions) {
    this.#options = options;
    options.alarm.register(this);
  }

  /** Whether there is a tenant's budget to ask. */
  get bound(): boolean {
    return this.#options.budget() !== undefined;
  }

  earliest(): number | undefined {
    if (!this.#exists()) return undefined;
    const [row] = this.#options.sql.exec<{ due: number | null }>("SELECT MIN(until) AS due FROM leases").toArray();
    return row?.due == null ? undefined : Math.min(row.due - AHEAD_MS, Date.now() + RETRY_MS);
  }

  /** What the task's open lease still holds that was not spent; nothing when it has none. */
  holds(task: string, spent: Amount): Amount {
    const row = this.#open(task);
    return row ? minus(amount(row.granted), minus(spent, amount(row.base))) : NOTHING;
  }

  /** Gets `need` beyond what was spent, or says why not. */
  async topUp(task: string, spent: Amount, need: Amount, limit: Amount): Promise<Granted | Short> {
    const { app, agent } = this.#options;
    const budget = this.#options.budget();
    if (!budget) return { ok: true, granted: plus(need, spent), until: Number.MAX_SAFE_INTEGER };
    const open = this.#open(task);
    if (open) {
      const taken = minus(spent, amount(open.base));
      const answer = await budget.extend({ lease: idOf(open), spent: taken, need, limit: plus(taken, limit) });
      if (answer.ok) this.#store({ ...open, granted: JSON.stringify(answer.granted), until: answer.until });
      // Settled in the meantime, by an operator or because it was lost for too long: a new one is begun below.
      if (answer.ok || answer.reason !== "unknown-lease") return answer;
      this.#close(open);
    }
    const number = this.#next(task);
    // Before it is asked for: a crash while the answer is on its way must not leave a lease that nobody knows of.
    const row: Row = {
      task,
      number,
      base: JSON.stringify(spent),
      granted: JSON.stringify(NOTHING),
      until: Date.now() + AHEAD_MS,
      closed: 0,
    };
    this.#store(row);
    const answer = await budget.reserve({ lease: idOf(row), app: app(), task, agent, need, limit });
    if (answer.ok) this.#store({ ...row, granted: JSON.stringify(answer.granted), until: answer.until });
    else this.#forget(row);
    return answer;
  }

  /** Nothing more is spent for now: what is left goes back. Told in the background; a row says that it is owed. */
  settle(task: string): void {
    const row = this.#exists() ? this.#open(task) : undefined;
    if (!row) return;
    this.#close(row);
    this.#options.during(this.#settleRow({ ...row, closed: 1 }));
  }

  /** The alarm went off: settles what is owed, and renews what is still needed. */
  rang(): void {
    if (!this.#exists()) return;
    for (const row of this.#options.sql.exec<Row>("SELECT * FROM leases").toArray()) {
      const task = this.#options.accountOf(row.task);
      if (row.closed === 1 || !task || task.idle) this.#options.during(this.#settleRow(row));
      else if (row.until - Date.now() <= AHEAD_MS) this.#options.during(this.#renew(row, task.account?.spent ?? NOTHING));
    }
    const due = this.earliest();
    if (due !== undefined) this.#options.alarm.wish(this, due);
  }

  async #settleRow(row: Row): Promise<void> {
    const spent = this.#options.accountOf(row.task)?.account?.spent ?? NOTHING;
    const since = this.#nextBase(row) ?? spent;
    try {
      await this.#options.budget()?.settle({ lease: idOf(row), agent: this.#options.agent, spent: minus(since, amount(row.base)) });
      this.#forget(row);
    } catch (error) {
      console.error(`task ${row.task}: its lease could not be settled, trying again`, error);
      this.#options.alarm.wish(this, Date.now() + RETRY_MS);
    }
  }

  async #renew(row: Row, spent: Amount): Promise<void> {
    try {
      const taken = minus(spent, amount(row.base));
      const answer = await this.#options.budget()?.extend({ lease: idOf(row), spent: taken, need: NOTHING, limit: amount(row.granted) });
      if (answer?.ok) this.#store({ ...row, granted: JSON.stringify(answer.granted), until: answer.until });
    } catch (error) {
      console.error(`task ${row.task}: its lease could not be renewed, trying again`, error);
    }
  }

  /** What a later lease of the same task began with: until there reaches this one. */
  #nextBase({ task, number }: Row): Amount | undefined {
    const [later] = this.#options.sql
      .exec<Row>("SELECT * FROM leases WHERE task = ? AND number > ? ORDER BY number LIMIT 1", task, number)
      .toArray();
    return later && amount(later.base);
  }

  #open(task: string): Row | undefined {
    if (!this.#exists()) return undefined;
    return this.#options.sql.exec<Row>("SELECT * FROM leases WHERE task = ? AND closed = 0", task).toArray()[0];
  }

  /** A number that no lease of this task had: the tenant's object knows them all, also those that are forgotten here. */
  #next(task: string): number {
    if (!this.#exists()) return Date.now();
    const [row] = this.#options.sql.exec<{ n: number | null }>("SELECT MAX(number) AS n FROM leases WHERE task = ?", task).toArray();
    return Math.max(Date.now(), (row?.n ?? 0) + 1);
  }

  #store(row: Row): void {
    if (!this.#exists()) {
      this.#options.sql.exec(
        "CREATE TABLE IF NOT EXISTS leases (task TEXT, number INTEGER, base TEXT, granted TEXT, until INTEGER, closed INTEGER, PRIMARY KEY (task, number)) WITHOUT ROWID",
      );
      this.#made = true;
    }
    this.#options.alarm.wish(this, Math.max(Date.now() + RETRY_MS, row.until - AHEAD_MS));
    const { task, number, base, granted, until, closed } = row;
    this.#options.sql.exec("INSERT OR REPLACE INTO leases VALUES (?,?,?,?,?,?)", task, number, base, granted, until, closed);
  }

  #close(row: Row): void {
    this.#store({ ...row, closed: 1 });
  }

  #forget({ task, number }: Row): void {
    this.#options.sql.exec("DELETE FROM leases WHERE task = ? AND number = ?", task, number);
    const [left] = this.#options.sql.exec("SELECT 1 FROM leases LIMIT 1").toArray();
    if (!left) this.#options.alarm.settle(this);
  }

  #exists(): boolean {
    this.#made ??= this.#options.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'leases'").toArray().length > 0;
    return this.#made;
  }
}

function idOf({ task, number }: Row): string {
  return `${task}:${number}`;
}

function amount(text: string): Amount {
  return JSON.parse(text) as Amount;
}
