/**
 * The schema of `contracts/agent-breaker.v<n>.yaml`. What the numbers mean is in shared/policy/agent-breaker.ts.
 */
import * as v from "valibot";
import { contractHead, share, wholeNumber } from "./fields.ts";

const milliseconds = wholeNumber(1, 24 * 3_600_000);
/** A call may wait for somebody who is away. */
const days = wholeNumber(1, 30 * 24 * 3_600_000);

export const agentBreakerContract = v.strictObject({
  ...contractHead("agent-breaker"),
  /** Calls of an agent that are looked at, the latest. */
  window: wholeNumber(1, 1_000),
  /** Calls below which nothing is judged. */
  minCalls: wholeNumber(1, 1_000),
  /** Share (0..1) of them that failed. */
  failureShare: share,
  /** Share (0..1) of them that were slow. */
  slowShare: share,
  /** Milliseconds above which a call is slow. */
  slowMs: milliseconds,
  /** Milliseconds until a call is let through again to see. */
  openMs: milliseconds,
  /** Calls that must work before the agent is back. */
  probes: wholeNumber(1, 100),
  /** Milliseconds after which a call without a deadline of its own is given up. */
  deadlineMs: days,
  /** Of a skill's times (0..1), after which a second agent is asked as well. */
  hedgeQuantile: share,
  /** Times seen below which nothing is hedged. */
  hedgeSamples: wholeNumber(1, 100_000),
});

export type AgentBreakerContract = Readonly<v.InferOutput<typeof agentBreakerContract>>;
