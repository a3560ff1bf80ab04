/**
 * Reads a web page into blocks: its headings, paragraphs, list items, table rows and code, in the order they are read,
 * without scripts, styles and navigation. A page has no lines a reader could count, so positions count paragraphs. Pure.
 */
import { Parser } from "htmlparser2";
import type { Block } from "./passage.ts";

const UNSEEN = new Set(["script", "style", "noscript", "template", "svg", "nav", "iframe", "object", "select", "button"]);
/** Where one of these begins or ends, the running paragraph ends. */
const BREAKS = new Set(
  (
    "p div section article main aside header footer ul ol li dl dt dd table thead tbody tr caption pre blockquote figure " +
    "figcaption form fieldset details summary address hr h1 h2 h3 h4 h5 h6 title body"
  ).split(" "),
);

export function htmlBlocks(html: string): Block[] {
  const blocks: Block[] = [];
  const path: (string | undefined)[] = [];
  let text = "";
  let paragraph = 0;
  let unseen = 0;
  let preformatted = 0;

  /** @param level 0 for the page's title, 1 to 6 for headings */
  const end = (level?: number) => {
    const ended =
      preformatted > 0
        ? text.replace(/^\n+|\s+$/g, "")
        : text
            .replace(/[^\S\n]+/g, " ")
            .replace(/ ?\n ?/g, "\n")
            .trim();
    text = "";
    if (ended === "") return;
    // A page's title and its first heading are often the same words: once is enough.
    if (level === 1 && path[0] === ended) return;
    if (level !== undefined) {
      path.length = Math.min(path.length, level);
      path[level] = ended.replace(/\s+/g, " ").slice(0, 100).toWellFormed();
    }
    paragraph += 1;
    blocks.push({
      text: ended,
      path: path.filter((heading) => heading !== undefined),
      at: paragraph,
      ...(level !== undefined && { heading: true }),
    });
  };

  const parser = new Parser({
    onopentag(name) {
      if (UNSEEN.has(name)) unseen += 1;
      if (BREAKS.has(name)) end();
      if (name === "pre") preformatted += 1;
      if (name === "br") text += "\n";
      // Cells of a row stay in one line, so that a row reads as a row.
      if ((name === "td" || name === "th") && text.trim() !== "") text += " | ";
    },
    ontext(piece) {
      if (unseen === 0) text += preformatted > 0 ? piece : piece.replace(/\s+/g, " ");
    },
    onclosetag(name) {
      if (UNSEEN.has(name)) unseen -= 1;
      const level = name === "title" ? 0 : /^h[1-6]$/.test(name) ? Number(name[1]) : undefined;
      if (BREAKS.has(name)) end(level);
      if (name === "pre") preformatted -= 1;
    },
  });
  parser.write(html);
  parser.end();
  end();
  return blocks;
}
