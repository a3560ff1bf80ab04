/** Books in memory, as the ledger's tests keep them: what the ledger changes is put in at once. */
import type { Account, Lease } from "../../../shared/budget/account.ts";
import { amountOf, type Limit } from "../../../shared/budget/amount.ts";
import type { Answer, Book, Changes } from "../../../shared/budget/book.ts";
import { expire, extend, raise, reserve, settle } from "../../../shared/budget/ledger.ts";
import { Seen } from "../../../shared/budget/seen.ts";
import type { BudgetContract } from "../../../shared/contract/budget.ts";

/** The beginning of a period. */
export const T0 = Date.UTC(2026, 10, 20);
export const HOUR = 3_600_000;

export function contractWith(changes: Partial<BudgetContract> = {}): BudgetContract {
  return {
    ...{ policy: "budget", version: 1, mode: "enforce", periodHours: 1, callerRaise: 4 },
    ...{ tenantMicroUsd: 10_000, tenantTokens: 10_000, tenantCalls: 100, appMicroUsd: 6_000, appTokens: 10_000, appCalls: 60 },
    ...{ taskMicroUsd: 1_000, taskTokens: 1_000, taskCalls: 20, taskWallMs: 60_000 },
    ...{ reserveQuantile: 0.9, reserveShare: 0.25, minSamples: 5, overdraft: 0.25, leaseMs: 120_000, waitMs: 2_000 },
    ...changes,
  };
}

export type Asking = { app?: string; agent?: string; spent?: Limit; need?: Limit; limit?: Limit };

const PLENTY = amountOf({ microUsd: 1e6, tokensIn: 1e6, tokensOut: 1e6, calls: 1e6, wallMs: 1e6 });

export class Books implements Book {
  readonly contract: BudgetContract;
  now = T0;
  readonly accounts = new Map<string, Account>();
  readonly leases = new Map<string, Lease>();
  readonly samples = new Map<string, Seen>();
  readonly beyond: Changes["beyond"][] = [];

  constructor(changes: Partial<BudgetContract> = {}) {
    this.contract = contractWith(changes);
  }

  account(name: string, begins = Math.floor(this.now / HOUR) * HOUR): Account | undefined {
    return this.accounts.get(`${begins} ${name}`);
  }
  lease(id: string): Lease | undefined {
    return this.leases.get(id);
  }
  seen(agent: string): Seen {
    const seen = this.samples.get(agent) ?? new Seen(100);
    this.samples.set(agent, seen);
    return seen;
  }

  reserve(lease: string, { app = "a", agent = "writer", need = { calls: 1 }, limit = PLENTY }: Asking = {}): Answer {
    const request = { lease, app, agent, task: "task", need: amountOf(need), limit: amountOf(limit) };
    return this.#take(reserve(this.contract, this, request, this.now));
  }
  extend(lease: string, { spent = {}, need = {}, limit = PLENTY }: Asking = {}): Answer {
    const request = { lease, spent: amountOf(spent), need: amountOf(need), limit: amountOf(limit) };
    return this.#take(extend(this.contract, this, request, this.now));
  }
  settle(lease: string, spent: Limit = {}): void {
    this.put(settle(this.contract, this, { lease, agent: "writer", spent: amountOf(spent) }, this.now));
  }
  /** What the alarm does. */
  expireDue(): void {
    for (const id of this.leases.keys()) this.put(expire(this, id, this.now));
  }
  raise(account: string, by: Limit, key?: string): void {
    this.put({ accounts: [raise(this.contract, this, { account, by: amountOf(by), key }, this.now)] });
  }

  put({ lease, accounts, sample, beyond }: Changes): void {
    if (lease) this.leases.set(lease.id, lease);
    for (const account of accounts ?? []) this.accounts.set(`${account.begins} ${account.name}`, account);
    if (sample) this.seen(sample.agent).add(sample.spent);
    if (beyond) this.beyond.push(beyond);
  }

  #take({ answer, changes }: { answer: Answer; changes: Changes }): Answer {
    this.put(changes);
    return answer;
  }
}
