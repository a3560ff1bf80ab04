/**
 * What a home holds of its tenant's budget: one lease, on which all its tasks that began their own chains draw, so that a call
 * costs no word with the tenant's object. More is asked for when it is used up, and what is left goes back when nobody draws on
 * it any more. Decides nothing about who may draw. All that is spent is in a row before anybody can know of it; what calls that
 * are out hold is read from their tasks' logs after a crash, so that nothing is spent twice or locked for ever.
 *
 * A lease's row (log-store.ts) holds what it was granted, what was spent under it, until when it holds, and whether it is asked
 * (the answer is on its way), open, or owed (it is over, and the tenant's object must be told). Stored shape.
 */
import { type Amount, isNothing, minus, NOTHING, ONE_CALL, plus, within } from "../../budget/amount.ts";
import type { Granted, Short } from "../../budget/book.ts";
import type { Homes } from "../../task/home.ts";
import type { Alarm, Sleeper } from "../alarm.ts";
import type { LogStore } from "../log-store.ts";
import type { BudgetApi, Incident } from "./api.ts";
import { Held } from "./held.ts";

export interface PurseOptions {
  readonly store: LogStore;
  readonly alarm: Alarm;
  readonly homes: Homes;
  /** The home's own name: what it holds is held under it. */
  readonly home: string;
  readonly app: string;
  readonly agent: string;
  /** A new stub each time: one that saw an error is broken for good. Undefined where no budget is bound. */
  readonly budget: () => BudgetApi | undefined;
  /** What the calls of each running task hold, by its log: asked once, when a predecessor's lease is found. */
  readonly heldByLog: () => Iterable<{ readonly task: string; readonly call: string; readonly amount: Amount }>;
  readonly during: (work: Promise<unknown>) => void;
}

interface Lease {
  readonly number: number;
  granted: Amount;
  used: Amount;
  /** Milliseconds since the epoch; 0 while it was never granted. */
  until: number;
  state: "asked" | "open" | "owed";
}

/** What is left is kept so long for the next task, where there may be one. Milliseconds. */
const IDLE_MS = 400;
/** Somewhat longer than the runs' own lease: its alarm comes first where both are set. Milliseconds. */
const RETRY_MS = 12_000;
const AGAIN_MS = 200;

export class Purse implements Sleeper {
  readonly #options: PurseOptions;
  /** By calls of all tasks that draw on the lease. */
  readonly held = new Held();
  /** Undefined when there is none; unknown until it was looked for. */
  #lease: Lease | undefined | "unknown" = "unknown";
  /** Over, and still to be told. */
  readonly #owed = new Map<number, Lease>();
  #unstored: Lease | undefined;
  /** The highest number of a lease so far. */
  #last = 0;
  #asking: Promise<unknown> = Promise.resolve();
  /** Requests to the tenant's object that have not been answered. */
  #asks = 0;
  #idle: number | null = null;

  constructor(options: PurseOptions) {
    this.#options = options;
    options.alarm.register(this);
  }

  /** Whether there is a tenant's budget to ask. */
  get bound(): boolean {
    return this.#options.budget() !== undefined;
  }

  earliest(): number | undefined {
    // Soon: what a lost predecessor held is not needed as it was.
    return this.#current() !== undefined || this.#owed.size > 0 ? Date.now() + RETRY_MS : undefined;
  }

  /** What may still be set aside without a word with the tenant's object. */
  room(): Amount {
    const lease = this.#current();
    return lease ? minus(lease.granted, plus(lease.used, this.held.inAll)) : NOTHING;
  }

  /** What is held and spent is part of what was granted. */
  get isCovered(): boolean {
    const lease = this.#current();
    return lease ? within({ ...plus(lease.used, this.held.inAll), wallMs: 0 }, lease.granted) : this.held.isEmpty;
  }

  /** Books what was spent, by a call or by the task itself. `store` is owed in the turn that stores what says so in the task's log. */
  spend(task: string, call: string | undefined, cost: Amount): void {
    if (call !== undefined) this.held.drop(task, call);
    if (isNothing(cost) || !this.bound) return;
    const lease = this.#current() ?? this.#begin();
    lease.used = plus(lease.used, cost);
    this.#unstored = lease;
  }

  /** What was spent is stored together with the log that says so, or neither is. */
  store(): void {
    if (this.#unstored) this.#put(this.#unstored);
  }

  /** The task has ended, or waits for others: it holds nothing back but for these calls. */
  release(task: string, calls: readonly string[] = []): void {
    this.held.dropAll(task, calls);
    if (!this.held.isEmpty || this.#current() === undefined) return;
    if (this.#options.homes === "own") this.#giveBack();
    else this.#idle ??= setTimeout(() => this.#whenIdle(), IDLE_MS);
  }

  /**
   * Gets `need` beyond what is held and spent already, or says why not.
   * @param limit at most so much is set aside for whoever asks
   */
  topUp(need: Amount, limit: Amount): Promise<Granted | Short> {
    // One at a time: two that ask together would each take themselves for the first.
    const ask = () => this.#topUp(need, limit);
    // Its object may be on the move (a deploy, a crash): the same again is the same lease. Then it is as if others held it all.
    const asked = this.#asking
      .then(ask, ask)
      .catch(() => scheduler.wait(AGAIN_MS).then(ask))
      .catch((error) => this.#unreachable(error))
      .finally(() => {
        this.#asks -= 1;
      });
    this.#asks += 1;
    this.#asking = asked;
    return asked;
  }

  /** A home of one task asks ahead, while the task still thinks about whom to call. */
  prepare(): void {
    if (this.#options.homes !== "own" || !this.bound || this.#current() !== undefined) return;
    this.#options.during(
      this.topUp(ONE_CALL, ONE_CALL).then(
        () => undefined,
        () => undefined,
      ),
    );
  }

  /** Whether or not it can be recorded, it was dealt with. */
  report(incident: Incident): void {
    const tell = async () => this.#options.budget()?.incident(incident);
    this.#options.during(tell().catch((error: unknown) => console.warn("an incident could not be recorded", error)));
  }

  /** The alarm went off: settles what is owed, and renews or gives back the lease. */
  rang(): void {
    const lease = this.#current();
    for (const owed of this.#owed.values()) this.#options.during(this.#settle(owed));
    if (!lease) return;
    if (this.held.isEmpty && this.#asks === 0) this.#giveBack();
    else {
      this.#options.alarm.wish(this, Date.now() + RETRY_MS);
      this.#options.during(this.topUp(NOTHING, NOTHING));
    }
  }

  async #topUp(need: Amount, limit: Amount): Promise<Granted | Short> {
    const { app, agent, home } = this.#options;
    const budget = this.#options.budget();
    const lease = this.#current() ?? this.#begin();
    if (!budget) return { ok: true, granted: plus(need, lease.granted), until: Number.MAX_SAFE_INTEGER };
    // What others of this home took meanwhile may be enough, or have made it less.
    const held = this.held.inAll;
    const id = idOf(home, lease.number);
    if (lease.state === "open") {
      const answer = await budget.extend({ lease: id, spent: lease.used, need: plus(held, need), limit: plus(held, limit) });
      if (answer.ok) this.#granted(lease, answer);
      if (answer.ok || answer.reason !== "unknown-lease") return answer;
      // Settled by an operator, or because it was not renewed for too long: what was spent is known there, and a new one begins.
      this.#forget(lease.number);
      this.#lease = undefined;
      return this.#topUp(need, limit);
    }
    // Of the lease that is asked for, what was spent before it is the first part.
    const first = plus(plus(lease.used, held), need);
    const answer = await budget.reserve({ lease: id, app, task: home, agent, need: first, limit: plus(plus(lease.used, held), limit) });
    if (answer.ok) this.#granted(lease, answer);
    else if (isNothing(lease.used) && this.#lease === lease) {
      this.#forget(lease.number);
      this.#lease = undefined;
    }
    return answer;
  }

  #unreachable(error: unknown): Short {
    console.error(`${this.#options.home}: its tenant's budget could not be asked`, error);
    return { ok: false, reason: "held", account: "tenant", unit: "calls", limit: 0, spent: 0, held: 0, needed: 1 };
  }

  #granted(lease: Lease, { granted, until }: Granted): void {
    // Given back while the answer was on its way: it is being settled.
    if (lease.state === "owed") return;
    Object.assign(lease, { granted, until, state: "open" } satisfies Partial<Lease>);
    this.#put(lease);
    // Halfway to its end: a renewal that fails can be tried again in time.
    this.#options.alarm.wish(this, Date.now() + Math.max(RETRY_MS, (until - Date.now()) / 2));
  }

  /** Before it is asked for: a crash while the answer is on its way must not leave a lease that nobody knows of. */
  #begin(): Lease {
    // A number that no lease of this home had: the tenant's object knows them all, also those that are forgotten here.
    const number = Math.max(Date.now(), this.#last + 1);
    const lease: Lease = { number, granted: NOTHING, used: NOTHING, until: 0, state: "asked" };
    this.#options.alarm.wish(this, Date.now() + RETRY_MS);
    this.#put(lease);
    this.#lease = lease;
    return lease;
  }

  #whenIdle(): void {
    this.#idle = null;
    if (!this.held.isEmpty) return;
    // Somebody waits for more of this very lease: what is given back under them would be refused them.
    if (this.#asks > 0) this.#idle = setTimeout(() => this.#whenIdle(), IDLE_MS);
    else this.#giveBack();
  }

  /** Told in the background; the row says that it is owed. */
  #giveBack(): void {
    const lease = this.#current();
    if (!lease) return;
    this.#lease = undefined;
    lease.state = "owed";
    this.#put(lease);
    this.#owed.set(lease.number, lease);
    this.#options.during(this.#settle(lease));
  }

  async #settle({ number, used: spent, until }: Lease): Promise<void> {
    const { app, agent, home } = this.#options;
    const lease = idOf(home, number);
    try {
      const budget = this.#options.budget();
      // Never granted, but something was spent: the tenant's object hears of it all the same.
      if (until === 0 && !isNothing(spent)) await budget?.reserve({ lease, app, task: home, agent, need: NOTHING, limit: NOTHING });
      await budget?.settle({ lease, agent, spent });
      this.#forget(number);
    } catch (error) {
      console.error(`${home}: its lease could not be settled, trying again`, error);
      this.#options.alarm.wish(this, Date.now() + RETRY_MS);
    }
  }

  /** The lease of this home, a lost predecessor's too: then with what its calls that are still out hold. */
  #current(): Lease | undefined {
    if (this.#lease !== "unknown") return this.#lease;
    this.#lease = undefined;
    for (const { number, body } of this.#options.store.leases()) {
      const lease: Lease = { ...JSON.parse(body), number };
      this.#last = Math.max(this.#last, number);
      if (lease.state === "owed" || this.#lease !== undefined) this.#owed.set(number, lease);
      else this.#lease = lease;
    }
    if (this.#lease !== undefined)
      for (const { task, call, amount } of this.#options.heldByLog()) if (!this.held.get(task, call)) this.held.set(task, call, amount);
    return this.#lease;
  }

  #put(lease: Lease): void {
    if (this.#unstored === lease) this.#unstored = undefined;
    const { number, ...body } = lease;
    this.#last = Math.max(this.#last, number);
    this.#options.store.putLease(number, JSON.stringify(body));
  }

  #forget(number: number): void {
    this.#owed.delete(number);
    this.#options.store.deleteLease(number);
    if (this.#owed.size === 0 && this.#lease === undefined) this.#options.alarm.settle(this);
  }
}

/** No two homes have one name, and no two leases of a home one number. */
function idOf(home: string, number: number): string {
  return `${home} ${number}`;
}
