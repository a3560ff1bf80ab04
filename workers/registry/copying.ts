/**
 * A call that has ended, made of the candidate too: the copy is sent as that was, what comes back is read as a probe's answer
 * is, and held against what the call came to. Nobody gets the answer, and nobody is charged. Bounded in time; decides nothing.
 */
import { firstMessage } from "../../shared/a2a/outside-form.ts";
import { type Answer, readAnswer } from "../../shared/registry/answer.ts";
import { isSmall, partsOf } from "../../shared/registry/copied-call.ts";
import { PATIENCE_MS } from "../../shared/registry/probe-rules.ts";
import type { ShadowCopy } from "../../shared/registry/rollout.ts";
import type { CopyOutcome, OneSeen } from "../../shared/registry/rollout-seen.ts";
import type { Message } from "../../shared/task/a2a-types.ts";
import { type Asking, askToEnd, newKey } from "./asked-agent.ts";
import type { CopyTarget, Holdings } from "./holdings.ts";
import { answerIn, takeBack } from "./probing.ts";

export interface CopyingDeps extends Asking {
  readonly holdings: Pick<Holdings, "beginCopy" | "endCopy">;
  /** Whether two answers to the same question say the same. */
  readonly alike: (base: Answer, candidate: Answer) => boolean;
}

/** Who waits for nobody's sake is let go of by the runtime after half a minute. Milliseconds. */
const LONGEST_MS = 25_000;
/** It did not want to, or wants to know or to be allowed something first. */
const DECLINING = ["TASK_STATE_REJECTED", "TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED"];
/** Ends of a call that say something of an agent: not those that its caller chose. Undefined is a message. */
const ENDS = [undefined, "TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_REJECTED"];

/**
 * Its place among the copies is taken at once, and given back by what makes it.
 * @returns what makes the copy; undefined for a call that gets none. Both reject only when the registry's object does.
 */
export async function copyCall(call: ShadowCopy, deps: CopyingDeps): Promise<(() => Promise<void>) | undefined> {
  const { agent, skill, base, params, answer, ms } = call;
  const parts = partsOf(params);
  const said = isSmall(answer) ? readAnswer(answer) : undefined;
  // What took the base longer than a copy may take would always speak against the candidate.
  if (!parts || !said || !ENDS.includes(said.state) || !(ms >= 0 && ms <= LONGEST_MS)) return undefined;
  const target = await deps.holdings.beginCopy({ agent, skill, base });
  if (!target) return undefined;
  return async () => {
    let outcome: CopyOutcome | undefined;
    try {
      // The candidate may be slower: how much slower is for the gates.
      const patience = Math.min(LONGEST_MS, Math.max(PATIENCE_MS, 2 * ms));
      const { seen, given } = await asked(target, firstMessage(newKey(), skill, parts), deps, patience);
      const ofBase = oneSeen(said, ms);
      const alike = given && ofBase.ok && seen.ok ? { alike: deps.alike(said, given) } : {};
      outcome = { skill, base: ofBase, candidate: seen, ...alike };
    } finally {
      await deps.holdings.endCopy(target, outcome);
    }
  };
}

async function asked(
  target: CopyTarget,
  copy: Message,
  deps: CopyingDeps,
  patienceMs: number,
): Promise<{ readonly seen: OneSeen; readonly given: Answer | undefined }> {
  const began = deps.now();
  const { endpoint, keyed = false } = target;
  const replied = await askToEnd({ endpoint, keyed }, copy, deps, patienceMs);
  const ms = deps.now() - began;
  const given = replied.kind === "result" ? readAnswer(answerIn(replied.result)) : undefined;
  if (given) await takeBack(endpoint, given, deps, copy.messageId);
  return { seen: given ? oneSeen(given, ms) : { ok: false, ms }, given };
}

function oneSeen(answer: Answer, ms: number): OneSeen {
  const isDeclined = answer.state !== undefined && DECLINING.includes(answer.state);
  return { ok: isAnswer(answer), ...(isDeclined && { declined: true as const }), ms, ...costOf(answer) };
}

function isAnswer({ state }: Answer): boolean {
  return state === undefined || state === "TASK_STATE_COMPLETED";
}

function costOf({ microUsd }: Answer): { microUsd?: number } {
  return microUsd === undefined ? {} : { microUsd };
}
