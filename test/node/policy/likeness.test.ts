import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf, shareInCommon, sketchOf } from "../../../shared/policy/likeness.ts";

const share = (one: string, other: string) => shareInCommon(sketchOf(one), sketchOf(other));

describe("how alike two texts are", () => {
  it.each([
    ["the same words", "find the sources for it", "find the sources for it", 1],
    ["other punctuation and case", "{'index': '3', 'name': 'Find it'}", "index: 3, name: find it", 1],
    ["nothing in common", "one two three four five", "six seven eight nine ten", 0],
    // Five words are two pieces; the last word differs, so one piece is common of three in all.
    ["one word of five", "read page one of it", "read page one of them", 1 / 3],
    ["the same words in another order", "one two three four", "four three two one", 0],
    ["fewer than four words, one of them different", "read page 1", "read page 2", 0],
    ["nothing at all, twice", "", "  ", 1],
  ])("%s", (_case, one, other, expected) => {
    expect(share(one, other)).toBeCloseTo(expected, 10);
  });

  it("estimates long texts without leaning either way: 1,000 pieces, of which every eleventh word differs", () => {
    const shares = Array.from({ length: 60 }, (_, text) => {
      const words = Array.from({ length: 1_003 }, (_each, at) => `word-${text}-${at}`);
      return share(words.join(" "), words.map((word, at) => (at % 11 === 5 ? `other-${at}` : word)).join(" "));
    });
    const mean = shares.reduce((sum, each) => sum + each) / shares.length;
    // 91 words differ, each in four pieces of its own: 1000 - 364 are common, of 1000 + 364 in all.
    expect(Math.abs(mean - 636 / 1364)).toBeLessThan(0.01);
    expect(Math.max(...shares.map((each) => Math.abs(each - 636 / 1364)))).toBeLessThan(0.16);
  });

  it("is the same both ways, between 0 and 1, and 1 for a text and itself", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(share(one, other)).toBe(share(other, one));
        expect(share(one, other)).toBeGreaterThanOrEqual(0);
        expect(share(one, other)).toBeLessThanOrEqual(1);
        expect(share(one, one)).toBe(1);
      }),
    );
  });
});

describe("digests", () => {
  it("tell 200,000 texts apart, and are numbers that JSON keeps", () => {
    const digests = new Set(Array.from({ length: 200_000 }, (_, at) => digestOf(`text ${at}`)));
    expect(digests.size).toBe(200_000);
    expect([...digests].every(Number.isSafeInteger)).toBe(true);
    // Half of 53 bits' worth of them lie in the upper half.
    expect([...digests].filter((each) => each >= 2 ** 52).length / digests.size).toBeCloseTo(0.5, 1);
  });
});
