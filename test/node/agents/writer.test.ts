import fc from "fast-check";
import { describe, expect, it } from "vitest";
import writer from "../../../agents/writer/agent.ts";
import { readQuestion } from "../../../agents/writer/question.ts";
import { statementsOf } from "../../../agents/writer/statement.ts";
import { termsOf } from "../../../agents/writer/terms.ts";
import { type Finding, findingsOf, findingsPart } from "../../../shared/kit/finding.ts";
import { runSkill } from "../../../shared/kit/testing.ts";

const PRODUCT: Finding = {
  text: "0.95^5 = 0.7737809375",
  source: { document: "calculation", position: "0.95^5" },
  by: "analyst/calculate",
};
const CAP: Finding = {
  text: "# How long a chain may grow.\n# The mesh allows five hops of 95% each, and stops before the sixth.\npolicy: chain-cap\nfloor: 0.75\n",
  source: { document: "contracts/chain-cap.v1.yaml", position: "lines 1-4", uri: "file:///contracts/chain-cap.v1.yaml", score: 0.9 },
  by: "researcher/search",
};
const BIRDS: Finding = {
  text: "A skein is a flock of geese in flight. On the ground it is a gaggle.",
  source: { document: "docs/name.md", position: "line 3", uri: "file:///docs/name.md", score: 0.2 },
};
const MAIN = "How many hops of 95% each does the mesh allow before it stops, what is the product, and where is that written?";

async function compose(text: string, findings: readonly Finding[]) {
  const run = await runSkill(writer, [{ text }, findingsPart(findings)]);
  const artifact = run.outcome.outcome === "completed" ? run.outcome.artifacts[0] : undefined;
  return { ...run, artifact, used: findingsOf(artifact?.parts ?? []) };
}

function lines(text: string, document = "docs/page.md"): string[] {
  return statementsOf([{ text, source: { document, position: "", score: 1 } }]).map((statement) => statement.text);
}

describe("an answer", () => {
  it("opens with the result and the sentence that answers, says where it is written, and lists its sources", async () => {
    const { text, artifact } = await compose(MAIN, [BIRDS, CAP, PRODUCT]);
    expect(text).toBe(
      [
        "0.95^5 = 0.7737809375 [1]",
        "The mesh allows five hops of 95% each, and stops before the sixth [2].",
        "Written in contracts/chain-cap.v1.yaml, lines 1-4 [2].",
        "**Sources**",
        "1. calculation, 0.95^5\n2. [contracts/chain-cap.v1.yaml, lines 1-4](file:///contracts/chain-cap.v1.yaml)",
      ].join("\n\n"),
    );
    expect(artifact).toMatchObject({ name: "answer", parts: [{ mediaType: "text/markdown" }, { mediaType: "application/json" }] });
  });

  it("hands on the findings it used, and no others", async () => {
    const { used } = await compose(MAIN, [BIRDS, CAP, PRODUCT]);
    expect(used).toEqual([PRODUCT, CAP]);
  });

  it("prefers the sentence with a number when the question asks how many", async () => {
    const source = { document: "a.md", position: "1", score: 1 };
    const { text } = await compose("How many retries does the alarm make?", [
      { text: "The alarm makes retries when the alarm fails.", source },
      { text: "The alarm makes at most 6 retries, two seconds apart.", source },
    ]);
    expect(text.split("\n")[0]).toContain("6 retries");
  });

  it("answers by the setting itself when the question asks for its value", async () => {
    const { text } = await compose("What is the floor of the chain?", [
      {
        text: "# A chain below the floor is stopped, and the floor holds for every chain.\nfloor: 0.75",
        source: { document: "caps.yaml", position: "1", score: 1 },
      },
    ]);
    expect(text.split("\n")[0]).toBe("`floor: 0.75` [1]");
  });

  it("says the same thing once, however many documents say it", async () => {
    const text = "The floor of the chain is three quarters of its reliability.";
    const copies = ["a.md", "b.md", "c.md"].map((document) => ({ text, source: { document, position: "1", score: 0.5 } }));
    const answer = await compose("What is the floor of the chain?", copies);
    expect(answer.text.match(/three quarters/g)).toHaveLength(1);
    expect(answer.used).toHaveLength(1);
  });

  it("gives equal sources one number and one line", async () => {
    const source = { document: "a.md", position: "p. 1", score: 1 };
    const { text, used } = await compose("What do geese eat, and where do geese sleep?", [
      { text: "Geese eat grass and grain.", source },
      { text: "Geese sleep on open water.", source },
    ]);
    expect(text).toContain("grain [1].");
    expect(text).toContain("water [1].");
    expect(text.match(/a\.md/g)).toHaveLength(1);
    expect(used).toHaveLength(2);
  });

  it("names the part of a question that no finding answers", async () => {
    const { text } = await compose("What is a skein of geese, and what does a unicorn cost?", [BIRDS]);
    expect(text).toContain("flock of geese in flight [1].");
    expect(text).toContain("**What does a unicorn cost?**\n\nNo finding answers this.");
  });

  it("says so when no finding speaks of the question", async () => {
    const { text, outcome } = await compose("How does photosynthesis work?", [BIRDS]);
    expect(text).toMatch(/^No finding answers this\./);
    expect(outcome).toMatchObject({ metadata: { answers: false } });
  });

  it("answers by what stands under a heading of just the words that are asked for", async () => {
    const source = { document: "README.md", position: "Heron > Licence, line 16", score: 0.4 };
    const { outcome, text } = await compose("What licence is the heron project under?", [{ text: "Apache-2.0: see the file.", source }]);
    expect(outcome).toMatchObject({ metadata: { answers: true } });
    expect(text).toContain("Apache-2.0");
  });

  it("prefers a sentence to a line of a diagram that holds the same words", async () => {
    const source = { document: "a.md", position: "line 1", score: 0.5 };
    const { text } = await compose("What is a task home?", [
      { text: "```\nagents -- tasks --> homes[task homes of each]\n```", source },
      { text: "A task home is the object that holds a log.", source },
    ]);
    expect(text.split("\n")[0]).toBe("A task home is the object that holds a log [1].");
  });

  it("says of no question without words of its own that nothing answers it", async () => {
    const { text } = await compose("What is a skein of geese, and what does it do?", [BIRDS]);
    expect(text).not.toContain("No finding answers this");
  });

  it("keeps a list below its result, and a table a table, each with its number at the line that opens it", async () => {
    const list = { text: "6*7 = 42\n\n- 6 * 7 = 42", source: { document: "calculation", position: "6*7" }, by: "analyst/calculate" };
    const table = {
      text: "price by city\n\n| city | price |\n| --- | --- |\n| Oslo | 25 |",
      source: { document: "prices", position: "" },
      by: "analyst/table",
    };
    const { text } = await compose("What is a skein of geese? Calculate 6*7. Price by city?", [BIRDS, list, table]);
    expect(text).toMatch(/^6\*7 = 42 \[\d\]\n\n- 6 \* 7 = 42$/m);
    expect(text).toMatch(/^price by city \[\d\]\n\n\| city \| price \|\n\| --- \| --- \|\n\| Oslo \| 25 \|$/m);
  });

  it("makes no link of an address that would run something", async () => {
    const source = { document: "a.md", position: "1", uri: "javascript:alert(1)", score: 1 };
    const { text } = await compose("What is a skein?", [{ text: "A skein is a flock.", source }]);
    expect(text).not.toContain("javascript:");
  });
});

describe("a report", () => {
  it("has a title, headings and a list of sources", async () => {
    const { text } = await compose("Write a report on the hops of a chain, with numbered sources", [CAP, BIRDS, PRODUCT]);
    expect(text.match(/^#+ .*$/gm)).toEqual(["# The hops of a chain", "## In short", "## contracts/chain-cap.v1.yaml", "## Sources"]);
  });

  it("tells everything apart by document when it is asked for no subject", async () => {
    const guide: Finding = {
      text: "# Guide\n\nThe first rule holds. The second rule bends. The third rule breaks.",
      source: { document: "guide.md", position: "1", score: 1 },
    };
    const { text } = await compose("Write a report", [guide, BIRDS]);
    expect(text.match(/^## .*$/gm)).toEqual(["## In short", "## guide.md", "## docs/name.md", "## Sources"]);
  });
});

it.each([
  ["Find what a skein is and how many geese fly in it, and write a report", "# What a skein is and how many geese fly in it"],
  ["Write a report on what the documents say about geese", "# Geese"],
])("titles a report by its subject: %s", async (asked, title) => {
  expect((await compose(asked, [BIRDS])).text.split("\n")[0]).toBe(title);
});

describe("what it needs", () => {
  it.each([
    ["no findings", []],
    ["empty findings", [{ text: "  " }]],
  ])("rejects a message with %s and says what to send", async (_, findings) => {
    const { outcome } = await compose(MAIN, findings);
    expect(outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining('"findings"') });
  });

  it("rejects more than it can rank", async () => {
    const { outcome } = await compose(MAIN, [
      { text: "One sentence. ".repeat(5_001), source: { document: "a.md", position: "", score: 1 } },
    ]);
    expect(outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining("Send the passages") });
  });
});

describe("statements", () => {
  it("keeps items, rows with their columns, and code lines whole", () => {
    const page =
      "# Caps\n- At most 5 hops. Never more.\n\n| hops | product |\n| --- | --- |\n| 5 | 0.77 |\n| 6 | 0.73 |\n\n```ts\nconst cap = 5;\n```";
    expect(lines(page)).toEqual(["At most 5 hops.", "Never more.", "hops: 5; product: 0.77", "hops: 6; product: 0.73", "`const cap = 5;`"]);
  });

  it("does not take a row for the column names when the table's head is missing", () => {
    expect(lines("| 5 | 0.77 |\n| 6 | 0.73 |")).toEqual(["5; 0.77", "6; 0.73"]);
  });

  it("reads a contract's comments as prose and its settings as code", () => {
    expect(lines("# The floor is low,\n# because hops are cheap.\nfloor: 0.75", "caps.yaml")).toEqual([
      "The floor is low, because hops are cheap.",
      "`floor: 0.75`",
    ]);
  });

  it("does not end a sentence at an abbreviation", () => {
    expect(lines("Wait 10 s. Use a key, e.g. The Fox. Then send it to Dr. J. Grey.")).toEqual([
      "Wait 10 s.",
      "Use a key, e.g. The Fox.",
      "Then send it to Dr. J. Grey.",
    ]);
  });

  it("takes off links, emphasis and reference numbers of the source", () => {
    expect(lines("See **the [guide](https://x.example/a)** for more [12].")).toEqual(["See the guide for more."]);
  });
});

describe("a question", () => {
  it.each([
    [MAIN, ["quantity", "quantity", "place"]],
    ["What is a skein and how many geese fly in it?", ["anything", "quantity"]],
    ["In which document is the floor defined?", ["place"]],
    ["Summarise this in three sentences", []],
  ])("reads the parts of %s", (text, wants) => {
    expect(readQuestion(text).parts.map((part) => part.wants)).toEqual(wants);
  });

  it.each([
    [
      "Find out how many hops are allowed, calculate the product, then check it and send it to https://x.example/a.",
      ["How many hops are allowed, calculate the product"],
    ],
    ["How long may a chain grow, and then write a short report", ["How long may a chain grow"]],
    ["Write a report on the chain and its limits, with numbered sources", ["The chain and its limits"]],
    ["Please summarise the findings on budgets.", ["Budgets"]],
  ])("leaves out what %s asks of others", (text, parts) => {
    expect(readQuestion(text).parts.map((part) => part.text)).toEqual(parts);
  });

  it.each([
    ["hops allowed", "a hop is allowed, the hop allows"],
    ["95%", "0.95"],
    ["1,000 calls", "call 1000"],
    ["maximum hops", "maxHops maximum"],
  ])("meets %s in a text that says %s", (asked, said) => {
    const terms = termsOf(said);
    expect([...termsOf(asked)].filter((term) => !terms.has(term))).toEqual([]);
  });
});

it("never writes what no finding says", async () => {
  const word = fc.constantFrom("hop", "chain", "floor", "mesh", "goose", "5", "95%", "stops", "never", "budget", "written");
  const sentence = fc.array(word, { minLength: 2, maxLength: 9 }).map((words) => `The ${words.join(" ")}.`);
  const finding = fc.record({
    text: fc.array(sentence, { minLength: 1, maxLength: 6 }).map((sentences) => sentences.join(" ")),
    source: fc.record({
      document: fc.constantFrom("a.md", "b.md"),
      position: fc.constantFrom("1", "2"),
      score: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  });
  const question = fc.constantFrom(MAIN, "Write a report on the chain and the budget", "Summarise this", "Where is the floor written?");
  await fc.assert(
    fc.asyncProperty(question, fc.array(finding, { minLength: 1, maxLength: 8 }), async (asked, findings) => {
      const { text, used } = await compose(asked, findings);
      const said = findings.map((each) => each.text).join(" ");
      const cited = [...text.matchAll(/^(?:- )?(The .*) \[(\d+)\]\.$/gm)];
      expect(cited.length).toBeGreaterThan(0);
      for (const [, sentence] of cited) expect(said).toContain(`${sentence}.`);
      for (const each of used) expect(findings).toContainEqual(each);
      const listed = [...text.matchAll(/^(\d+)\. [ab]\.md/gm)].map(([, number]) => number);
      for (const [, , number] of cited) expect(listed).toContain(number);
    }),
    { numRuns: 60 },
  );
});
