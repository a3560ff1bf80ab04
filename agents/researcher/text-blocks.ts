/**
 * Cuts text files into blocks with line numbers: Markdown by heading, paragraph and code fence, plain text by paragraph,
 * and everything whose lines have a meaning (code, YAML, JSON, CSV) by top-level entry. Pure; each line that is not
 * blank is in exactly one block, in order.
 */
import type { Block } from "./passage.ts";

/** Longer headings are sentences; a position has no room for them. The passage still holds the whole heading. */
const HEADING_IN_PATH = 100;

export function markdownBlocks(source: string): Block[] {
  const lines = source.split("\n");
  const blocks: Block[] = [];
  const path: (string | undefined)[] = [];
  let paragraph: string[] = [];
  let i = 0;

  const here = () => path.filter((heading) => heading !== undefined);
  const add = (text: string, at: number, heading = false) => blocks.push({ text, path: here(), at, ...(heading && { heading }) });
  const endParagraph = () => {
    if (paragraph.length > 0) add(paragraph.join("\n"), i - paragraph.length + 1);
    paragraph = [];
  };
  const enterSection = (level: number, title: string) => {
    path.length = Math.min(path.length, level);
    path[level] = plain(title);
  };

  for (; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const fence = /^\s*(`{3,}(?=[^`]*$)|~{3,})/.exec(line)?.[1];
    const heading = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/.exec(line);
    const underline = paragraph.length === 1 ? /^ {0,3}(=+|-+)\s*$/.exec(line)?.[1] : undefined;

    if (fence) {
      endParagraph();
      const end = closingFence(lines, i, fence);
      add(lines.slice(i, end + 1).join("\n"), i + 1);
      i = end;
    } else if (underline && paragraph[0]?.trim()) {
      enterSection(underline.startsWith("=") ? 1 : 2, paragraph[0]);
      add(`${paragraph[0]}\n${line}`, i, true);
      paragraph = [];
    } else if (heading) {
      endParagraph();
      enterSection(heading[1]?.length ?? 1, heading[2] ?? "");
      add(line, i + 1, true);
    } else if (line.trim() === "") endParagraph();
    else paragraph.push(line);
  }
  endParagraph();
  return blocks;
}

/** The line that closes the fence, or the last one: an open fence runs to the end, as CommonMark has it. */
function closingFence(lines: readonly string[], open: number, fence: string): number {
  for (let i = open + 1; i < lines.length; i++) {
    const closing = /^\s*(`{3,}|~{3,})\s*$/.exec(lines[i] ?? "")?.[1];
    if (closing?.startsWith(fence)) return i;
  }
  return lines.length - 1;
}

/** A heading as it reads, without its markup. */
function plain(title: string): string | undefined {
  const text = title
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[`*]/g, "")
    .trim();
  return text === "" ? undefined : text.length > HEADING_IN_PATH ? `${text.slice(0, HEADING_IN_PATH - 1).toWellFormed()}…` : text;
}

export function paragraphBlocks(source: string): Block[] {
  return blocksUntil(source, (line) => line.trim() === "");
}

/** A new entry begins at a line without indent that follows a blank one. Smaller cuts are left to the packing. */
export function lineBlocks(source: string): Block[] {
  return blocksUntil(source, (line, next) => line.trim() === "" && !/^\s/.test(next));
}

function blocksUntil(source: string, ends: (line: string, next: string) => boolean): Block[] {
  const lines = source.split("\n");
  const blocks: Block[] = [];
  let start = 0;
  lines.forEach((line, i) => {
    if (i < lines.length - 1 && !ends(line, lines[i + 1] ?? "")) return;
    const kept = lines.slice(start, i + 1);
    const first = kept.findIndex((each) => each.trim() !== "");
    if (first >= 0) blocks.push({ text: kept.slice(first).join("\n").trimEnd(), path: [], at: start + first + 1 });
    start = i + 1;
  });
  return blocks;
}
