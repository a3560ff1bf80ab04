/**
 * Which stretches of a request are one thing and may never be cut: code, quotations, brackets, addresses, numbers,
 * abbreviations, blocks of table rows. They are masked with a letter that stands for itself, so that offsets stay true.
 */

/** Stands for one protected character. A private-use code point: no request can contain a meaning for it. */
export const MASK = "\uE000";

// In this order: what encloses comes before what is enclosed.
const WHOLE: readonly RegExp[] = [
  /```[\s\S]*?(?:```|$)/g,
  /`[^`\n]*`/g,
  /"[^"]*"|“[^”]*”|«[^»]*»|„[^“”]*[“”]/g,
  // A single quote opens after a space and closes before one: an apostrophe does neither.
  /(?<=^|\s)'[^'\n]+'(?=[\s.,;:!?)]|$)/g,
  /\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]|\{[^}]*\}/g,
  /\b[a-z][a-z0-9+.-]{0,15}:\/\/[^\s<>]*[^\s<>.,;:!?)\]]/gi,
  /\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g,
  /\b(?:e\.\s?g|i\.\s?e|cf|vs|etc|approx|ca|no|nr|fig|eq|sec|ch|p|pp|dr|mr|mrs|ms|prof|st|inc|ltd|jr|sr|al|avg|max|min|dept|incl|excl|est|temp|qty|resp|sect|para|vol|[A-Z](?:\.[A-Z])+)\.(?=\s+\S)/gi,
  // Names with dots: README.md, v1.2.3, example.com, 0.95, 1,000.5, 3:30
  /\b\w+(?:[.,:/]\w+)+\b/g,
  /\b[A-Z]\.(?=\s+[A-Z][a-z])/g,
  /\.{2,}|…/g,
  // Set phrases whose "and" joins nouns although the second may be a verb too.
  /\b(?:black and white|search and (?:rescue|replace)|research and development|trial and error|copy and paste|pros and cons|questions? and answers?|drag and drop|supply and demand|terms and conditions|find and replace|back and forth|and so on|and so forth)\b/gi,
];

/** The text with every protected character replaced by MASK, and of the same length. */
export function mask(text: string): string {
  let masked = text;
  for (const block of tableBlocks(text)) masked = cover(masked, block.start, block.end);
  for (const pattern of WHOLE) masked = masked.replace(pattern, (found) => MASK.repeat(found.length));
  return masked;
}

function cover(text: string, start: number, end: number): string {
  return text.slice(0, start) + MASK.repeat(end - start) + text.slice(end);
}

/** Runs of two or more lines with the same number of separators: a table somebody pasted. */
export function tableBlocks(text: string): { start: number; end: number }[] {
  const blocks: { start: number; end: number }[] = [];
  let offset = 0;
  let run: { start: number; end: number; columns: string; rows: number } | undefined;
  const close = () => {
    if (run && run.rows >= 2) blocks.push({ start: run.start, end: run.end });
    run = undefined;
  };
  for (const line of text.split("\n")) {
    const columns = shapeOf(line);
    if (run && columns === run.columns) run = { ...run, end: offset + line.length, rows: run.rows + 1 };
    else {
      close();
      if (columns) run = { start: offset, end: offset + line.length, columns, rows: 1 };
    }
    offset += line.length + 1;
  }
  close();
  return blocks;
}

/** "comma 3" for a row of four cells; empty for a line of prose, where a space follows each comma. */
function shapeOf(line: string): string {
  for (const separator of ["\t", ";", ",", "|"]) {
    const cells = line.split(separator);
    if (cells.length < 2) continue;
    const prose = separator !== "\t" && separator !== "|" && cells.slice(1).every((cell) => cell.startsWith(" ") || cell === "");
    return prose ? "" : `${separator}${cells.length}`;
  }
  return "";
}
