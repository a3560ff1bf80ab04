import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carriedOver, type Records, stillCarried } from "../../../shared/registry/carried.ts";
import { evidenceOf } from "../../../shared/registry/score.ts";
import { outcomes, PRIOR } from "./outcomes.ts";

// What a new version begins with: the record of the one before it, until it has a record of its own.

const MOST = 20;
const record = (successes: number, failures: number) => ({ successes, failures });
const carry = (skills: readonly string[], own: Records, carried: Records = {}) => carriedOver(skills, { own, carried }, MOST);

describe("what is carried over", () => {
  it.each([
    ["nothing of nothing", record(0, 0), undefined],
    ["few outcomes as they are", record(3, 1), record(3, 1)],
    ["many in proportion", record(75, 25), record(15, 5)],
    ["failures only as failures only", record(0, 100), record(0, 20)],
  ])("is %s", (_, own, expected) => expect(carry(["count"], { count: own })["count"]).toEqual(expected));

  it("stays where a number is raised twice before anybody has called the new one", () => {
    const first = carry(["count"], { count: record(0, 100) });
    expect(carry(["count"], { count: record(0, 0) }, first)).toEqual({ count: record(0, 20) });
    expect(carry(["count"], { count: record(5, 0) }, first)).toEqual({ count: record(5, 15) });
    expect(carry(["count"], { count: record(30, 0) }, first)).toEqual({ count: record(20, 0) });
  });

  it("goes with a skill that is called something else, and not to one that comes beside it", () => {
    expect(carry(["tally"], { count: record(0, 10) })).toEqual({ tally: record(0, 10) });
    expect(carry(["count", "tally"], { count: record(0, 10) })).toEqual({ count: record(0, 10) });
    // A skill of the same name keeps its own.
    expect(carry(["sing", "tally"], { count: record(0, 10), sing: record(4, 0) })).toEqual({ sing: record(4, 0), tally: record(0, 10) });
  });

  it("is never more than so many outcomes, nor more than there were, and never turns failures into successes", () => {
    const count = fc.nat({ max: 500 });
    fc.assert(
      fc.property(count, count, fc.nat({ max: 60 }), (successes, failures, most) => {
        const { count: carried = record(0, 0) } = carriedOver(
          ["count"],
          { own: { count: record(successes, failures) }, carried: {} },
          most,
        );
        expect(carried.successes + carried.failures).toBe(Math.min(most, successes + failures));
        if (successes + failures > 0)
          expect(
            Math.abs(carried.failures - (failures * (carried.successes + carried.failures)) / (successes + failures)),
          ).toBeLessThanOrEqual(0.5);
      }),
    );
  });

  it("gives way to a version's own outcomes, one by one", () => {
    expect(stillCarried(record(0, 20), record(0, 0), MOST)).toEqual(record(0, 20));
    expect(stillCarried(record(0, 20), record(12, 0), MOST)).toEqual(record(0, 8));
    expect(stillCarried(record(0, 20), record(15, 5), MOST)).toEqual(record(0, 0));
  });
});

describe("evidence", () => {
  const following = (held: string, carried: Records) =>
    evidenceOf(["count"], outcomes(held), PRIOR, {}, { carried, most: MOST, others: 100 })["count"];

  it("counts what is carried over, shows it beside its own, and says that the agent is not new", () => {
    expect(following("", { count: record(0, 20) })).toMatchObject({ successes: 0, failures: 0, carried: record(0, 20), others: 100 });
    const asItsOwn = evidenceOf(["count"], outcomes("-".repeat(20)), PRIOR)["count"];
    expect(following("", { count: record(0, 20) })?.reliability).toBe(asItsOwn?.reliability);
  });

  it("is a version's own once it has as many", () => {
    const own = evidenceOf(["count"], outcomes("+".repeat(MOST)), PRIOR)["count"];
    expect(following("+".repeat(MOST), { count: record(0, 20) })).toEqual({ ...own, others: 100 });
  });
});
