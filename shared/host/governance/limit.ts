/**
 * A task at a limit: shows what there is, asks, and resolves with what somebody decided. Asks again when the answer says
 * nothing that was offered.
 */

import type { Principal } from "../../auth/principal.ts";
import type { JsonObject, Message } from "../../task/a2a-types.ts";
import { saidIn } from "../../task/answering.ts";
import { GOVERNANCE_EXTENSION } from "../../task/governance-extension.ts";
import { type LimitAnswer, type LimitQuestion, limitMetadata, readLimitAnswer, wordsOfLimit } from "../../task/limit-question.ts";
import type { About } from "../asking.ts";
import type { DelegateCall, NewArtifact, StoppedCall } from "../program.ts";

/** What came of a question. */
export type Answered =
  /** `by`: who stands behind it; of an approval that took several, all of them. */
  | { readonly answer: Message; readonly by: readonly Principal[] }
  /** Nobody answered in time. `value` is its default, where it has one. */
  | { readonly expired: true; readonly value?: string };

/** What a limit needs of the run that meets it. */
export interface Asking {
  /** Puts a question under a name of its own, the same in every run. */
  put(name: string, question: string, metadata: JsonObject, about?: About): Promise<Answered>;
  emit(artifact: NewArtifact): void;
}

export type Decided = Exclude<LimitAnswer, { choice: "unclear" }>;

const UNCLEAR = "That is none of the choices.\n\n";

/** @param name of the limit in this task, the same in every run */
export async function atLimit(run: Asking, name: string, question: LimitQuestion, partial: DelegateCall["partial"]): Promise<Decided> {
  const shown = partial?.();
  if (shown) run.emit({ name: "partial-result", ...shown });
  const limit = limitMetadata(question);
  for (let round = 1; ; round++) {
    const words = (round === 1 ? "" : UNCLEAR) + wordsOfLimit(question);
    const answered = await run.put(`limit:${name}:${round}`, words, { [GOVERNANCE_EXTENSION]: { limit } });
    // Nobody lifted it in time: then it holds.
    if ("expired" in answered) return { choice: "partial" };
    const said = saidIn(answered.answer, { kind: "limit" });
    const answer = readLimitAnswer("text" in said ? said.text : "", limit);
    if (answer.choice !== "unclear") return answer;
  }
}

/** A call that is not made because somebody, or a rule that nobody may lift, said so. */
export function stopped(policy: string, message: string, next: StoppedCall["next"], other?: StoppedCall["other"]): StoppedCall {
  return { ok: false, reason: "stopped", policy, message, next, ...(other && { other }) };
}
