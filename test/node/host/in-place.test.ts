import { describe, expect, it } from "vitest";
import { inPlace } from "../../../shared/host/calling/in-place.ts";
import type { DelegateCall } from "../../../shared/host/program.ts";

// Agents that stand in for others, because a fork said so.

const call: DelegateCall = {
  agent: "analyst",
  skill: "calculate",
  parts: [{ text: "12 * 7" }],
  alternatives: [{ agent: "critic", skill: "check" }],
  surface: ["analyst/calculate", "writer/write"],
  within: { goal: "sum", surface: ["analyst/calculate"], parent: { goal: "all", surface: ["analyst/calculate", "critic/check"] } },
  checker: { agent: "analyst", skill: "check" },
};

describe("a call", () => {
  it("goes where it says when nobody stands in", () => {
    expect(inPlace({}, call)).toBe(call);
    expect(inPlace({ agents: { writer: "poet" } }, { ...call, surface: [] })).toEqual({ ...call, surface: [] });
  });

  it("goes to the agent in whose place it is called, and may do there what it might", () => {
    expect(inPlace({ agents: { analyst: "analyst-next" } }, call)).toEqual({
      ...call,
      agent: "analyst-next",
      surface: ["analyst-next/calculate", "writer/write"],
      checker: { agent: "analyst-next", skill: "check" },
      within: {
        goal: "sum",
        surface: ["analyst-next/calculate"],
        parent: { goal: "all", surface: ["analyst-next/calculate", "critic/check"] },
      },
    });
  });

  it("of an agent with the name of an object's own goes where it says", () => {
    expect(inPlace({ agents: { analyst: "next" } }, { ...call, agent: "constructor" }).agent).toBe("constructor");
  });
});
