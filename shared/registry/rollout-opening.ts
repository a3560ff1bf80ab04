/**
 * How a version enters the registry that passed all that is checked: into the list at once, as a candidate that is tried beside the
 * version that is called, or into quarantine, where the one before was taken out and there is none to try it beside. Pure: what becomes of the candidate after that is asked in rollout-gates.ts and rollout-end.ts.
 */
import type { RolloutContract } from "../contract/rollout.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import type { Held } from "./admission.ts";
import { harmlessSkills } from "./harmless.ts";
import type { Rollout } from "./rollout.ts";
import { firstStage } from "./rollout-gates.ts";
import { calledVersion, isCallable } from "./standing.ts";

export type Opening =
  /** `note`: for the log, where there is something to say. */
  | { readonly as: "listed"; readonly note?: string }
  | { readonly as: "quarantined"; readonly reason: string }
  | { readonly as: "candidate"; readonly begins: Pick<Rollout, "version" | "base" | "stage" | "share" | "contract" | "why"> };

export interface Entering {
  readonly version: string;
  readonly card: AgentCard;
  /** An operator's word that it needs no trial. */
  readonly atOnce: boolean;
}

/** A version that was put into quarantine for what was measured of it, for which nobody has answered since. */
export interface Mark {
  readonly version: string;
  readonly why: string;
}

/**
 * The version that a new one has to be tried beside: it may be called, also where it is not found any more, and goes on running at a
 * place of its own. Where the new one was published in its place, it runs nowhere any more, and there is nothing to go back to.
 */
export function baseOf({ url, endpoint }: Pick<Held, "url" | "endpoint">, held: readonly Held[]): Held | undefined {
  const called = calledVersion(held);
  return called && isCallable(called.status) && called.url !== url && called.endpoint !== endpoint ? called : undefined;
}

/**
 * @param base undefined where there is none to try it beside
 * @param mark of the agent's record; undefined where that is clean
 */
export function decideOpening(
  contract: RolloutContract,
  { version, card, atOnce }: Entering,
  base: { readonly version: string; readonly card: AgentCard } | undefined,
  mark?: Mark,
): Opening {
  if (!base) return mark ? decideAfter(contract, mark, atOnce) : { as: "listed" };
  const beside = `beside version ${base.version}`;
  if (atOnce) return { as: "listed", note: `listed at once by an operator's word, and not tried ${beside} before` };
  const { stage, share, why } = firstStage(contract, copiedSkills(base.card, card).length > 0);
  // A contract that is tried itself says what it would have done, and does nothing.
  if (contract.mode === "shadow")
    return {
      as: "listed",
      note: `listed at once: rollout v${contract.version} is not enforced, and would have begun in ${stage} ${beside}`,
    };
  return { as: "candidate", begins: { version, base: base.version, stage, share, contract: contract.version, why } };
}

/** A higher number mends nothing that was measured: untried, it would get the calls that the one before lost. */
function decideAfter({ mode, version }: RolloutContract, mark: Mark, atOnce: boolean): Opening {
  const follows = `follows version ${mark.version}, which went into quarantine (${mark.why})`;
  if (atOnce) return { as: "listed", note: `listed by an operator's word; it ${follows}` };
  if (mode === "shadow")
    return {
      as: "listed",
      note: `listed at once: rollout v${version} is not enforced, and would have put it into quarantine: it ${follows}`,
    };
  return { as: "quarantined", reason: `${follows}: an operator has to look` };
}

/** @returns ids of the skills whose calls may be made of the candidate too: both cards declare them harmless */
export function copiedSkills(base: AgentCard, candidate: AgentCard): readonly string[] {
  const before = harmlessSkills(base);
  return [...harmlessSkills(candidate)].filter((skill) => before.has(skill));
}
