import fc from "fast-check";
import { expect, it } from "vitest";
import { amountOf } from "../../../shared/budget/amount.ts";
import { Seen } from "../../../shared/budget/seen.ts";
import { quantileOf } from "../../../shared/policy/budget.ts";

const amount = fc.record({ calls: fc.nat(5), microUsd: fc.nat(1_000), tokensIn: fc.nat(3) }).map(amountOf);

it("knows the quantile of the latest amounts, as if it had sorted them", () => {
  fc.assert(
    fc.property(
      fc.array(amount, { size: "max", maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (all, most, quantile) => {
        const seen = new Seen(most);
        all.forEach((each, index) => {
          seen.add(each);
          const latest = all.slice(0, index + 1).slice(-most);
          expect(seen.count).toBe(latest.length);
          expect(seen.quantile(quantile)).toEqual(quantileOf(latest, quantile));
        });
      },
    ),
  );
});

it("is nothing where nothing was seen", () => {
  expect(new Seen(10).quantile(0.9)).toEqual(amountOf({}));
});
