/**
 * The schema of `contracts/publishing.v<n>.yaml`. What the numbers mean is in shared/registry/drift.ts, shared/registry/ranking.ts
 * and workers/registry/probing.ts.
 */
import * as v from "valibot";
import { atLeastOne, contractHead, share, tail, wholeNumber } from "./fields.ts";

const fields = v.strictObject({
  ...contractHead("publishing"),
  /** Of the needs for which there is somebody new (0..1). */
  exploreShare: share,
  /** Outcomes below which a skill is new. */
  exploreOutcomes: wholeNumber(0, 100_000),
  /** Outcomes of the version before that count for a new one, until it has as many of its own. */
  carriedOutcomes: v.optional(wholeNumber(0, 1_000)),
  /** Between two runs of an agent's probes. */
  probeEveryHours: wholeNumber(1, 366 * 24),
  /** The platform stops at six connections per invocation. */
  probesAtOnce: wholeNumber(1, 6),
  /** For all probes of a run. Less than the time of one probe would send none. */
  probeRunSeconds: wholeNumber(20, 600),
  /** As the agent says or its card declares. */
  probeRunMicroUsd: wholeNumber(0, 1_000_000_000),
  /** Outcomes held against each other; of the first, no more are kept. */
  driftWindow: wholeNumber(1, 20),
  /** Probability (0..0.5) on either side of what was counted. */
  driftTail: tail,
  falseTail: tail,
  /** Of medians of what held, the last window against the first. */
  driftLatencyRatio: atLeastOne,
  driftLatencySlackMs: wholeNumber(0, 24 * 3_600_000),
  driftCostRatio: atLeastOne,
  driftCostSlackMicroUsd: wholeNumber(0, 1_000_000_000),
});

export const publishingContract = v.pipe(
  fields,
  v.forward(
    v.check(({ version, carriedOutcomes }) => version < 2 || carriedOutcomes !== undefined, "must be there from version 2 on"),
    ["carriedOutcomes"],
  ),
  // In a file of version 1 a new version begins with nothing.
  v.transform(({ carriedOutcomes = 0, ...contract }) => ({ ...contract, carriedOutcomes })),
);

export type PublishingContract = Readonly<v.InferOutput<typeof publishingContract>>;
