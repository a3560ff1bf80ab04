import { createServer } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import researcher from "../../../agents/researcher/agent.ts";
import type { ResearcherEnv } from "../../../agents/researcher/researcher-env.ts";
import { findingsOf } from "../../../shared/kit/finding.ts";
import type { Part } from "../../../shared/kit/skill.ts";
import { runSkill } from "../../../shared/kit/testing.ts";
import { corpora } from "./researcher-corpus.ts";
import { pdf } from "./researcher-pdf.ts";

const guide: Part = {
  text: "# Guide\n\n## Hops\n\nA chain has at most 8 hops.\n\n## Floors\n\nBelow 0.5 the chain stops.",
  filename: "guide.md",
  metadata: { uri: "file:///docs/guide.md" },
};
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64");

const ingest = (env: ResearcherEnv, ...parts: Part[]) => runSkill(researcher, parts, { skill: "ingest", env });
const search = (env: ResearcherEnv, text: string, ...more: Part[]) => runSkill(researcher, [{ text }, ...more], { skill: "search", env });

async function findings(env: ResearcherEnv, question: string, ...more: Part[]) {
  const { outcome } = await search(env, question, ...more);
  return outcome.outcome === "completed" ? findingsOf(outcome.artifacts.flatMap((artifact) => artifact.parts)) : [];
}

/** A web server on this machine that answers every path from the table. */
async function site(pages: Record<string, { type: string; body: string | Uint8Array }>): Promise<string> {
  const server = createServer((request, response) => {
    const page = pages[request.url ?? ""];
    response.writeHead(page ? 200 : 404, { "content-type": page?.type ?? "text/plain" }).end(page?.body ?? "nothing here");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

describe("ingest", () => {
  it("says how many documents and passages it keeps", async () => {
    const { text, progress } = await ingest(corpora(), guide, { raw: base64("plain notes"), filename: "notes.txt" });
    expect(text).toBe("Ingested 2 documents in 3 passages.");
    expect(progress).toEqual(["Reading guide.md (1 of 2)", "Reading notes.txt (2 of 2)"]);
  });

  it("replaces a document that is sent again", async () => {
    const env = corpora();
    await ingest(env, guide);
    expect((await ingest(env, { ...guide, text: "# Guide\n\nNow 9 hops." })).text).toMatch(/1 document in 1 passage, 1 of them in place/);
    expect((await findings(env, "hops")).map((finding) => finding.text)).toEqual(["# Guide\n\nNow 9 hops."]);
  });

  it("keeps the good documents, and lists the bad ones with the reason", async () => {
    const env = corpora();
    const { outcome, text } = await ingest(
      env,
      guide,
      { raw: base64(Uint8Array.of(0, 1, 2, 255)), filename: "rubbish.bin" },
      { raw: "!!!", filename: "not-base64.txt" },
      { text: "  ", filename: "blank.md" },
      { text: "twice", filename: "guide.md" },
      { text: "a", filename: "bad-link.md", metadata: { uri: "javascript:alert(1)" } },
      { url: "http://127.0.0.1:9/secret" },
    );
    expect(outcome.outcome).toBe("completed");
    const lines = text.split("\n");
    expect(lines.slice(0, 2)).toEqual(["Ingested 1 document in 2 passages.", "Refused 6 documents:"]);
    for (const refusal of [
      /^- rubbish\.bin is not UTF-8 text/,
      /^- not-base64\.txt is not base64/,
      /^- blank\.md is empty/,
      /^- guide\.md has the name of another document/,
      /^- bad-link\.md has a "uri" in its metadata that does not open/,
      /^- 127\.0\.0\.1:9\/secret is at a private address/,
    ])
      expect(lines).toContainEqual(expect.stringMatching(refusal));
  });

  it("is rejected when every document is bad, and fails when trying again could help", async () => {
    expect((await ingest(corpora(), { text: "", filename: "a.md" })).outcome).toMatchObject({
      outcome: "rejected",
      reason: expect.stringMatching(/a\.md is empty/),
    });
    const unreachable = await ingest(corpora({ SKEIN_LOCAL: "1" }), { url: "http://127.0.0.1:1/a.md" });
    expect(unreachable.outcome).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/127\.0\.0\.1:1\/a\.md could not be reached/),
    });
  });

  it("is rejected without a document, saying how to send one", async () => {
    for (const part of [{ data: { note: "no filename" } }, { text: "Please ingest these files." }, { text: " " }])
      expect((await ingest(corpora(), part)).text).toMatch(/there is no document in the message: send one/);
  });

  it("fetches web pages and PDFs by their address, also one named in a sentence", async () => {
    const env = corpora({ SKEIN_LOCAL: "1" });
    const root = await site({
      "/hops.html": { type: "text/html", body: "<h1>Hops</h1><p>Geese take turns.</p>" },
      "/paper": { type: "application/pdf", body: pdf(["Geese save energy.", "A skein has a shape."]) },
    });
    expect((await ingest(env, { url: `${root}/hops.html` })).text).toBe("Ingested 1 document in 1 passage.");
    expect((await ingest(env, { text: `Please read ${root}/paper, and remember it.` })).text).toBe("Ingested 1 document in 2 passages.");
    const host = new URL(root).host;
    expect((await findings(env, "shape of a skein"))[0]?.source).toMatchObject({
      document: `${host}/paper`,
      position: "page 2",
      uri: `${root}/paper`,
    });
    expect((await findings(env, "turns of geese"))[0]?.source).toMatchObject({ position: "Hops, paragraph 1", uri: `${root}/hops.html` });
  });

  it.each(["0", "", undefined])("fetches nothing from a private address unless it runs locally: SKEIN_LOCAL is %j", async (SKEIN_LOCAL) => {
    const env = corpora(SKEIN_LOCAL === undefined ? {} : { SKEIN_LOCAL });
    expect((await ingest(env, { url: "http://127.0.0.1:9/secret" })).text).toContain("is at a private address");
  });

  it("forgets what the same origin brought before when asked to, and nothing of anybody else", async () => {
    const env = corpora();
    const swans = { text: "Swans fly by day.", filename: "swans.txt" };
    const cranes = { text: "Cranes fly at night.", filename: "cranes.txt" };
    const start = { data: { origin: "a tool", replaceAll: true } };
    await ingest(env, { text: "Storks fly on thermals.", filename: "storks.txt" });
    await ingest(env, { text: "Terns fly far.", filename: "terns.txt" }, { data: { origin: "another tool" } });
    expect((await ingest(env, swans, cranes, start)).text).toBe("Ingested 2 documents in 2 passages.");

    const second = await ingest(
      env,
      { text: "Geese fly in a skein.", filename: "geese.txt" },
      { ...swans, text: "Swans fly high." },
      start,
    );
    expect(second.text).toBe(
      'Ingested 2 documents in 2 passages, 1 of them in place of an earlier version. Forgot 1 earlier document of "a tool".',
    );
    const known = await findings(env, "Which birds fly?");
    expect(known.map(({ text }) => text).sort()).toEqual([
      "Geese fly in a skein.",
      "Storks fly on thermals.",
      "Swans fly high.",
      "Terns fly far.",
    ]);
  });

  it("does not go on answering from yesterday's version of what cannot be read today", async () => {
    const env = corpora();
    const start = { data: { origin: "a tool", replaceAll: true } };
    await ingest(env, guide, start);
    const { text } = await ingest(env, { raw: base64(Uint8Array.of(0, 1, 2, 255)), filename: "guide.md" }, start);
    expect(text).toMatch(/^Forgot 1 earlier document of "a tool"\.\nNo document could be ingested:/);
    expect((await search(env, "hops")).text).toMatch(/no documents yet/);
  });

  it.each([{ replaceAll: true }, { origin: "" }, { origin: 7 }, { origin: "a", replaceAll: "yes" }])(
    "keeps and forgets nothing for an option that is none: %j",
    async (data) => {
      const env = corpora();
      await ingest(env, guide);
      expect((await ingest(env, { text: "new", filename: "new.txt" }, { data })).outcome).toMatchObject({
        outcome: "rejected",
        reason: expect.stringContaining('"origin"'),
      });
      expect((await findings(env, "hops")).length).toBeGreaterThan(0);
    },
  );

  it("takes the words beside a file for what they are, and a text alone for a document", async () => {
    expect((await ingest(corpora(), { text: "Please keep this." }, guide)).text).toMatch(/^Ingested 1 document/);
    const env = corpora();
    await ingest(env, { text: "A note without a name." });
    await ingest(env, { text: "A note without a name." });
    expect((await findings(env, "note")).map((finding) => finding.source?.document)).toEqual([expect.stringMatching(/^note-[0-9a-f]{8}$/)]);
  });

  it("stops between two documents when its task is canceled", async () => {
    const env = corpora();
    const run = runSkill(researcher, [guide], { skill: "ingest", env, signal: AbortSignal.abort(new Error("canceled")) });
    await expect(run).rejects.toThrow("canceled");
    expect(env.names.size).toBe(0);
  });

  it("repeats nothing of a document's content in its answer, which the log keeps", async () => {
    const { outcome } = await ingest(corpora(), { text: "unmistakable words of the document", filename: "a.txt" });
    expect(JSON.stringify(outcome)).not.toContain("unmistakable");
  });
});

describe("search", () => {
  it("quotes passages with document, position, address and score, for people and for agents", async () => {
    const env = corpora();
    await ingest(env, guide);
    const { outcome, text } = await search(env, "How many hops has a chain?");
    expect(text).toMatch(
      /^2 passages from 1 document:\n\n1\. guide\.md, Guide > Hops, line 3 \(\d\.\d\d\) file:\/\/\/docs\/guide\.md\n {3}# Guide/,
    );
    expect(outcome).toMatchObject({ outcome: "completed", artifacts: [{ name: "passages" }] });
    expect((await findings(env, "How many hops has a chain?"))[0]).toEqual({
      text: "# Guide\n\n## Hops\n\nA chain has at most 8 hops.",
      source: { document: "guide.md", position: "Guide > Hops, line 3", uri: "file:///docs/guide.md", score: expect.any(Number) },
      by: "researcher/search",
    });
  });

  it("names the line of a file without headings on which the answer stands, not where its passage begins", async () => {
    const env = corpora();
    const lines = ["# What a gull may do.", "limits:", "  altitude: 900", "", "  # In seconds.", "  dive: 4", "", "", "colour: grey"];
    await ingest(env, { text: lines.join("\n"), filename: "gull.yaml" }, { text: "Gulls.\n\nThey eat herring.", filename: "gulls.txt" });
    const line = async (question: string) => (await findings(env, question))[0]?.source?.position;
    expect(await line("How long may a dive be?")).toBe("line 6");
    expect(await line("What is the colour?")).toBe("line 9");
    // Both words tell the same, and one line gives the value.
    expect(await line("limits for the dive")).toBe("line 6");
    expect(await line("which herrings")).toBe("line 3");
    // Found by the document's name alone: no line says it.
    expect(await line("gull.yaml altitudes")).toBe("line 3");
  });

  it("gives five passages, or as many as a data part asks for", async () => {
    const env = corpora();
    const text = Array.from({ length: 9 }, (_, n) => `## Part ${n}\n\nGeese fly.`).join("\n\n");
    await ingest(env, { text, filename: "geese.md" });
    expect(await findings(env, "geese")).toHaveLength(5);
    expect(await findings(env, "geese", { data: { limit: 7 } })).toHaveLength(7);
    expect(await findings(env, "geese", { data: { findings: [] } }, { data: { limit: 2 } })).toHaveLength(2);
    for (const limit of [0, 51, 1.5, "many"])
      expect((await search(env, "geese", { data: { limit } })).text).toMatch(/"limit" must be a whole number from 1 to 50/);
  });

  it("is rejected with what to do: nothing ingested, nothing found, nothing asked", async () => {
    const env = corpora();
    expect((await search(env, "hops")).outcome).toMatchObject({
      outcome: "rejected",
      reason: expect.stringMatching(/no documents yet: send some to the skill ingest/),
    });
    await ingest(env, guide);
    expect((await search(env, "Who invented the zeppelin?")).outcome).toMatchObject({
      outcome: "rejected",
      reason: "no passage about invented, zeppelin in 1 document: ingest documents that speak of it, or ask with other words",
    });
    expect((await search(env, "what is it?")).text).toMatch(/no word to look for/);
    expect((await search(env, " ")).text).toMatch(/there is no question/);
  });
});

describe("the researcher", () => {
  it("takes a message with a document for ingest, and one without for search", async () => {
    const env = corpora();
    expect((await runSkill(researcher, [guide], { env })).text).toMatch(/^Ingested/);
    expect((await runSkill(researcher, "hops", { env })).text).toMatch(/^1 passage/);
  });

  it("reaches the caller's own corpus and no other", async () => {
    const env = corpora();
    await ingest(env, { ...guide, metadata: { principal: "somebody/else/entirely" } });
    await search(env, "hops");
    expect([...env.names]).toEqual(["local/local/local"]);
  });
});
