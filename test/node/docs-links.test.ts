import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

// Whoever follows a link of one document into another must land at a heading that is there.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOCUMENTS = ["README.md", ...globSync("docs/*.md", { cwd: ROOT })];

/** What is shown as code is no link and no heading. */
function proseOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8").replace(/^```.*?^```/gms, "");
}

/** A heading's address, as it is made where Markdown is shown: without punctuation, spaces as dashes. */
function anchorsOf(file: string): string[] {
  const headings = [...proseOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

it.each(DOCUMENTS)("every link in %s leads to a file and a heading that are there", (document) => {
  const links = [...proseOf(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)];
  const broken = links.filter(([, path = "", anchor]) => {
    const file = path === "" ? document : relative(ROOT, join(ROOT, dirname(document), path));
    return !existsSync(join(ROOT, file)) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});
