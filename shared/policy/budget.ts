/**
 * Budget: may a task set so much aside for a call, must it get more first, or must somebody be asked. Plain data in, a decision
 * out: no clock, no I/O, never throws. Shadow mode is not known here: the decision is the same, whoever carries it out obeys it
 * or only records it.
 */
import { type Amount, least, minus, most, NOTHING, ONE_CALL, plus, times, UNITS, type Unit } from "../budget/amount.ts";
import type { BudgetContract } from "../contract/budget.ts";

export type BudgetSignals = {
  /** What the call is expected to cost. */
  readonly need: Amount;
  readonly lease: {
    /** All that the task was ever granted; nothing before it has asked for the first time. */
    readonly granted: Amount;
    /** By the task itself and by the calls that have come back. */
    readonly spent: Amount;
    /** What the calls that are under way were given. */
    readonly carved: Amount;
  };
  readonly task: { readonly limit: Amount };
  /** What the tenant's accounts said when they were asked for as much as this needs. */
  readonly answer: "not-asked" | Refusal;
};

/** Why the tenant's accounts gave nothing. */
export type Refusal = {
  readonly reason: "exhausted" | "held" | "unknown-lease";
  readonly account: "tenant" | "app";
  readonly unit: Unit;
  readonly limit: number;
  readonly spent: number;
  /** By others. Absent in what was recorded before it was asked for. */
  readonly held?: number;
  readonly needed: number;
};

export type BudgetDecision = { readonly policy: "budget"; readonly version: number } & (
  | { readonly outcome: "carve"; readonly reason: "within-lease"; readonly amount: Amount }
  // Asked of the tenant's accounts: `need` beyond what was spent, and no more than `limit`.
  | { readonly outcome: "top-up"; readonly reason: "lease-used-up"; readonly need: Amount; readonly limit: Amount }
  // `held`: others have set it aside (for `task`: this task's own calls), so it may come back without anybody's doing.
  // `settled`: the lease is over, and the task needs a new one.
  | {
      readonly outcome: "pause";
      readonly reason: "task-limit" | "app-limit" | "tenant-limit" | "held" | "settled";
      readonly account: "task" | "app" | "tenant";
      readonly unit: Unit;
      /** What the limit, or what others hold of it, is short of: as much more would do. */
      readonly needed: number;
      readonly limit: number;
      readonly spent: number;
    }
);

export function decideBudget(contract: BudgetContract, { need, lease, task, answer }: BudgetSignals): BudgetDecision {
  const by = { policy: contract.policy, version: contract.version } as const;
  const underWay = plus(lease.spent, lease.carved);
  const wanted = plus(underWay, need);

  // The task's own limit first, in spite of any grant: it may have been granted more under an older limit, and nobody above can
  // lift it. What was spent counts before what is only held, because waiting does not bring it back.
  const used = UNITS.find((unit) => !(lease.spent[unit] + need[unit] <= task.limit[unit]));
  const held = UNITS.find((unit) => !(wanted[unit] <= task.limit[unit]));
  const short = used ?? held;
  if (short !== undefined) {
    const reason = used === undefined ? "held" : "task-limit";
    const spent = lease.spent[short];
    const taken = used === undefined ? underWay[short] : spent;
    const needed = taken + need[short] - task.limit[short];
    return { ...by, outcome: "pause", reason, account: "task", unit: short, needed, limit: task.limit[short], spent };
  }

  if (UNITS.every((unit) => wanted[unit] <= lease.granted[unit])) return { ...by, outcome: "carve", reason: "within-lease", amount: need };

  // Asked once for a call: the accounts have waited already for what others may give back.
  if (answer === "not-asked") {
    return {
      ...by,
      outcome: "top-up",
      reason: "lease-used-up",
      need: plus(lease.carved, need),
      limit: minus(task.limit, lease.spent),
    };
  }
  const { account, unit, limit, spent, held: byOthers = 0 } = answer;
  const taken = answer.reason === "held" ? spent + byOthers : spent;
  const needed = Math.max(0, taken + answer.needed - limit);
  return { ...by, outcome: "pause", reason: reasonOf(answer), account, unit, needed, limit, spent };
}

function reasonOf({ reason, account }: Refusal): "app-limit" | "tenant-limit" | "held" | "settled" {
  if (reason === "unknown-lease") return "settled";
  if (reason === "held") return "held";
  return account === "app" ? "app-limit" : "tenant-limit";
}

/**
 * What a call is expected to cost: the contract's quantile of what the like of it cost before, or the card's price while too
 * few were seen. At most the contract's share of the limit, and always a call. An agent without a price of which too little was
 * seen is expected to cost the most that was seen.
 *
 * @param limit of the task that calls
 */
export function expectedCost(
  contract: BudgetContract,
  { seen, price, limit }: { readonly seen: readonly Amount[]; readonly price: Amount | undefined; readonly limit: Amount },
): Amount {
  const expected = seen.length >= contract.minSamples ? quantileOf(seen, contract.reserveQuantile) : (price ?? seen.reduce(most, NOTHING));
  return most(ONE_CALL, least(expected, times(limit, contract.reserveShare)));
}

/**
 * In each unit, the least of the amounts that so large a share of them does not exceed (the nearest rank).
 *
 * @param quantile 0..1
 * @returns nothing where nothing was seen
 */
export function quantileOf(seen: readonly Amount[], quantile: number): Amount {
  const rank = Math.min(seen.length, Math.max(1, Math.ceil(quantile * seen.length)));
  const at = (unit: Unit) => Float64Array.from(seen, (amount) => amount[unit]).sort()[rank - 1] ?? 0;
  return { microUsd: at("microUsd"), tokensIn: at("tokensIn"), tokensOut: at("tokensOut"), calls: at("calls"), wallMs: at("wallMs") };
}
