import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountOf, NOTHING, ONE_CALL, plus, within } from "../../../shared/budget/amount.ts";
import { decideShare, type ShareSignals } from "../../../shared/policy/share.ts";

const signals = (over: Partial<ShareSignals> = {}): ShareSignals => ({
  of: "g#road-1",
  need: plus(ONE_CALL, amountOf({ microUsd: 30 })),
  share: { microUsd: 100, calls: 3 },
  spent: NOTHING,
  mostCalls: "any",
  calls: 0,
  ...over,
});

describe("a share", () => {
  it.each([
    [70, "call", "within-share"], // 70 + 30 = 100
    [71, "refuse", "share-spent"],
  ])("of 100 of which %i are spent lets a call for 30 %s: %s", (microUsd, outcome, reason) => {
    expect(decideShare(signals({ spent: amountOf({ microUsd }) }))).toMatchObject({ outcome, reason });
  });

  it("says in which unit it is spent, and how much is lacking", () => {
    expect(decideShare(signals({ spent: amountOf({ calls: 3 }) }))).toEqual({
      policy: "share",
      outcome: "refuse",
      reason: "share-spent",
      unit: "calls",
      limit: 3,
      lacking: 1,
    });
  });

  it("counts calls that were made, whatever they cost, before anything else", () => {
    expect(decideShare(signals({ mostCalls: 2, calls: 1 })).outcome).toBe("call");
    expect(decideShare(signals({ mostCalls: 2, calls: 2, share: {}, spent: amountOf({ microUsd: 1_000 }) })).reason).toBe("calls-made");
    expect(decideShare(signals({ mostCalls: 0 })).outcome).toBe("refuse");
  });

  it("is never passed by calls that it lets out one after the other", () => {
    const need = fc.record({ microUsd: fc.nat(60), calls: fc.integer({ min: 1, max: 3 }) }).map(amountOf);
    fc.assert(
      fc.property(fc.array(need, { maxLength: 12 }), fc.nat(200), fc.nat(8), (needs, microUsd, calls) => {
        const share = { microUsd, calls };
        let spent = NOTHING;
        for (const each of needs) if (decideShare(signals({ need: each, share, spent })).outcome === "call") spent = plus(spent, each);
        expect(within(spent, share)).toBe(true);
      }),
    );
  });
});
