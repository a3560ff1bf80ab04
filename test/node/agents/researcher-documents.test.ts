import fc from "fast-check";
import { describe, expect, it } from "vitest";
import researcher from "../../../agents/researcher/agent.ts";
import { namesIn } from "../../../agents/researcher/forget.ts";
import type { ResearcherEnv } from "../../../agents/researcher/researcher-env.ts";
import type { Part } from "../../../shared/kit/skill.ts";
import { runSkill } from "../../../shared/kit/testing.ts";
import { corpora } from "./researcher-corpus.ts";

// The skills that only the extended card shows: what there is, and how it goes.

async function corpusWith(...names: string[]): Promise<ResearcherEnv> {
  const env = corpora();
  const parts = names.map((filename): Part => ({ text: `Geese are in ${filename}.`, filename }));
  if (parts.length > 0) await runSkill(researcher, parts, { skill: "ingest", env });
  return env;
}

const list = (env: ResearcherEnv, wishes?: object) =>
  runSkill(researcher, wishes === undefined ? "my documents" : [{ data: wishes as never }], { skill: "documents", env });
const forget = (env: ResearcherEnv, input: string | Part[], answers: string[] = []) =>
  runSkill(researcher, input, { skill: "forget", env, answers });

async function names(env: ResearcherEnv): Promise<string[]> {
  const { outcome } = await list(env);
  if (outcome.outcome !== "completed") throw new Error(outcome.outcome);
  const data = outcome.artifacts[0]?.parts[1]?.data as { documents: { name: string }[] } | undefined;
  return data?.documents.map(({ name }) => name) ?? [];
}

describe("documents", () => {
  it("lists each with its size, who brought it and where it opens", async () => {
    const env = corpora();
    const guide = { text: "# Guide\n\nGeese fly.", filename: "guide.md", metadata: { uri: "https://example.com/guide.md" } };
    await runSkill(researcher, [guide, { data: { origin: "my notes" } }], { skill: "ingest", env });
    await runSkill(researcher, [{ text: "Ducks do not.", filename: "a.txt" }], { skill: "ingest", env });
    const { outcome, text } = await list(env);
    expect(text).toBe(
      "2 of 2 documents:\n- a.txt: 1 passage, 13 characters\n" +
        "- guide.md: 1 passage, 19 characters, brought by my notes, https://example.com/guide.md",
    );
    expect(outcome).toMatchObject({
      artifacts: [
        {
          parts: [
            {},
            {
              data: {
                total: 2,
                documents: [
                  { name: "a.txt", passages: 1, characters: 13 },
                  { name: "guide.md", passages: 1, characters: 19, origin: "my notes", uri: "https://example.com/guide.md" },
                ],
              },
            },
          ],
        },
      ],
    });
  });

  it("shows every document once, page by page", async () => {
    const all = ["a", "b", "c", "d", "e"];
    const env = await corpusWith(...all);
    const seen: string[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const { outcome } = await list(env, { limit: 2, after });
      const data = (outcome.outcome === "completed" && outcome.artifacts[0]?.parts[1]?.data) as {
        documents: { name: string }[];
        next?: string;
      };
      seen.push(...data.documents.map(({ name }) => name));
      after = data.next;
    }
    expect(seen).toEqual(all);
  });

  it("says so when there are none, and what a page may be", async () => {
    expect((await list(corpora())).text).toBe("You have no documents here. The skill ingest takes them in.");
    for (const wrong of [{ limit: 0 }, { limit: 501 }, { limit: "many" }, { after: 3 }])
      expect((await list(await corpusWith("a"), wrong)).outcome).toMatchObject({
        outcome: "rejected",
        reason: expect.stringContaining("from 1 to 500"),
      });
  });
});

describe("forget", () => {
  it("removes at once what a data part names, and its passages are found no more", async () => {
    const env = await corpusWith("a.md", "b.md", "c.md");
    const { text, questions } = await forget(env, [{ data: { documents: ["a.md", "c.md", "x.md", "a.md"] } }]);
    expect(text).toBe('Forgot 2 documents: "a.md", "c.md". There was none called "x.md".');
    expect(questions).toEqual([]);
    expect(await names(env)).toEqual(["b.md"]);
    expect((await runSkill(researcher, "geese", { skill: "search", env })).text).not.toMatch(/[ac]\.md/);
  });

  it("asks before it removes what a sentence names, with exactly those", async () => {
    const env = await corpusWith("guide.md", "my/guide.md", "notes.txt", "old notes.txt");
    const { questions, text } = await forget(env, 'Please forget guide.md, and "old notes.txt".', ["yes"]);
    expect(questions).toHaveLength(1);
    expect(questions[0]).toContain(JSON.stringify({ documents: ["guide.md", "old notes.txt"] }, null, 2));
    expect(text).toContain("Forgot 2 documents");
    expect(await names(env)).toEqual(["my/guide.md", "notes.txt"]);
  });

  it.each(["no", "what for?", "yes, but only guide.md"])("removes nothing for the answer %j", async (answer) => {
    const env = await corpusWith("guide.md");
    expect((await forget(env, "forget guide.md", [answer])).outcome.outcome).toBe("rejected");
    expect(await names(env)).toEqual(["guide.md"]);
  });

  it.each<[string, string | Part[], string]>([
    ["that is not there", [{ data: { documents: ["nobody.md"] } }], 'no document called "nobody.md"'],
    ["that no sentence names", "forget everything", "none of your documents is named there"],
    ["in a list of none", [{ data: { documents: [] } }], "a list of 1 to 200 names"],
    ["that is no text", [{ data: { documents: [{ name: "guide.md" }] } }], "a list of 1 to 200 names"],
    ["in a whole book", `guide.md ${"x".repeat(5_000)}`, "too long"],
  ])("refuses a document %s, and removes nothing", async (_what, input, reason) => {
    const env = await corpusWith("guide.md");
    const { outcome } = await forget(env, input);
    expect(outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining(reason) });
    expect(await names(env)).toEqual(["guide.md"]);
  });

  it("reaches nobody's documents but the caller's", async () => {
    const env = corpora();
    await forget(env, [{ data: { documents: ["a.md"] } }]);
    await list(env);
    expect([...env.names]).toEqual(["local/local/local"]);
  });
});

describe("the names in a sentence", () => {
  it("are whole ones, and the longest", () => {
    const candidates = ["guide.md", "my/guide.md", "old notes.txt", "notes.txt", "the"];
    const found = (text: string) => namesIn(text, candidates);
    expect(found("forget guide.md.")).toEqual(["guide.md"]);
    expect(found("forget my/guide.md")).toEqual(["my/guide.md"]);
    expect(found("forget guide.md.bak, your/guide.md and guide.mdx")).toEqual([]);
    expect(found("forget old notes.txt")).toEqual(["old notes.txt"]);
    expect(found("forget (notes.txt), 'guide.md'")).toEqual(["guide.md", "notes.txt"]);
    expect(found("forget other things")).toEqual([]);
  });

  it("are found between quotes, whatever they are", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((each) => !/[\n"]/.test(each));
    fc.assert(
      fc.property(name, (each) => {
        expect(namesIn(`forget "${each}"`, [each])).toEqual([each]);
      }),
    );
  });
});
