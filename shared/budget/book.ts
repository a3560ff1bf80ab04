/**
 * The books of one tenant as the ledger sees them: what it reads, what it changes, what it answers. How a lease stands in the
 * accounts is kept in one place: whoever changes a lease says only how it is from now on.
 */
import { type Account, appAccount, emptyAccount, type Lease, reweighed, TENANT } from "./account.ts";
import { type Amount, isNothing, minus, NOTHING, type Unit } from "./amount.ts";
import type { Seen } from "./seen.ts";

/** What is read of the books; whoever holds them puts the changes in before anything else is read. */
export interface Book {
  account(name: string, begins: number): Account | undefined;
  lease(id: string): Lease | undefined;
  /** What the latest settled leases of an agent spent. */
  seen(agent: string): Seen;
}

export type Changes = {
  readonly lease?: Lease;
  readonly accounts?: readonly Account[];
  /** What a lease of the agent spent, for the next one's measure. */
  readonly sample?: { readonly agent: string; readonly spent: Amount };
  /** What its holder newly says it spent beyond the overdraft. */
  readonly beyond?: { readonly agent: string; readonly amount: Amount };
};

export interface Granted {
  readonly ok: true;
  /** All that the lease holds, what was spent of it included. */
  readonly granted: Amount;
  /** By then it must be extended or settled: after that what is left of it counts as spent. Milliseconds since the epoch. */
  readonly until: number;
  /** The accounts did not have it: it was granted because the contract only watches. */
  readonly shadow?: true;
}

export interface Short {
  readonly ok: false;
  /** `held`: others have set it aside, and may give some of it back. `unknown-lease`: it was settled or never made. */
  readonly reason: "exhausted" | "held" | "unknown-lease";
  readonly account: "tenant" | "app";
  readonly unit: Unit;
  readonly limit: number;
  readonly spent: number;
  readonly held: number;
  readonly needed: number;
}

export type Answer = Granted | Short;

/** The lease as it is from now on, in the accounts of the period that it was in and of the one it is in. */
export function taken(book: Book, known: Lease | undefined, lease: Lease): Changes {
  // What a lease leaves in the period that it goes on from.
  const left: Lease[] = known && known.begins !== lease.begins ? [{ ...known, ...lease.before, state: "settled" }] : [];
  const accounts = [...left, lease].flatMap((state) => accountsOf(book, state).map((account) => reweighed(account, known, state)));
  const beyond = minus(minus(lease.claimed, lease.spent), known ? minus(known.claimed, known.spent) : NOTHING);
  return { lease, accounts, ...(!isNothing(beyond) && { beyond: { agent: lease.agent, amount: beyond } }) };
}

export function accountsOf(book: Book, { app, begins }: Pick<Lease, "app" | "begins">): readonly [Account, Account] {
  return [accountIn(book, TENANT, begins), accountIn(book, appAccount(app), begins)];
}

export function accountIn(book: Book, name: string, begins: number): Account {
  return book.account(name, begins) ?? emptyAccount(name, begins);
}
