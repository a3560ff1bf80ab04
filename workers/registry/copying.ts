/**
 * A call that has ended, made of the candidate too: the copy is sent as a stranger's call, what comes back is read as a probe's answer
 * is, and held against what the call came to. Nobody gets the answer, and nobody is charged. Bounded in time; decides nothing.
 */
import { type Answer, readAnswer } from "../../shared/registry/answer.ts";
import { copyOf, isSmall } from "../../shared/registry/copied-call.ts";
import { PATIENCE_MS } from "../../shared/registry/probe-rules.ts";
import type { ShadowCopy } from "../../shared/registry/rollout.ts";
import type { CopyOutcome, OneSeen } from "../../shared/registry/rollout-seen.ts";
import { type Asking, askAgent } from "./asked-agent.ts";
import type { Holdings } from "./holdings.ts";
import { answerIn, takeBack } from "./probing.ts";

export interface CopyingDeps extends Asking {
  readonly holdings: Pick<Holdings, "beginCopy" | "endCopy">;
  /** Whether two answers to the same question say the same. */
  readonly alike: (base: Answer, candidate: Answer) => boolean;
}

/** Who waits for nobody's sake is let go of by the runtime after half a minute. Milliseconds. */
const LONGEST_MS = 25_000;
/** Ends of a call that say something of an agent: not those that its caller chose. Undefined is a message. */
const ENDS = [undefined, "TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_REJECTED"];

/** Does nothing for a call that may not be copied. Rejects only when the registry's object does. */
export async function copyCall({ agent, skill, base, params, answer, ms }: ShadowCopy, deps: CopyingDeps): Promise<void> {
  const copy = copyOf(params, skill, crypto.randomUUID());
  const said = isSmall(answer) ? readAnswer(answer) : undefined;
  // What took the base longer than a copy may take would always speak against the candidate.
  if (!copy || !said || !ENDS.includes(said.state) || !(ms >= 0 && ms <= LONGEST_MS)) return;
  const target = await deps.holdings.beginCopy({ agent, skill, base });
  if (!target) return;
  let outcome: CopyOutcome | undefined;
  try {
    // The candidate may be slower: how much slower is for the gates.
    const patience = Math.min(LONGEST_MS, Math.max(PATIENCE_MS, 2 * ms));
    const { seen, given } = await asked(target.endpoint, copy, deps, patience);
    const ofBase = { ok: isAnswer(said), ms, ...costOf(said) };
    const alike = given && ofBase.ok && seen.ok ? { alike: deps.alike(said, given) } : {};
    outcome = { skill, base: ofBase, candidate: seen, ...alike };
  } finally {
    await deps.holdings.endCopy(target, outcome);
  }
}

async function asked(
  endpoint: string,
  copy: object,
  deps: CopyingDeps,
  patienceMs: number,
): Promise<{ readonly seen: OneSeen; readonly given: Answer | undefined }> {
  const began = deps.now();
  const replied = await askAgent(endpoint, "SendMessage", copy, deps, patienceMs);
  const ms = deps.now() - began;
  const given = replied.kind === "result" ? readAnswer(answerIn(replied.result)) : undefined;
  if (given) await takeBack(endpoint, given, deps);
  return { seen: { ok: given !== undefined && isAnswer(given), ms, ...(given && costOf(given)) }, given };
}

function isAnswer({ state }: Answer): boolean {
  return state === undefined || state === "TASK_STATE_COMPLETED";
}

function costOf({ microUsd }: Answer): { microUsd?: number } {
  return microUsd === undefined ? {} : { microUsd };
}
