/**
 * Decisions taken again, from the signals that were recorded with them: by the contract they were taken under, which must give
 * the same decision always, or by another one, to see what it would change. Plain data in, a decision out, as every policy.
 */
import type { Contract, TaskPolicy } from "../contract/contract.ts";
import { decideAgentBreaker } from "./agent-breaker.ts";
import { decideBudget } from "./budget.ts";
import { decideChainCap } from "./chain-cap.ts";
import { decideCircuitBreaker } from "./circuit-breaker.ts";
import { decideConsult } from "./consult.ts";
import { decideDispatch } from "./dispatch.ts";
import { decideHedge } from "./hedge.ts";
import { decideInterrupt } from "./interrupt.ts";
import { decideRetention } from "./retention.ts";
import { decideRiskConfidence } from "./risk-confidence.ts";

const DECIDERS = {
  "agent-breaker": decideAgentBreaker,
  budget: decideBudget,
  "chain-cap": decideChainCap,
  "circuit-breaker": decideCircuitBreaker,
  consult: decideConsult,
  dispatch: decideDispatch,
  hedge: decideHedge,
  interrupt: decideInterrupt,
  retention: decideRetention,
  "risk-confidence": decideRiskConfidence,
} as const satisfies Record<TaskPolicy | "hedge" | "consult", unknown>;

/** What is decided in tasks: each policy of theirs; hedging, whose numbers stand in the agent breaker's contract; and consulting, in the dispatch contract. */
export type DecisionKind = keyof typeof DECIDERS;

export type Redecided = { readonly policy: TaskPolicy; readonly version: number; readonly outcome: string; readonly reason: string };

/** @param name of a decision, which begins with its kind: `chain-cap:delegate:search` */
export function kindOf(name: string): DecisionKind | undefined {
  const kind = name.split(":", 1)[0] ?? "";
  return Object.hasOwn(DECIDERS, kind) ? (kind as DecisionKind) : undefined;
}

export function policyOf(kind: DecisionKind): TaskPolicy {
  if (kind === "hedge") return "agent-breaker";
  return kind === "consult" ? "dispatch" : kind;
}

/**
 * @param contract of `policyOf(kind)`
 * @param signals as they were recorded with a decision of this kind
 */
export function redecide(kind: DecisionKind, contract: Contract, signals: unknown): Redecided {
  const decide = DECIDERS[kind] as (contract: Contract, signals: unknown) => Redecided;
  return decide(contract, signals);
}

/** Whether a decision is the recorded one; how long it took and in which mode it was taken is no part of it. */
export function isSameDecision(recorded: object, again: object): boolean {
  return canonical(recorded) === canonical(again);
}

function canonical(decision: object): string {
  const { mode: _, micros: __, ...decided } = decision as Record<string, unknown>;
  return JSON.stringify(decided, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
}
