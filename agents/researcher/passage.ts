/**
 * Passages: the pieces a document is found by. A document is first cut into blocks (a paragraph, a code block, a heading),
 * then blocks are packed into passages of a size that can be quoted. Nothing is left out and nothing is said twice: the
 * passages of a document, put together, hold every word of it once. Pure.
 */

/** A piece of a document that should stay together. */
export interface Block {
  readonly text: string;
  /** The headings it stands under, outermost first, for a heading with itself. No passage has text of two sections. */
  readonly path: readonly string[];
  /** Where it begins, counted from 1 in the document's own unit. */
  readonly at: number;
  /** The line of the file that each line of the text is from, where they do not simply count up from `at`. */
  readonly numbers?: readonly number[];
  /** A heading alone answers nothing: it opens the passage of what follows. */
  readonly heading?: boolean;
}

/** What `at` counts: lines of a text file, paragraphs of a web page, pages of a PDF. */
export type Unit = "line" | "paragraph" | "page";

/** From the line `index` of a text on (the first is 0), its lines are those of the file from `line` on. */
export type LineRun = readonly [index: number, line: number];

export interface Passage {
  readonly text: string;
  /** Where in the document, in words a reader can follow: `Configuration > Budgets, line 42`. */
  readonly position: string;
  readonly at: number;
  /** Where its lines are from, when its position is a line and no heading. */
  readonly lines?: readonly LineRun[];
}

/** A passage is closed when the next block would take it beyond this many characters. */
const COMFORTABLE = 900;
/** A block up to this size is kept whole; a larger one is cut. */
export const LARGEST = 1500;

const BETWEEN_BLOCKS = "\n\n";
/** The line between two blocks: of no line in the file, and never the one before another. */
const NO_LINE = -1;

export function packBlocks(blocks: readonly Block[], unit: Unit): Passage[] {
  const passages: Passage[] = [];
  let open: Block[] = [];
  let size = 0;

  for (const block of blocks.flatMap((each) => cutToFit(each, unit))) {
    const last = open.at(-1);
    const onlyHeadings = open.every((each) => each.heading);
    const leavesSection = last !== undefined && !onlyHeadings && !samePath(last.path, block.path);
    const turnsPage = unit === "page" && last !== undefined && last.at !== block.at;
    // What follows a heading may be a whole code block: the pair may go beyond the comfortable size, never beyond the largest.
    const tooLarge = size + block.text.length > (onlyHeadings ? LARGEST : COMFORTABLE);
    if (leavesSection || turnsPage || tooLarge) {
      if (last) passages.push(passageOf(open, last.path, unit));
      open = [];
      size = 0;
    }
    open.push(block);
    size += block.text.length + 2;
  }
  const last = open.at(-1);
  if (last) passages.push(passageOf(open, last.path, unit));
  return passages;
}

/** Headings of outer sections may open a passage; its position is where its own section begins in it. */
function passageOf(blocks: readonly Block[], path: readonly string[], unit: Unit): Passage {
  const at = blocks.find((block) => samePath(block.path, path))?.at ?? 1;
  const place = `${unit} ${at}`;
  const text = blocks.map((block) => block.text).join(BETWEEN_BLOCKS);
  if (path.length > 0) return { text, at, position: `${path.join(" > ")}, ${place}` };
  return { text, at, position: place, ...(unit === "line" && { lines: lineRunsOf(blocks) }) };
}

function lineRunsOf(blocks: readonly Block[]): LineRun[] {
  const numbers = blocks.flatMap(({ text, at, numbers }) => [...(numbers ?? text.split("\n").map((_, i) => at + i)), NO_LINE]);
  return numbers.flatMap((line, index): LineRun[] =>
    line !== NO_LINE && line !== (numbers[index - 1] ?? NO_LINE) + 1 ? [[index, line]] : [],
  );
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((heading, i) => heading === b[i]);
}

/** A block that is too large, as several: cut at line ends where there are any, else within the line. */
function cutToFit(block: Block, unit: Unit): Block[] {
  if (block.text.length <= LARGEST) return [block];
  const pieces: Block[] = [];
  let lines: string[] = [];
  let numbers: number[] = [];
  let size = 0;
  const close = () => {
    const text = lines.join("\n");
    // Only in a text file does each line have a number of its own: a paragraph or a page keeps its number when it is cut.
    if (text.trim() !== "") pieces.push(unit === "line" ? { ...block, text, at: numbers[0] ?? block.at, numbers } : { ...block, text });
    lines = [];
    numbers = [];
    size = 0;
  };

  block.text.split("\n").forEach((line, i) => {
    for (const text of line.length > LARGEST ? cutLine(line) : [line]) {
      if (size + text.length > COMFORTABLE) close();
      lines.push(text);
      numbers.push(block.at + i);
      size += text.length + 1;
    }
  });
  close();
  return pieces;
}

/** Cuts after a sentence, else at a space, else anywhere but inside a character. */
function cutLine(line: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (line.length - from > COMFORTABLE) {
    const reach = line.slice(from, from + COMFORTABLE);
    const sentence = Math.max(...[". ", "! ", "? ", "; ", "。"].map((end) => reach.lastIndexOf(end) + 1));
    const cut = sentence > COMFORTABLE / 3 ? sentence : reach.lastIndexOf(" ") > 0 ? reach.lastIndexOf(" ") : COMFORTABLE;
    const splitsCharacter = /[\uD800-\uDBFF]/.test(line[from + cut - 1] ?? "");
    pieces.push(line.slice(from, from + cut - (splitsCharacter ? 1 : 0)));
    from += cut - (splitsCharacter ? 1 : 0);
  }
  pieces.push(line.slice(from));
  return pieces;
}
