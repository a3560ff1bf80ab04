/**
 * Cuts what was found into statements that can be quoted by themselves: a sentence, a list item, a table row with its
 * column names, a line of code or configuration. Pure. Takes markup off, and changes no word.
 */

import type { Finding } from "../../shared/kit/finding.ts";
import { sentencesIn } from "../../shared/kit/sentence.ts";

export interface Statement {
  /** Readable Markdown on one line; for a `block`, as many lines as it takes. */
  readonly text: string;
  readonly kind: "sentence" | "row" | "code" | "block";
  /** The headings it stands under, or the comment above it: for its meaning, never quoted with it. */
  readonly heading: string;
  readonly finding: Finding;
  /** Its place in the order of all statements. */
  readonly order: number;
}

type Line = Pick<Statement, "text" | "kind" | "heading">;

const RESULT_CHARS = 400;
/** With a table or a list in it, which shows that it is no passage of prose. */
const LAID_OUT_CHARS = 3_000;
const LONGEST_SENTENCE = 500;

const CODE_FILE = /\.(ya?ml|toml|json|ini|env|sh|py|[cm]?[jt]sx?|sql)\b/i;
const COMMENT = /^\s*(?:#|\/\/+|\/\*+|\*(?!\*))(?!!)\s?/;

export function statementsOf(findings: readonly Finding[]): Statement[] {
  const lines = findings.flatMap((finding) => linesOf(finding).map((line) => ({ ...line, finding })));
  return lines.map((line, order) => ({ ...line, order }));
}

/** Calculations, tables and the like: what an agent worked out, kept whole, rather than a passage of a document. */
export function isResult({ text, source, by }: Finding): boolean {
  if (by === undefined || source?.score !== undefined || source?.uri !== undefined) return false;
  return text.length <= RESULT_CHARS || (text.length <= LAID_OUT_CHARS && /^\s*(?:\|.*\||[-*+]\s.*)\s*$/m.test(text));
}

function linesOf(finding: Finding): Line[] {
  const text = finding.text.trim();
  if (text === "") return [];
  if (isResult(finding) && text.includes("\n")) return [{ text, kind: "block", heading: "" }];
  return CODE_FILE.test(finding.source?.document ?? "") ? codeLines(text) : markdownLines(text);
}

/** Comments are prose, and say what the lines under them are about; every other line stands for itself. */
function codeLines(text: string): Line[] {
  const lines: Line[] = [];
  let comment: string[] = [];
  let about = "";
  const endComment = () => {
    if (comment.length > 0) about = comment.join(" ");
    lines.push(...prose(comment.join(" "), ""));
    comment = [];
  };
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line !== "" && COMMENT.test(line)) comment.push(line.replace(COMMENT, "").replace(/\s*\*\/$/, ""));
    else {
      endComment();
      if (line === "") about = "";
      if (/[\p{L}\p{N}]/u.test(line)) lines.push({ text: asCode(line), kind: "code", heading: about });
    }
  }
  endComment();
  return lines;
}

function markdownLines(text: string): Line[] {
  const lines: Line[] = [];
  const headings: string[] = [];
  let paragraph: string[] = [];
  let columns: readonly string[] = [];
  let row: readonly string[] | undefined;
  let fence: string | undefined;
  const heading = () => headings.filter(Boolean).join(" ");
  const endParagraph = () => {
    lines.push(...prose(paragraph.join(" "), heading()));
    paragraph = [];
  };
  // A row waits for the next line: only a ruler under it says that it names the columns.
  const endRow = () => {
    if (row) lines.push({ text: rowText(columns, row), kind: "row", heading: heading() });
    row = undefined;
  };

  for (const raw of text.split("\n")) {
    const line = raw.replace(/^\s*>\s?/, "").trim();
    const mark = line.match(/^(```|~~~)/)?.[1];
    const cells = cellsOf(line);
    if (mark !== undefined || fence !== undefined || line === "" || cells || /^(#{1,6}\s|[-*+]\s|\d+[.)]\s)/.test(line)) endParagraph();
    const ruler = cells?.every((cell) => /^:?-+:?$/.test(cell)) ?? false;
    if (!ruler) endRow();
    if (!cells) columns = [];

    if (mark !== undefined && (fence === undefined || fence === mark)) fence = fence === undefined ? mark : undefined;
    else if (fence !== undefined) lines.push(...(line === "" ? [] : [{ text: asCode(line), kind: "code" as const, heading: heading() }]));
    else if (/^#{1,6}\s/.test(line)) {
      const depth = line.indexOf(" ");
      headings.length = Math.min(headings.length, depth - 1);
      headings[depth - 1] = plain(line.slice(depth));
    } else if (cells) {
      if (ruler) columns = row ?? [];
      row = ruler ? undefined : cells;
    } else if (isSetting(line)) {
      endParagraph();
      lines.push({ text: asCode(line.replace(/^- /, "")), kind: "code", heading: heading() });
    } else if (line !== "") paragraph.push(line.replace(/^([-*+]|\d+[.)])\s+/, ""));
  }
  endRow();
  endParagraph();
  return lines;
}

/** `key: value` or `key = value` as configuration writes it: one lower-case word, and no sentence behind it. */
function isSetting(line: string): boolean {
  return /^(- )?[a-z][\w.-]*(: | = )\S+( \S+)?( +#.*)?$/.test(line) && !/[.!?]$/.test(line);
}

function cellsOf(line: string): string[] | undefined {
  if (!/^\|.*\|$/.test(line)) return undefined;
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => plain(cell));
}

function rowText(columns: readonly string[], cells: readonly string[]): string {
  const named = cells.map((cell, index) => (columns[index] ? `${columns[index]}: ${cell}` : cell));
  return named.filter((_, index) => cells[index] !== "").join("; ");
}

function asCode(line: string): string {
  return line.includes("`") ? line : `\`${line}\``;
}

function prose(text: string, heading: string): Line[] {
  return sentencesOf(plain(text)).map((sentence) => ({ text: shortened(sentence), kind: "sentence", heading }));
}

function sentencesOf(text: string): string[] {
  return sentencesIn(text)
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}

/** Takes off links' targets, images, emphasis and foreign reference numbers, which would be taken for our own. */
function plain(text: string): string {
  return text
    .replace(/!?\[([^\][]*)\]\([^)\s]*(?:\s"[^"]*")?\)/g, "$1")
    .replace(/\s?\[\d{1,3}\]/g, "")
    .replace(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, "$2")
    .replace(/\s+/g, " ")
    .trim();
}

function shortened(sentence: string): string {
  if (sentence.length <= LONGEST_SENTENCE) return sentence;
  const cut = sentence.slice(0, LONGEST_SENTENCE);
  const clause = Math.max(cut.lastIndexOf("; "), cut.lastIndexOf(", "), cut.lastIndexOf(": "));
  return `${cut.slice(0, clause > LONGEST_SENTENCE / 2 ? clause : cut.lastIndexOf(" "))} …`;
}
