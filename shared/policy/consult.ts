/**
 * Consultation: whether a goal is given to one agent, or to several at once of which the better result is taken. Only for callers to
 * whom being right matters more than cost and waiting, and only agents that change nothing. Its numbers stand in the dispatch contract.
 * Plain data in, a decision out; never throws.
 */
import type { DispatchContract } from "../contract/dispatch.ts";
import type { Candidate } from "./dispatch.ts";
import { bestFirst } from "./most-worth.ts";

export type ConsultSignals = {
  readonly candidates: readonly (Candidate & { readonly readOnly: boolean })[];
  /** Weights of what the caller prefers, 0 to 1 each. */
  readonly preferences: { readonly accuracy: number; readonly cost: number; readonly latency: number };
  /** Calls already spent on this goal. */
  readonly attempts: number;
};

export type ConsultDecision = { readonly policy: "dispatch"; readonly version: number } & (
  | { readonly outcome: "consult"; readonly reason: "accuracy"; readonly roads: readonly Candidate[] }
  | { readonly outcome: "single"; readonly reason: "not-in-contract" | "other-preferences" | "tried-before" | "too-few-that-read" }
);

export function decideConsult(contract: DispatchContract, { candidates, preferences, attempts }: ConsultSignals): ConsultDecision {
  const by = { policy: contract.policy, version: contract.version } as const;
  if (contract.branches < 2) return { ...by, outcome: "single", reason: "not-in-contract" };
  // As a share of all that is weighed: whoever wants everything has said nothing about what matters more.
  const { accuracy, cost, latency } = preferences;
  if (!(accuracy / (accuracy + cost + latency) >= contract.branchAccuracy))
    return { ...by, outcome: "single", reason: "other-preferences" };
  // What comes after a failure is one call at a time.
  if (attempts > 0) return { ...by, outcome: "single", reason: "tried-before" };
  const reading = bestFirst(
    contract,
    candidates.filter(({ score, readOnly }) => readOnly && score >= contract.floor),
  );
  // Of one agent only its best skill: two answers of one agent fail for the same cause.
  const agents = reading.filter(({ agent }, index) => reading.findIndex((each) => each.agent === agent) === index);
  if (agents.length < 2) return { ...by, outcome: "single", reason: "too-few-that-read" };
  const roads = agents.slice(0, contract.branches).map(({ agent, skill, score }) => ({ agent, skill, score }));
  return { ...by, outcome: "consult", reason: "accuracy", roads };
}
