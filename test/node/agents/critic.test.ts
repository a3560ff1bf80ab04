import fc from "fast-check";
import { describe, expect, it } from "vitest";
import critic from "../../../agents/critic/agent.ts";
import { claimsIn } from "../../../agents/critic/claim.ts";
import { readDraft } from "../../../agents/critic/draft.ts";
import { type Complaint, checkDraft, type Verdict } from "../../../agents/critic/evidence.ts";
import { indexNumbers, numbersIn, supportsNumber } from "../../../agents/critic/number.ts";
import writer from "../../../agents/writer/agent.ts";
import { type Finding, findingsOf, findingsPart } from "../../../shared/kit/finding.ts";
import { runSkill } from "../../../shared/kit/testing.ts";

const CAP: Finding = {
  text: "The mesh allows five hops of 95% each. Marie Curie called the floor “a pause, not a crash” in 2026.",
  source: { document: "docs/chain.md", position: "line 4", uri: "file:///docs/chain.md" },
};
const PRODUCT: Finding = {
  text: "0.95^5 = 0.7737809375",
  source: { document: "calculation", position: "0.95^5" },
  by: "analyst/calculate",
};

function check(draft: string, findings: readonly Finding[] = [CAP, PRODUCT]): Verdict {
  return checkDraft(readDraft(draft), findings);
}

function claims(complaints: readonly Complaint[]): string[] {
  return complaints.map((complaint) => complaint.claim);
}

describe("a verdict", () => {
  it("lists what is unsupported with its sentence and the reason, and counts what was checked", async () => {
    const run = await runSkill(critic, [
      { text: "The mesh allows 5 hops. Their product is 81.2%, as Albert Einstein said." },
      findingsPart([CAP, PRODUCT]),
    ]);
    const verdict = run.outcome.outcome === "completed" ? run.outcome.artifacts[0]?.parts[1]?.data : undefined;
    const sentence = "Their product is 81.2%, as Albert Einstein said.";
    expect(verdict).toEqual({
      supported: false,
      checked: 3,
      unsupported: [
        { kind: "number", claim: "81.2%", sentence, reason: "this number is in none of the sources" },
        { kind: "name", claim: "Albert Einstein", sentence, reason: "this name is in none of the sources" },
      ],
      miscited: [],
    });
    expect(run.text).toContain("3 claims checked: 2 unsupported.");
  });

  it("supports a draft whose numbers, quotation and name are in the sources it cites", () => {
    const draft = [
      'The product is about 77.38% [2]. As Marie Curie said in 2026, it is "a pause, not a crash" [1].',
      "## Sources",
      "1. [docs/chain.md, line 4](file:///docs/chain.md)\n2. calculation, 0.95^5",
    ].join("\n\n");
    expect(check(draft)).toEqual({ supported: true, checked: 4, unsupported: [], miscited: [] });
  });

  it("notes what is in another source than the cited one, without calling it unsupported", () => {
    const verdict = check("The product is 0.7738 [1].\n\n**Sources**\n\n1. docs/chain.md, line 4\n2. calculation, 0.95^5");
    expect(verdict).toMatchObject({ supported: true, miscited: [{ claim: "0.7738", reason: expect.stringContaining("calculation") }] });
  });

  it("notes a citation that stands for no source that was sent", () => {
    expect(claims(check("The mesh allows five hops [7].").miscited)).toEqual(["[7]"]);
    expect(claims(check("The mesh allows five hops [1].\n\nSources\n\n1. docs/other.md").miscited)).toEqual(["[1]"]);
  });

  it("counts the sources in the order they were sent when the draft lists none", () => {
    expect(check("The mesh allows five hops [1]. The product is 0.7738. [2]").miscited).toEqual([]);
    expect(claims(check("It was said in 2026 [2].").miscited)).toEqual(["2026"]);
  });

  it.each(["The mesh costs 99 dollars.", "2. The mesh costs 99 dollars.", "So much for that.\n\n1. The mesh costs 99 dollars."])(
    "checks a claim that hides behind the list of sources: %j",
    (claim) => {
      expect(claims(check(`Five hops.\n\n## Sources\n\n1. docs/chain.md, line 4\n\n${claim}`).unsupported)).toEqual(["99"]);
    },
  );

  it("takes a title that asks for no claim, but checks a sentence that asks", () => {
    expect(check("**Why do 42 hops fail?**\n\nThe mesh allows five hops.").supported).toBe(true);
    expect(claims(check("Did you know that 42 hops fail?").unsupported)).toEqual(["42"]);
  });

  it("reads only what is marked as Markdown when an instruction comes with it", async () => {
    const run = await runSkill(critic, [
      { text: "Check the 12 claims of Ada Lovelace" },
      { text: "The mesh allows five hops.", mediaType: "text/markdown" },
      findingsPart([CAP]),
    ]);
    expect(run.text).toContain("every one is in the sources");
  });

  it("says so when there was nothing to check", async () => {
    const run = await runSkill(critic, [{ text: "It stops in time." }, findingsPart([CAP])]);
    expect(run.text).toContain("nothing to check");
  });

  it("rejects a draft too long to be checked in time", async () => {
    const { outcome } = await runSkill(critic, [{ text: "5 hops. ".repeat(4_000) }, findingsPart([CAP])]);
    expect(outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining("in portions") });
  });

  it.each([
    ["sources", [{ text: "A draft with 5 claims." }]],
    ["draft", [findingsPart([CAP])]],
  ])("rejects a message without a %s and says what to send", async (_what, parts) => {
    const { outcome } = await runSkill(critic, parts);
    expect(outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining('"findings"') });
  });
});

describe("a number", () => {
  it.each([
    ["95%", "0.95", true],
    ["0.95", "95 %", true],
    ["95 percent", "95%", true],
    ["1,000", "1000", true],
    ["3 million", "3,000,000", true],
    ["5", "five hops", true],
    ["twenty-five", "25", true],
    ["77.38%", "0.7737809375", true], // 0.77378 rounds to 0.7738
    ["77.37%", "0.7737809375", false], // and not to 0.7737
    ["0.774", "0.7737809375", true],
    ["0.7738", "0.77", false], // a rounder source is no support
    ["1", "0.7737809375", false], // a count is not rounded
    ["95", "95%", false],
    ["95%", "95 to 97%", true],
    ["5%", "-5%", true],
    ["-5", "5", false],
    ["10", "5-10", true],
    ["1.2.3", "1.2.3", true],
    ["1.2.4", "1.2.3", false],
    ["2026-11-18", "2026-11-17", false],
    ["10 ms", "10ms", true],
  ])("%s is looked for in %s: %s", (claim, source, supported) => {
    const found = indexNumbers(numbersIn(source));
    expect(numbersIn(claim).every((number) => supportsNumber(found, number))).toBe(supported);
  });

  it("is not read out of names and citations", () => {
    expect(claimsIn("A2A uses chain-cap.v1.yaml").filter((claim) => claim.kind === "number")).toEqual([]);
    expect(check("The mesh allows five hops [1, 2].").checked).toBe(1);
  });
});

describe("a name", () => {
  it.each([
    ["Chains stop in time.", []], // a sentence begins with a capital
    ["Yesterday Marie Curie spoke.", ["Yesterday Marie Curie"]],
    ["The University of Oxford and SQLite agree.", ["University of Oxford", "SQLite"]],
    ["HTTP is used.", ["HTTP"]],
    ["It runs on Cloudflare's Workers.", ["Cloudflare's Workers"]],
    ["I think that: Chains stop.", []],
  ])("is read out of %s", (text, names) => {
    expect(claimsIn(text).flatMap((claim) => (claim.kind === "name" ? [claim.text] : []))).toEqual(names);
  });

  it("may follow the first word of a sentence, stand in the plural, and carry an article", () => {
    const source = { text: "We met Marie Curie at the Cloudflare Worker." };
    expect(check("Yesterday Marie Curie praised The Cloudflare Workers.", [source]).unsupported).toEqual([]);
    expect(claims(check("Yesterday Marie Cury spoke.", [source]).unsupported)).toEqual(["Yesterday Marie Cury"]);
  });
});

describe("a quotation", () => {
  it.each([
    ['He said "a pause, not a crash".', []],
    ['He said "A pause … a crash."', []],
    ['He said "a crash, not a pause".', ['"a crash, not a pause"']],
    ["He said „a short pause“.", ["„a short pause“"]],
  ])("has to be in the source word for word: %s", (draft, unsupported) => {
    expect(claims(check(draft).unsupported)).toEqual(unsupported);
  });
});

const sentence = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "the",
        "floor",
        "of",
        "Marie Curie",
        "SQLite",
        "Worker",
        "maxHops",
        "five",
        "95%",
        "1,000",
        "-3.5",
        "2026-11-17",
        "v1.2",
        "e.g.",
      ),
      fc.constantFrom(
        '"not a crash"',
        "“five hops”",
        "(see below)",
        "`floor: 0.75`",
        "**bold 7**",
        "[a link](https://x.example/9)",
        "half-way",
        "3 million",
      ),
      fc.nat(100_000).map(String),
    ),
    { minLength: 1, maxLength: 10 },
  )
  .map((words) => `The ${words.join(" ")} holds.`);
const sources = fc.array(fc.array(sentence, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 });

describe("for all drafts", () => {
  it("nothing is unsupported that was put together from sentences of the sources", () => {
    fc.assert(
      fc.property(sources, fc.infiniteStream(fc.nat()), fc.constantFrom(" ", "\n", "\n\n- "), (texts, picks, joint) => {
        const all = texts.flat();
        const draft = all.map(() => all[(picks.next().value ?? 0) % all.length]).join(joint);
        expect(
          check(
            draft,
            texts.map((each) => ({ text: each.join(" ") })),
          ).unsupported,
        ).toEqual([]);
      }),
    );
  });

  it("a number that no source has is reported wherever it is put in", () => {
    fc.assert(
      fc.property(sources, fc.integer({ min: 200_000, max: 900_000 }), fc.nat(), (texts, number, place) => {
        const words = texts.flat().join(" ").split(" ");
        const at = place % (words.length + 1);
        // Inside a link's target or a code span it would be another text; between words it is a claim.
        const draft = [...words.slice(0, at), `${number}`, ...words.slice(at)].join(" ");
        fc.pre(!/\[a\s\d|^\s*\d+\s(?:million|thousand)/.test(draft));
        const verdict = check(
          draft,
          texts.map((each) => ({ text: each.join(" ") })),
        );
        expect(claims(verdict.unsupported).some((claim) => claim.includes(`${number}`))).toBe(true);
      }),
    );
  });

  it("nothing is unsupported or cited wrongly in what the writer composes", async () => {
    const finding = fc.record({
      text: fc.array(sentence, { minLength: 1, maxLength: 4 }).map((sentences) => sentences.join(" ")),
      source: fc.record({
        document: fc.constantFrom("docs/a.md", "contracts/b.v1.yaml"),
        position: fc.constantFrom("line 1", "lines 20-30"),
        score: fc.constantFrom(0.2, 0.9),
      }),
    });
    const asked = fc.constantFrom("How many hops does SQLite allow, and where is the floor written?", "Write a report", "Summarise this");
    await fc.assert(
      fc.asyncProperty(asked, fc.array(finding, { minLength: 1, maxLength: 6 }), async (question, findings) => {
        const { text, outcome } = await runSkill(writer, [{ text: question }, findingsPart(findings)]);
        const used = outcome.outcome === "completed" ? findingsOf(outcome.artifacts[0]?.parts ?? []) : [];
        expect(check(text, used)).toMatchObject({ unsupported: [], miscited: [] });
      }),
      { numRuns: 60 },
    );
  });
});
