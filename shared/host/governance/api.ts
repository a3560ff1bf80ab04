/**
 * What the objects behind governance answer over RPC: the budget of a tenant, and the scoreboard. Both are reached through
 * bindings that may be missing: a Worker alone (a test, a benchmark) keeps to its tasks' own limits, and has measured nobody.
 */
import type { Amount } from "../../budget/amount.ts";
import type { Granted, Short } from "../../budget/book.ts";

export interface ReserveRequest {
  /** Made by its holder, once: the same id again is the same lease. */
  readonly lease: string;
  readonly app: string;
  readonly task: string;
  /** Whose spending it is, so that what is set aside can follow what was seen. */
  readonly agent: string;
  /** Without it nothing can be done. */
  readonly need: Amount;
  /** At most so much is set aside, though never less than what is needed: what is left of the task's own limit. */
  readonly limit: Amount;
}

export interface ExtendRequest {
  readonly lease: string;
  /** All that was spent under the lease so far. */
  readonly spent: Amount;
  /** To have beyond what was spent. */
  readonly need: Amount;
  /** At most so much beyond what was spent, as above. */
  readonly limit: Amount;
}

export interface Account {
  /** `tenant`, or an app's name after `app:`. */
  readonly name: string;
  readonly limit: Partial<Amount>;
  /** With what is unreconciled. */
  readonly spent: Amount;
  readonly held: Amount;
  /** Set aside by holders that were lost: it counts as spent until they settle. */
  readonly unreconciled: Amount;
  /** What holders say they spent beyond what was set aside, the overdraft and the limit: it is shown, and counts nowhere. */
  readonly over: Amount;
}

export interface RaiseRequest {
  /** `tenant`, or an app's name after `app:`. */
  readonly account: string;
  readonly by: Partial<Amount>;
  /** The same key again raises nothing. */
  readonly key?: string;
}

/** A refused envelope, or another attack, as an operator reads it. */
export interface Incident {
  readonly agent: string;
  readonly reason: string;
  readonly detail: string;
}

export interface BudgetApi {
  /** Waits as long as the contract says when only others' leases are in the way. */
  reserve(request: ReserveRequest): Promise<Granted | Short>;
  extend(request: ExtendRequest): Promise<Granted | Short>;
  /**
   * Books what was spent, and gives the rest back. Repeating it changes nothing; a larger figure corrects a smaller one. A lease
   * that was never made can never be made after it: so a holder that does not know whether it got one gives it back.
   */
  settle(request: { readonly lease: string; readonly agent: string; readonly spent: Amount }): Promise<void>;
  /** For the period that runs. @throws RangeError for an account that cannot be */
  raise(request: RaiseRequest): Promise<Account>;
  accounts(): Promise<readonly Account[]>;
  incident(incident: Incident): Promise<void>;
  incidents(): Promise<readonly (Incident & { readonly at: number })[]>;
}

/** How one call to a skill went. */
export interface SkillOutcome {
  readonly agent: string;
  /** Of the agent's card. */
  readonly version: string;
  readonly skill: string;
  readonly ok: boolean;
  /** Of one that is not `ok`: the agent asked back, or did not want to. That is no failure. */
  readonly declined?: true;
  readonly ms: number;
  readonly cost: Amount;
}

/** What was seen of one skill in one version. */
export interface SkillScore {
  readonly successes: number;
  readonly failures: number;
  /** Calls that the agent refused or asked back to, which are neither; absent where there were none. */
  readonly declined?: number;
  /** Of the latest successes, milliseconds and costs, in no order. */
  readonly ms: readonly number[];
  readonly costs: readonly Amount[];
}

export interface ScoreboardApi {
  /** @param report made by its sender, once: the same id again is counted once */
  record(outcomes: readonly SkillOutcome[], report?: string): Promise<void>;
  /** By agent, then by `version/skill`. Agents that nobody has called are left out. */
  read(agents: readonly string[]): Promise<Readonly<Record<string, Readonly<Record<string, SkillScore>>>>>;
}
