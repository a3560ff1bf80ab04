/**
 * The schema of `contracts/chain-cap.v<n>.yaml`. What the numbers mean is in shared/policy/chain-cap.ts.
 */
import * as v from "valibot";
import { amountOfSamples, contractHead, names, share, wholeNumber } from "./fields.ts";

/** From what everybody may see to what hardly anybody may. A hop may only go to the right. */
export const LABELS = ["public", "internal", "confidential", "restricted"] as const;

export const chainCapContract = v.strictObject({
  ...contractHead("chain-cap"),
  /** Product of reliabilities (0..1) below which a chain stops. */
  floor: share,
  /** Agents one below the other; the platform ends a chain of Workers at 32. */
  maxHops: wholeNumber(1, 31),
  /** Names of agents that may stand twice in a chain. */
  mayRepeat: names("must be a list of agents' names"),
  /** Of the Beta distribution that stands for an agent nobody has measured. */
  priorSuccesses: amountOfSamples,
  priorFailures: amountOfSamples,
  /** Outcomes below which the prior's mean is taken. */
  minSamples: wholeNumber(1, 100_000),
  /** Of the posterior, whose lower bound it is (0..1). */
  quantile: share,
  /** Chance (0..1) that a check passes a wrong result. */
  checkMisses: share,
  /** The strictest label that may go to an untrusted leaf. */
  leafLabel: v.picklist(LABELS, `must be one of ${LABELS.join(", ")}`),
  /** Milliseconds for the whole chain. */
  deadlineMs: wholeNumber(100, 30 * 24 * 3_600_000),
});

export type ChainCapContract = Readonly<v.InferOutput<typeof chainCapContract>>;
