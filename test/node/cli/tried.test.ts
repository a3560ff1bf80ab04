import { describe, expect, it } from "vitest";
import { candidatesIn, triedBeside, wayTried } from "../../../cli/tried.ts";
import type { Json } from "../../../shared/task/a2a-types.ts";
import type { RecordedDecision } from "../../../shared/task/record.ts";

// What the decisions of many tasks say of the candidates that were asked on them.

let seq = 0;
function decided(decision: Json & object, candidate?: Json): RecordedDecision {
  seq += 1;
  const said = { policy: "chain-cap", version: 1, mode: "enforce", ...decision, ...(candidate !== undefined && { candidate }) };
  return { seq, at: "2026-01-01T00:00:00.000Z", name: `chain-cap:delegate:${seq}`, signals: {}, decision: said };
}

const EXTEND = { outcome: "extend", reason: "within-cap" };
const STOP = { outcome: "stop", reason: "below-floor" };
const same = () => decided(EXTEND, { version: 2 });
const stops = () => decided(EXTEND, { version: 2, would: STOP });
const WAY = "extend (within-cap) → stop (below-floor)";

describe("what is read of candidates", () => {
  it("counts the decisions and tasks each was asked on, what was the same, and what was not, by way", () => {
    const read = candidatesIn([
      { id: "t-1", decisions: [same(), stops(), stops(), decided(EXTEND)] },
      { id: "t-2", decisions: [stops(), decided(STOP, { version: 2, would: EXTEND }), decided(EXTEND, { version: 2, failed: true })] },
      { id: "t-3", decisions: [decided(EXTEND)] },
    ]);
    expect(read).toEqual([
      {
        policy: "chain-cap",
        version: 2,
        tasks: 2,
        asked: 6,
        failed: 1,
        otherwise: 4,
        ways: [
          { way: WAY, times: 3, examples: ["t-1", "t-2"] },
          { way: "stop (below-floor) → extend (within-cap)", times: 1, examples: ["t-2"] },
        ],
      },
    ]);
  });

  it("keeps candidates of several policies and versions apart, in their order", () => {
    const budget = decided({ policy: "budget", ...EXTEND }, { version: 3 });
    const newer = decided(EXTEND, { version: 10 });
    const read = candidatesIn([{ id: "t", decisions: [newer, same(), budget] }]);
    expect(read.map(({ policy, version }) => `${policy} ${version}`)).toEqual(["budget 3", "chain-cap 2", "chain-cap 10"]);
  });

  it("names few tasks of each way, however many there are", () => {
    const read = candidatesIn(Array.from({ length: 50 }, (_, index) => ({ id: `t-${index}`, decisions: [stops()] })));
    expect(read[0]?.ways).toEqual([{ way: WAY, times: 50, examples: ["t-0", "t-1", "t-2"] }]);
  });

  it("says what is otherwise of a decision whose outcome is the same", () => {
    const wait = { outcome: "wait", reason: "approval", approvers: 1, others: 0, hours: 72 };
    expect(wayTried(decided(wait), { ...wait, approvers: 2, hours: 24 })).toBe("wait (approval) with other approvers, hours");
  });

  it("is nothing where no candidate was asked", () => {
    expect(triedBeside(decided(EXTEND))).toBeUndefined();
    expect(candidatesIn([{ id: "t", decisions: [decided(EXTEND)] }])).toEqual([]);
    expect(candidatesIn([])).toEqual([]);
  });
});
