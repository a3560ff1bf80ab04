/**
 * The leases that a home's own tasks hold of their tenant's budget. A task that began its own chain reserves when it first
 * spends, tops up when that is used up, and settles when it ends or waits for people. Decides nothing. What is owed to the
 * tenant's object is a row here, so that a crash leaves nothing locked: the alarm settles by what the task's log says. What is
 * spent between two leases (a callee goes on when its question is answered) is claimed with the next one, or with the last
 * one again: nothing is spent that no lease accounts for.
 *
 *   leases (task, number, base, granted, told, until, state)  `base` is what former leases account for, `told` what this one does
 *                                                     once it is over. A settled one stays until its task ends. Stored shape.
 */
import { type Amount, least, minus, most, NOTHING, ONE_CALL, plus, within } from "../../budget/amount.ts";
import { carvedOf, type TaskAccount } from "../../task/account.ts";
import type { Alarm, Sleeper } from "../alarm.ts";
import type { BudgetApi, Granted, Incident, Short } from "./api.ts";

export interface PurseOptions {
  readonly sql: SqlStorage;
  readonly alarm: Alarm;
  /** A new stub each time: one that saw an error is broken for good. Undefined where no budget is bound. */
  readonly budget: () => BudgetApi | undefined;
  readonly app: () => string;
  readonly agent: string;
  /** By the task's log; undefined when there is none of this id. */
  readonly accountOf: (task: string) => TaskState | undefined;
  readonly during: (work: Promise<unknown>) => void;
}

export interface TaskState {
  readonly account: TaskAccount | undefined;
  /** It waits for people, or has ended. */
  readonly idle: boolean;
  readonly ended: boolean;
}

type Row = {
  task: string;
  number: number;
  base: string;
  granted: string;
  told: string;
  until: number;
  /** `owed`: the tenant's object has to be told that it is over. */
  state: "open" | "owed" | "settled";
};

/** What a lease is renewed before, and a settlement that failed is tried again after. Milliseconds. */
const AHEAD_MS = 60_000;
const RETRY_MS = 5_000;

export class Purse implements Sleeper {
  readonly #options: PurseOptions;
  #made: boolean | undefined;
  /** Tasks that are asking for more. */
  readonly #asking = new Map<string, Promise<void>>();

  constructor(options: PurseOptions) {
    this.#options = options;
    options.alarm.register(this);
  }

  /** Whether there is a tenant's budget to ask. */
  get bound(): boolean {
    return this.#options.budget() !== undefined;
  }

  /** Soon, whatever it is: what a lost predecessor held is not needed as it was. */
  earliest(): number | undefined {
    return this.#rows("state != 'settled' LIMIT 1").length > 0 ? Date.now() + RETRY_MS : undefined;
  }

  /** All that a task's leases account for once everything that is set aside for it is spent. */
  covers(task: string): Amount {
    const row = this.#latest(task);
    return row ? plus(amount(row.base), amount(row.state === "open" ? row.granted : row.told)) : NOTHING;
  }

  /** Gets `need` beyond what was spent, or says why not. One after the other, or a task would begin two leases at once. */
  topUp(task: string, spent: Amount, need: Amount, limit: Amount): Promise<Granted | Short> {
    const turn = (this.#asking.get(task) ?? Promise.resolve()).then(() => this.#topUp(task, spent, need, limit));
    const over = turn.then(nothing, nothing).then(() => {
      if (this.#asking.get(task) === over) this.#asking.delete(task);
    });
    this.#asking.set(task, over);
    return turn;
  }

  async #topUp(task: string, spent: Amount, need: Amount, limit: Amount): Promise<Granted | Short> {
    const { app, agent } = this.#options;
    const budget = this.#options.budget();
    if (!budget) return { ok: true, granted: plus(need, spent), until: Number.MAX_SAFE_INTEGER };
    const last = this.#latest(task);
    if (last?.state === "open") {
      const taken = minus(spent, amount(last.base));
      const answer = await budget.extend({ lease: idOf(last), spent: taken, need, limit });
      if (answer.ok) this.#store({ ...last, granted: JSON.stringify(answer.granted), until: answer.until });
      if (answer.ok || answer.reason !== "unknown-lease") return answer;
      // Never made, because a crash came first, or settled in the meantime: a new one is begun.
      this.#store({ ...last, told: JSON.stringify(least(taken, amount(last.granted))), state: "owed" });
    }
    const base = this.covers(task);
    const unclaimed = minus(spent, base);
    // Before it is asked for: a crash while the answer is on its way must not leave a lease that nobody knows of.
    const row: Row = {
      task,
      number: Math.max(Date.now(), (last?.number ?? 0) + 1),
      base: JSON.stringify(base),
      granted: JSON.stringify(NOTHING),
      told: JSON.stringify(NOTHING),
      until: Date.now() + AHEAD_MS,
      state: "open",
    };
    this.#store(row);
    const request = { lease: idOf(row), app: app(), task, agent, need: minus(plus(spent, need), base), limit: plus(limit, unclaimed) };
    const answer = await budget.reserve(request);
    if (answer.ok) this.#store({ ...row, granted: JSON.stringify(answer.granted), until: answer.until });
    else this.#forget(row);
    return answer;
  }

  /** Nothing more is spent for now: what is left goes back. Told in the background; a row says that it is owed. */
  settle(task: string): void {
    const row = this.#latest(task);
    const state = row && this.#options.accountOf(task);
    if (row && state) this.#over(row, state);
  }

  /** Whether or not it can be recorded, it was dealt with. */
  report(incident: Incident): void {
    const tell = async () => this.#options.budget()?.incident(incident);
    this.#options.during(tell().catch((error: unknown) => console.warn("an incident could not be recorded", error)));
  }

  /** The alarm went off: settles what is owed, and renews what is still needed. */
  rang(): void {
    for (const row of this.#rows("state != 'settled'")) {
      const task = this.#options.accountOf(row.task);
      if (row.state === "owed") this.#options.during(this.#settleRow(row));
      else if (!task || task.idle) this.#over(row, task ?? GONE);
      else if (row.until - Date.now() <= AHEAD_MS) this.#options.during(this.#renew(row, task.account?.spent ?? NOTHING));
      else this.#options.alarm.wish(this, row.until - AHEAD_MS);
    }
  }

  #over(row: Row, { account, ended }: TaskState): void {
    const told = minus(claimOf(account, ended), amount(row.base));
    // Since it was settled nothing was spent that it does not account for.
    if (row.state === "settled" && within(told, amount(row.told))) {
      if (ended) this.#forgetTask(row.task);
      return;
    }
    const owed: Row = { ...row, told: JSON.stringify(most(told, amount(row.told))), state: "owed" };
    this.#store(owed);
    this.#options.during(this.#settleRow(owed, ended));
  }

  /** @param ended where that is known: by then the task is in its log only, and a log is long */
  async #settleRow(row: Row, ended = false): Promise<void> {
    try {
      await this.#options.budget()?.settle({ lease: idOf(row), agent: this.#options.agent, spent: amount(row.told) });
    } catch (error) {
      console.error(`task ${row.task}: its lease could not be settled, trying again`, error);
      this.#options.alarm.wish(this, Date.now() + RETRY_MS);
      return;
    }
    // It may have been told more in the meantime, which is owed as well.
    const [now] = this.#rows("task = ? AND number = ?", row.task, row.number);
    if (now?.told === row.told) this.#store({ ...now, state: "settled" });
    const left = this.#rows("task = ? AND state != 'settled' LIMIT 1", row.task);
    if (left.length === 0 && (ended || (this.#options.accountOf(row.task)?.ended ?? true))) this.#forgetTask(row.task);
    this.#rest();
  }

  async #renew(row: Row, spent: Amount): Promise<void> {
    try {
      const taken = minus(spent, amount(row.base));
      const answer = await this.#options.budget()?.extend({ lease: idOf(row), spent: taken, need: NOTHING, limit: amount(row.granted) });
      if (answer?.ok) this.#store({ ...row, granted: JSON.stringify(answer.granted), until: answer.until });
    } catch (error) {
      console.error(`task ${row.task}: its lease could not be renewed, trying again`, error);
      this.#options.alarm.wish(this, Date.now() + RETRY_MS);
    }
  }

  /** What spending of the task is claimed with now is claimed with it. */
  #latest(task: string): Row | undefined {
    return this.#rows("task = ? ORDER BY number DESC LIMIT 1", task)[0];
  }

  #rows(where: string, ...bindings: SqlStorageValue[]): Row[] {
    return this.#exists() ? this.#options.sql.exec<Row>(`SELECT * FROM leases WHERE ${where}`, ...bindings).toArray() : [];
  }

  #store(row: Row): void {
    if (!this.#exists()) {
      this.#options.sql.exec(
        "CREATE TABLE IF NOT EXISTS leases (task TEXT, number INTEGER, base TEXT, granted TEXT, told TEXT, until INTEGER, state TEXT, PRIMARY KEY (task, number)) WITHOUT ROWID",
      );
      this.#made = true;
    }
    if (row.state !== "settled") this.#options.alarm.wish(this, Math.max(Date.now() + RETRY_MS, row.until - AHEAD_MS));
    const { task, number, base, granted, told, until, state } = row;
    this.#options.sql.exec("INSERT OR REPLACE INTO leases VALUES (?,?,?,?,?,?,?)", task, number, base, granted, told, until, state);
  }

  #forget({ task, number }: Row): void {
    this.#options.sql.exec("DELETE FROM leases WHERE task = ? AND number = ?", task, number);
    this.#rest();
  }

  #forgetTask(task: string): void {
    this.#options.sql.exec("DELETE FROM leases WHERE task = ?", task);
    this.#rest();
  }

  #rest(): void {
    if (this.#rows("state != 'settled' LIMIT 1").length === 0) this.#options.alarm.settle(this);
  }

  #exists(): boolean {
    this.#made ??= this.#options.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'leases'").toArray().length > 0;
    return this.#made;
  }
}

/** A task that there is none of has spent nothing. */
const GONE: TaskState = { account: undefined, idle: true, ended: true };

/**
 * What a task has spent when its lease is over. A call that is out was made, whatever comes of it; when the task ends without
 * hearing of it (canceled, given up), nobody will say what it spent, and all that was set aside for it counts.
 */
function claimOf(account: TaskAccount | undefined, ended: boolean): Amount {
  if (!account) return NOTHING;
  const made = Object.keys(account.carved).reduce<Amount>((sum) => plus(sum, ONE_CALL), NOTHING);
  return plus(account.spent, ended ? most(carvedOf(account), made) : made);
}

function nothing(): void {}

function idOf({ task, number }: Row): string {
  return `${task}:${number}`;
}

function amount(text: string): Amount {
  return JSON.parse(text) as Amount;
}
