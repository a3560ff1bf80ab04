import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AgentBreakerContract } from "../../../shared/contract/agent-breaker.ts";
import {
  type AgentBreakerState,
  type AgentCall,
  decideAgentBreaker,
  noteBegun,
  noteCall,
  UNTROUBLED,
} from "../../../shared/policy/agent-breaker.ts";

const T0 = 1_800_000_000_000;
const CONTRACT: AgentBreakerContract = {
  policy: "agent-breaker",
  version: 1,
  mode: "enforce",
  window: 10,
  minCalls: 4,
  failureShare: 0.5,
  slowShare: 0.8,
  slowMs: 1_000,
  openMs: 10_000,
  probes: 2,
  deadlineMs: 60_000,
  hedgeQuantile: 0.95,
  hedgeSamples: 20,
};

const call = (change: Partial<AgentCall> = {}): AgentCall => ({ call: "c", result: "worked", ms: 100, at: T0, ...change });
const heard = (calls: readonly Partial<AgentCall>[], from = UNTROUBLED) =>
  calls.reduce((state, each) => noteCall(CONTRACT, state, call(each)), from);
const decide = (state: AgentBreakerState, now = T0) => decideAgentBreaker(CONTRACT, { state, now });
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

const WORKED = { result: "worked" } as const;
const FAILED = { result: "failed" } as const;
const SLOW = { result: "worked", ms: 1_001 } as const;
const CANCELED = { result: "says-nothing" } as const;

const OPEN = heard(times(4, FAILED));
/** One probe after the other from when it may be tried again, each taking a second. */
const probed = (state: AgentBreakerState, results: readonly Partial<AgentCall>[], from = T0 + CONTRACT.openMs) =>
  results.reduce((each, result, index) => {
    const id = `probe ${index}`;
    const begun = noteBegun(CONTRACT, each, { call: id, at: from + index * 2_000 });
    return noteCall(CONTRACT, begun, call({ ...result, call: id, at: from + index * 2_000 + 1_000 }));
  }, state);

describe("decideAgentBreaker", () => {
  it.each<[string, readonly Partial<AgentCall>[], "none" | readonly string[]]>([
    ["nobody has called it", [], "none"],
    ["three failures, fewer than may be judged", times(3, FAILED), "none"],
    ["four failures", times(4, FAILED), ["failures"]],
    ["1 of 4 failed", [FAILED, ...times(3, WORKED)], "none"],
    ["2 of 4 failed, which is the share", [FAILED, FAILED, WORKED, WORKED], ["failures"]],
    ["3 of 4 were slow: 0.75", [...times(3, SLOW), WORKED], "none"],
    ["4 of 5 were slow: 0.8, which is the share", [...times(4, SLOW), WORKED].reverse(), ["slow"]],
    ["exactly at the limit is not slow", times(9, { ms: 1_000 }), "none"],
    ["both", times(4, { ...FAILED, ms: 1_001 }), ["failures", "slow"]],
    ["what was canceled says nothing", [...times(9, CANCELED), ...times(3, FAILED)], "none"],
    ["5 of the latest 10 failed, however many worked before", [...times(30, WORKED), ...times(5, FAILED)], ["failures"]],
    ["4 of the latest 10 failed", [...times(30, WORKED), ...times(4, FAILED)], "none"],
  ])("%s", (_case, calls, troubles) => {
    const decision = decide(heard(calls));
    if (troubles === "none") expect(decision).toEqual({ policy: "agent-breaker", version: 1, outcome: "call", reason: "closed" });
    else expect(decision).toMatchObject({ policy: "agent-breaker", version: 1, outcome: "hold", reason: "open", troubles });
  });

  it.each([
    ["at once", 0, "hold", "open"],
    ["a millisecond too early", 9_999, "hold", "open"],
    ["when its time is over", 10_000, "call", "probing"],
    ["long after", 10_000_000, "call", "probing"],
    ["when the clock went back", -5_000, "hold", "open"],
  ] as const)("an open one is asked again %s: %i ms after it opened", (_when, ms, outcome, reason) => {
    expect(decide(OPEN, T0 + ms)).toMatchObject({ outcome, reason });
  });

  it("says until when it holds a call back", () => {
    expect(decide(OPEN, T0 + 1)).toMatchObject({ until: T0 + 10_000, troubles: ["failures"] });
  });

  it("keeps no more calls than it looks at, and has no probe while it is closed", () => {
    const state = heard(times(100, WORKED));
    expect(state).toMatchObject({ calls: { length: CONTRACT.window } });
    expect(noteBegun(CONTRACT, state, { call: "any", at: T0 })).toEqual(state);
  });

  it("judges what was recorded under another contract as that contract would have", () => {
    const state = heard([FAILED, ...times(3, WORKED)]);
    expect(decideAgentBreaker({ ...CONTRACT, failureShare: 0.25 }, { state, now: T0 })).toMatchObject({
      outcome: "hold",
      troubles: ["failures"],
    });
  });
});

describe("a breaker that is half-open", () => {
  const waiting = noteBegun(CONTRACT, OPEN, { call: "probe", at: T0 + 10_000 });

  it("lets one probe out, and nobody else until it is back", () => {
    expect(decide(waiting, T0 + 10_001)).toMatchObject({ outcome: "hold", reason: "probe-out", until: T0 + 70_000 });
    const back = noteCall(CONTRACT, waiting, call({ call: "probe", at: T0 + 11_000 }));
    expect(decide(back, T0 + 11_000)).toMatchObject({ outcome: "call", reason: "probing" });
  });

  it("closes after as many successes as the contract asks for, and forgets why it opened", () => {
    expect(probed(OPEN, [WORKED]).phase).toBe("open");
    expect(probed(OPEN, [WORKED, WORKED])).toEqual(UNTROUBLED);
  });

  it("opens again when a probe fails, for the whole time, and counts successes anew", () => {
    const again = probed(OPEN, [WORKED, FAILED]);
    const failedAt = T0 + 10_000 + 2_000 + 1_000;
    expect(decide(again, failedAt + 9_999)).toMatchObject({ outcome: "hold", reason: "open", until: failedAt + 10_000 });
    expect(probed(again, [WORKED], failedAt + 10_000).phase).toBe("open");
  });

  it("takes a slow probe for a failed one where slowness was the trouble, and only there", () => {
    const openedSlow = heard(times(4, SLOW));
    expect(decide(probed(openedSlow, [SLOW]), T0 + 12_000)).toMatchObject({ outcome: "hold", reason: "open" });
    expect(probed(OPEN, [SLOW, SLOW])).toEqual(UNTROUBLED);
  });

  it("lets another probe out when one says nothing, or is not heard of before its time is over", () => {
    const canceled = noteCall(CONTRACT, waiting, call({ call: "probe", result: "says-nothing", at: T0 + 11_000 }));
    expect(decide(canceled, T0 + 11_000)).toMatchObject({ outcome: "call", reason: "probing" });
    expect(decide(waiting, T0 + 69_999)).toMatchObject({ reason: "probe-out" });
    expect(decide(waiting, T0 + 70_000)).toMatchObject({ outcome: "call", reason: "probing" });
  });

  it("learns nothing from calls that went out before it opened", () => {
    expect(heard(times(9, { ...FAILED, call: "before", at: T0 + 10_500 }), waiting)).toEqual(waiting);
    expect(heard(times(9, { call: "before", at: T0 + 10_500 }), waiting)).toEqual(waiting);
  });
});

const steps = fc.array(
  fc.record({
    wait: fc.oneof(fc.nat(2_000), fc.nat(80_000)),
    begins: fc.boolean(),
    ends: fc.option(fc.nat(5), { nil: undefined }),
    result: fc.constantFrom("worked", "failed", "says-nothing"),
    ms: fc.nat(2_000),
  }),
  { maxLength: 80 },
);

/** Calls go out only when they may; those that are out end in any order, or never. */
function walk(run: typeof steps extends fc.Arbitrary<infer T> ? T : never, look: (seen: Look) => void): void {
  let [state, now, ids]: [AgentBreakerState, number, number] = [UNTROUBLED, T0, 0];
  let out: { id: string; probe: boolean; at: number }[] = [];
  for (const { wait, begins, ends, result, ms } of run) {
    now += wait;
    const ended = ends === undefined ? undefined : out[ends];
    if (ended) {
      state = noteCall(CONTRACT, state, { call: ended.id, result, ms, at: now });
      out = out.filter((each) => each !== ended);
    }
    const decision = decide(state, now);
    if (begins && decision.outcome === "call") {
      const id = `call ${ids++}`;
      state = noteBegun(CONTRACT, state, { call: id, at: now });
      out.push({ id, probe: decision.reason === "probing", at: now });
    }
    look({ state, now, decision, probes: out.filter(({ probe, at }) => probe && now < at + CONTRACT.deadlineMs).length });
  }
}
type Look = { state: AgentBreakerState; now: number; decision: ReturnType<typeof decide>; probes: number };

describe("whatever begins and ends when", () => {
  it("lets nothing through before its time is over", () => {
    fc.assert(
      fc.property(steps, (run) => {
        walk(run, ({ state, now, decision }) => {
          if (state.phase === "open" && now < state.since + CONTRACT.openMs) expect(decision.outcome).toBe("hold");
        });
      }),
    );
  });

  it("never has two probes out", () => {
    fc.assert(
      fc.property(steps, (run) => {
        walk(run, ({ probes }) => expect(probes).toBeLessThanOrEqual(1));
      }),
    );
  });

  it("is closed by enough successes, however it opened, and is never kept from trying for ever", () => {
    fc.assert(
      fc.property(steps, (run) => {
        let [last, end]: [AgentBreakerState, number] = [UNTROUBLED, T0];
        walk(run, ({ state, now }) => {
          [last, end] = [state, now];
        });
        if (last.phase === "closed") return;
        // By then it may be asked again, and a probe of which nothing was heard is given up.
        const from = end + CONTRACT.openMs + CONTRACT.deadlineMs;
        expect(decide(last, from).outcome).toBe("call");
        expect(probed(last, times(CONTRACT.probes, { ...WORKED, ms: 1 }), from).phase).toBe("closed");
      }),
    );
  });

  it("stays small, and is the same after it was written down", () => {
    fc.assert(
      fc.property(steps, (run) => {
        walk(run, ({ state, decision, now }) => {
          expect(JSON.stringify(state).length).toBeLessThan(400);
          expect(decide(JSON.parse(JSON.stringify(state)), now)).toEqual(decide(state, now));
          expect(decision.version).toBe(CONTRACT.version);
        });
      }),
    );
  });
});
