/**
 * The contracts there are. Adding a policy: one schema file beside this one, one entry here, one file in `contracts/`.
 */
import type * as v from "valibot";
import { agentBreakerContract } from "./agent-breaker.ts";
import { budgetContract } from "./budget.ts";
import { chainCapContract } from "./chain-cap.ts";
import { circuitBreakerContract } from "./circuit-breaker.ts";
import { dispatchContract } from "./dispatch.ts";
import { interruptContract } from "./interrupt.ts";
import { publishingContract } from "./publishing.ts";
import { retentionContract } from "./retention.ts";
import { riskConfidenceContract } from "./risk-confidence.ts";
import { rolloutContract } from "./rollout.ts";

export const contractSchemas = {
  "agent-breaker": agentBreakerContract,
  budget: budgetContract,
  "chain-cap": chainCapContract,
  "circuit-breaker": circuitBreakerContract,
  dispatch: dispatchContract,
  interrupt: interruptContract,
  publishing: publishingContract,
  retention: retentionContract,
  "risk-confidence": riskConfidenceContract,
  rollout: rolloutContract,
} as const;

export type PolicyName = keyof typeof contractSchemas;
/** What the registry decides by, about agents: no task is pinned to these, and none records a decision of theirs. */
export const REGISTRY_POLICIES = ["publishing", "rollout"] as const satisfies readonly PolicyName[];
export type TaskPolicy = Exclude<PolicyName, (typeof REGISTRY_POLICIES)[number]>;
export type Contract<P extends PolicyName = PolicyName> = Readonly<v.InferOutput<(typeof contractSchemas)[P]>>;
