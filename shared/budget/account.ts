/**
 * Accounts and leases, as they are kept: what a tenant and each of its apps has spent and holds in a period, and what one task
 * has set aside. Stored shapes: they survive deploys. Says what a lease weighs in its accounts; who may have one is ledger.ts.
 */
import type { BudgetContract } from "../contract/budget.ts";
import { type Amount, least, minus, most, NOTHING, plus, shareOf } from "./amount.ts";

export type Account = {
  /** `tenant`, or an app's name after `app:`. */
  readonly name: string;
  /** Of its period. Milliseconds since the epoch. */
  readonly begins: number;
  /** What its limits were raised by in this period, and by whose words: those of the latest raises, so that each counts once. */
  readonly raised: Amount;
  readonly raises: readonly string[];
  /** With what is unreconciled. */
  readonly spent: Amount;
  readonly held: Amount;
  /** Set aside by holders that were lost: counted as spent until they say what it was. */
  readonly unreconciled: Amount;
  /** What holders say they spent beyond their overdraft and the limit. It is shown, and takes nothing from anybody. */
  readonly over: Amount;
};

export type Lease = {
  readonly id: string;
  readonly app: string;
  readonly task: string;
  readonly agent: string;
  /** Begin of the period whose accounts it is held in. */
  readonly begins: number;
  /** `expired`: its holder did not renew it in time, and what was left of it counts as spent. */
  readonly state: "live" | "expired" | "settled";
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** All amounts are of the lease's whole life. */
  readonly granted: Amount;
  /** What its holder says it spent: the most it ever said. */
  readonly claimed: Amount;
  /** As much of it as counts. */
  readonly spent: Amount;
  /** What was spent and claimed of it in the periods before, whose accounts keep that. */
  readonly before: { readonly spent: Amount; readonly claimed: Amount };
};

type Weight = Pick<Account, "spent" | "held" | "unreconciled" | "over">;

export const TENANT = "tenant";

export function appAccount(app: string): string {
  return `app:${app}`;
}

/** Periods are counted from the epoch, so that every object of every deploy begins them together. */
export function periodAt({ periodHours }: BudgetContract, now: number): number {
  const length = periodHours * 3_600_000;
  return Math.floor(now / length) * length;
}

export function emptyAccount(name: string, begins: number): Account {
  return { name, begins, raised: NOTHING, raises: [], spent: NOTHING, held: NOTHING, unreconciled: NOTHING, over: NOTHING };
}

/** What an account may spend in its period, raises included; without end in units that the contract does not limit. */
export function limitOf(contract: BudgetContract, { name, raised }: Account): Amount {
  const [microUsd, tokens, calls] =
    name === TENANT
      ? [contract.tenantMicroUsd, contract.tenantTokens, contract.tenantCalls]
      : [contract.appMicroUsd, contract.appTokens, contract.appCalls];
  return plus({ microUsd, tokensIn: tokens, tokensOut: tokens, calls, wallMs: Infinity }, raised);
}

/** What may still be set aside in it. */
export function roomIn(contract: BudgetContract, account: Account): Amount {
  return minus(limitOf(contract, account), plus(account.spent, account.held));
}

/** What the account holds and has spent when the lease is as it is now, and not as it was before. */
export function reweighed(account: Account, before: Lease | undefined, now: Lease | undefined): Account {
  const [old, next] = [weightIn(account, before), weightIn(account, now)];
  const moved = (part: keyof Weight) => minus(plus(account[part], next[part]), old[part]);
  return { ...account, spent: moved("spent"), held: moved("held"), unreconciled: moved("unreconciled"), over: moved("over") };
}

const WEIGHTLESS: Weight = { spent: NOTHING, held: NOTHING, unreconciled: NOTHING, over: NOTHING };

function weightIn({ begins }: Account, lease: Lease | undefined): Weight {
  if (lease?.begins !== begins) return WEIGHTLESS;
  const spent = minus(lease.spent, lease.before.spent);
  const left = minus(lease.granted, lease.spent);
  const over = minus(minus(lease.claimed, lease.spent), minus(lease.before.claimed, lease.before.spent));
  switch (lease.state) {
    case "live":
      return { spent, held: left, unreconciled: NOTHING, over };
    case "expired":
      return { spent: plus(spent, left), held: NOTHING, unreconciled: left, over };
    case "settled":
      return { spent, held: NOTHING, unreconciled: NOTHING, over };
  }
}

/**
 * As much of what a holder says it spent as counts: what its lease and the overdraft allow, and whatever its accounts have room
 * for beyond that. The rest would take from others what they were promised. What did not count in a period before does not
 * count in this one either.
 *
 * @param overdraft as a share of what was granted
 * @param room of its accounts, as if the lease were not there
 */
export function bookable({ granted, claimed, before }: Lease, overdraft: number, room: Amount): Amount {
  const overdrawn = plus(granted, shareOf(granted, overdraft));
  return least(minus(claimed, minus(before.claimed, before.spent)), most(overdrawn, plus(before.spent, room)));
}
