/**
 * The gate that every action in the world passes. What the card says of its skill stands behind what is said when it is done;
 * the policy decides, and where a person has to, exactly this action is put to them.
 */
import { decideRiskConfidence, type RiskConfidenceSignals } from "../../policy/risk-confidence.ts";
import type { JsonObject } from "../../task/a2a-types.ts";
import { textOf } from "../../task/a2a-types.ts";
import { type Approval, approvalFrom, approvalQuestion } from "../../task/approval.ts";
import { digest } from "../../task/digest.ts";
import type { Risk } from "../../task/skill-facts.ts";
import type { LiveTask } from "../live-task.ts";
import type { Action } from "../program.ts";
import { decideOn, type Record } from "./decision.ts";
import type { Governor } from "./governor.ts";
import type { Answered } from "./limit.ts";

export interface Acting {
  readonly task: LiveTask;
  readonly decide: Record;
  progress(text: string, metadata: JsonObject): void;
  ask(question: string, metadata: JsonObject): Promise<Answered>;
}

/** @param times how often exactly this action came before in the run, so that each is decided on */
export async function approve(run: Acting, governor: Governor | undefined, action: Action, times: number): Promise<Approval> {
  const { description, args } = action;
  const question = approvalQuestion(description, args);
  const askFor = async (): Promise<Approval> => {
    const answered = await run.ask(question, { approval: args });
    if ("expired" in answered) return { approved: false, reason: "nobody approved it in time" };
    return approvalFrom(textOf(answered.answer.parts));
  };
  if (!governor) return askFor();

  const contract = governor.rule("risk-confidence", run.task);
  const name = `risk-confidence:${digest(question)}:${times}`;
  const decision = decideOn(run.decide, name, contract, signalsOf(run.task, governor, action), decideRiskConfidence);
  // In shadow mode a person is asked about everything, as without the policy.
  if (decision.mode === "shadow" || decision.outcome === "ask") return askFor();
  if (decision.outcome === "notify") run.progress(`Goes ahead without being approved: ${description}`, { action: args, decision: name });
  return { approved: true };
}

function signalsOf({ head }: LiveTask, { governance }: Governor, { risk }: Action): RiskConfidenceSignals {
  const skill = head.skill ?? governance.mainSkill;
  const declared = worseOf(governance.facts.get(skill)?.risk ?? {}, risk ?? {});
  return {
    skill: `${governance.agent}/${skill}`,
    reversible: declared.reversible ?? "undeclared",
    blast: declared.blast ?? "undeclared",
    compliance: declared.compliance ?? "undeclared",
    kind: declared.kind ?? "undeclared",
    confidence: declared.confidence ?? "unmeasured",
  };
}

/** What is said when it is done may be worse than what the card says of the skill, and never better. */
function worseOf(card: Risk, said: Risk): Risk {
  const { confidence } = said;
  const reversible = card.reversible === false ? false : (said.reversible ?? card.reversible);
  const blast = Math.max(card.blast ?? -1, said.blast ?? -1);
  const compliance = card.compliance !== undefined && card.compliance !== "none" ? card.compliance : (said.compliance ?? card.compliance);
  const kind = card.kind !== undefined && card.kind !== "other" ? card.kind : (said.kind ?? card.kind);
  return {
    ...(confidence !== undefined && { confidence }),
    ...(reversible !== undefined && { reversible }),
    ...(blast >= 0 && { blast }),
    ...(compliance !== undefined && { compliance }),
    ...(kind !== undefined && { kind }),
  };
}
