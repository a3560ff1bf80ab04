/**
 * Every contract version that tasks may be pinned to. A superseded version stays in the list as long as a task may run that
 * was made under it: what is not here is not deployed.
 */
import agentBreaker1 from "./agent-breaker.v1.yaml";
import budget1 from "./budget.v1.yaml";
import chainCap1 from "./chain-cap.v1.yaml";
import circuitBreaker1 from "./circuit-breaker.v1.yaml";
import dispatch1 from "./dispatch.v1.yaml";
import dispatch2 from "./dispatch.v2.yaml";
import dispatch3 from "./dispatch.v3.yaml";
import interrupt1 from "./interrupt.v1.yaml";
import publishing1 from "./publishing.v1.yaml";
import publishing2 from "./publishing.v2.yaml";
import retention1 from "./retention.v1.yaml";
import riskConfidence1 from "./risk-confidence.v1.yaml";
import rollout1 from "./rollout.v1.yaml";

export const DEPLOYED_CONTRACTS = {
  "contracts/agent-breaker.v1.yaml": agentBreaker1,
  "contracts/budget.v1.yaml": budget1,
  "contracts/chain-cap.v1.yaml": chainCap1,
  "contracts/circuit-breaker.v1.yaml": circuitBreaker1,
  "contracts/dispatch.v1.yaml": dispatch1,
  "contracts/dispatch.v2.yaml": dispatch2,
  "contracts/dispatch.v3.yaml": dispatch3,
  "contracts/interrupt.v1.yaml": interrupt1,
  "contracts/publishing.v1.yaml": publishing1,
  "contracts/publishing.v2.yaml": publishing2,
  "contracts/retention.v1.yaml": retention1,
  "contracts/risk-confidence.v1.yaml": riskConfidence1,
  "contracts/rollout.v1.yaml": rollout1,
};
