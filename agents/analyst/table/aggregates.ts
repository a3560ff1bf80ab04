/**
 * The measures a question asks for: "average price", "minimum and maximum of revenue", "number of different cities",
 * "how many rows". A measure of a column that is not there is told, never left out.
 */
import type { Aggregate } from "./query.ts";
import type { Sentence } from "./sentence.ts";
import { columnIn, wordPattern } from "./words.ts";

const WORDS: Readonly<Record<Aggregate["fn"], string>> = {
  average: "average|avg|mean",
  sum: "total|sum",
  min: "minimum|min|lowest|smallest|cheapest",
  max: "maximum|max|highest|largest|greatest|biggest",
  count: "count|number",
  "count distinct": "",
};
const MEASURE = [WORDS.average, WORDS.sum, WORDS.min, WORDS.max].join("|");
const SEVERAL = `((?:${MEASURE})(?:(?:\\s*,\\s*(?:and\\s+)?|\\s+and\\s+)(?:the\\s+)?(?:${MEASURE}))*)`;

export type AggregatesReading = { readonly ok: true; readonly aggregates: Aggregate[] } | { readonly ok: false; readonly reason: string };

export function takeAggregates(sentence: Sentence, columns: readonly string[]): AggregatesReading {
  const aggregates: Aggregate[] = [];
  const distinct = sentence.take(
    /\b(?:counts?|number|how many)\s*(?:of)?\s*(?:the\s+)?(?:distinct|different|unique)\s+((?:[\w-]+\s?){1,4})/i,
  );
  if (distinct) {
    const column = firstColumn(distinct[1] ?? "", columns);
    if (column === undefined) return unknown(distinct[1] ?? "", columns);
    aggregates.push({ fn: "count distinct", column });
  }
  for (const column of [...columns].sort((a, b) => b.length - a.length)) {
    for (;;) {
      const match = sentence.take(new RegExp(`\\b${SEVERAL}\\s+(?:of\\s+)?(?:the\\s+)?${wordPattern(column)}(?:e?s)?(?=\\W)`, "i"));
      if (!match) break;
      for (const word of (match[1] ?? "").split(/\W+/)) {
        const fn = measureOf(word);
        if (fn) aggregates.push({ fn, column });
      }
    }
  }
  // What is left names its column loosely ("price" for "unit price"), or one that is not there.
  for (;;) {
    const match = sentence.take(
      new RegExp(
        `\\b(${MEASURE})\\s+(?:of\\s+)?(?:the\\s+)?((?!and\\b|by\\b|per\\b)[\\w-]+(?:\\s(?!by\\b|per\\b|and\\b|for\\b|in\\b|from\\b|where\\b)[\\w-]+)?)`,
        "i",
      ),
    );
    const fn = measureOf(match?.[1] ?? "");
    if (!match || !fn) break;
    const column = firstColumn(match[2] ?? "", columns);
    if (column === undefined) return unknown(match[2] ?? "", columns);
    aggregates.push({ fn, column });
  }
  const rows = /\b(?:counts?|number of|how many)\b(?:\s+of)?(?:\s+(?:the\s+)?(?:rows|records|entries|items))?/i;
  if (!distinct && sentence.take(rows)) aggregates.push({ fn: "count" });
  return { ok: true, aggregates };
}

/** The measure a single phrase names: "average price", "number of rows". */
export function measureIn(words: string, columns: readonly string[]): Aggregate | undefined {
  const match = new RegExp(`^(${MEASURE})\\s+(?:of\\s+)?(?:the\\s+)?(.+)$`, "i").exec(words.trim());
  const fn = measureOf(match?.[1] ?? "");
  const column = columnIn(match?.[2] ?? "", columns);
  if (fn && column !== undefined) return { fn, column };
  return /^(?:count|number|(?:most |number of )?(?:rows|records|entries|items))\b/i.test(words.trim()) ? { fn: "count" } : undefined;
}

function measureOf(word: string): Aggregate["fn"] | undefined {
  const fns = Object.keys(WORDS) as Aggregate["fn"][];
  return fns.find((fn) => WORDS[fn].split("|").includes(word.toLowerCase()) && word !== "");
}

function firstColumn(words: string, columns: readonly string[]): string | undefined {
  const said = words.trim().split(/\s+/);
  for (let length = said.length; length > 0; length -= 1) {
    const column = columnIn(said.slice(0, length).join(" "), columns);
    if (column !== undefined) return column;
  }
  return undefined;
}

function unknown(words: string, columns: readonly string[]): AggregatesReading {
  return { ok: false, reason: `there is no column "${words.trim()}". There is: ${columns.slice(0, 60).join(", ")}` };
}
