import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WINDOW, whyQuarantine } from "../../../shared/registry/drift.ts";
import { outcomes } from "./outcomes.ts";

const why = (held: string) => whyQuarantine(outcomes(held));

describe("an agent is taken out of the list", () => {
  it.each([
    // first half / second half; the bounds at 0.01 of Beta(1 + held, 1 + failed)
    [
      "falls from all to nothing",
      "+".repeat(20) + "-".repeat(20),
      /"count" has fallen: 0 of its last 20 probes held, 20 of its first 20 did/,
    ],
    ["falls from all to half", "+".repeat(20) + "+-".repeat(10), /has fallen: 10 of its last 20/],
    ["falls after months", "+".repeat(400) + "-".repeat(20), /has fallen: 0 of its last 20 probes held, 20 of its first 20/],
    ["falls before there are two windows: 0.01^(1/8) = 0.56 > 0.44", "+".repeat(7) + "-".repeat(7), /0 of its last 7/],
    ["never does what it claims: 1 - 0.05^(1/5) = 0.45 < 0.5", "----", /does not hold what is claimed of it: 0 of 4/],
  ])("that %s", (_what, held, words) => {
    expect(why(held)).toMatch(words);
  });

  it("also when only one of its skills falls", () => {
    const seen = [...outcomes("+".repeat(100), { skill: "sing" }), ...outcomes("----")];
    expect(whyQuarantine(seen)).toMatch(/^skill "count" /);
  });
});

describe("an agent stays", () => {
  it.each([
    ["nobody has probed", ""],
    ["failed three times, which may be chance: 1 - 0.05^(1/4) = 0.53", "---"],
    ["has fallen too little to be sure: 0.01^(1/7) = 0.52 < 0.48 does not hold", `${"+".repeat(6)}+--+--`],
    ["is as bad as it was, and that is two times in three", "++-".repeat(30)],
    ["has got better", "-+".repeat(10) + "+".repeat(20)],
    ["fell and is mended", "+".repeat(20) + "-".repeat(20) + "+".repeat(20)],
  ])("that %s", (_what, held) => {
    expect(why(held)).toBeUndefined();
  });

  it("whatever it declares and does not do: that is marked, and it is still called", () => {
    expect(whyQuarantine(outcomes("-".repeat(50), { claim: "capabilities.streaming" }))).toBeUndefined();
  });
});

describe("for all agents", () => {
  it("more failures at the end never bring one back", () => {
    const held = fc.array(fc.boolean(), { minLength: 2 * WINDOW, maxLength: 80 }).map((all) => all.map((ok) => (ok ? "+" : "-")).join(""));
    fc.assert(
      fc.property(held, (before) => {
        fc.pre(why(before) !== undefined);
        expect(why(`${before}-`)).toBeDefined();
      }),
    );
  });

  it("one that is right nine times in ten is hardly ever taken out in a year of four looks a day", () => {
    let taken = 0;
    const random = seeded(7);
    for (let agent = 0; agent < 40; agent++) {
      const year = outcomes(Array.from({ length: 4 * 365 }, () => (random() < 0.9 ? "+" : "-")).join(""));
      // Two windows are what a look sees; every fifth finds any fall that lasts for a window.
      const begin = year.slice(0, WINDOW);
      const looks = Array.from({ length: year.length / 5 - 8 }, (_, index) => year.slice(20 + 5 * index, 40 + 5 * index));
      const out = looks.some((latest) => whyQuarantine([...begin, ...latest]) !== undefined);
      if (out) taken++;
    }
    expect(taken).toBeLessThanOrEqual(2);
  });

  it("one whose answers turn wrong is out within the window", () => {
    const random = seeded(11);
    for (let agent = 0; agent < 40; agent++) {
      const before = Array.from({ length: 60 }, () => (random() < 0.97 ? "+" : "-")).join("");
      expect(why(before + "-".repeat(WINDOW))).toBeDefined();
    }
  });
});

/** Numbers from 0 to 1, the same in every run. (mulberry32) */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
