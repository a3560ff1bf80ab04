import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AgentBreakerContract } from "../../../shared/contract/agent-breaker.ts";
import { decideHedge, type HedgeSignals } from "../../../shared/policy/hedge.ts";

const CONTRACT: AgentBreakerContract = {
  policy: "agent-breaker",
  version: 1,
  mode: "enforce",
  window: 20,
  minCalls: 8,
  failureShare: 0.5,
  slowShare: 0.8,
  slowMs: 15_000,
  openMs: 10_000,
  probes: 2,
  deadlineMs: 60_000,
  hedgeQuantile: 0.95,
  hedgeSamples: 20,
};

const SECOND = { agent: "second", skill: "search" };
/** 1 ms, 2 ms and so on, in no order. */
const upTo = (count: number) => Array.from({ length: count }, (_, at) => ((at * 11) % count) + 1);
const signals = (change: Partial<HedgeSignals> = {}): HedgeSignals => ({ readOnly: true, ms: upTo(20), alternatives: [SECOND], ...change });

describe("decideHedge", () => {
  it("asks the best of the others as well, after the quantile of the times that were seen", () => {
    expect(decideHedge(CONTRACT, signals({ alternatives: [SECOND, { agent: "third", skill: "search" }] }))).toEqual({
      policy: "agent-breaker",
      version: 1,
      outcome: "hedge",
      reason: "takes-long",
      afterMs: 19,
      with: SECOND,
    });
  });

  it.each([
    ["what may change something", { readOnly: false }, "not-read-only"],
    ["a skill seen 19 times", { ms: upTo(19) }, "too-few-times"],
    ["times that are no numbers", { ms: [...upTo(19), Number.NaN] }, "too-few-times"],
    ["what nobody else can do", { alternatives: [] }, "nobody-else"],
    ["what may change something, whatever else is missing", { readOnly: false, ms: [], alternatives: [] }, "not-read-only"],
  ] as const)("asks one agent only: %s", (_case, change, reason) => {
    expect(decideHedge(CONTRACT, signals(change))).toEqual({ policy: "agent-breaker", version: 1, outcome: "single", reason });
  });

  it.each([
    [0, 20, 1],
    [0.5, 20, 10],
    // 0.5 * 21 = 10.5: the eleventh is the first that half of them do not exceed.
    [0.5, 21, 11],
    [0.95, 20, 19],
    [0.95, 100, 95],
    // 55.00000000000001 as JavaScript multiplies it.
    [0.55, 100, 55],
    [1, 20, 20],
  ])("the %d quantile of 1 to %i is %i", (hedgeQuantile, count, afterMs) => {
    expect(decideHedge({ ...CONTRACT, hedgeQuantile }, signals({ ms: upTo(count) }))).toMatchObject({ afterMs });
  });

  it("waits for a time that was seen, in whatever order, and no more of them are longer than the contract says", () => {
    const times = fc.array(fc.nat(100_000), { minLength: 20, maxLength: 200 });
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (ms, hedgeQuantile) => {
        const decision = decideHedge({ ...CONTRACT, hedgeQuantile }, signals({ ms }));
        if (decision.outcome !== "hedge") throw new Error(decision.reason);
        expect(ms).toContain(decision.afterMs);
        expect(ms.filter((each) => each > decision.afterMs).length).toBeLessThanOrEqual((1 - hedgeQuantile) * ms.length + 1e-6);
        expect(decideHedge({ ...CONTRACT, hedgeQuantile }, signals({ ms: [...ms].reverse() }))).toEqual(decision);
      }),
    );
  });
});
