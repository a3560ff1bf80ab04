import { describe, expect, it } from "vitest";
import { compare, type Side } from "../../../cli/comparison.ts";
import { amountOf } from "../../../shared/budget/amount.ts";
import type { RecordedDecision } from "../../../shared/task/record.ts";

// Two tasks side by side.

const NAME = "delegate:g1#1";

function decision(outcome: string, version = 1): RecordedDecision {
  return {
    seq: 5,
    at: "2026-01-01T00:00:00.000Z",
    name: `budget:${NAME}:1`,
    signals: {},
    decision: { policy: "budget", version, outcome, reason: "r" },
  };
}

function side(answer: string, { agent = "analyst", outcome = "carve", version = 1, forked = false } = {}): Side {
  const id = `task-${answer}`;
  return {
    record: {
      id,
      agent: "orchestrator",
      state: "TASK_STATE_COMPLETED",
      created: "2026-01-01T00:00:00.000Z",
      contracts: { budget: version, dispatch: 1 },
      chain: { root: id, path: [], product: 1 },
      cost: amountOf({ calls: 1 }),
      ...(forked && { inherited: amountOf({ calls: 3 }), forkedFrom: { task: "other", seq: 4 } }),
      carved: amountOf({}),
      decisions: [decision(outcome, version)],
      calls: [{ name: NAME, agent, skill: "calculate", cost: amountOf({ calls: 1 }) }],
    },
    task: {
      id,
      contextId: "c",
      status: { state: "TASK_STATE_COMPLETED", timestamp: "" },
      artifacts: [{ artifactId: "answer", name: "answer", parts: [{ text: answer }] }],
    },
  };
}

describe("a comparison", () => {
  it("of what is the same finds nothing that differs", () => {
    const { result, calls, decisions, same, facts } = compare(side("84"), side("84"));
    expect([...result, ...facts].every((row) => row.same)).toBe(true);
    expect({ calls, decisions, same }).toEqual({ calls: [], decisions: [], same: { calls: 1, decisions: 1 } });
  });

  it("lays equal lines beside each other, and what only one has beside nothing", () => {
    const rows = compare(side("one\ntwo\nthree"), side("one\n2\nand a half\nthree")).result;
    expect(rows.map(({ left, right, same }) => [left, right, same])).toEqual([
      ["one", "one", true],
      ["two", "2", false],
      ["", "and a half", false],
      ["three", "three", true],
    ]);
  });

  it("says what each has cost by itself, and what it inherited", () => {
    const { facts } = compare(side("84"), side("84", { forked: true }));
    expect(facts.find(({ title }) => title === "cost")).toMatchObject({ left: "1 call", right: "1 call", same: true });
    expect(facts.find(({ title }) => title === "inherited")).toMatchObject({ left: "", right: "3 calls", same: false });
    expect(facts.find(({ title }) => title === "forked from")).toMatchObject({ right: "other at 4" });
  });

  it("names the contracts, calls and decisions that differ, and no others", () => {
    const { facts, calls, decisions } = compare(side("84"), side("84", { agent: "critic", outcome: "pause", version: 2 }));
    expect(facts.map(({ title }) => title)).toEqual(["state", "cost", "budget"]);
    expect(calls).toEqual([
      { title: "call g1#1", left: "analyst/calculate, cost 1 call", right: "critic/calculate, cost 1 call", same: false },
    ]);
    expect(decisions).toEqual([expect.objectContaining({ left: "v1 carve: r", right: "v2 pause: r" })]);
  });
});
