/**
 * The budget object: what one tenant may spend. A shell that decides nothing: it reads the books, asks the ledger, puts the
 * changes in, and answers when they are stored. Reading and changing are one turn, so no two callers get the same money; what
 * many of them change in one turn of the loop is written once. The alarm expires the leases of holders that were lost.
 */
import { DurableObject } from "cloudflare:workers";
import { appAccount, emptyAccount, type Account as Kept, limitOf, periodAt, TENANT } from "../../budget/account.ts";
import { type Amount, amountOf, NOTHING, UNITS } from "../../budget/amount.ts";
import type { Answer, Changes, Granted, Short } from "../../budget/book.ts";
import { expire, extend, raise, reserve, settle } from "../../budget/ledger.ts";
import type { BudgetContract } from "../../contract/budget.ts";
import type { Account, BudgetApi, ExtendRequest, Incident, RaiseRequest, ReserveRequest } from "./api.ts";
import { BudgetBook } from "./budget-book.ts";
import { BudgetQueue } from "./budget-queue.ts";
import { BudgetStore } from "./budget-store.ts";

/** Leases that one turn expires or forgets. */
const AT_ONCE = 200;
const RETRY_MS = 5_000;
/** Before the one that runs. */
const PERIODS_KEPT = 2;
const DETAIL_CHARS = 2_000;

/** The class to export as `BudgetObject` from the ledger's Worker. */
export function defineBudgetObject(contract: BudgetContract) {
  return class BudgetObject extends DurableObject implements BudgetApi {
    readonly #store = new BudgetStore(this.ctx.storage.sql);
    readonly #book = new BudgetBook(this.#store);
    readonly #queue = new BudgetQueue();
    #writing: Promise<void> | undefined;
    /** Something came back in this turn. */
    #freed = false;
    /** When the alarm rings. Milliseconds since the epoch. */
    #rings = Number.POSITIVE_INFINITY;
    /** The period in whose beginning the old ones were last forgotten. */
    #forgotten = 0;

    constructor(ctx: DurableObjectState, env: unknown) {
      super(ctx, env as Cloudflare.Env);
      // A lost predecessor may have set no alarm for what it stored, or spent its retries.
      const earliest = this.#store.earliest();
      if (earliest !== undefined) this.#ring(earliest);
    }

    async reserve(request: ReserveRequest): Promise<Granted | Short> {
      check(request.need, request.limit);
      // In order, but for a lease that is there already and takes nothing new.
      const ahead = this.#queue.aheadOf(request.app);
      const behind = ahead !== undefined && this.#book.lease(request.lease) === undefined ? ahead : undefined;
      return this.#ask(request.app, () => reserve(contract, this.#book, request, Date.now()), behind);
    }

    async extend(request: ExtendRequest): Promise<Granted | Short> {
      check(request.need, request.limit);
      check(request.spent);
      const app = this.#book.lease(request.lease)?.app ?? "";
      // What runs goes before what has not begun: only when it ends does it give anything back.
      return this.#ask(app, () => extend(contract, this.#book, request, Date.now()));
    }

    async settle(request: { readonly lease: string; readonly agent: string; readonly spent: Amount }): Promise<void> {
      check(request.spent);
      this.#put(settle(contract, this.#book, request, Date.now()));
      this.#freed = true;
      await this.#stored();
    }

    async raise(request: RaiseRequest): Promise<Account> {
      const by = amountOf(request.by);
      check(by);
      if (request.account !== TENANT && !(request.account.startsWith("app:") && request.account !== appAccount("")))
        throw new RangeError(`no account is called "${request.account}": name "tenant", or an app's as "app:<name>"`);
      const account = raise(contract, this.#book, { ...request, by }, Date.now());
      this.#put({ accounts: [account] });
      this.#freed = true;
      await this.#stored();
      return shown(account);
    }

    async accounts(): Promise<readonly Account[]> {
      await this.#writing;
      const begins = periodAt(contract, Date.now());
      const apps = this.#store.accounts(begins).filter(({ name }) => name !== TENANT);
      return [this.#book.account(TENANT, begins) ?? emptyAccount(TENANT, begins), ...apps].map(shown);
    }

    async incident(incident: Incident): Promise<void> {
      this.#tell(incident);
      await this.#stored();
    }

    async incidents(): Promise<readonly (Incident & { readonly at: number })[]> {
      await this.#writing;
      return this.#store.incidents();
    }

    override async alarm(): Promise<void> {
      this.#rings = Number.POSITIVE_INFINITY;
      try {
        // Stored first, so that a lease that was renewed a moment ago is not found as it was before.
        this.#write();
        const now = Date.now();
        for (const id of this.#store.due(now, AT_ONCE)) this.#put(expire(this.#book, id, now));
        this.#freed = true;
        this.#write();
        const next = this.#store.earliest();
        if (next !== undefined) this.#ring(next);
      } catch (error) {
        console.error("leases could not be expired", error);
        this.#ring(Date.now() + RETRY_MS);
      }
    }

    /** @param behind what those wait for whom it must not overtake */
    async #ask(app: string, ask: () => { answer: Answer; changes: Changes }, behind?: "tenant" | "app"): Promise<Granted | Short> {
      const attempt = () => {
        const { answer, changes } = ask();
        this.#put(changes);
        return answer;
      };
      // Behind others it only asks: what can never be given does not wait.
      let answer = behind ? ask().answer : attempt();
      const held = answer.ok ? behind : answer.reason === "held" ? answer.account : undefined;
      if (held && contract.waitMs > 0) answer = await this.#queue.wait({ app, attempt }, held, contract.waitMs);
      await this.#stored();
      return answer;
    }

    #put(changes: Changes): void {
      this.#book.put(changes);
      if (changes.lease?.state === "live" && changes.lease.until < this.#rings) this.#ring(changes.lease.until);
      if (changes.beyond) {
        const { agent, amount } = changes.beyond;
        const detail = UNITS.filter((unit) => amount[unit] > 0).map((unit) => `${amount[unit]} ${unit}`);
        this.#tell({ agent, reason: "overspent", detail: `${detail.join(", ")} beyond its lease, the overdraft and the limit` });
      }
    }

    #tell({ agent, reason, detail }: Incident): void {
      this.#book.tell({ at: Date.now(), agent, reason, detail: detail.slice(0, DETAIL_CHARS) });
    }

    /** Resolves when all that was changed before is stored. */
    #stored(): Promise<void> {
      this.#writing ??= new Promise((resolve) => setTimeout(resolve, 0)).then(() => this.#write());
      return this.#writing;
    }

    #write(): void {
      this.#writing = undefined;
      if (this.#freed) {
        this.#freed = false;
        this.#queue.wake();
      }
      try {
        // All or nothing: a lease without its account, or the other way round, would never be mended.
        this.ctx.storage.transactionSync(() => this.#book.write());
        this.#forget();
      } catch (error) {
        // Memory is ahead of storage: nobody has been answered yet, and whoever asks next must find what is stored.
        this.ctx.abort(`the books could not be stored: ${error}`);
      }
    }

    /** Some at a time, and only when a period has begun. */
    #forget(): void {
      const begins = periodAt(contract, Date.now());
      if (this.#forgotten === begins) return;
      const before = begins - PERIODS_KEPT * contract.periodHours * 3_600_000;
      if (!this.#store.forget(before, AT_ONCE)) this.#forgotten = begins;
    }

    #ring(at: number): void {
      this.#rings = at;
      void this.ctx.storage.setAlarm(at);
    }
  };

  function shown(account: Kept): Account {
    const { name, spent, held, unreconciled, over } = account;
    // What has no end is no limit.
    const limit = Object.fromEntries(Object.entries(limitOf(contract, account)).filter(([, most]) => most < Infinity));
    return { name, limit, spent, held, unreconciled, over };
  }
}

/** @throws RangeError for what would spoil the books */
function check(amount: Amount, limit: Amount = NOTHING): void {
  const wrong = UNITS.find((unit) => !(Number.isSafeInteger(amount[unit]) && amount[unit] >= 0 && limit[unit] >= 0));
  if (wrong !== undefined) throw new RangeError(`${wrong} is ${amount[wrong]}: amounts are whole numbers from 0`);
}
