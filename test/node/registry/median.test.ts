import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { medianOf, medianWithin, seenOf } from "../../../shared/registry/median.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("the bounds of a median", () => {
  it.each([
    // the sum of the binomial's lower tail, in 2^n-ths
    ["5 samples: 1/32 = 0.031 lies below all of them", 5, undefined],
    ["6 samples: 1/64 = 0.016", 6, [1, 6]],
    ["8 samples: 1/256, and 9/256 = 0.035 is too much", 8, [1, 8]],
    ["9 samples: 10/512 = 0.0195", 9, [2, 8]],
    ["20 samples: 6,196/2^20 = 0.006, and 21,700/2^20 = 0.0207 is too much", 20, [5, 16]],
    ["the latest 500 are looked at: 227 below, by the normal curve (226.5 - 250) / 11.18 = -2.1", 2_000, [1_727, 1_774]],
  ] as const)("are those of the sign test: %s", (_what, count, within) => {
    expect(medianWithin(upTo(count), 0.02)).toEqual(within);
  });

  it("hold the median between them, whatever the samples and their order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { maxLength: 600 }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (values, tail) => {
          const within = medianWithin(values.slice(-500), tail);
          const median = medianOf(values.slice(-500));
          if (!within || median === undefined) return;
          expect(within[0]).toBeLessThanOrEqual(median);
          expect(within[1]).toBeGreaterThanOrEqual(median);
          expect(medianWithin(values.slice(-500).toReversed(), tail)).toEqual(within);
        },
      ),
    );
  });
});

describe("what was seen of calls", () => {
  it("counts a success without a cost as free", () => {
    const seen = seenOf({ successes: 20, failures: 1, ms: upTo(20), microUsd: [9_000] }, 0.02);
    expect(seen).toEqual({ successes: 20, failures: 1, ms: 10, microUsd: 0, msWithin: [5, 16], microUsdWithin: [0, 0] });
  });

  it("says nothing of what nobody saw", () => {
    expect(seenOf({ successes: 0, failures: 3, ms: [], microUsd: [] }, 0.02)).toEqual({ successes: 0, failures: 3 });
  });
});
