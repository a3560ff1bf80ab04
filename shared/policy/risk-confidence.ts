/**
 * Risk and confidence: may this action go ahead, go ahead while somebody is told, or must a person approve it first.
 * What is not said counts against the action, and what an agent says in its own favour counts only where the operator lists it.
 * Plain data in, a decision out: no clock, no I/O, never throws.
 */
import type { RiskConfidenceContract } from "../contract/risk-confidence.ts";

export type RiskConfidenceSignals = {
  /** Whose action it is, as `agent/skill`. */
  readonly skill: string;
  readonly reversible: boolean | "undeclared";
  /** Whom or what it reaches: people, records. */
  readonly blast: number | "undeclared";
  readonly compliance: "none" | "pii" | "financial" | "regulated" | "undeclared";
  readonly kind: "money" | "message" | "other" | "undeclared";
  /** In the result that the action rests on, 0..1. */
  readonly confidence: number | "unmeasured";
};

/** What the action was taken for. `not-believed`: its agent says that it can be undone, and is not listed for that. */
export type Reversal = "reversible" | "irreversible" | "undeclared" | "not-believed";

export type RiskConfidenceDecision = {
  readonly policy: "risk-confidence";
  readonly version: number;
  readonly reversal: Reversal;
} & (
  | { readonly outcome: "proceed"; readonly reason: "small-blast" | "confident" }
  /** It goes ahead, and somebody is told. */
  | { readonly outcome: "notify"; readonly reason: "irreversible" | "wide-blast" }
  | {
      readonly outcome: "ask";
      readonly reason:
        | "always-ask"
        | "compliance"
        | "compliance-undeclared"
        | "money"
        | "message"
        | "kind-undeclared"
        | "large-blast"
        | "irreversible"
        | "wide-blast";
    }
);

export function decideRiskConfidence(contract: RiskConfidenceContract, signals: RiskConfidenceSignals): RiskConfidenceDecision {
  const reversal = reversalOf(contract, signals);
  const by = { policy: contract.policy, version: contract.version, reversal } as const;
  const { blast, compliance, kind } = signals;

  // The operator's word first: nothing that is said of the action, and no confidence, gets past it.
  if (contract.alwaysAsk.includes(signals.skill)) return { ...by, outcome: "ask", reason: "always-ask" };

  // What always needs a person. Undeclared asks too: otherwise saying nothing would be the way round both rules, and a newcomer
  // that declares nothing would go ahead on its own confidence.
  if (compliance === "undeclared") return { ...by, outcome: "ask", reason: "compliance-undeclared" };
  if (compliance !== "none") return { ...by, outcome: "ask", reason: "compliance" };
  if (kind === "money" || kind === "message") return { ...by, outcome: "ask", reason: kind };
  if (kind !== "other") return { ...by, outcome: "ask", reason: "kind-undeclared" };

  // Before reversibility, so that to call an action irreversible never frees it. A reach that is no number is as large as any.
  if (blast !== "undeclared" && !(isReach(blast) && blast < contract.largeBlast)) return { ...by, outcome: "ask", reason: "large-blast" };

  const confidence = confidenceOf(signals);
  if (reversal !== "reversible" || blast === "undeclared") {
    return { ...by, outcome: confidence >= contract.proceed ? "notify" : "ask", reason: "irreversible" };
  }
  if (blast < contract.smallBlast) return { ...by, outcome: "proceed", reason: "small-blast" };
  if (confidence >= contract.proceed) return { ...by, outcome: "proceed", reason: "confident" };
  return { ...by, outcome: confidence >= contract.notify ? "notify" : "ask", reason: "wide-blast" };
}

/** Only "can be undone" is in the agent's own favour, so only that needs the operator's list. A reach nobody states undoes it. */
function reversalOf({ trusted }: RiskConfidenceContract, { skill, reversible, blast }: RiskConfidenceSignals): Reversal {
  if (reversible === false) return "irreversible";
  if (reversible !== true) return "undeclared";
  if (!trusted.includes(skill)) return "not-believed";
  return blast === "undeclared" ? "undeclared" : "reversible";
}

/** Below every threshold when nobody measured it, or when it is no share: what is unknown must not pass for sure. */
function confidenceOf({ confidence }: RiskConfidenceSignals): number {
  return typeof confidence === "number" && confidence >= 0 && confidence <= 1 ? confidence : -1;
}

function isReach(blast: number): boolean {
  return typeof blast === "number" && blast >= 0;
}
