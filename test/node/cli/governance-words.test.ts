import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { amountFrom, figure } from "../../../cli/amounts.ts";
import { aboutOf, outcomeOf, ruleOf, whyOf } from "../../../cli/decision-words.ts";
import { costOfDifferences, replay, waysOf } from "../../../cli/replayed.ts";
import { UsageError } from "../../../cli/terminal.ts";
import { wishesFrom } from "../../../cli/wishes.ts";
import { NOTHING } from "../../../shared/budget/amount.ts";
import type { Contract, PolicyName } from "../../../shared/contract/contract.ts";
import { readContract } from "../../../shared/contract/load.ts";
import { redecide } from "../../../shared/policy/redecide.ts";
import type { Json } from "../../../shared/task/a2a-types.ts";
import type { RecordedDecision, TaskRecord } from "../../../shared/task/record.ts";

// What the commands make of amounts, wishes and recorded decisions.

function contract<P extends PolicyName>(policy: P, fields: object = {}): Contract<P> {
  const file = `contracts/${policy}.v1.yaml`;
  return { ...readContract(policy, readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8"), file), ...fields };
}

const CHAIN = contract("chain-cap");
const AT = "2026-01-01T00:00:00.100Z";

function chainDecision(seq: number, agent: string, basis = 1): RecordedDecision {
  const signals = {
    path: [{ agent: "orchestrator", skill: null, reliability: 1, evidence: "self" }],
    to: { agent, skill: "work" },
    record: "unmeasured",
    basis,
    hopsLeft: CHAIN.maxHops,
    surface: "inside",
    label: "internal",
    leaf: false,
    deadlineLeftMs: 100,
    allowed: false,
  };
  const decision = { ...redecide("chain-cap", CHAIN, signals), mode: "enforce", micros: 12 };
  return { seq, at: AT, name: `chain-cap:delegate:${agent}`, signals, decision: decision as Json };
}

function record(decisions: readonly RecordedDecision[]): TaskRecord {
  const calls = decisions.map(({ signals }, index) => {
    const { to } = signals as { to: { agent: string } };
    return { name: `delegate:${to.agent}`, agent: to.agent, skill: "work", cost: { ...NOTHING, calls: index + 1 } };
  });
  return {
    id: "task-1",
    agent: "orchestrator",
    state: "TASK_STATE_COMPLETED",
    created: "2026-01-01T00:00:00.000Z",
    contracts: { "chain-cap": 1 },
    chain: { root: "task-1", path: [], product: 1 },
    cost: NOTHING,
    carved: NOTHING,
    decisions,
    calls,
  };
}

describe("amounts as they are typed", () => {
  it("are units with whole numbers, several at a time or one after the other", () => {
    expect(amountFrom(["calls=3, wallMs=500", "microUsd=0"], "--limit")).toEqual({ calls: 3, wallMs: 500, microUsd: 0 });
  });

  it.each(["calls", "calls=", "calls=-1", "calls=1.5", "calls=many", "euros=5", "calls=1,calls=2", "calls=99999999999999999999", ""])(
    "are refused with what there is: %s",
    (said) => expect(() => amountFrom([said], "--raise")).toThrow(UsageError),
  );

  it("are read beside their limits", () => {
    expect([
      figure("microUsd", 1_500_000),
      figure("microUsd", 12),
      figure("calls", 1_000),
      figure("wallMs", 1_250),
      figure("calls", undefined),
    ]).toEqual(["$1.50", "$0.000012", "1,000", "1.3 s", "no limit"]);
  });
});

describe("wishes as they are typed", () => {
  it("are sent as they are, and not at all when there are none", () => {
    expect(wishesFrom({ limit: ["calls=3"], prefer: ["cost=1,latency=0.5"], label: "confidential" })).toEqual({
      limits: { calls: 3 },
      preferences: { cost: 1, latency: 0.5 },
      label: "confidential",
    });
    expect(wishesFrom({ limit: [], prefer: [] })).toBeUndefined();
  });

  it.each(["cost", "cost=2", "cost=-1", "beauty=1", "cost=1,cost=0", "cost=1.2.3"])("are refused when they make no sense: %s", (said) => {
    expect(() => wishesFrom({ limit: [], prefer: [said] })).toThrow(UsageError);
  });
});

describe("a decision in words", () => {
  it("says what was decided, of whom, and on which figures", () => {
    const decision = chainDecision(4, "researcher", 0.9);
    expect(outcomeOf(decision)).toBe("extend");
    expect(aboutOf(decision, [])).toBe("researcher/work");
    expect(whyOf(decision)).toContain("orchestrator → researcher/work (0.95, unmeasured) on a result of 0.9 = 0.855, floor 0.75");
  });

  it("says of agents that fit equally why one was called: what each was worth, and what that was made of", () => {
    const seen = { lot: 0.5, published: true, successes: 97, failures: 3, reliability: 0.92, ms: 400.4, microUsd: 1_000 };
    const candidates = [
      { agent: "a", skill: "x", score: 0.8, worth: { ...seen, value: 0.6123 } },
      {
        agent: "b",
        skill: "x",
        score: 0.8,
        worth: { lot: 0.4, published: false, successes: 0, failures: 0, reliability: 0.846, value: 0.5 },
      },
      { agent: "c", skill: "x", score: 0.4 },
    ];
    const signals = { candidates, ready: 1, goals: 1, surface: "inside", attempts: 0 };
    const why = (interchangeable: number) =>
      whyOf({ name: "dispatch:g1", signals, decision: redecide("dispatch", contract("dispatch", { interchangeable }), signals) as Json });
    const figures = "0.612 (97 of 100 went well, counts as 0.92, 400 ms, $0.001000)";
    expect(why(0.02)).toBe(`a/x is worth most of those that fit equally: ${figures} to b/x 0.5 (not measured, counts as 0.846); inline`);
    expect(why(0.2)).toMatch(/^b\/x was drawn by lot of those that fit equally and are worth the same: 0\.5 .* to a\/x 0\.612/);
    expect(why(0)).toBe("fit equally: a/x 0.8, b/x 0.8");
  });

  it.each([
    ["dispatch:g1", { policy: "dispatch", version: 2, mode: "enforce" }, "dispatch v2 enforce"],
    ["consult:g1", { policy: "dispatch", version: 2, mode: "shadow" }, "consult (dispatch) v2 shadow"],
    ["surface:goal:a", { policy: "surface" }, "surface"],
    ["surface:goal:a", {}, "surface"],
  ])("names the rule of %s, with version and mode where it has a contract", (name, decision, words) => {
    expect(ruleOf({ name, decision })).toBe(words);
  });

  it("says that a contract which only watches did not decide", () => {
    expect(outcomeOf({ decision: { outcome: "stop", mode: "shadow" } })).toBe("would stop");
  });

  it("says what it does not know as it stands", () => {
    expect(whyOf({ name: "karma:x", signals: {}, decision: { outcome: "wait", reason: "bad-karma" } })).toBe("bad-karma");
    expect(whyOf({ name: "chain-cap:x", signals: {}, decision: { outcome: "stop", reason: "below-floor" } })).toBe("below-floor");
  });
});

describe("a replay", () => {
  const task = record([chainDecision(3, "one"), chainDecision(5, "two", 0.85)]);

  it("of the original contract differs in nothing", () => {
    expect(replay(task, CHAIN, () => CHAIN)).toMatchObject({ decisions: 2, same: 2, differences: [], asRecorded: 0 });
    expect(replay(task, contract("budget"), () => undefined)).toMatchObject({ decisions: 0 });
  });

  it("says which decision would have been another, which way, and what its call cost", () => {
    const { differences, same } = replay(task, { ...CHAIN, floor: 0.9 }, () => CHAIN);
    expect(same).toBe(1);
    expect(differences).toEqual([
      {
        task: "task-1",
        seq: 5,
        name: "chain-cap:delegate:two",
        about: "two/work",
        was: "extend (within-cap)",
        would: "stop (below-floor)",
        call: { name: "delegate:two", cost: { ...NOTHING, calls: 2 } },
      },
    ]);
    expect(waysOf(differences)).toEqual([{ way: "extend (within-cap) → stop (below-floor)", times: 1 }]);
    expect(costOfDifferences([...differences, ...differences])).toEqual({ ...NOTHING, calls: 2 });
  });

  it("restates what the old contract put into the signals, and says where it could not", () => {
    const shorter = { ...CHAIN, maxHops: 1, priorSuccesses: 1 };
    expect(replay(task, shorter, () => CHAIN).differences.map(({ would }) => would)).toEqual(["stop (below-floor)", "stop (below-floor)"]);
    expect(replay(task, shorter, () => undefined)).toMatchObject({ asRecorded: 2 });
  });
});
