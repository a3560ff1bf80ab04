/**
 * A candidate: a published skill that fits a need, as `registry/find-agent` tells of it in a data part `{ "found": [...] }`, the best
 * first. For agents that look for others: they read it here, and delegate to what a candidate is called by.
 */
import * as v from "valibot";
import type { Part, SkillPath } from "./skill.ts";

const candidate = v.object({
  /** What `delegate` takes. */
  call: v.custom<SkillPath>((value) => typeof value === "string" && /^[^/\s]+\/[^/\s]+$/.test(value)),
  agent: v.string(),
  skill: v.string(),
  version: v.string(),
  /** 0..1, what the order is by. */
  score: v.number(),
  /** Why it stands there, in words. */
  because: v.array(v.string()),
  /** Where the agent is, and its card, for whoever calls it from outside. */
  url: v.string(),
  card: v.string(),
  /** Micro-USD of one call: as it was seen, or as the card says; absent where nobody knows. */
  price: v.exactOptional(v.object({ microUsd: v.number(), seen: v.boolean() })),
  /** What was measured of it; absent where nothing was. */
  evidence: v.exactOptional(
    v.object({
      /** Outcomes of probes and calls. */
      successes: v.number(),
      failures: v.number(),
      /** The success rate to be counted on, 0..1. */
      reliability: v.number(),
      /** Medians of what was seen: milliseconds, micro-USD. */
      ms: v.exactOptional(v.number()),
      microUsd: v.exactOptional(v.number()),
      /** What its card declares and was found to be false. */
      untrue: v.array(v.string()),
    }),
  ),
});

export type Candidate = v.InferOutput<typeof candidate>;

const answer = v.object({ found: v.array(candidate) });

/** The candidates in the parts of an artifact, in order. Other data parts are passed over. */
export function candidatesOf(parts: readonly Part[]): Candidate[] {
  return parts.flatMap((part) => {
    const result = v.safeParse(answer, part.data);
    return result.success ? result.output.found : [];
  });
}
