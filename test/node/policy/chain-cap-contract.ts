/** A chain-cap contract with round numbers, for tests that say what they change of it. */
import type { ChainCapContract } from "../../../shared/contract/chain-cap.ts";

export const CHAIN_CAP: ChainCapContract = {
  policy: "chain-cap",
  version: 1,
  mode: "enforce",
  floor: 0.75,
  maxHops: 8,
  mayRepeat: [],
  priorSuccesses: 19,
  priorFailures: 1,
  minSamples: 40,
  quantile: 0.05,
  checkMisses: 0.3,
  leafLabel: "internal",
  deadlineMs: 240_000,
};
