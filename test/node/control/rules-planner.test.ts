import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attachmentOf, isAttachment, takes } from "../../../shared/control/attachment.ts";
import { type Plan, problemOf } from "../../../shared/control/plan.ts";
import type { Attachment } from "../../../shared/control/planner.ts";
import { rulesPlanner } from "../../../shared/control/rules-planner.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";
import { parseCard } from "../../../shared/task/agent-card.ts";

const cardOf = (name: string): AgentCard =>
  parseCard(JSON.parse(readFileSync(new URL(`../../../agent-cards/${name}.json`, import.meta.url), "utf8")));
const CARDS = ["researcher", "analyst", "writer", "critic", "courier"].map(cardOf);
const PDF: Attachment = { name: "a.pdf", mediaType: "application/pdf" };
const CSV: Attachment = { name: "sales.csv", mediaType: "text/csv" };

const planFor = async (text: string, attachments: Attachment[] = [], catalogue = CARDS): Promise<Plan> =>
  rulesPlanner.plan({ text, attachments, catalogue });
/** "id: skill <- what it depends on" */
const sketch = ({ goals }: Plan) =>
  goals.map(
    ({ id, candidates, dependsOn }) =>
      `${id}: ${candidates[0]?.skill ?? "nobody"}${dependsOn.length > 0 ? ` <- ${dependsOn.join(", ")}` : ""}`,
  );

describe("the plan by rules", () => {
  it("for the mesh's own question looks up first, then calculates, composes and checks", async () => {
    const question =
      "What reliability floor and hop limit does the mesh set for a chain of agents? From that, calculate how many hops of 95% each stay at or above the floor.";
    expect(sketch(await planFor(question))).toEqual([
      "g1: search",
      "g2: calculate <- g1",
      "compose: compose <- g1, g2",
      "check: check <- compose",
    ]);
  });

  it("lets independent goals go out together", async () => {
    const { goals } = await planFor("Find the hop limit and calculate 12*7");
    expect(goals.filter(({ role }) => role === "asked").map(({ dependsOn }) => dependsOn)).toEqual([[], []]);
  });

  it("makes a goal that says 'from that' wait for all open ends before it", async () => {
    const { goals } = await planFor("Find the floor. Find the hop limit. From that, calculate the number of hops.");
    expect(goals[2]?.dependsOn).toEqual(["g1", "g2"]);
  });

  it("gathers before it composes, and checks what was composed", async () => {
    const plan = await planFor("Write a report about the outage");
    expect(sketch(plan)).toEqual(["g1-sources: search", "g1: compose <- g1-sources", "check: check <- g1"]);
    expect(plan.goals[0]).toMatchObject({ text: "find passages about the outage", parent: "g1", surface: ["researcher/search"] });
  });

  it("gathers what a request wants to know of, not the words around it", async () => {
    const { goals } = await planFor("Summarise what the documents say about approvals");
    expect(goals[0]?.text).toBe("find passages about approvals");
  });

  it("adds no second composing or checking where they were asked for", async () => {
    const plan = await planFor("Find passages about retries, summarise them and check the summary");
    expect(sketch(plan)).toEqual(["g1: search", "g2: compose <- g1", "g3: check <- g2"]);
  });

  it("plans without a writer and a critic when the mesh has none", async () => {
    const plan = await planFor("Find the hop limit and calculate 12*7", [], CARDS.slice(0, 2));
    expect(sketch(plan)).toEqual(["g1: search", "g2: calculate"]);
  });

  it("plans even for an empty mesh: the goal has nobody", async () => {
    expect(sketch(await planFor("Find the hop limit", [], []))).toEqual(["g1: nobody"]);
  });

  it("is one goal when the caller names the skill, whatever the words", async () => {
    const plan = await rulesPlanner.plan({
      text: "Find x and calculate 3*4",
      attachments: [PDF],
      catalogue: CARDS,
      named: "writer/compose",
    });
    expect(plan.goals).toHaveLength(1);
    expect(plan.goals[0]).toMatchObject({ surface: ["writer/compose"], candidates: [{ score: 1 }], attachments: [0] });
  });

  it("is one ingest when there are only files", async () => {
    const plan = await planFor("", [PDF, { name: "b.md", mediaType: "text/markdown" }]);
    expect(sketch(plan)).toEqual(["g1: ingest"]);
    expect(plan.goals[0]).toMatchObject({ attachments: [0, 1], stop: "acknowledgement" });
  });

  it("takes a document in first when the goal's skill cannot read it", async () => {
    const plan = await planFor("What does this say about approvals?", [PDF]);
    expect(sketch(plan).slice(0, 2)).toEqual(["g0: ingest", "g1: search <- g0"]);
    expect(plan.goals.slice(0, 2).map(({ attachments }) => attachments)).toEqual([[0], []]);
  });

  it("gives a table to the skill that reads tables, and a document to the one that takes documents in", async () => {
    expect((await planFor("Average revenue by region", [CSV])).goals[0]).toMatchObject({
      candidates: [{ skill: "table" }, ...[]],
      attachments: [0],
    });
    expect((await planFor("Ingest this file", [PDF])).goals[0]).toMatchObject({ attachments: [0] });
  });

  it("is sound, holds every attachment once at least, and stays inside its surfaces", async () => {
    const words =
      "find the floor|and|then|calculate 3*4|write a report on it|check the draft|from that,|.|?|post it to https://a.example/x|ingest these|average price by city".split(
        "|",
      );
    const request = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 9 }).map((parts) => parts.join(" "));
    await fc.assert(
      fc.asyncProperty(request, fc.subarray([PDF, CSV]), async (text, attachments) => {
        const plan = await planFor(text, attachments);
        if (/[a-z]/.test(text) || attachments.length > 0) expect(problemOf(plan)).toBeUndefined();
        for (const goal of plan.goals) for (const { agent, skill } of goal.candidates) expect(goal.surface).toContain(`${agent}/${skill}`);
        const given = new Set(plan.goals.flatMap((goal) => goal.attachments));
        if (plan.goals.length > 0) expect(given.size).toBe(attachments.length);
      }),
      { numRuns: 40 },
    );
  });
});

describe("attachments", () => {
  it.each([
    [{ raw: "AA==", filename: "a.pdf" }, "a.pdf", "application/pdf"],
    [{ raw: "AA==", mediaType: "text/csv; charset=utf-8" }, "attachment 1", "text/csv"],
    [{ url: "https://a.example/b/page.html?x=1" }, "page.html", "text/html"],
    [{ data: { rows: [] } }, "attachment 1", "application/json"],
    [{ text: "# Title", filename: "a.md" }, "a.md", "text/markdown"],
  ])("are known by their type, else by their name", (part, name, mediaType) => {
    expect(isAttachment(part)).toBe(true);
    expect(attachmentOf(part, 0)).toEqual({ name, mediaType });
  });

  it("are no attachments when they are the words of the request", () => {
    expect(isAttachment({ text: "find the floor" })).toBe(false);
  });

  it("of plain text are no material for a skill that merely reads requests", () => {
    const note = { name: "a.txt", mediaType: "text/plain" };
    expect(takes(CARDS, "researcher/ingest", note)).toBe(true);
    expect(takes(CARDS, "researcher/search", note)).toBe(false);
  });
});
