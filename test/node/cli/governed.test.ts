import { describe, expect, it } from "vitest";
import { governedLine } from "../../../cli/governed.ts";
import type { TaskRecord } from "../../../shared/task/record.ts";

const record = (decisions: object[], calls: number) =>
  ({ decisions: decisions.map((decision) => ({ decision })), calls: Array.from({ length: calls }, () => ({})) }) as unknown as TaskRecord;

describe("what governance did, in a line", () => {
  it("says how often each policy decided, and that nothing was stopped", () => {
    const decisions = [
      { policy: "chain-cap", outcome: "extend" },
      { policy: "budget", outcome: "top-up" },
      { policy: "budget", outcome: "carve" },
    ];
    expect(governedLine(record(decisions, 1))).toBe("Governed: 3 decisions on 1 call (budget 2, chain-cap 1); nothing was stopped");
  });

  it("says so when something was stopped", () => {
    expect(governedLine(record([{ policy: "budget", outcome: "pause" }], 0))).toMatch(/; 1 time something was stopped or asked about$/);
  });
});
