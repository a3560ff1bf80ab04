import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RawDocument, readDocument } from "../../../agents/researcher/document.ts";
import { LARGEST } from "../../../agents/researcher/passage.ts";
import { pdf } from "./researcher-pdf.ts";

async function passagesOf(name: string, content: RawDocument["content"], mediaType?: string) {
  const read = await readDocument({ name, mediaType, content }, new AbortController().signal);
  if (!read.ok) throw new Error(read.reason);
  return read.passages;
}

async function refusal(name: string, content: RawDocument["content"], mediaType?: string): Promise<string> {
  const read = await readDocument({ name, mediaType, content }, new AbortController().signal);
  return read.ok ? "it was read" : read.reason;
}

const squeezed = (text: string) => text.replace(/\s+/g, "");
const sentence = (n: number) => `Sentence number ${n} says something of ordinary length about nothing much. `;

describe("cutting a document into passages", () => {
  const line = fc.oneof(
    { weight: 4, arbitrary: fc.string({ maxLength: 120 }) },
    fc.constantFrom(
      "",
      "",
      "# One",
      "## Two ##",
      "### Three",
      "Title",
      "====",
      "---",
      "```",
      "~~~ts",
      "- item",
      "    indented",
      "| a | b |",
    ),
    fc.string({ minLength: 1, maxLength: 6 }).map((text) => text.repeat(500)),
  );
  const source = fc.array(line, { maxLength: 40 }).map((lines) => lines.join("\n").replaceAll("\0", ""));

  it.each(["notes.md", "notes.txt", "notes.yaml"])(
    "keeps every word of %s exactly once, in passages of a size that can be quoted",
    async (name) => {
      await fc.assert(
        fc.asyncProperty(source, async (text) => {
          const read = await readDocument({ name, content: text }, new AbortController().signal);
          if (!read.ok) return; // Empty, or taken for binary: nothing was kept, and the caller is told.
          expect(squeezed(read.passages.map((passage) => passage.text).join(""))).toBe(squeezed(text.toWellFormed()));
          for (const { text } of read.passages) expect(text.length).toBeLessThanOrEqual(LARGEST + 2);
          for (const { text } of read.passages) expect(text.trim()).not.toBe("");
        }),
        { numRuns: 150 },
      );
    },
  );

  it("names the line where a passage of a text file begins", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^([a-z]{1,30}( [a-z]{1,9}){0,9})?$/), { minLength: 1, maxLength: 200 }),
        async (lines) => {
          if (lines.every((each) => each === "")) return;
          for (const name of ["a.txt", "a.yaml", "a.md"])
            for (const { text, at } of await passagesOf(name, lines.join("\n"))) expect(lines[at - 1]).toBe(text.split("\n")[0]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("knows the line of the file that each line of a passage is from, however it was cut", async () => {
    const line = fc.oneof(
      { weight: 6, arbitrary: fc.stringMatching(/^ {0,2}[a-z]{1,30}$/) },
      { weight: 3, arbitrary: fc.constant("") },
      fc.constant("long words of one line, ".repeat(200)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 120 }), async (lines) => {
        const read = await readDocument({ name: "a.yaml", content: lines.join("\n") }, new AbortController().signal);
        if (!read.ok) return;
        for (const { text, lines: runs = [] } of read.passages)
          for (const [index, each] of text.split("\n").entries()) {
            const run = runs.findLast(([from]) => from <= index);
            // The blank line between two blocks stands for as many as there are in the file.
            if (each.trim() !== "") expect(lines[(run?.[1] ?? 0) + index - (run?.[0] ?? 0) - 1]).toContain(each.trimEnd());
          }
      }),
      { numRuns: 100 },
    );
  });

  it("gives a Markdown passage the path of its headings and its line", async () => {
    const passages = await passagesOf(
      "guide.md",
      "# Guide\n\n## Configuration\n\nFirst.\n\n### `Budgets`\n\nA budget is money.\n\nSetext\n------\nLast.",
    );
    expect(passages.map(({ position, text }) => [position, text])).toEqual([
      ["Guide > Configuration, line 3", "# Guide\n\n## Configuration\n\nFirst."],
      ["Guide > Configuration > Budgets, line 7", "### `Budgets`\n\nA budget is money."],
      ["Guide > Setext, line 11", "Setext\n------\n\nLast."],
    ]);
  });

  it("takes no heading from inside a code block, and keeps the block whole when it fits", async () => {
    const code = `\`\`\`sh\n# not a heading\n\n${"echo one line of the script\n".repeat(40)}\`\`\``;
    const passages = await passagesOf("guide.md", `# Guide\n\n${sentence(1).repeat(8)}\n\n${code}\n\nAfter.`);
    expect(code.length).toBeGreaterThan(900);
    expect(passages.map((passage) => passage.position)).toEqual(["Guide, line 1", "Guide, line 5", "Guide, line 50"]);
    expect(passages[1]?.text).toBe(code);
  });

  it("takes a code block that is never closed to the end of the file, as CommonMark does", async () => {
    const passages = await passagesOf("guide.md", "# Guide\n\n```sh\n# not a heading\n\n# nor this");
    expect(passages.map((passage) => passage.position)).toEqual(["Guide, line 1"]);
  });

  it("cuts a long paragraph after a sentence", async () => {
    const passages = await passagesOf("long.txt", Array.from({ length: 60 }, (_, n) => sentence(n)).join(""));
    expect(passages.length).toBeGreaterThan(4);
    for (const { text } of passages) expect(text.trim()).toMatch(/^Sentence number .*much\.$/);
  });

  it("keeps the entries of a YAML file together", async () => {
    const entry = (n: number) => `rule-${n}:\n${"  limit: 10 # how many of them there may be\n".repeat(10)}`;
    const passages = await passagesOf("rules.yaml", [entry(1), entry(2), entry(3), entry(4)].join("\n"));
    expect(passages.map(({ text, position }) => [text.slice(0, 6), position])).toEqual([
      ["rule-1", "line 1"],
      ["rule-3", "line 25"],
    ]);
  });
});

describe("reading a web page", () => {
  const page = `<!doctype html><html><head><title>Handbook</title><style>p { color: red }</style></head><body>
    <nav><a href="/">Home</a></nav><h1>Handbook</h1><p>Welcome &amp; <b>be</b>ware.</p>
    <h2>Limits</h2><ul><li>One</li><li>Two</li></ul><pre>a:\n  b: 1</pre><script>alert("never read")</script>
    <table><tr><th>hops</th><th>floor</th></tr><tr><td>8</td><td>0.5</td></tr></table></body></html>`;

  it("keeps what a reader sees, under its headings, and nothing else", async () => {
    const passages = await passagesOf("page", page, "text/html; charset=utf-8");
    expect(passages.map(({ position, text }) => [position, text])).toEqual([
      ["Handbook, paragraph 1", "Handbook\n\nWelcome & beware."],
      ["Handbook > Limits, paragraph 3", "Limits\n\nOne\n\nTwo\n\na:\n  b: 1\n\nhops | floor\n\n8 | 0.5"],
    ]);
  });

  it("loses no word of its text, however its elements are nested or left open", async () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    const open = fc.constantFrom(
      "<p>",
      "<div>",
      "<h2>",
      "</h2>",
      "<li>",
      "<b>",
      "</b>",
      "<td>",
      "<pre>",
      "</pre>",
      "</p>",
      "<br>",
      "</div>",
      "",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(open, word), { minLength: 1, maxLength: 60 }), async (pieces) => {
        const passages = await passagesOf("page.html", pieces.map(([tag, text]) => `${tag} ${text} `).join(""));
        const read = passages
          .map((passage) => passage.text)
          .join(" ")
          .match(/[a-z]+/g);
        expect(read).toEqual(pieces.map(([, text]) => text));
      }),
      { numRuns: 100 },
    );
  });

  it("believes the page about its encoding when nobody else names one", async () => {
    const bytes = Uint8Array.from('<meta charset="windows-1252"><p>caf\xe9</p>', (character) => character.charCodeAt(0));
    expect((await passagesOf("page.html", bytes))[0]?.text).toBe("café");
  });
});

describe("reading a PDF", () => {
  it("gives each page its number", async () => {
    const passages = await passagesOf("paper.pdf", pdf(["The first page speaks of hops.", "The second page speaks of floors."]));
    expect(passages.map(({ position, text }) => [position, text])).toEqual([
      ["page 1", "The first page speaks of hops."],
      ["page 2", "The second page speaks of floors."],
    ]);
  });

  it("says that a scan has no text", async () => {
    expect(await refusal("scan.pdf", pdf([""]))).toMatch(/without text, perhaps a scan/);
  });

  it("says that a damaged file is damaged", async () => {
    expect(await refusal("broken.pdf", new TextEncoder().encode("%PDF-1.7 and then nothing of the kind"))).toMatch(/damaged, or not a PDF/);
  });
});

describe("what cannot be read", () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  it.each([
    ["random bytes", "x.txt", bytes(0x89, 0xff, 0x00, 0x12, 0xfe), undefined, /not UTF-8 text/],
    ["bytes that happen to be UTF-8", "x", bytes(1, 2, 3, 4, 5, 6), "text/plain", /binary data/],
    ["a NUL in a text", "x.md", "some\0text", undefined, /binary data/],
    ["an image", "x.png", bytes(0x89, 0x50), "image/png", /image\/png, which holds no text/],
    ["blanks", "x.md", " \n\t\n", undefined, /is empty/],
    ["a page without text", "x.html", "<html><script>1</script></html>", undefined, /is empty/],
    ["an unknown encoding", "x.txt", bytes(65), "text/plain; charset=klingon", /not UTF-8 text/],
    ["10 MB and a bit", "x.txt", "a".repeat(10_000_001), undefined, /more than 10\.0 MB: send it in several parts/],
    ["a PDF sent as text", "x.pdf", "%PDF-1.7", "application/pdf", /send its bytes, base64/],
  ])("is refused with its reason: %s", async (_what, name, content, mediaType, reason) => {
    expect(await refusal(name, content, mediaType)).toMatch(reason);
  });

  it.each([
    ["UTF-16 with a byte order mark", bytes(0xff, 0xfe, 0x68, 0, 0x69, 0), undefined],
    ["UTF-8 with a byte order mark", bytes(0xef, 0xbb, 0xbf, 0x68, 0x69), undefined],
    ["a named encoding", bytes(0x68, 0x69), "text/plain; charset=windows-1252"],
  ])("is not %s", async (_what, content, mediaType) => {
    expect(await passagesOf("x.txt", content, mediaType)).toMatchObject([{ text: "hi", position: "line 1" }]);
  });
});
