import fc from "fast-check";
import { describe, expect, it } from "vitest";
import agent from "../../../agents/analyst/agent.ts";
import { decimal } from "../../../agents/analyst/calculate/engine.ts";
import { type Breaks, lastHolding } from "../../../agents/analyst/calculate/repeated-factor.ts";
import type { AnalystEnv } from "../../../agents/analyst/table/workbook-access.ts";
import { type Finding, findingsOf, findingsPart } from "../../../shared/kit/finding.ts";
import { runSkill } from "../../../shared/kit/testing.ts";
import { workbooks } from "./analyst-workbook.ts";

const env: AnalystEnv = workbooks();
const ask = (text: string, findings: readonly Finding[] = []) =>
  runSkill(agent, findings.length > 0 ? [{ text }, findingsPart(findings)] : text, { env, skill: "calculate" });

/** The findings the answer hands on. */
async function found(text: string, findings: readonly Finding[] = []): Promise<Finding[]> {
  const { outcome, text: why } = await ask(text, findings);
  if (outcome.outcome !== "completed") throw new Error(why);
  return findingsOf(outcome.artifacts.flatMap((artifact) => artifact.parts));
}
const firstLine = async (text: string, findings: readonly Finding[] = []): Promise<string> =>
  (await found(text, findings))[0]?.text.split("\n")[0] ?? "";

const FLOOR: Finding = {
  text: "policy: chain-cap\nfloor: 0.75",
  source: { document: "contracts/chain-cap.v1.yaml", position: "line 4", score: 0.9 },
  by: "researcher/search",
};

describe("calculate reads", () => {
  it.each([
    ["what is 0.95^5 as a percentage?", "0.95^5 = 0.7737809375 (77.38%)"],
    ["then calculate 12*7", "12*7 = 84"],
    ["I need 12*7 eggs for my order", "12*7 = 84"],
    ["15% of 80", "15% * 80 = 12"],
    ["increase 80 by 15%", "80 + 15% = 92"],
    ["20% off 50", "50 - 20% = 40"],
    ["what percent is 12 of 80", "12 / 80 = 0.15 (15%)"],
    ["what percent of 80 is 12?", "12 / 80 = 0.15 (15%)"],
    ["percent change from 40 to 50", "(50 - 40) / 40 = 0.25 (25%)"],
    ["12% tip on 50", "12% * 50 = 6"],
    ["the product of 0.95 and itself 5 times", "0.95^5 = 0.7737809375 (77.38%)"],
    ["0.95 to the power of 5", "0.95^5 = 0.7737809375 (77.38%)"],
    ["what is 2 to the 10th power", "2^10 = 1024"],
    ["sum of 3, 4 and 5", "3 + 4 + 5 = 12"],
    ["sum of 1 to 100", "sum((1:100)) = 5050"],
    ["average of 3, 4 and 8", "mean(3, 4, 8) = 5"],
    ["what is the square root of 144?", "sqrt(144) = 12"],
    ["five plus seven", "5 + 7 = 12"],
    ["what's 1,000 * 3", "1000 * 3 = 3000"],
    ["10 % 3", "10 % 3 = 1"],
    ["80 - 15% + 2", "(80 - 15%) + 2 = 70"],
    ["10% + 5%", "(10%) + (5%) = 0.15 (15%)"],
    ["2^100", "2^100 = 1267650600228229401496703205376"],
    ["0.1 + 0.2", "0.1 + 0.2 = 0.3 (30%)"],
    ["1/3", "1/3 ≈ 0.33333333333333 (33.33%)"],
    ["5 km in miles", "5 km to miles ≈ 3.1068559611867 miles"],
    ["20 degC to degF", "20 degC to degF = 68 degF"],
    ["how many minutes are in 3 hours?", "3 hours to minutes = 180 minutes"],
    ["is 0.95^6 above 0.75?", "0.95^6 > 0.75 is false"],
    ["Compute 0.95^n for n = 5", "0.95^n = 0.7737809375 (77.38%)"],
  ])("%s", async (question, answer) => {
    expect(await firstLine(question)).toBe(answer);
  });

  it.each([
    [
      "calculate how long a goal may take at most: maxAttempts * deadlineMs / 1000 seconds",
      "(maxAttempts * deadlineMs / 1000) seconds = 60 seconds",
    ],
    ["maxAttempts * deadlineMs ms in seconds", "(maxAttempts * deadlineMs) ms to seconds = 60 seconds"],
    ["how many seconds is maxAttempts * deadlineMs ms", "(maxAttempts * deadlineMs) ms to seconds = 60 seconds"],
    ["From these, calculate how many hops at most: maxAttempts * 20", "maxAttempts * 20 = 40"],
    ["What is total / parts, where total = 250 and parts = 4?", "total / parts = 62.5"],
    ["what is n * wait, where n = 3 and wait = 20 s?", "n * wait = 60 s"],
    ["timeout * maxAttempts", "timeout * maxAttempts = 60 s"],
    ["maxAttempts * timeout in minutes", "(maxAttempts * timeout) to minutes = 1 minutes"],
    ["2 * 30 km", "2 * 30 km = 60 km"],
    ["100 km / 2 hours", "100 km / 2 hours = 50 km/hours"],
    ["sum of 1 to 1e12", "(1 + 1e12) * (1e12 - 1 + 1) / 2 = 500000000000500000000000"],
  ])("a formula that is written out, whatever the words around it: %s", async (question, answer) => {
    const stated = {
      text: "maxAttempts: 2\ndeadlineMs: 30000\ntimeout: 30 s",
      source: { document: "limits.yaml", position: "line 1", score: 0.9 },
    };
    expect(await firstLine(question, [stated])).toBe(answer);
  });

  it("adds a long row by its formula to the same sum as one by one", () => {
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1_000, max: 3_000 }), async (from, length) => {
        const sum = Array.from({ length: length + 1 }, (_, at) => from + at).reduce((one, other) => one + other, 0);
        expect(await firstLine(`sum of ${from} to ${from + length}`)).toMatch(new RegExp(` = ${sum}$`));
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ["Calculate 12*7, then multiply it by 3", "12*7 = 84", []],
    ["multiply the result by 3", "12*7 = 84", [{ text: "12*7 = 84", source: { document: "calculation", position: "12*7" } }]],
  ])("'it' and 'the result' as what was worked out before: %s", async (question, said, findings) => {
    const { text } = await ask(question, findings);
    expect(text).toContain("* 3 = 252");
    expect(text).toContain(`= 84, the result before: "${said}"`);
  });

  it("no number of a passage as the result before", async () => {
    const passage = { text: "so x = 84", source: { document: "a.md", position: "line 1", score: 0.9 } };
    expect((await ask("multiply it by 3", [passage])).text).toContain('"it" is not known');
  });

  it("every formula of a message", async () => {
    expect((await found("calculate 2+2 and 3*4; what is 10 / 4?")).map((each) => each.text)).toEqual([
      "2+2 = 4",
      "3*4 = 12",
      "10 / 4 = 2.5",
    ]);
  });

  it.each(["what is the moon landing", "made on 2026-11-20 by a multi-agent mesh", "meeting at 10:30", "hello", ""])(
    "no arithmetic where there is none: %j",
    async (text) => {
      expect((await ask(text)).outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining("nothing to calculate") });
    },
  );

  it("hands the working on with its result, as a list", async () => {
    expect((await found("(2+3)*4")).map(({ text }) => text)).toEqual(["(2+3)*4 = 20\n\n- 2 + 3 = 5\n- 5 * 4 = 20"]);
  });

  it("shows the intermediate results in their order", async () => {
    expect((await ask("(2+3)*4-1")).text).toMatch(/2 \+ 3 = 5\n- 5 \* 4 = 20\n- 20 - 1 = 19/);
  });

  it("says what it took the words to mean", async () => {
    expect((await ask("0.95 multiplied by itself 5 times")).text).toContain("read as 5 factors of 0.95");
  });
});

describe("calculate counts repeated factors", () => {
  it.each([
    // 0.9^2 = 0.81 exactly: a touch holds "at or above" and breaks "above".
    ["how many steps of 90% stay at or above 81%", "2 steps of 90% each stay at or above 0.81: the product is 0.81 (81%)"],
    ["how many steps of 90% stay above 81%", "1 step of 90% each stays above 0.81: the product is 0.9 (90%)"],
    // 0.7 * 0.7 is 0.48999999999999994 in binary fractions, and 0.49 in truth.
    ["how many links of 70% each stay at or above 49%", "2 links of 70% each stay at or above 0.49: the product is 0.49 (49%)"],
    [
      "how many hops of 95% each before it falls below 0.75",
      "5 hops of 95% each stay at or above 0.75: the product is 0.7737809375 (77.38%)",
    ],
    [
      "if each hop is 95% reliable, how many hops stay above 75%?",
      "5 hops of 95% each stay above 0.75: the product is 0.7737809375 (77.38%)",
    ],
    ["how many years of 7% growth until it doubles?", /^11 years of 7% growth each: the first .* no longer below 2/],
    ["how many years at 7% interest until 100 exceeds 200", /^11 years .* the product is 210\.48519522998$/],
    ["starting from 1000, how many months of 5% loss before it drops below 500", /^13 months of 5% loss each stay at or above 500/],
  ])("%s", async (question, answer) => {
    expect(await firstLine(question)).toEqual(typeof answer === "string" ? answer : expect.stringMatching(answer));
  });

  it("and refuses a bound that is never met, naming why", async () => {
    expect((await ask("how many steps of 110% each stay above 0.5")).text).toContain("never takes 1 down to 0.5");
    expect((await ask("how many hops of 95% stay above 0")).text).toContain("above 0");
    expect((await ask("how many hops of 99.9999999% each stay above 1%")).text).toContain("counting exactly goes up to");
  });

  it("at the exact turning point, for any factor, start and bound", () => {
    const cents = (least: number, most: number) =>
      fc.integer({ min: least, max: most }).map((n) => ({ n: BigInt(n), text: String(n / 1_000) }));
    fc.assert(
      fc.property(cents(1, 999), cents(1, 3_000), cents(1, 3_000), fc.constantFrom<Breaks>("<", "<="), (factor, start, bound, breaks) => {
        fc.pre(breaks === "<" ? start.n >= bound.n : start.n > bound.n);
        const { n } = lastHolding({ start: decimal(start.text), factor: decimal(factor.text), breaks, threshold: decimal(bound.text) });
        // start * factor^k against bound, in thousandths, without any rounding
        const holds = (k: number) => {
          const [left, right] = [start.n * factor.n ** BigInt(k), bound.n * 1_000n ** BigInt(k)];
          return breaks === "<" ? left >= right : left > right;
        };
        expect([holds(n), holds(n + 1)]).toEqual([true, false]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("calculate takes names from findings", () => {
  it("and names the finding it used, and hands it on", async () => {
    const question = "how many hops of 95% each stay above the floor";
    expect((await ask(question, [FLOOR])).text).toContain('floor = 0.75, from contracts/chain-cap.v1.yaml, line 4: "floor: 0.75"');
    expect(await found(question, [FLOOR])).toContainEqual(FLOOR);
  });

  it("when the question only says that there is a limit", async () => {
    const question = "how many hops of 95% each does the mesh allow before it stops, what is the product, and where is that written?";
    expect(await firstLine(question, [FLOOR])).toBe("5 hops of 95% each stay at or above 0.75: the product is 0.7737809375 (77.38%)");
    expect((await ask(question)).text).toContain("no bound is given");
  });

  it.each(["floor = 0.75", "a floor of 0.75", "the floor is 75%", '"floor": 0.75', "`floor`: 0.75", "| floor | 0.75 |", "a 75% floor"])(
    "as %s",
    async (text) => {
      expect(await firstLine("what is floor * 2", [{ text }])).toBe("floor * 2 = 1.5");
    },
  );

  it("from the best-scored finding, and tells of the others", async () => {
    const other: Finding = { text: "floor: 0.4", source: { document: "contracts/dispatch.v1.yaml", position: "line 9", score: 0.5 } };
    const { text } = await ask("is 0.95^5 above the floor", [other, FLOOR]);
    expect(text).toContain("0.7737809375 > 0.75 is true");
    expect(text).toContain('not used, because scored lower or found later: "floor: 0.4" in contracts/dispatch.v1.yaml, line 9');
  });

  it("only where the name is a word of its own", async () => {
    expect((await ask("floor + 1", [{ text: "subfloor: 3, floorboards: 7" }])).outcome.outcome).toBe("rejected");
  });

  it("and refuses a name nobody states, saying how to give it", async () => {
    expect((await ask("foo + 1")).outcome).toEqual({
      outcome: "rejected",
      reason: 'foo + 1: "foo" is not known. Say what it is in the message ("foo = 0.75"), or send a finding that states it ("foo: 0.75").',
    });
  });

  it("but forgets the values of one message before the next", async () => {
    expect(await firstLine("rate = 7%; 100 * rate")).toBe("100 * rate = 7");
    expect((await ask("100 * rate")).outcome.outcome).toBe("rejected");
  });
});

describe("calculate refuses, quickly,", () => {
  it.each([
    ["9^9^9^9", "too large"],
    ["10000000!", "the most is 450!"],
    ["sum(1:10000000)", "too long"],
    ["f(x)=f(x+1); f(1)", "cannot define functions"],
    ["[1,2;3,4] * 2", "matrices"],
    ["import(1)+1", 'the function "import"'],
    ['evaluate("1+1")', 'the function "evaluate"'],
    ["createUnit(3) + 1", 'the function "createUnit"'],
    ["constructor(1) + 1", 'the function "constructor"'],
    ["1/0", "divides by zero"],
    ["sqrt(0-1)", "from 0 on"],
    ["5 km + 3 kg", "the units do not match: 5 km and 3 kg"],
    [`${"(".repeat(60)}1+1${")".repeat(60)}`, "brackets"],
    [`${"1+".repeat(600)}1`, "1000"],
    ["1e9999 * 2", "digits"],
  ])("%s", async (formula, reason) => {
    const before = performance.now();
    const { outcome } = await ask(formula);
    expect(outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining(reason) });
    expect(performance.now() - before).toBeLessThan(500);
  });

  it.each([
    ["average of 1 to 1e9", "a range of 1000000000 values is too long; the most is 1000"],
    ["5 to 3", 'write "5 km to miles"'],
    ["7 to km", "7 has no unit to convert from"],
    ["convert 5 km to kg", "the units do not match: 5 km and kg"],
    ["abs(true)", "abs takes plain numbers"],
    ["max(3 km, 4)", "give all of them a unit of one kind, or none"],
    ["(2+3", "it breaks off at its end"],
    ["3 + * 4", 'it cannot go on at "* 4"'],
    ["sqrt(3 km)", "sqrt takes plain numbers"],
  ])("in words of its own that say what would work: %s", async (formula, reason) => {
    const { text, outcome } = await ask(formula);
    expect(outcome.outcome).toBe("rejected");
    expect(text).toContain(reason);
    expect(text).not.toMatch(/DenseMatrix|BigNumber|Unexpected type|\(char \d|index: \d|is not a function|Parenthesis/);
  });

  it("the dearest formula that it accepts ends within a second", async () => {
    const before = performance.now();
    await ask(`${"atan(0.7)+".repeat(95)}1`);
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  it("and never throws, whatever the message says", async () => {
    const words = fc.constantFrom(
      "0.95",
      "7",
      "%",
      "^",
      "(",
      ")",
      "how many",
      "hops",
      "of",
      "each",
      "above",
      "floor",
      "-",
      "!",
      "km",
      "in",
      "to",
      "sum",
      "product",
      ",",
      "itself",
      "times",
      "=",
      ":",
      "[",
      "]",
      "'",
      "until",
      "doubles",
      "what is",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ maxLength: 60 }),
          fc.array(words, { maxLength: 14 }).map((all) => all.join(" ")),
        ),
        async (text) => {
          expect(["completed", "rejected"]).toContain((await ask(text, [FLOOR])).outcome.outcome);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("only what cannot be answered, when something else can", async () => {
    const { outcome, text } = await ask("2+2; foo + 1");
    expect(outcome.outcome).toBe("completed");
    expect(text).toMatch(/2\+2 = 4[\s\S]*Not answered:\n- foo \+ 1: "foo" is not known/);
  });
});
