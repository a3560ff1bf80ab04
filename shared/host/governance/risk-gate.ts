/**
 * The gate that every action in the world passes. What the card says of its skill stands behind what is said when it is done;
 * the policy decides, and where a person has to, exactly this action is put to them.
 */
import { decideRiskConfidence, type RiskConfidenceSignals } from "../../policy/risk-confidence.ts";
import type { JsonObject } from "../../task/a2a-types.ts";
import { saidIn } from "../../task/answering.ts";
import { type Approval, approvalQuestion, type ExactAction as Named, NO_REASON } from "../../task/approval.ts";
import type { Risk } from "../../task/skill-facts.ts";
import type { About } from "../asking.ts";
import type { LiveTask } from "../live-task.ts";
import type { Action } from "../program.ts";
import { decideOn, type Record } from "./decision.ts";
import type { Governor } from "./governor.ts";
import type { Answered } from "./limit.ts";

export interface Acting {
  readonly task: LiveTask;
  readonly decide: Record;
  progress(text: string, metadata: JsonObject): void;
  put(name: string, question: string, metadata: JsonObject, about: About): Promise<Answered>;
}

/** An action that does not change any more. `times`: how often exactly this one came in the run, so that each is decided on. */
export type ExactAction = Action & Named & { readonly digest: string; readonly times: number };

export async function approve(run: Acting, governor: Governor | undefined, action: ExactAction): Promise<Approval> {
  if (!governor) return askFor(run, action);
  const contract = governor.rule("risk-confidence", run.task);
  const name = `risk-confidence:${action.digest}:${action.times}`;
  const decision = decideOn(run.decide, name, contract, signalsOf(run.task, governor, action), decideRiskConfidence);
  // In shadow mode a person is asked about everything, as without the policy.
  if (decision.mode === "shadow" || decision.outcome === "ask") return askFor(run, action);
  const { description, args, digest } = action;
  if (decision.outcome === "notify") run.progress(`Goes ahead without being approved: ${description}`, { action: args, decision: name });
  return { approved: true, digest };
}

/** Named by the digest of what it is about: an action with other arguments is another question. */
async function askFor(run: Acting, { description, args, digest, times }: ExactAction): Promise<Approval> {
  const { put, questions } = run.task.head;
  // While the task has asked nothing else, a yes can mean nothing else.
  const isOnly = put === undefined && questions.length === 0;
  const about = { kind: "approval", action: { description, args, digest } } as const;
  const answered = await run.put(`approve:${digest}:${times}`, approvalQuestion(description, args, isOnly ? undefined : digest), {}, about);
  if ("expired" in answered) return { approved: false, digest, reason: "nobody approved it in time" };
  const said = saidIn(answered.answer, { kind: "approval" });
  if (!("approved" in said)) return { approved: false, digest, reason: said.text || NO_REASON };
  return said.approved ? { approved: true, digest, by: answered.by } : { approved: false, digest, reason: said.reason };
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
