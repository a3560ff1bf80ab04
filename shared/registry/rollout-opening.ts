/**
 * How a version enters the registry that passed all that is checked: into the list at once, or as a candidate that is tried beside the
 * version that is called. Pure: what becomes of the candidate after that is asked in rollout-gates.ts and rollout-end.ts.
 */
import type { RolloutContract } from "../contract/rollout.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import type { Held } from "./admission.ts";
import { harmlessSkills } from "./harmless.ts";
import type { Rollout } from "./rollout.ts";
import { firstStage } from "./rollout-gates.ts";
import { calledVersion } from "./standing.ts";

export type Opening =
  /** `note`: for the log, where there is something to say. */
  | { readonly as: "listed"; readonly note?: string }
  | { readonly as: "candidate"; readonly begins: Pick<Rollout, "version" | "base" | "stage" | "share" | "contract" | "why"> };

export interface Entering {
  readonly version: string;
  readonly card: AgentCard;
  /** An operator's word that it needs no trial. */
  readonly atOnce: boolean;
}

/**
 * The version that a new one has to be tried beside: it is listed, is called, and goes on running at a place of its own. Where the new
 * one was published in its place, it runs nowhere any more, and there is nothing to go back to.
 */
export function baseOf({ url, endpoint }: Pick<Held, "url" | "endpoint">, held: readonly Held[]): Held | undefined {
  const called = calledVersion(held);
  return called?.status === "listed" && called.url !== url && called.endpoint !== endpoint ? called : undefined;
}

/** @param base undefined where there is none to try it beside */
export function decideOpening(
  contract: RolloutContract,
  { version, card, atOnce }: Entering,
  base: { readonly version: string; readonly card: AgentCard } | undefined,
): Opening {
  if (!base) return { as: "listed" };
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

/** @returns ids of the skills whose calls may be made of the candidate too: both cards declare them harmless */
export function copiedSkills(base: AgentCard, candidate: AgentCard): readonly string[] {
  const before = harmlessSkills(base);
  return [...harmlessSkills(candidate)].filter((skill) => before.has(skill));
}
