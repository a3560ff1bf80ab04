/**
 * Signals restated: some were made with numbers of the contract that a task ran under (its limit, its hops, what nobody has
 * measured), and another contract would have made others. Restates what can be known from the signals alone; expected costs, and
 * agents that were held back already, stay as they were recorded. Under the same contract nothing changes. Pure.
 */
import type { Amount, Unit } from "../budget/amount.ts";
import type { BudgetContract } from "../contract/budget.ts";
import type { ChainCapContract } from "../contract/chain-cap.ts";
import type { CircuitBreakerContract } from "../contract/circuit-breaker.ts";
import type { Contract } from "../contract/contract.ts";
import type { BudgetSignals } from "./budget.ts";
import type { ChainCapSignals, Hop } from "./chain-cap.ts";
import type { CircuitBreakerSignals } from "./circuit-breaker.ts";
import type { DecisionKind } from "./redecide.ts";
import { priorMean } from "./reliability.ts";

export interface Restated {
  /** The contract that the signals were made under, and the one they are wanted for: of the same policy. */
  readonly from: Contract;
  readonly to: Contract;
  /** The task began its own chain: its limits are the contract's, and not a lease. */
  readonly own: boolean;
  /** What its caller wished its limits to be. */
  readonly wished?: Partial<Amount> | undefined;
}

/** @param signals as they were recorded with a decision of this kind */
export function restate(kind: DecisionKind, signals: unknown, restated: Restated): unknown {
  const { from, to } = restated;
  if (from.policy === "budget" && to.policy === "budget" && kind === "budget")
    return budgetSignals(signals as BudgetSignals, from, to, restated);
  if (from.policy === "chain-cap" && to.policy === "chain-cap" && kind === "chain-cap")
    return chainSignals(signals as ChainCapSignals, from, to, restated.own);
  if (from.policy === "circuit-breaker" && to.policy === "circuit-breaker" && kind === "circuit-breaker")
    return turnSignals(signals as CircuitBreakerSignals, from, to);
  return signals;
}

/** What somebody raised a limit by stays on top of the other contract's. */
function budgetSignals(signals: BudgetSignals, from: BudgetContract, to: BudgetContract, { own, wished }: Restated): BudgetSignals {
  if (!own) return signals;
  const { task, lease } = signals;
  const shifted = (unit: Unit, field: "taskMicroUsd" | "taskTokens" | "taskCalls" | "taskWallMs") => {
    const wish = wished?.[unit] ?? Number.POSITIVE_INFINITY;
    return Math.max(0, task.limit[unit] - Math.min(from[field], wish) + Math.min(to[field], wish));
  };
  const limit = {
    microUsd: shifted("microUsd", "taskMicroUsd"),
    tokensIn: shifted("tokensIn", "taskTokens"),
    tokensOut: shifted("tokensOut", "taskTokens"),
    calls: shifted("calls", "taskCalls"),
    wallMs: shifted("wallMs", "taskWallMs"),
  };
  // Time is granted by nobody: all of the task's is there.
  const wallMs = lease.granted.wallMs === task.limit.wallMs ? limit.wallMs : lease.granted.wallMs;
  return { ...signals, lease: { ...lease, granted: { ...lease.granted, wallMs } }, task: { limit } };
}

function chainSignals(signals: ChainCapSignals, from: ChainCapContract, to: ChainCapContract, own: boolean): ChainCapSignals {
  // A hop that was measured stays as it was counted: what was counted of it is not told again with each hop.
  const hop = (each: Hop): Hop =>
    (each.evidence === "unmeasured" || each.evidence === "untrusted") && each.reliability === priorMean(from)
      ? { ...each, reliability: priorMean(to) }
      : each;
  return {
    ...signals,
    path: signals.path.map(hop),
    hopsLeft: Math.max(0, signals.hopsLeft - from.maxHops + to.maxHops),
    deadlineLeftMs: own ? signals.deadlineLeftMs - from.deadlineMs + to.deadlineMs : signals.deadlineLeftMs,
  };
}

/** A person who lets a task go on gives it as many turns again as the contract has. */
function turnSignals(signals: CircuitBreakerSignals, from: CircuitBreakerContract, to: CircuitBreakerContract): CircuitBreakerSignals {
  const given = signals.addedTurns / from.maxTurns;
  return Number.isInteger(given) ? { ...signals, addedTurns: given * to.maxTurns } : signals;
}
