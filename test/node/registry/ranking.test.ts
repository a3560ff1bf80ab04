import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SnapshotEntry } from "../../../shared/registry/entry.ts";
import type { SkillEvidence } from "../../../shared/registry/evidence.ts";
import { rank, SearchIndex } from "../../../shared/registry/ranking.ts";
import type { AgentSkill, JsonObject } from "../../../shared/task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../../../shared/task/governance-extension.ts";
import { PUBLISHING } from "./publishing-contract.ts";
import { DESCRIPTIONS, PRAISE } from "./wordings.ts";

const EVEN = { accuracy: 1, cost: 1, latency: 1 };
const PROVEN: SkillEvidence = { successes: 97, failures: 3, reliability: 0.92, ms: 400, microUsd: 1_000, untrue: [] };
const NEW: SkillEvidence = { successes: 0, failures: 0, reliability: 0.85, untrue: [] };

interface Given {
  readonly skill?: Partial<AgentSkill>;
  readonly evidence?: SkillEvidence;
  /** Of the skill, as the card claims them. */
  readonly facts?: JsonObject;
  readonly status?: SnapshotEntry["status"];
}

/** An agent that translates, unless told otherwise. */
function entry(name: string, { skill, evidence = PROVEN, facts = { readOnly: true }, status = "listed" }: Given = {}): SnapshotEntry {
  const url = `https://${name}.example`;
  return {
    name,
    version: "1.0.0",
    digest: name,
    url,
    endpoint: url,
    status,
    evidence: { translate: evidence },
    card: {
      name,
      description: "Translates texts.",
      version: "1.0.0",
      supportedInterfaces: [{ url, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
      capabilities: { extensions: [{ uri: GOVERNANCE_EXTENSION, params: { skills: { translate: facts } } }] },
      defaultInputModes: ["text/plain"],
      defaultOutputModes: ["text/plain"],
      skills: [{ id: "translate", name: "Translate", description: "Translates a text or a letter.", tags: ["language"], ...skill }],
    },
  };
}

const WHAT = ["a letter", "this text", "the manual", "my contract", "a poem", "two pages", "the menu", "an email", "a label", "the news"];
const HOW = [
  "into German",
  "from French",
  "for my boss",
  "word for word",
  "by noon",
  "in plain language",
  "with a glossary",
  "again",
  "",
  "now",
];
const OPENING = ["translate", "please translate", "I need somebody to translate", "who can translate", "find the best agent to translate"];
const NEEDS = OPENING.flatMap((open) =>
  WHAT.flatMap((what) => HOW.flatMap((how) => [1, 2, 3, 4].map((at) => `${open} ${what} ${how} ${at}`))),
);

function firstPlaces(entries: readonly SnapshotEntry[], needs: readonly string[], exploration = PUBLISHING): ReadonlyMap<string, number> {
  const index = new SearchIndex(entries);
  const first = needs.map((need) => index.find(need, EVEN, 3, exploration)[0]?.agent ?? "nobody");
  return new Map(Object.entries(Object.groupBy(first, (agent) => agent)).map(([agent, times]) => [agent, times?.length ?? 0]));
}

/** Of 2,000 throws of a coin, four standard deviations: chance goes beyond them once in 16,000. */
const HALF = { of: 1_000, within: 4 * Math.sqrt(2_000 * 0.25) };

describe("a boastful twin", () => {
  it.each([
    ["boaster", "quiet"],
    ["a", "z"],
    ["z", "a"],
  ])("comes first as often as its equal, whoever is named what: %s beside %s", (boastful, quiet) => {
    expect(new Set(NEEDS).size).toBe(2_000);
    const boasts = {
      description: `${PRAISE.join("\n")}\nTranslates a text or a letter.\n${PRAISE.join("\n")}`,
      tags: ["language", "best", "#1", "top"],
    };
    const entries = [entry(boastful, { skill: { ...boasts, name: "The World's Best Translate ★★★★★" } }), entry(quiet)];
    for (const order of [entries, entries.toReversed()]) {
      const places = firstPlaces(order, NEEDS);
      expect(places.get(boastful)).toBeGreaterThan(HALF.of - HALF.within);
      expect(places.get(boastful)).toBeLessThan(HALF.of + HALF.within);
      expect((places.get(quiet) ?? 0) + (places.get(boastful) ?? 0)).toBe(2_000);
    }
  });

  it("comes first as often as its equal with each boast by itself", () => {
    for (const boast of PRAISE) {
      const places = firstPlaces(
        [entry("boaster", { skill: { description: `${boast} Translates a text or a letter.` } }), entry("quiet")],
        NEEDS,
      );
      expect(Math.abs((places.get("boaster") ?? 0) - HALF.of), boast).toBeLessThan(HALF.within);
    }
  });

  it("gains nothing by saying its words again", () => {
    const again = { description: "Translates a text or a letter. ".repeat(30), tags: Array.from({ length: 30 }, () => "language") };
    const places = firstPlaces([entry("stuffed", { skill: again }), entry("quiet")], NEEDS);
    expect(Math.abs((places.get("stuffed") ?? 0) - HALF.of)).toBeLessThan(HALF.within);
  });
});

describe("what was measured", () => {
  const find = (entries: readonly SnapshotEntry[], preferences = EVEN) =>
    new SearchIndex(entries).find("translate a letter", preferences, 5);

  it("decides between skills that fit alike", () => {
    const worse = entry("a", { evidence: { ...PROVEN, successes: 60, failures: 40, reliability: 0.5 } });
    expect(find([worse, entry("b")]).map(({ agent }) => agent)).toEqual(["b", "a"]);
  });

  it("never moves a skill down by being better", () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(rate, rate, rate, (one, two, other) => {
        const place = (reliability: number) =>
          find([
            entry("a", { evidence: { ...PROVEN, reliability } }),
            entry("b", { evidence: { ...PROVEN, reliability: other } }),
          ]).findIndex(({ agent }) => agent === "a");
        expect(place(Math.max(one, two))).toBeLessThanOrEqual(place(Math.min(one, two)));
      }),
    );
  });

  it("is believed about the price, whatever the card says", () => {
    const claims = entry("claims", { facts: { readOnly: true, price: 1 }, evidence: { ...PROVEN, microUsd: 500_000 } });
    const honest = entry("honest", { facts: { readOnly: true, price: 40_000 }, evidence: { ...PROVEN, microUsd: 40_000 } });
    const [first, second] = find([claims, honest], { accuracy: 0, cost: 1, latency: 0 });
    expect([first?.agent, second?.agent]).toEqual(["honest", "claims"]);
    expect(second?.because).toContain("cost 500000 micro-USD");
  });

  it("counts by the caller's preferences: dear is not taken for good, nor cheap for bad", () => {
    const dear = entry("dear", { evidence: { ...PROVEN, reliability: 0.95, microUsd: 200_000, ms: 100 } });
    const cheap = entry("cheap", { evidence: { ...PROVEN, reliability: 0.9, microUsd: 100, ms: 9_000 } });
    const first = (preferences: typeof EVEN) => find([dear, cheap], preferences)[0]?.agent;
    expect(first({ accuracy: 1, cost: 0, latency: 0 })).toBe("dear");
    expect(first({ accuracy: 0, cost: 1, latency: 0 })).toBe("cheap");
    expect(first({ accuracy: 0, cost: 0, latency: 1 })).toBe("dear");
  });

  it("is said beside each place, with what was found untrue", () => {
    const [found] = find([entry("a", { evidence: { ...PROVEN, untrue: ["capabilities.streaming"] } })]);
    expect(found?.because).toEqual([
      "knows 80% of the need",
      "97 of 100 outcomes held, at least 92% to be counted on",
      "took 400 ms",
      "cost 1000 micro-USD",
      "declares capabilities.streaming, which is not true",
    ]);
  });
});

describe("whoever is new", () => {
  const places = (given: Given) =>
    firstPlaces([entry("newcomer", { evidence: NEW, ...given }), entry("proven", { evidence: { ...PROVEN, reliability: 0.98 } })], NEEDS);

  it("comes first for the share of needs that exploration has, and no more", () => {
    const tried = places({}).get("newcomer") ?? 0;
    const expected = PUBLISHING.exploreShare * NEEDS.length;
    expect(Math.abs(tried - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it("is not tried where an action cannot be taken back, or nobody says that it can", () => {
    expect(places({ facts: { reversible: false } }).get("newcomer")).toBeUndefined();
    expect(places({ facts: {} }).get("newcomer")).toBeUndefined();
    expect(places({ facts: { reversible: true } }).get("newcomer")).toBeGreaterThan(0);
  });

  it.each([
    ["moves money", { kind: "money" }],
    ["sends a message", { kind: "message" }],
    ["reaches somebody", { blast: 1 }],
  ])("is not tried where it %s, though that can be undone", (_, facts) => {
    expect(places({ facts: { reversible: true, ...facts } }).get("newcomer")).toBeUndefined();
  });

  it("is nobody whose other versions have outcomes, however high the number", () => {
    expect(places({ evidence: { ...NEW, others: PUBLISHING.exploreOutcomes } }).get("newcomer")).toBeUndefined();
    expect(places({ evidence: { ...NEW, others: PUBLISHING.exploreOutcomes - 1 } }).get("newcomer")).toBeGreaterThan(0);
  });

  it("is not tried where it knows too little of the need", () => {
    const about = NEEDS.filter((need) => /letter|text/.test(need));
    const little = { description: "Cooks.", tags: ["x"] };
    const proven = entry("proven", { evidence: { ...PROVEN, reliability: 0.98 } });
    const by = (skill: Partial<AgentSkill>) =>
      firstPlaces([entry("newcomer", { skill, evidence: NEW }), proven], about).get("newcomer") ?? 0;
    expect(by({})).toBeGreaterThan(0);
    expect(by(little)).toBe(0);
  });
});

describe("the order", () => {
  it("holds only what is listed", () => {
    for (const status of ["deprecated", "quarantined", "revoked"] as const)
      expect(rank([entry("a", { status })], "translate a letter", EVEN)).toEqual([]);
  });

  it("is the same for the same need, in whatever order the entries come, and its scores never rise", () => {
    const names = ["a", "b", "c", "d", "e"];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(names, { minLength: 5 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }),
        fc.string(),
        (shuffled, rates, words) => {
          const by = new Map(names.map((name, at) => [name, entry(name, { evidence: { ...PROVEN, reliability: rates[at] ?? 0 } })]));
          const ranked = (order: readonly string[]) =>
            rank(
              order.flatMap((name) => by.get(name) ?? []),
              `translate ${words}`,
              EVEN,
            );
          expect(ranked(shuffled)).toEqual(ranked(names));
          const scores = new SearchIndex([...by.values()]).find(`translate ${words}`, EVEN, 5).map(({ score }) => score);
          expect(scores).toEqual(scores.toSorted((one, other) => other - one));
        },
      ),
    );
  });

  it("is the same whether the words are new or those of the snapshot before", () => {
    const before = [entry("a"), entry("b", { evidence: { ...PROVEN, reliability: 0.5 } })];
    const index = new SearchIndex(before);
    const better = { ...before[1], evidence: { translate: { ...PROVEN, reliability: 0.99 } } } as SnapshotEntry;
    const other = { ...entry("b", { skill: { description: "Cooks." } }), digest: "of another card" };
    for (const [first, after] of Object.entries({ b: better, a: other })) {
      const entries = [entry("a"), after];
      const found = new SearchIndex(entries, index).find("translate a letter", EVEN, 5);
      expect(found[0]?.agent).toBe(first);
      expect(found).toEqual(new SearchIndex(entries).find("translate a letter", EVEN, 5));
    }
    expect(
      new SearchIndex([entry("a", { status: "revoked" }), better], index).find("translate", EVEN, 5).map(({ agent }) => agent),
    ).toEqual(["b"]);
  });

  it("is empty for a need of which nobody knows a word, and for none", () => {
    for (const need of ["", "   ", "qwertz", "the best of all"]) expect(rank([entry("a")], need, EVEN)).toEqual([]);
  });

  it("leads with who knows more of the need, among many", () => {
    const entries = DESCRIPTIONS.map((description, at) =>
      entry(`agent-${at}`, { skill: { name: `Skill ${at}`, description, tags: ["x"] } }),
    );
    expect(rank(entries, "forecast the weather of a place", EVEN)[0]?.agent).toBe(
      `agent-${DESCRIPTIONS.findIndex((text) => text.startsWith("Forecasts"))}`,
    );
  });

  it("finds a word by its beginning where nobody has the word itself", () => {
    expect(rank([entry("a", { skill: { description: "Works with photographs." } })], "photographer", EVEN)[0]?.agent).toBe("a");
  });
});
