import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readContract } from "../../../shared/contract/load.ts";
import { rankerOf } from "../../../shared/control/ranking.ts";
import { stem } from "../../../shared/control/terms.ts";
import { decideDispatch } from "../../../shared/policy/dispatch.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";
import { parseCard } from "../../../shared/task/agent-card.ts";
import { FOREIGN, HELD_OUT, REQUESTS, UNSEEN } from "./written-requests.ts";

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

  it("does nearly as well on requests it was not tuned on, and mostly asks where it is unsure", () => {
    const unseen = Object.entries(UNSEEN).flatMap(([skill, requests]) =>
      requests.map((request) => ({ skill, request, got: goesTo(request) })),
    );
    const missed = unseen.filter(({ skill, got }) => skill !== got);
    const wrong = missed.filter(({ got }) => got !== "nobody" && got !== "unsure");
    expect(1 - missed.length / unseen.length, JSON.stringify(missed, null, 2)).toBeGreaterThanOrEqual(0.9);
    expect(wrong.length / unseen.length, JSON.stringify(wrong, null, 2)).toBeLessThanOrEqual(0.05);
  });

  it("does well on near misses written before the rule for plain questions, and hardly ever calls a wrong skill", () => {
    const heldOut = Object.entries(HELD_OUT).flatMap(([skill, requests]) =>
      requests.map((request) => ({ skill, request, got: goesTo(request) })),
    );
    const missed = heldOut.filter(({ skill, got }) => skill !== got);
    const wrong = missed.filter(({ got }) => got !== "nobody" && got !== "unsure");
    // Before that rule: 41 of 61 right, and 10 sent to a wrong skill.
    expect(heldOut.length - missed.length, JSON.stringify(missed, null, 2)).toBeGreaterThanOrEqual(53);
    expect(wrong.length, JSON.stringify(wrong, null, 2)).toBeLessThanOrEqual(2);
  });

  it.each([
    "How many calls may a goal spend?",
    "When does a webhook get a second delivery?",
    "What is the airspeed of a swallow?",
    "Under which licence may I use it?",
    "Tell me why the sky is blue",
    "what's the default port",
  ])("reads the documents for a plain question nobody's words claim: %s", (request) => {
    expect(goesTo(request)).toBe("search");
  });

  it("leaves such a question to nobody where no skill answers from documents", () => {
    expect(goesTo("What is the airspeed of a swallow?", CARDS.slice(1))).toBe("nobody");
  });

  it.each(["Could you book me a flight to Lisbon?", "Can you translate this to French?", "Will you marry me?"])(
    "takes an order for an order, however politely it asks: %s",
    (request) => {
      expect(goesTo(request)).toBe("nobody");
    },
  );

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
