import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { whyQuarantine } from "../../../shared/registry/drift.ts";
import { outcomes } from "./outcomes.ts";
import { PUBLISHING } from "./publishing-contract.ts";
import { normal, seeded } from "./seeded.ts";

const why = (held: string) => whyQuarantine(PUBLISHING, outcomes(held));

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
    expect(whyQuarantine(PUBLISHING, seen)).toMatch(/^skill "count" /);
  });
});

/** Probes that held, each with what it took and cost. */
const timed = (ms: readonly number[]) => ms.flatMap((each) => outcomes("+", { ms: each }));
const priced = (microUsd: readonly number[]) => microUsd.flatMap((each) => outcomes("+", { microUsd: each }));
const times = <T>(count: number, value: T) => Array.from({ length: count }, () => value);

describe("an agent that still answers rightly", () => {
  it.each([
    [
      "has become far slower: 1,600 > 5 × 100 + 1,000",
      timed([...times(20, 100), ...times(20, 1_600)]),
      /"count" has become slow: 20 .* took 1600 ms, the first 20 took 100 ms/,
    ],
    [
      "has become far dearer: 4,100 > 3 × 1,000 + 1,000",
      priced([...times(20, 1_000), ...times(20, 4_100)]),
      /has become dear: 20 .* cost 4100 micro-USD, the first 20 cost 1000/,
    ],
    ["begins to charge, where it said that it was free", priced([...times(7, 0), ...times(7, 1_001)]), /has become dear/],
  ])("is taken out when it %s", (_what, seen, words) => {
    expect(whyQuarantine(PUBLISHING, seen)).toMatch(words);
  });

  it.each([
    ["is four times as slow", timed([...times(20, 1_000), ...times(20, 4_000)])],
    ["is fifty times as slow, and within the slack", timed([...times(20, 20), ...times(20, 1_000)])],
    ["was slow twice of late", timed([...times(38, 100), 60_000, 60_000])],
    ["is slow, as far as six probes can tell", timed([...times(6, 100), ...times(6, 9_000)])],
    [
      "fails slowly: what fails says nothing of time",
      [
        ...outcomes("+".repeat(20), { ms: 100 }),
        ...outcomes(`${"+".repeat(16)}----`).map((each) => ({ ...each, ms: each.ok ? 100 : 10_000 })),
      ],
    ],
    ["begins to tell what it costs", [...outcomes("+".repeat(20)), ...priced(times(20, 90_000))]],
    [
      "has become cheap and fast",
      [...outcomes("+".repeat(20), { ms: 9_000, microUsd: 90_000 }), ...outcomes("+".repeat(20), { ms: 1, microUsd: 1 })],
    ],
  ])("stays when it %s", (_what, seen) => {
    expect(whyQuarantine(PUBLISHING, seen)).toBeUndefined();
  });

  it("is not taken out for its spread: of 200 whose times spread over a factor of nine and do not change, none is", () => {
    const random = seeded(5);
    for (let agent = 0; agent < 200; agent++) {
      const seen = timed(Array.from({ length: 40 }, () => 400 * Math.exp((Math.log(3) / 1.645) * normal(random))));
      expect(whyQuarantine(PUBLISHING, seen)).toBeUndefined();
    }
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
    expect(whyQuarantine(PUBLISHING, outcomes("-".repeat(50), { claim: "capabilities.streaming" }))).toBeUndefined();
  });
});

describe("for all agents", () => {
  it("more failures at the end never bring one back", () => {
    const held = fc
      .array(fc.boolean(), { minLength: 2 * PUBLISHING.driftWindow, maxLength: 80 })
      .map((all) => all.map((ok) => (ok ? "+" : "-")).join(""));
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
      const begin = year.slice(0, PUBLISHING.driftWindow);
      const looks = Array.from({ length: year.length / 5 - 8 }, (_, index) => year.slice(20 + 5 * index, 40 + 5 * index));
      const out = looks.some((latest) => whyQuarantine(PUBLISHING, [...begin, ...latest]) !== undefined);
      if (out) taken++;
    }
    expect(taken).toBeLessThanOrEqual(2);
  });

  it("one whose answers turn wrong is out within the window", () => {
    const random = seeded(11);
    for (let agent = 0; agent < 40; agent++) {
      const before = Array.from({ length: 60 }, () => (random() < 0.97 ? "+" : "-")).join("");
      expect(why(before + "-".repeat(PUBLISHING.driftWindow))).toBeDefined();
    }
  });
});
