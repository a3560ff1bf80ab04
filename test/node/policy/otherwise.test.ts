import { describe, expect, it } from "vitest";
import { isOtherwise, tellingIn } from "../../../shared/policy/otherwise.ts";

// Of two decisions on the same signals: whether something else comes of them.

const extend = { policy: "chain-cap", version: 1, outcome: "extend", reason: "within-cap", floor: 0.75, product: 0.95 };
const wait = { policy: "interrupt", version: 1, outcome: "wait", reason: "approval", approvers: 1, others: 0, hours: 72 };
const roads = [
  { agent: "a", skill: "s", score: 0.9 },
  { agent: "b", skill: "s", score: 0.8 },
];

describe("two decisions", () => {
  it.each([
    ["figures that were counted with", extend, { ...extend, version: 2, floor: 0.8, product: 0.9 }],
    ["until when an agent is held", { outcome: "hold", reason: "open", until: 1 }, { outcome: "hold", reason: "open", until: 2 }],
    ["lists that are made anew", { outcome: "consult", roads }, { outcome: "consult", roads: structuredClone(roads) }],
  ])("are the same in spite of %s", (_case, one, other) => {
    expect(isOtherwise(one, other)).toBe(false);
  });

  it.each([
    ["what is done, and why", extend, { ...extend, outcome: "stop", reason: "below-floor" }, ["outcome", "reason"]],
    ["who is chosen", { outcome: "delegate", agent: "a", skill: "s" }, { outcome: "delegate", agent: "b", skill: "s" }, ["agent"]],
    ["who has to approve, and until when", wait, { ...wait, approvers: 2, others: 1, hours: 24 }, ["approvers", "others", "hours"]],
    ["how long a second agent is waited with", { outcome: "hedge", afterMs: 90 }, { outcome: "hedge", afterMs: 80 }, ["afterMs"]],
    ["who is asked side by side", { outcome: "consult", roads }, { outcome: "consult", roads: roads.slice(1) }, ["roads"]],
    ["what only one of them says", { outcome: "hedge", afterMs: 90 }, { outcome: "single" }, ["outcome", "afterMs"]],
  ])("differ in %s", (_case, one, other, telling) => {
    expect(tellingIn(one, other)).toEqual(telling);
    expect(tellingIn(other, one)).toEqual(telling);
  });
});
