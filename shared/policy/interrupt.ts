/**
 * Interrupts: who must speak before a paused task goes on, and how long it waits for them.
 * Plain data in, a decision out: no clock, no I/O, never throws.
 */
import type { InterruptContract } from "../contract/interrupt.ts";

export type InterruptSignals = {
  /** An action that needs approval, or a question. */
  readonly kind: "approval" | "question";
  /** Whose it is, as `agent/skill`. */
  readonly skill: string;
};

export type InterruptDecision = {
  readonly policy: "interrupt";
  readonly version: number;
  readonly outcome: "wait";
  readonly reason: "question" | "approval" | "strict";
  /** Different people who must say yes. A question needs one answer. */
  readonly approvers: number;
  /** How many of them must not be the task's caller. */
  readonly others: number;
  readonly hours: number;
};

export function decideInterrupt(contract: InterruptContract, { kind, skill }: InterruptSignals): InterruptDecision {
  const by = { policy: contract.policy, version: contract.version, outcome: "wait" } as const;
  if (kind === "question") return { ...by, reason: "question", approvers: 1, others: 0, hours: contract.questionHours };
  const hours = contract.approvalHours;
  if (contract.strict.includes("*/*") || contract.strict.includes(skill)) {
    const { strictApprovers: approvers } = contract;
    return { ...by, reason: "strict", approvers, others: approvers, hours };
  }
  return { ...by, reason: "approval", approvers: contract.approvers, others: contract.fourEyes ? 1 : 0, hours };
}
