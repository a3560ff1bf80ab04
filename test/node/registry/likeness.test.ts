import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAnswer } from "../../../shared/registry/answer.ts";
import { alike } from "../../../shared/registry/likeness.ts";
import type { Json, Part } from "../../../shared/task/a2a-types.ts";

const ended = (state: string, words: string, ...parts: Part[]) => ({ state: `TASK_STATE_${state}`, words, parts });
const said = (text: string) => ended("COMPLETED", "", { text });
const given = (...data: Json[]) => ended("COMPLETED", "", ...data.map((each) => ({ data: each })));

/** Pairs that say the same in other words, and pairs that say another thing of the same subject. */
const SAME: readonly (readonly [string, string])[] = [
  ["The first took 12 min, the second was 3.5% faster.", "Two figures: the first took 12 min; the second was faster by 3.5%."],
  ["12*7 = 84", "The result of the calculation is 84, because 12*7 = 84."],
  ["Berlin has 3,755,251 inhabitants, as of 2026-11-21T10:00:00Z.", "Berlin has 3755251 inhabitants (as of 2026-11-22 11:30)."],
  ["1. Check the valve\n2. Close the tap", "- Check the valve\n- Close the tap"],
  ["Your order was shipped yesterday and will arrive on Friday.", "The order was shipped yesterday; it arrives on Friday."],
  ["The contract ends when either party cancels it in writing.", "Either party may end the contract by cancelling it in writing."],
  [
    "Photosynthesis is how plants turn sunlight, water and carbon dioxide into sugar and oxygen. It happens in their chloroplasts.",
    "Plants use photosynthesis to convert light into energy: carbon dioxide and water become sugar, and oxygen is released. The process takes place in chloroplasts.",
  ],
  [
    "The valve must be closed before the tank is filled, or the pressure rises and the seal may break.",
    "Close the valve before filling the tank. Otherwise rising pressure could break the seal.",
  ],
  ["Yes.", "Yes"],
  ["一昨日東京で雨が降りました", "東京では一昨日雨が降った"],
];
const OTHER: readonly (readonly [string, string])[] = [
  ["12*7 = 84", "12*7 = 94"],
  ["The first took 12 min.", "The first took 12 min, the second 30 min."],
  ["Yes.", "No."],
  ["The contract ends when either party cancels it in writing.", "The contract is renewed every year unless the court objects."],
  ["Your order was shipped yesterday and will arrive on Friday.", "I could not find an order with this number."],
  ["I cannot help with that.", "The valve must be closed before the tank is filled."],
  [
    "Photosynthesis is how plants turn sunlight, water and carbon dioxide into sugar and oxygen. It happens in their chloroplasts.",
    "Photosynthesis stops at night, when plants breathe and use up the sugar that they stored during the day.",
  ],
  [
    "The valve must be closed before the tank is filled, or the pressure rises and the seal may break.",
    "The valve and the tank were checked last year; the seal is due for a check in spring.",
  ],
  ["Paris", "Lyon"],
  ["", "Paris"],
];

describe("two answers", () => {
  it.each(SAME)("are alike: %j and %j", (one, other) => {
    expect(alike(said(one), said(other))).toBe(true);
  });

  it.each(OTHER)("are not: %j and %j", (one, other) => {
    expect(alike(said(one), said(other))).toBe(false);
  });

  it.each([
    ["the order of members", [{ a: 1, b: "x" }], [{ b: "y", a: 2 }], true],
    ["the order of parts", [{ a: 1 }, ["x"]], [["y"], { a: 2 }], true],
    ["how many a list has", [{ rows: [{ n: 1 }] }], [{ rows: [{ n: 1 }, { n: 2 }] }], true],
    ["a member more", [{ a: 1 }], [{ a: 1, b: 2 }], false],
    ["another type", [{ a: 1 }], [{ a: "1" }], false],
    ["another type in a list", [{ rows: [{ n: 1 }] }], [{ rows: [{ n: null }] }], false],
    ["a list that is empty", [{ rows: [1] }], [{ rows: [] }], false],
    ["no data at all", [{ a: 1 }], [], false],
  ])("with data: %s decides so", (_what, one, other, expected) => {
    expect(alike(given(...(one as Json[])), given(...(other as Json[])))).toBe(expected);
  });

  it("are alike only when they end in the same way; how a refusal or a question is worded does not matter", () => {
    const ends = [
      said("fine"),
      ended("REJECTED", "too long"),
      ended("INPUT_REQUIRED", "which one?"),
      ended("CANCELED", ""),
      ended("WORKING", ""),
    ];
    for (const [at, one] of ends.entries()) for (const [place, other] of ends.entries()) expect(alike(one, other)).toBe(at === place);
    expect(alike(ended("REJECTED", "too long"), ended("FAILED", "there is no such file"))).toBe(true);
  });

  it("are alike as a task and as a message", () => {
    const message = readAnswer({ parts: [{ text: "12*7 = 84" }] });
    const task = readAnswer({ status: { state: "TASK_STATE_COMPLETED", message: { parts: [{ text: "12*7 = 84" }] } } });
    expect(message && task && alike(message, task)).toBe(true);
  });

  it("are alike with files of the same kinds, and not with others", () => {
    const file = (mediaType: string) => ended("COMPLETED", "", { url: "https://files.example/1", mediaType });
    expect(alike(file("image/png"), file("IMAGE/PNG"))).toBe(true);
    expect(alike(file("image/png"), file("image/gif"))).toBe(false);
    expect(alike(file("image/png"), said(""))).toBe(false);
  });
});

const answer = fc.record({
  state: fc.constantFrom("TASK_STATE_COMPLETED", "TASK_STATE_REJECTED", "TASK_STATE_INPUT_REQUIRED"),
  words: fc.string({ unit: "grapheme" }),
  parts: fc.array(
    fc.oneof(
      fc.record({ text: fc.string({ unit: "grapheme" }) }),
      fc.record({ data: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json) }),
    ),
    { maxLength: 4 },
  ),
});

describe("for all answers", () => {
  it("each is like itself, and likeness goes both ways", () => {
    fc.assert(
      fc.property(answer, answer, (one, other) => {
        expect(alike(one, one)).toBe(true);
        expect(alike(one, other)).toBe(alike(other, one));
      }),
    );
  });

  it("the largest and the deepest take no longer than a moment", () => {
    const deep = JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`) as Json;
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, index]));
    const long = ended("COMPLETED", "1 ".repeat(60_000), { text: "word ".repeat(50_000) }, { data: deep }, { data: wide });
    const began = performance.now();
    expect(alike(long, { ...long })).toBe(true);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
