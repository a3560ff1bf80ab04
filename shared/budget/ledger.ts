/**
 * The ledger of one tenant: who may set how much aside, and what was spent of it. Book in, next rows and an answer out: no
 * clock, no I/O, and nothing between reading and writing, so that no order of calls can give the same money twice.
 *
 * Held at all times: what an account has spent and holds is within its limit, but for what running leases were overdrawn by,
 * which the contract bounds. Every operation is told its lease and takes figures of the lease's whole life, so that repeating
 * one changes nothing. An amount given back unspent is a settlement like any other.
 */
import type { BudgetContract } from "../contract/budget.ts";
import { type Account, bookable, type Lease, limitOf, periodAt, reweighed, roomIn, TENANT } from "./account.ts";
import { type Amount, isNothing, least, minus, most, NOTHING, plus, shareOf, times, UNITS, within } from "./amount.ts";
import { type Answer, accountIn, accountsOf, type Book, type Changes, taken } from "./book.ts";

type Asked = { readonly need: Amount; readonly limit: Amount };
type Reserve = Asked & Pick<Lease, "app" | "task" | "agent"> & { readonly lease: string };
type Extend = Asked & { readonly lease: string; readonly spent: Amount };

/** Sets aside what the like of it spent before: at least what is needed, at most the contract's share of an account. */
export function reserve(contract: BudgetContract, book: Book, request: Reserve, now: number): { answer: Answer; changes: Changes } {
  const known = book.lease(request.lease);
  const begins = periodAt(contract, now);
  if (known?.state === "settled") return { answer: unknownLease(contract, book, begins, request.need), changes: {} };
  if (known?.state === "live") return { answer: granted(known), changes: {} };
  // Counted as spent since it expired: held again, it weighs the same.
  if (known) {
    const renewed: Lease = { ...known, state: "live", until: now + contract.leaseMs };
    return { answer: granted(renewed), changes: taken(book, known, renewed) };
  }

  const seen = book.seen(request.agent);
  const expected = seen.count >= contract.minSamples ? seen.quantile(contract.reserveQuantile) : NOTHING;
  const { lease: id, app, task, agent } = request;
  const empty: Lease = {
    ...{ id, app, task, agent, begins, state: "live", until: now + contract.leaseMs },
    ...{ granted: NOTHING, claimed: NOTHING, spent: NOTHING, before: { spent: NOTHING, claimed: NOTHING } },
  };
  return grow(contract, book, { known: undefined, lease: empty, need: request.need, limit: request.limit, wanted: expected });
}

/** Books what was spent, granted or not, and sets more aside. Never waits for the lease's own remainder. */
export function extend(contract: BudgetContract, book: Book, request: Extend, now: number): { answer: Answer; changes: Changes } {
  const known = book.lease(request.lease);
  const begins = periodAt(contract, now);
  if (!known || known.state === "settled") return { answer: unknownLease(contract, book, begins, request.need), changes: {} };
  const booked = claiming(contract, book, known, request.spent);
  const renewed: Lease = { ...booked, state: "live", until: now + contract.leaseMs };
  const need = plus(request.need, minus(booked.claimed, booked.spent));
  // It has what it needs, and stays where it is.
  if (within(need, minus(booked.granted, booked.spent))) return { answer: granted(renewed), changes: taken(book, known, renewed) };

  // In a new period, what was spent stays in the old one, and what is set aside from now on is the new one's.
  const before = { spent: booked.spent, claimed: booked.claimed };
  const lease: Lease = known.begins === begins ? renewed : { ...renewed, begins, granted: booked.spent, before };
  // As much again as was spent, so that a long task asks seldom and a short one holds little.
  const grown = grow(contract, book, { known, lease, need, limit: request.limit, wanted: booked.spent });
  return grown.answer.ok ? grown : { answer: grown.answer, changes: taken(book, known, booked) };
}

/** Books what was spent and gives the rest back. Later and larger figures correct it; it is never granted again. */
export function settle(
  contract: BudgetContract,
  book: Book,
  { lease: id, agent, spent }: { readonly lease: string; readonly agent: string; readonly spent: Amount },
  now: number,
): Changes {
  const known = book.lease(id);
  if (!known) {
    // Perhaps it overtook its own reservation, which must find nobody waiting for it.
    const never: Lease = {
      ...{ id, app: NOBODYS, task: "", agent, begins: periodAt(contract, now), state: "settled", until: now },
      ...{ granted: NOTHING, claimed: NOTHING, spent: NOTHING, before: { spent: NOTHING, claimed: NOTHING } },
    };
    return { lease: never, ...(!isNothing(spent) && { beyond: { agent, amount: spent } }) };
  }
  if (known.app === NOBODYS) return {};
  const settled: Lease = { ...claiming(contract, book, known, spent), state: "settled" };
  const changes = taken(book, known, settled);
  return known.state === "settled" ? changes : { ...changes, sample: { agent: known.agent, spent: settled.claimed } };
}

/** A holder that did not renew it is lost: what it has left counts as spent until it comes back. */
export function expire(book: Book, id: string, now: number): Changes {
  const known = book.lease(id);
  if (known?.state !== "live" || known.until > now) return {};
  return taken(book, known, { ...known, state: "expired" });
}

/** @param key counts a raise once, however often it is repeated */
export function raise(
  contract: BudgetContract,
  book: Book,
  { account: name, by, key }: { readonly account: string; readonly by: Amount; readonly key?: string | undefined },
  now: number,
): Account {
  const account = accountIn(book, name, periodAt(contract, now));
  if (key !== undefined && account.raises.includes(key)) return account;
  const raises = key === undefined ? account.raises : [...account.raises, key].slice(-RAISES_KEPT);
  return { ...account, raised: plus(account.raised, by), raises };
}

/** The app of a lease that was over before it was made. */
const NOBODYS = "";
const RAISES_KEPT = 20;
/** In any unit: beyond what makes sense, and far from where numbers stop being exact. */
const LARGEST_CLAIM = 1e12;

type Growth = Asked & {
  readonly known: Lease | undefined;
  readonly lease: Lease;
  /** To have, rather than only what is needed. */
  readonly wanted: Amount;
};

function grow(contract: BudgetContract, book: Book, { known, lease, need, limit, wanted }: Growth): { answer: Answer; changes: Changes } {
  // As if it had nothing left: what it has goes back, and more comes out.
  const bare: Lease = { ...lease, granted: lease.spent };
  const accounts = accountsOf(book, lease).map((account) => reweighed(account, known, bare));
  const left = minus(lease.granted, lease.spent);
  const short = shortOf(contract, accounts, need, left);
  if (short && contract.mode === "enforce") return { answer: short, changes: {} };

  const room = accounts.map((account) => roomIn(contract, account)).reduce(least);
  const share = accounts.map((account) => shareOf(limitOf(contract, account), contract.reserveShare)).reduce(least);
  const liked = least(least(wanted, limit), least(share, room));
  const next: Lease = { ...lease, granted: plus(lease.spent, most(most(need, left), short ? NOTHING : liked)) };
  return { answer: { ...granted(next), ...(short && { shadow: true }) }, changes: taken(book, known, next) };
}

/** The first unit of an account that is short, if any: for good before for now, because no waiting helps against that. */
function shortOf(contract: BudgetContract, accounts: readonly Account[], need: Amount, left: Amount): (Answer & { ok: false }) | undefined {
  for (const reason of ["exhausted", "held"] as const) {
    for (const account of accounts) {
      const limit = limitOf(contract, account);
      for (const unit of UNITS) {
        if (need[unit] <= left[unit]) continue;
        const [spent, held, needed] = [account.spent[unit], account.held[unit], need[unit]];
        if (spent + needed + (reason === "held" ? held : 0) <= limit[unit]) continue;
        return { ok: false, reason, account: account.name === TENANT ? "tenant" : "app", unit, limit: limit[unit], spent, held, needed };
      }
    }
  }
  return undefined;
}

function unknownLease(contract: BudgetContract, book: Book, begins: number, need: Amount): Answer {
  const account = accountIn(book, TENANT, begins);
  const { spent, held } = account;
  const limit = limitOf(contract, account).calls;
  return {
    ...{ ok: false, reason: "unknown-lease", account: "tenant", unit: "calls" },
    ...{ limit, spent: spent.calls, held: held.calls, needed: need.calls },
  };
}

function granted({ granted, until }: Lease): Answer & { ok: true } {
  return { ok: true, granted, until };
}

function claiming(contract: BudgetContract, book: Book, lease: Lease, spent: Amount): Lease {
  const claimed = most(lease.claimed, least(spent, LARGEST));
  if (contract.mode === "shadow") return { ...lease, claimed, spent: claimed };
  const room = accountsOf(book, lease)
    .map((account) => roomIn(contract, reweighed(account, lease, undefined)))
    .reduce(least);
  return { ...lease, claimed, spent: most(lease.spent, bookable({ ...lease, claimed }, contract.overdraft, room)) };
}

const LARGEST: Amount = times({ microUsd: 1, tokensIn: 1, tokensOut: 1, calls: 1, wallMs: 1 }, LARGEST_CLAIM);
