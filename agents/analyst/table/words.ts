/**
 * Finds real column names in somebody's words, forgiving about case, plural, underscores and articles, and about nothing
 * else: a word that could mean two columns means none.
 */
import { same } from "./select-sql.ts";

const COUNTED = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

export function numberIn(word: string): number | undefined {
  if (/^\d{1,6}$/.test(word)) return Number(word);
  const at = COUNTED.indexOf(word.toLowerCase());
  return at < 0 ? undefined : at;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** A name as a pattern: its words may be joined by spaces, dashes or underscores. */
export function wordPattern(name: string): string {
  return name
    .split(/[\s_-]+/)
    .map(escaped)
    .join("[\\s_-]+");
}

/** The one column these words mean. */
export function columnIn(words: string, columns: readonly string[]): string | undefined {
  const said = words
    .trim()
    .replace(/^(?:the|each|every|its|their)\s+/i, "")
    .replace(/["'`]/g, "");
  const exact = columns.find((column) => same(column, said));
  if (exact !== undefined) return exact;
  const alike = [...new Set(columns)].filter((column) => same(singular(column), singular(said)));
  if (alike.length === 1) return alike[0];
  // "price" for the one column "unit price"
  const part = [...new Set(columns)].filter((column) =>
    column
      .toLowerCase()
      .split(/[\s_-]+/)
      .includes(singular(said).toLowerCase()),
  );
  return part.length === 1 ? part[0] : undefined;
}

/** All columns named in a text, in the order they are named; the longer name wins where one is part of another. */
export function columnsIn(text: string, columns: readonly string[]): string[] {
  const found: { column: string; at: number }[] = [];
  let rest = text;
  for (const column of [...new Set(columns)].sort((a, b) => b.length - a.length)) {
    const stem = singular(column);
    const match = new RegExp(
      `(?<![\\p{L}\\p{N}_])(?:${wordPattern(column)}|${wordPattern(stem)}(?:e?s)?${stem.endsWith("y") ? `|${escaped(stem.slice(0, -1))}ies` : ""})(?![\\p{L}\\p{N}_])`,
      "iu",
    ).exec(rest);
    if (!match) continue;
    found.push({ column, at: match.index });
    rest = rest.slice(0, match.index) + " ".repeat(match[0].length) + rest.slice(match.index + match[0].length);
  }
  return found.sort((a, b) => a.at - b.at).map(({ column }) => column);
}

function singular(word: string): string {
  if (/ies$/i.test(word)) return word.replace(/ies$/i, "y");
  return /(?:[^s]s)$/i.test(word) && word.length > 3 ? word.slice(0, -1) : word;
}
