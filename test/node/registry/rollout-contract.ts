/** The rollout contract as it is deployed, and what was seen of versions, for tests that say what they change of them. */
import { readFileSync } from "node:fs";
import { readContract } from "../../../shared/contract/load.ts";
import type { RolloutContract } from "../../../shared/contract/rollout.ts";
import type { RolloutSignals } from "../../../shared/registry/rollout-gates.ts";

const FILE = "contracts/rollout.v1.yaml";
export const ROLLOUT: RolloutContract = readContract("rollout", readFileSync(new URL(`../../../${FILE}`, import.meta.url), "utf8"), FILE);

export type Skills = RolloutSignals["skills"];

/** In canary, where nothing speaks against the candidate. */
export function signals(over: Partial<RolloutSignals> = {}): RolloutSignals {
  return { stage: "canary", share: ROLLOUT.canaryShare, skills: {}, untrue: [], tryable: true, ...over };
}

/** Successes of how many. */
export function seen(successes: number, of: number): { readonly successes: number; readonly failures: number } {
  return { successes, failures: of - successes };
}
