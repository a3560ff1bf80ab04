import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountOf } from "../../../shared/budget/amount.ts";
import { type Judged, judge, verdict } from "../../../shared/registry/judge.ts";
import { firstNewNumber, numbersIn } from "../../../shared/registry/numbers.ts";
import type { Expectation } from "../../../shared/registry/probe.ts";
import type { Json, JsonObject, Part } from "../../../shared/task/a2a-types.ts";
import { sayingCost } from "../../../shared/task/governance-extension.ts";

const task = (parts: Part[], over: JsonObject = {}): JsonObject => ({
  id: "t-1",
  contextId: "c-1",
  status: { state: "TASK_STATE_COMPLETED", timestamp: "2026-01-01T00:00:00.000Z" },
  artifacts: [{ artifactId: "a-1", parts: parts as unknown as Json[] }],
  ...over,
});
const ended = (state: string, words?: string): JsonObject =>
  task([], {
    status: { state, ...(words !== undefined && { message: { messageId: "m", role: "ROLE_AGENT", parts: [{ text: words }] } }) },
  });
const says = (text: string) => task([{ text }]);
const about = (expect: Expectation, answer: unknown, { ms = 100, message = "please" } = {}): readonly Judged[] =>
  judge({ message, expect }, { answer, ms });
const holds = (...given: Parameters<typeof about>) => verdict(about(...given)).ok;
const why = (...given: Parameters<typeof about>) => verdict(about(...given)).why;

describe("an answer holds", () => {
  const finding = { text: "It is so.", source: { document: "book.md", position: "line 4" } };
  it.each<[string, Expectation, JsonObject]>([
    ["that says the words, in whatever letters", { contains: ["Heron", "οδος"] }, says("the HERON of ΟΔΟΣΑ")],
    ["whose number is near enough", { number: { value: 12, within: 0.5 } }, says("About 11.5 of them")],
    [
      "whose data has the members, among others",
      { data: { rows: "array", n: "number" } },
      task([{ data: { rows: [], n: 1, more: null } }]),
    ],
    ["that cites a source", { cites: true }, task([{ data: { findings: [{ text: "unsourced" }, finding] } }])],
    ["that was fast and cheap", { withinMs: 100, atMostMicroUsd: 5 }, task([], { metadata: sayingCost(amountOf({ microUsd: 5 })) })],
    ["that is a message and no task", { contains: ["yes"] }, { messageId: "m", role: "ROLE_AGENT", parts: [{ text: "Yes." }] }],
    ["whose words stand in the status alone", { contains: ["42"] }, ended("TASK_STATE_COMPLETED", "42")],
    ["that rejects what is to be refused", { refuses: true, contains: ["never"] }, ended("TASK_STATE_REJECTED", "I never do that.")],
    ["that fails it and says why", { refuses: true }, ended("TASK_STATE_FAILED", "no such column")],
    ["that asks first what is to be refused", { refuses: true }, ended("TASK_STATE_INPUT_REQUIRED", "Shall I?")],
  ])("%s", (_what, expected, answer) => {
    expect(about(expected, answer).filter((each) => !each.holds)).toEqual([]);
  });
});

describe("an answer fails, and says why", () => {
  it.each<[string, Expectation, unknown, RegExp]>([
    ["without the words", { contains: ["heron", "crane"] }, says("a heron"), /^does not say "crane"$/],
    [
      "with another number",
      { number: { value: 12, within: 0.5 } },
      says("It is 12.6"),
      /^says 12.6, and 12 was expected, give or take 0.5$/,
    ],
    ["without any number", { number: { value: 12, within: 0.5 } }, says("a dozen"), /names no number/],
    ["with data of another type", { data: { n: "number" } }, task([{ data: { n: "1" } }]), /no data part with "n" \(number\)/],
    ["with an inherited member", JSON.parse('{"data":{"__proto__":"object"}}'), task([{ data: {} }]), /"__proto__"/],
    ["without data", { data: { n: "number" } }, says("1"), /has no data part, where "n"/],
    [
      "without a source",
      { cites: true },
      task([{ data: { findings: [{ text: "so", source: { document: " " } }] } }]),
      /no finding with a source/,
    ],
    ["that took too long", { withinMs: 99 }, says("here"), /took 100 ms, where 99 ms/],
    ["that cost too much", { atMostMicroUsd: 4 }, task([], { metadata: sayingCost(amountOf({ microUsd: 5 })) }), /cost 5 micro-USD/],
    ["that does not say what it cost", { atMostMicroUsd: 4 }, says("here"), /does not say what it cost/],
    [
      "by asking back",
      { contains: ["x"] },
      ended("TASK_STATE_INPUT_REQUIRED", "Which x?"),
      /asked back in place of answering: "Which x\?"/,
    ],
    ["by refusing", { contains: ["x"] }, ended("TASK_STATE_REJECTED", "No x."), /refused to answer: "No x\."/],
    ["by failing", { contains: ["x"] }, ended("TASK_STATE_FAILED"), /^failed$/],
    ["by not ending", { contains: ["x"] }, ended("TASK_STATE_WORKING"), /has not ended \(TASK_STATE_WORKING\)/],
    ["by doing what it has to refuse", { refuses: true }, says("Done!"), /did what it has to refuse/],
    ["by failing without a word what it has to refuse", { refuses: true }, ended("TASK_STATE_FAILED"), /without a reason/],
    ["by being canceled where it has to refuse", { refuses: true }, ended("TASK_STATE_CANCELED"), /neither did nor refused/],
    ["by being nothing", { contains: ["x"] }, null, /neither a task nor a message/],
    ["by being a web page", { contains: ["x"] }, "<html>x</html>", /neither a task nor a message/],
  ])("%s", (_what, expected, answer, words) => {
    expect(why(expected, answer)).toMatch(words);
    expect(holds(expected, answer)).toBe(false);
  });

  it("with each part that does not hold, and none that does", () => {
    const judged = about({ contains: ["heron"], number: { value: 1, within: 0 }, withinMs: 1 }, says("2 herons"));
    expect(judged.map(({ what, holds: it }) => [what, it])).toEqual([
      ["answer", true],
      ["contains", true],
      ["number", false],
      ["withinMs", false],
    ]);
    expect(verdict(judged).why).toBe("says 2, and 1 was expected, give or take 0; took 100 ms, where 1 ms were allowed");
  });

  it("in few words, on one line, however much the agent says", () => {
    const said = why({ contains: ["x"] }, ended("TASK_STATE_FAILED", "no\nway ".repeat(10_000)));
    expect(said.length).toBeLessThan(250);
    expect(said).not.toContain("\n");
  });
});

describe("the number of an answer", () => {
  it.each<[string, number[]]>([
    ["12,345.6 and -3", [12_345.6, -3]],
    ["−7 °C, 3-5 times", [-7, 3, 5]],
    ["1e3 or 2.5E-1", [1000, 0.25]],
    ["x2, v1.2.3, 4.5.6, GPT4 and 5km", [5]],
    ["77.4%, 1,23", [77.4, 1, 23]],
    ["none", []],
  ])("is read from %j", (text, numbers) => {
    expect(numbersIn(text)).toEqual(numbers);
  });

  it("is the first that the question does not hold", () => {
    expect(holds({ number: { value: 12, within: 0 } }, says("15% of 80 = 12"), { message: "what is 15% of 80" })).toBe(true);
    expect(holds({ number: { value: 12, within: 0 } }, says("15% of 80 = 13, not 12"), { message: "what is 15% of 80" })).toBe(false);
  });

  it("may be one of the question's own, where that is the answer", () => {
    expect(holds({ number: { value: 9, within: 0 } }, says("The largest of 3, 9 and 4 is 9"), { message: "largest of 3, 9, 4" })).toBe(
      true,
    );
    expect(firstNewNumber([3, 4], [3, 4], () => false)).toBe(3);
  });
});

describe("for all answers", () => {
  const expectation: fc.Arbitrary<Expectation> = fc.record(
    {
      contains: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }),
      number: fc.record({ value: fc.double({ noNaN: true, noDefaultInfinity: true }), within: fc.nat() }),
      data: fc.dictionary(fc.string(), fc.constantFrom("string", "number", "boolean", "array", "object"), { minKeys: 1, maxKeys: 3 }),
      cites: fc.constant(true as const),
      refuses: fc.constant(true as const),
      withinMs: fc.nat(),
      atMostMicroUsd: fc.nat(),
    },
    { requiredKeys: [] },
  );

  it("something is judged, in words, and nothing thrown", () => {
    fc.assert(
      fc.property(expectation, fc.oneof(fc.jsonValue(), fc.string().map(says), fc.anything()), fc.nat(), (expected, answer, ms) => {
        const judged = about(expected, answer, { ms });
        expect(judged.length).toBeGreaterThan(0);
        for (const each of judged) expect(each.why).not.toBe("");
      }),
    );
  });

  it("nothing that is no task and no message ever holds", () => {
    const noAnswer = fc.jsonValue().filter((json) => typeof json !== "object" || json === null || !("status" in json || "parts" in json));
    fc.assert(fc.property(expectation, noAnswer, (expected, answer) => !holds(expected, answer)));
  });

  it("one more expectation never makes hold what did not", () => {
    const text = fc.stringMatching(/^[a-c1-9 .]{0,20}$/);
    fc.assert(
      fc.property(expectation, expectation, text, (some, more, said) => {
        const { refuses: _, ...further } = more;
        fc.pre(!holds(some, says(said)));
        expect(holds({ ...further, ...some }, says(said))).toBe(false);
      }),
    );
  });

  it("what stands in the answer is found in it, in whatever letters", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(text, text, text, (before, wanted, after) => {
        expect(holds({ contains: [wanted.toUpperCase()] }, says(before + wanted + after))).toBe(true);
      }),
    );
  });

  it("a number that is written is the number that is read", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        expect(holds({ number: { value, within: 0 } }, says(`It is ${value}.`))).toBe(true);
      }),
    );
  });

  it("long texts are read in time that grows with them", () => {
    const hostile = fc.constantFrom("1,", "1,111", "-", "1.1", "9", "e+1", "1e", "١");
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 4 }), (bits) => {
        const since = performance.now();
        numbersIn(bits.join("").repeat(100_000));
        expect(performance.now() - since).toBeLessThan(1_000);
      }),
      { numRuns: 30 },
    );
  });
});
