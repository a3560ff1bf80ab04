import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import agent from "../../agents/researcher/agent.ts";
import type { Corpus } from "../../agents/researcher/corpus.ts";
import { readDocument } from "../../agents/researcher/document.ts";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import { runSkill } from "../../shared/kit/testing.ts";
import { pdf } from "../node/agents/researcher-pdf.ts";

const namespace = (env as unknown as { CORPUS: DurableObjectNamespace<Corpus> }).CORPUS;
const document = (name: string, ...texts: string[]) => ({
  name,
  uri: null,
  passages: texts.map((text, i) => ({ text, position: `line ${i + 1}` })),
});

async function found(corpus: DurableObjectStub<Corpus>, question: string): Promise<string[]> {
  const reply = await corpus.search(question, 5);
  return reply.ok ? reply.hits.map((hit) => hit.text) : [];
}

describe("a corpus", () => {
  it("keeps its documents through an eviction and a crash", async () => {
    const corpus = namespace.getByName("evicted");
    expect(await corpus.replace(document("a.md", "geese fly in a skein", "ducks do not"))).toEqual({
      ok: true,
      passages: 2,
      replaced: false,
    });
    await evictDurableObject(corpus);
    expect(await found(corpus, "How do geese fly?")).toEqual(["geese fly in a skein"]);
    await abortAllDurableObjects();
    expect(await found(namespace.getByName("evicted"), "ducks")).toEqual(["ducks do not"]);
  });

  it("is one for each name", async () => {
    await namespace.getByName("tenant/app/one").replace(document("a.md", "a secret of one"));
    expect(await namespace.getByName("tenant/app/two").search("secret", 5)).toEqual({ ok: false, reason: "empty-corpus" });
  });

  it("keeps the whole old version of a document when the new one cannot be stored", async () => {
    const corpus = namespace.getByName("atomic");
    await corpus.replace(document("a.md", "old geese", "old ducks"));
    await runInDurableObject(corpus, async (instance: Corpus, state) => {
      // The second passage of the new version meets a full disk, as it were.
      state.storage.sql.exec(
        "CREATE TRIGGER full BEFORE INSERT ON passages WHEN NEW.text = 'new ducks' BEGIN SELECT raise(ABORT, 'disk full'); END",
      );
      await expect(instance.replace(document("a.md", "new geese", "new ducks"))).rejects.toThrow("disk full");
    });
    expect(await found(corpus, "geese ducks")).toEqual(["old geese", "old ducks"]);
  });

  it("forgets the documents of an origin, and keeps the others", async () => {
    const corpus = namespace.getByName("origins");
    await corpus.replace({ ...document("a.md", "geese"), origin: "a tool" });
    await corpus.replace(document("b.md", "more geese"));
    expect(await corpus.forget("a tool")).toEqual(["a.md"]);
    await evictDurableObject(corpus);
    expect(await found(corpus, "geese")).toEqual(["more geese"]);
  });

  it("lists its documents by name, and forgets those that are named, with everything in them", async () => {
    const corpus = namespace.getByName("inventory");
    await corpus.replace({ ...document("b.md", "geese", "ducks"), origin: "a tool", uri: "https://example.com/b.md" });
    await corpus.replace(document("a.md", "swans"));
    const of = (name: string, passages: number, characters: number) => ({ name, passages, characters, uri: null, origin: null });
    expect(await corpus.documents("", 5)).toEqual({
      total: 2,
      documents: [of("a.md", 1, 5), { ...of("b.md", 2, 10), origin: "a tool", uri: "https://example.com/b.md" }],
    });
    expect(await corpus.documents("a.md", 5)).toMatchObject({ total: 2, documents: [{ name: "b.md" }] });
    expect(await corpus.namedIn("what is in b.md?")).toEqual(["b.md"]);
    expect(await corpus.remove(["b.md", "c.md"])).toEqual(["b.md"]);
    await evictDurableObject(corpus);
    expect(await found(corpus, "geese swans")).toEqual(["swans"]);
    expect(await corpus.documents("", 5)).toEqual({ total: 1, documents: [of("a.md", 1, 5)] });
  });

  it("takes 5 MB of text in one document, in small rows, and finds a word in it", async () => {
    const paragraph = (n: number) =>
      `Paragraph ${n} of a long book about the sea, its ships and their crews.${" The wind was low.".repeat(20)}`;
    const book = Array.from({ length: 12_000 }, (_, n) => (n === 7_777 ? "Here the albatross lands." : paragraph(n))).join("\n\n");
    expect(book.length).toBeGreaterThan(5_000_000);
    const read = await readDocument({ name: "book.txt", content: book }, new AbortController().signal);
    if (!read.ok) throw new Error(read.reason);

    const corpus = namespace.getByName("large");
    await corpus.replace({ name: "book.txt", uri: null, passages: read.passages.map(({ text, position }) => ({ text, position })) });
    expect((await found(corpus, "Where is the albatross?"))[0]).toContain("Here the albatross lands.");
    await runInDurableObject(corpus, (_instance: Corpus, state) => {
      const [row] = state.storage.sql.exec("SELECT max(length(text)) AS longest FROM passages").toArray();
      expect(Number(row?.longest)).toBeLessThan(2_000);
    });
  });
});

describe("the researcher in the runtime", () => {
  // The first PDF loads pdf.js, which the test's bundler takes seconds to transform on a busy machine.
  it("reads a PDF, a web page and Markdown, and cites all three", { timeout: 60_000 }, async () => {
    const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
    const options = { env: { CORPUS: namespace } };
    const kept = await runSkill(
      agent,
      [
        { raw: base64(pdf(["Nothing here.", "Cranes migrate at night."])), filename: "cranes.pdf" },
        { text: "<h1>Swans</h1><p>Swans migrate by day.</p>", filename: "swans.html" },
        { text: "# Storks\n\nStorks migrate on thermals.", filename: "storks.md" },
      ],
      options,
    );
    expect(kept.text).toBe("Ingested 3 documents in 4 passages.");
    const { text } = await runSkill(agent, "Which birds migrate?", options);
    expect(text).toContain("cranes.pdf, page 2");
    expect(text).toContain("swans.html, Swans, paragraph 1");
    expect(text).toContain("storks.md, Storks, line 1");
  });

  it("forgets what came with a task when that is deleted, and nothing that somebody asked to keep", async () => {
    const options = { env: { CORPUS: namespace } };
    const contextOf = {
      taskId: "task-1",
      contextId: "context-1",
      principal: LOCAL_PRINCIPAL,
      env: options.env,
      signal: AbortSignal.timeout(5_000),
    };
    const corpus = namespace.getByName(principalKey(LOCAL_PRINCIPAL));
    const names = async () => (await corpus.documents("", 50)).documents.map(({ name }) => name).filter((name) => name.startsWith("task-"));
    await runSkill(agent, [{ text: "Kept before.", filename: "task-kept.md" }], options);
    const attached = ["task-kept.md", "task-attached.md"].map((filename) => ({ text: "Asked about.", filename }));
    await runSkill(agent, [...attached, { data: { keep: "with-task" } }], { ...options, skill: "ingest" });
    await corpus.replace({ ...document("task-of-another.md", "of another"), origin: "task:task-2" });
    expect(await names()).toEqual(["task-attached.md", "task-kept.md", "task-of-another.md"]);
    await agent.program.forget?.(contextOf);
    expect(await names()).toEqual(["task-kept.md", "task-of-another.md"]);
    // At least once: the second time nothing is left to forget.
    await agent.program.forget?.(contextOf);
    expect(await names()).toEqual(["task-kept.md", "task-of-another.md"]);
  });

  it("keeps a document that came with a task when somebody asks to keep it afterwards", async () => {
    const options = { env: { CORPUS: namespace } };
    const corpus = namespace.getByName(principalKey(LOCAL_PRINCIPAL));
    const part = { text: "Wanted after all.", filename: "wanted.md" };
    await runSkill(agent, [part, { data: { keep: "with-task" } }], { ...options, skill: "ingest" });
    await runSkill(agent, [part], options);
    await agent.program.forget?.({
      taskId: "task-1",
      contextId: "context-1",
      principal: LOCAL_PRINCIPAL,
      env: options.env,
      signal: AbortSignal.timeout(5_000),
    });
    expect((await corpus.documents("", 50)).documents.map(({ name }) => name)).toContain("wanted.md");
  });
});
