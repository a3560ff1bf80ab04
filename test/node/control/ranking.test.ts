import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readContract } from "../../../shared/contract/load.ts";
import { rankerOf } from "../../../shared/control/ranking.ts";
import { stem } from "../../../shared/control/terms.ts";
import { parseCard } from "../../../shared/kit/card.ts";
import { decideDispatch } from "../../../shared/policy/dispatch.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";

const ROOT = new URL("../../../", import.meta.url);
const CONTRACT = readContract("dispatch", readFileSync(new URL("contracts/dispatch.v1.yaml", ROOT), "utf8"), "dispatch.v1.yaml");
const cardOf = (name: string): AgentCard => parseCard(JSON.parse(readFileSync(new URL(`agent-cards/${name}.json`, ROOT), "utf8")));
const CARDS = ["researcher", "analyst", "writer", "critic", "courier"].map(cardOf);
const WEATHER = parseCard({
  ...cardOf("writer"),
  name: "weather",
  description: "Knows the weather.",
  skills: [
    {
      id: "forecast",
      name: "Weather forecast",
      description: "Forecasts temperature, rain and wind for a place and a day.",
      tags: ["weather", "forecast", "rain", "temperature"],
      examples: ["What is the weather in Lisbon?", "Forecast rain for tomorrow", "Will it rain in Oslo on Friday?"],
    },
  ],
});

/** What the mesh would do with a request: the skill it calls, "nobody", or "unsure" when several fit equally. */
function goesTo(text: string, cards: readonly AgentCard[] = CARDS): string {
  const candidates = rankerOf(cards).rank(text);
  const decision = decideDispatch(CONTRACT, { candidates, ready: 1, goals: 1, surface: "inside", attempts: 0 });
  if (decision.outcome === "delegate") return decision.skill;
  return decision.reason === "two-fit-equally" ? "unsure" : "nobody";
}

const REQUESTS: Record<string, string[]> = {
  search: [
    "What reliability floor and hop limit does the mesh set for a chain of agents?",
    "Where is the hop limit written down?",
    "Find passages about idempotency keys",
    "Search the documents for the word budget",
    "Which file describes the task home?",
    "Who owns a task?",
    "What happens when a limit is reached?",
    "Look up the default port",
    "How does a task survive an eviction?",
    "what do the docs say about approvals",
    "tell me why the mesh refuses a chain",
    "Does the handbook mention holidays?",
    "Find where the ledger is explained",
  ],
  calculate: [
    "calculate how many hops of 95% each stay at or above the floor",
    "Calculate 12*7",
    "0.95^5",
    "What is 0.95^5 as a percentage?",
    "What is 15% of 240?",
    "Convert 5 km to miles",
    "Multiply 3 by 14",
    "How much is 17 + 25?",
    "sum of 3, 4 and 5",
    "compute the product of 0.95 and itself 5 times",
    "How many steps of 90% stay above 50%?",
    "increase 80 by 15 percent",
  ],
  table: [
    "Average price by city",
    "Group the rows by country and count them",
    "Top 5 by revenue",
    "Filter the table to rows where price > 10",
    "Describe the columns of sales.csv",
    "Join orders and customers on id",
    "Sum the revenue column per region",
    "Count the rows by city\ncity,price\nA,1\nB,2",
  ],
  ingest: [
    "Ingest README.md",
    "Add this document to the corpus",
    "Index these PDF files",
    "Import https://example.com/handbook.html",
    "ingest the attached documents",
  ],
  compose: [
    "Write a report about the incident",
    "Summarise the findings",
    "Compose an answer with sources",
    "Draft a short summary of what was found",
    "Explain the result in prose",
  ],
  check: [
    "Check this draft against its sources",
    "Verify the numbers in the text",
    "Fact-check this: the floor is 75%",
    "Are all quotations in the draft supported?",
  ],
  deliver: [
    "Post the result to https://hooks.example.com/x",
    "Send it to the webhook",
    "Notify the team that the build is green",
    "Deliver this message to the channel",
  ],
};

/** Orders no skill of the five can carry out. Each must fall below the floor: a wrong call is worse than a question. */
const FOREIGN = [
  "Book me a flight to Lisbon",
  "Translate this to French",
  "Play some jazz",
  "Order a pizza with two toppings",
  "Turn off the lights in the kitchen",
  "Delete all my files",
  "Schedule a meeting with Anna on Friday",
  "Draw a picture of a cat",
  "Remind me to water the plants",
  "Sing me a song",
  "Deploy the Worker to production",
  "Buy 3 tickets for the concert",
  "Rename the branch to main",
  "Transcribe the recording",
  "Call a plumber",
  "hello",
  "asdf qwer zxcv",
];

describe("ranking by the words of the real cards", () => {
  const rows = Object.entries(REQUESTS).flatMap(([skill, requests]) =>
    requests.map((request) => ({ skill, request, got: goesTo(request) })),
  );

  it("sends at least 95 of 100 written requests to the skill they are for", () => {
    const missed = rows.filter(({ skill, got }) => skill !== got);
    expect(rows.length).toBeGreaterThanOrEqual(40);
    expect(1 - missed.length / rows.length, JSON.stringify(missed, null, 2)).toBeGreaterThanOrEqual(0.95);
  });

  it("asks rather than sends the others to a wrong one, but for at most one in fifty", () => {
    const wrong = rows.filter(({ skill, got }) => skill !== got && got !== "nobody" && got !== "unsure");
    expect(wrong.length / rows.length, JSON.stringify(wrong)).toBeLessThanOrEqual(0.02);
  });

  it.each(FOREIGN)("finds nobody for: %s", (request) => {
    expect(goesTo(request)).toBe("nobody");
  });

  it("knows a skill that was added by its card alone, and still the others", () => {
    const cards = [...CARDS, WEATHER];
    expect(goesTo("Forecast the temperature in Porto", cards)).toBe("forecast");
    expect(goesTo("What will the weather be like in Lisbon tomorrow?", cards)).toBe("forecast");
    const kept = rows.filter(({ request, got }) => goesTo(request, cards) === got);
    expect(kept.length / rows.length).toBeGreaterThanOrEqual(0.95);
  });

  it("prefers who can read what is attached", () => {
    expect(rankerOf(CARDS).rank("Which region sold most?", ["<table>"])[0]).toMatchObject({ skill: "table" });
  });
});

describe("ranking, whatever the text", () => {
  const ranker = rankerOf(CARDS);
  const anyText = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.array(fc.constantFrom(...Object.values(REQUESTS).flat().join(" ").split(" ")), { maxLength: 12 }).map((words) => words.join(" ")),
  );

  it("scores from 0 to 1, the best first, and each skill once", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ranked = ranker.rank(text);
        for (const { score } of ranked) expect(score > 0 && score <= 1).toBe(true);
        expect(ranked.map(({ score }) => score)).toEqual(ranked.map(({ score }) => score).sort((one, other) => other - one));
        expect(new Set(ranked.map(({ agent, skill }) => `${agent}/${skill}`)).size).toBe(ranked.length);
      }),
      { numRuns: 60 },
    );
  });

  it("ranks the same in whatever order the cards come", () => {
    const turned = rankerOf([...CARDS].reverse());
    fc.assert(
      fc.property(anyText, (text) => {
        expect(turned.rank(text)).toEqual(ranker.rank(text));
      }),
      { numRuns: 60 },
    );
  });
});

describe("stem", () => {
  it.each([
    ["calculate", "calculating", "calculation", "calculates", "calculated"],
    ["verify", "verifies", "verified", "verification"],
    ["summary", "summaries", "summarise", "summarize", "summarising"],
    ["post", "posting", "posted", "posts"],
    ["document", "documents"],
    ["search", "searches", "searching"],
    ["plan", "planning", "plans"],
  ])("brings the forms of %s together", (...forms) => {
    expect([...new Set(forms.map(stem))]).toHaveLength(1);
  });

  it("keeps different words apart", () => {
    expect(new Set(["write", "written", "check", "cheque", "table", "top", "sum", "summary"].map(stem)).size).toBe(8);
  });
});
