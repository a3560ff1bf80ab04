import { describe, expect, it } from "vitest";
import analyst from "../../../agents/analyst/agent.ts";
import type { AnalystEnv } from "../../../agents/analyst/table/workbook-access.ts";
import critic from "../../../agents/critic/agent.ts";
import writer from "../../../agents/writer/agent.ts";
import type { Finding } from "../../../shared/kit/finding.ts";
import { parseCard } from "../../../shared/task/agent-card.ts";
import { workbooks } from "../agents/analyst-workbook.ts";
import { type Answers, agentAnswers, answered, cardOf, declined, handle } from "./mesh-in-memory.ts";

const passage = (text: string, score: number): Finding => ({
  text,
  source: { document: "heron.md", position: `line ${text.length}`, uri: "file:///heron.md", score },
  by: "researcher/search",
});
const PASSAGES = [
  passage("The heron gateway allows 4 retries for each request.", 0.9),
  passage("Each retry of the heron gateway waits 20 seconds longer than the one before.", 0.7),
];
const KETTLE = parseCard({
  ...cardOf("writer"),
  name: "kettle",
  description: "Brews tea.",
  skills: [
    { id: "brew", name: "Brew tea", description: "Brews pots of tea.", tags: ["brew", "tea", "pot"], examples: ["brew two pots of tea"] },
  ],
});
const env: AnalystEnv = workbooks();
const MESH: Answers = {
  "researcher/search": answered("2 passages", PASSAGES),
  "analyst/calculate": agentAnswers(analyst, env),
  "analyst/table": agentAnswers(analyst, env),
  "writer/compose": agentAnswers(writer),
  "critic/check": agentAnswers(critic),
  "kettle/brew": answered("The tea was heated, steeped and poured."),
};
const CSV = { text: "city,price\nParis,10\nParis,20\nRome,30\n", filename: "prices.csv", mediaType: "text/csv" };
const skillsOf = (calls: readonly { agent: string; skill: string }[]) => calls.map(({ agent, skill }) => `${agent}/${skill}`);

describe("a composed answer", () => {
  it("holds the result of an agent that gave a text and no findings, under the words that asked for it", async () => {
    const { text } = await handle("How many retries does the heron gateway allow? Calculate 0.95^5 and brew two pots of tea.", MESH, [
      KETTLE,
    ]);
    expect(text).toContain("4 retries");
    expect(text).toContain("0.95^5 = 0.7737809375");
    expect(text).toMatch(/## brew two pots of tea\n\nThe tea was heated, steeped and poured\.$/);
  });

  it("holds the result of every goal, also of one the writer used nothing of", async () => {
    const mute = { ...MESH, "writer/compose": answered("A draft of nothing.", []) };
    const { text } = await handle("How many retries does the heron gateway allow? Calculate 0.95^5.", mute);
    expect(text).toMatch(/^A draft of nothing\.[\s\S]*## How many retries.*\n\n2 passages[\s\S]*## Calculate 0\.95\^5\n\n\*\*0\.95\^5 = /);
  });

  it("does not repeat what was only the way to another result", async () => {
    const { text } = await handle("How many retries does the heron gateway allow? From that, calculate retries * 20.", {
      ...MESH,
      "researcher/search": answered("2 passages", [passage("retries: 4", 0.9), PASSAGES[1] as Finding]),
    });
    expect(text).toContain("retries * 20 = 80");
    expect(text).not.toMatch(/^## /m);
  });

  it("holds a verdict that was asked for, and a summary beside the report", async () => {
    const { text, calls } = await handle("Find passages about the heron gateway, summarise them and check the summary", MESH);
    expect(skillsOf(calls)).toEqual(["researcher/search", "writer/compose", "critic/check"]);
    expect(text).toMatch(/## check the summary\n\n\d+ claims? checked/);
  });

  it("keeps the working of a calculation, and a table a table", async () => {
    const { text } = await handle(
      [{ text: "How many retries does the heron gateway allow? Calculate (2+3)*4. What is the average price by city in prices.csv?" }, CSV],
      MESH,
    );
    expect(text).toContain("4 retries");
    expect(text).toMatch(/\(2\+3\)\*4 = 20 \[\d\]\n\n- 2 \+ 3 = 5\n- 5 \* 4 = 20/);
    expect(text).toMatch(/\| city \| .*price.* \|\n\| --- \| --- \|\n\| Paris \| 15 \|\n\| Rome \| 30 \|/);
    expect(text).not.toMatch(/city = Paris/);
  });
});

describe("an answer that needs no composing", () => {
  it("is the agent's own text when one goal answers the request: a table with its heading", async () => {
    const { text, calls } = await handle([{ text: "Average price by city" }, CSV], MESH);
    expect(skillsOf(calls)).toEqual(["analyst/table"]);
    expect(text).toMatch(/^2 rows: .*\n\n\| city \|/);
  });

  it("shows the working of the one calculation that was asked for", async () => {
    const { text, calls } = await handle("Calculate (2+3)*4", MESH);
    expect(skillsOf(calls)).toEqual(["analyst/calculate"]);
    expect(text).toMatch(/^\*\*\(2\+3\)\*4 = 20\*\*\n\nWorking:\n- 2 \+ 3 = 5/);
  });

  it("gives each result under the words that asked for it when nothing was quoted", async () => {
    const { text } = await handle("Calculate 6*7 and brew two pots of tea", MESH, [KETTLE]);
    expect(text).toMatch(/^## Calculate 6\*7\n\n\*\*6\*7 = 42\*\*\n\n## brew two pots of tea\n\nThe tea/);
  });
});

describe("a request of which something is missing", () => {
  it("says what nobody could do, and does the rest", async () => {
    const { text, questions } = await handle("Calculate 2+2 and zorble burning torches", MESH);
    expect(questions).toHaveLength(1);
    expect(questions[0]).toContain('No skill here plainly fits "zorble burning torches"');
    expect(text).toContain("2+2 = 4");
    expect(text).toMatch(/## What is missing\n\n- "zorble burning torches" could not be done/);
  });

  it("lets a goal go out with what there is when something beside it failed", async () => {
    const { calls, text } = await handle(
      "How many retries does the heron gateway allow? Check the quotations. From these, calculate retries * 20.",
      {
        ...MESH,
        "researcher/search": answered("1 passage", [passage("retries: 4", 0.9)]),
        "critic/check": declined("there is no draft to check"),
      },
    );
    expect(skillsOf(calls)).toContain("analyst/calculate");
    expect(text).toContain("retries * 20 = 80");
  });

  it("asks for the place of an answer together with the answer, and of the same agent", async () => {
    const { calls } = await handle(
      "When is a delegate call given up, and where is that written? From that, calculate maxAttempts * deadlineMs / 1000",
      { ...MESH, "researcher/search": answered("1 passage", [passage("maxAttempts: 2, deadlineMs: 30000", 0.9)]) },
    );
    expect(skillsOf(calls).slice(0, 2)).toEqual(["researcher/search", "analyst/calculate"]);
    expect(calls[0]?.parts[0]?.text).toBe("When is a delegate call given up, and where is that written?");
  });
});

describe("the first line of progress", () => {
  it.each([
    ["Calculate 2+2", 1],
    ["How many retries does the heron gateway allow? Calculate 0.95^5. Post the result to the team", 3],
    [`Calculate 2+2 and ${"find a very long sentence about the heron gateway ".repeat(5)}`, 2],
    ["Average price by city:\ncity,price\nParis,10\nRome,20\n\nCalculate 3*4", 2],
    ["1. Calculate 1+1\n2. Calculate 2+2\n3. Calculate 3+3\n4. Calculate 4+4\n5. Find the floor\n6. Find the cap", 6],
  ])("names in one line as many goals as it counts: %s", async (request, count) => {
    const { progress } = await handle(request, MESH);
    const line = progress[0] ?? "";
    expect(line).toMatch(new RegExp(`^Planned ${count} goals?: `));
    expect(line.match(/"[^"]+"/g)).toHaveLength(count);
    expect(line).not.toContain("\n");
    expect(line.length).toBeLessThanOrEqual(160);
  });
});
