import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { batches, documentsIn, partFor, partTaken } from "../../../cli/documents.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "skein-test-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function given(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `content of ${path}`);
  }
}

describe("documents of a folder", () => {
  it("are those that can be read, at any depth; the others are counted", () => {
    given("a.md", "deep/er/b.TXT", "c.png", "d.pdf");
    const { files, skipped } = documentsIn(root);
    expect(files).toEqual([join(root, "a.md"), join(root, "d.pdf"), join(root, "deep/er/b.TXT")]);
    expect(skipped).toBe(1);
  });

  it("leave out what is hidden or installed", () => {
    given("a.md", ".git/b.md", "node_modules/c/d.md");
    expect(documentsIn(root)).toMatchObject({ files: [join(root, "a.md")], skipped: 0 });
  });

  it("are refused with what to do when there are none", () => {
    given("c.png");
    expect(() => documentsIn(root)).toThrow(/should be some of .*\.md/);
    expect(() => documentsIn(join(root, "nowhere"))).toThrow(/there is no folder/);
  });
});

describe("a document as a part", () => {
  it("carries its name in the folder and where it opens", () => {
    given("deep/a b.md");
    const path = join(root, "deep/a b.md");
    expect(partFor(path, root)).toEqual({
      text: "content of deep/a b.md",
      filename: join("deep", "a b.md"),
      mediaType: "text/markdown",
      metadata: { uri: pathToFileURL(path).href },
    });
  });

  it("is bytes when it is no text", () => {
    given("d.pdf");
    expect(partFor(join(root, "d.pdf"))).toMatchObject({
      raw: Buffer.from("content of d.pdf").toString("base64"),
      mediaType: "application/pdf",
    });
  });

  it("is refused by name when there is no such file", () => {
    expect(() => partFor(join(root, "gone.md"))).toThrow(/cannot read .*gone\.md/);
  });
});

describe("a part for an agent", () => {
  it.each([
    ["of a type it takes goes as it is", "a.csv", ["text/csv"], "text/csv"],
    ["of text it does not know goes as plain text", "a.csv", ["text/plain"], "text/plain"],
    ["of a family it takes goes as it is", "a.csv", ["text/*"], "text/csv"],
    ["of bytes it does not take does not go", "a.pdf", ["text/plain", "text/csv"], undefined],
  ])("%s", (_what, name, modes, mediaType) => {
    given(name);
    expect(partTaken(partFor(join(root, name)), modes)?.mediaType).toBe(mediaType);
  });
});

describe("batches", () => {
  it("hold every part once, in order, and more than 2 MB only for a part that is larger itself", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 3_000_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, (lengths) => {
        // A string's length is all that counts here, so one long string is shared instead of made anew.
        const parts = lengths.map((length) => ({ text: LONG.slice(0, length) }));
        const groups = batches(parts);
        expect(groups.flat()).toEqual(parts);
        for (const group of groups) {
          expect(group.length).toBeLessThanOrEqual(20);
          const total = group.reduce((sum, { text = "" }) => sum + text.length, 0);
          expect(group.length === 1 || total <= 2_000_000).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});

const LONG = "x".repeat(3_000_000);
