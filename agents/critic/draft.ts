/**
 * Reads a draft: its sentences with the sources they cite, and its list of sources. Pure. Markup is taken off, so that only
 * what the draft claims is left. The same reading serves for sources, so that a sentence copied from one reads the same.
 */
import { sentencesIn } from "../../shared/kit/sentence.ts";

export interface Draft {
  readonly sentences: readonly Sentence[];
  /** What the draft's own list says behind each number. */
  readonly listed: ReadonlyMap<number, string>;
}

export interface Sentence {
  readonly text: string;
  readonly citations: readonly number[];
  /** A title claims by its numbers and quotations; its capitals are typography. */
  readonly title: boolean;
}

const SOURCES = /^(?:#+\s*|\*\*)?(?:sources|references|bibliography|citations|footnotes)\s*:?\s*(?:\*\*)?\s*:?$/i;
const ENTRY = /^(?:\[\^?(\d{1,3})\]:?|(\d{1,3})[.)])\s+(.+)$/;
/** `[1]`, `[1, 2]`, `[^3]`: but not the text of a link. */
const CITATION = /\s?\[\^?(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\](?!\()/g;

export function readDraft(markdown: string): Draft {
  const body: string[] = [];
  const listed = new Map<number, string>();
  let inList = false;
  for (const raw of markdown.split(/\r?\n/)) {
    const line = raw.trim();
    const entry = line.match(inList ? ENTRY : /^\[\^?(\d{1,3})\]:()\s+(.+)$/);
    if (SOURCES.test(line)) inList = true;
    else if (entry) listed.set(Number(entry[1] || entry[2]), plainOf(entry[3] ?? ""));
    else if (line !== "" || !inList) {
      // Only entries belong to the list: a claim hidden under "Sources" is still a claim.
      inList = false;
      body.push(raw);
    }
  }
  return { sentences: blocksOf(body).flatMap(sentencesOf), listed };
}

/** The words as they are read: without citations, targets of links, emphasis, and marks of headings, items and quotes. */
export function plainOf(text: string): string {
  return text
    .replace(CITATION, "")
    .replace(/!?\[([^\][]*)\]\([^)\s]*(?:\s"[^"]*")?\)/g, "$1")
    .replace(/\*\*|__|`+|(?<![\p{L}\p{N}])[*_](?=\S)|(?<=\S)[*_](?![\p{L}\p{N}])/gu, "")
    .replace(/\\([[\]*_`#|])/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

interface Block {
  readonly text: string;
  readonly title: boolean;
}

/** One block for a paragraph, a heading, an item or a row. A title that asks is left out: a question claims nothing. */
function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const end = () => {
    if (paragraph.length > 0) blocks.push({ text: paragraph.join(" "), title: false });
    paragraph = [];
  };
  for (const raw of lines) {
    const line = raw.replace(/^\s*>\s?/, "").trim();
    const title = line.match(/^#{1,6}\s+(.*)$/)?.[1] ?? line.match(/^\*\*([^*]+)\*\*:?$/)?.[1];
    if (line === "" || /^(?:```|~~~|[-|:\s]+$)/.test(line)) end();
    else if (title !== undefined) {
      end();
      if (!title.trim().endsWith("?")) blocks.push({ text: title, title: true });
    } else if (/^\|.*\|$/.test(line)) {
      end();
      blocks.push({
        text: line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim())
          .join(" ; "),
        title: false,
      });
    } else {
      const item = line.match(/^(?:[-*+]|\d{1,3}[.)])\s+(.*)$/)?.[1];
      if (item !== undefined) end();
      paragraph.push(item ?? line);
    }
  }
  end();
  return blocks;
}

function sentencesOf({ text, title }: Block): Sentence[] {
  const sentences: string[] = [];
  for (const sentence of sentencesIn(text)) {
    // A citation behind the full stop belongs to the sentence before it, though it stands before the next.
    const citation = sentence.match(/^(?:\s*\[\^?\d{1,3}(?:\s*[,;]\s*\d{1,3})*\](?!\())+[.\s]*/)?.[0] ?? "";
    const rest = sentence.slice(citation.length);
    if (sentences.length === 0) sentences.push(sentence);
    else {
      sentences[sentences.length - 1] += citation;
      if (rest !== "") sentences.push(rest);
    }
  }
  return sentences.map((sentence) => ({ text: plainOf(sentence), citations: citationsOf(sentence), title }));
}

function citationsOf(sentence: string): number[] {
  return [...sentence.matchAll(CITATION)].flatMap(([, numbers = ""]) => numbers.split(/[,;]/).map(Number));
}
