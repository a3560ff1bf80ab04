/**
 * Conditions in plain words: "price > 10 and city is Paris", "name contains 'smith'", "price between 5 and 10". What cannot
 * be read is given back, never dropped in silence.
 */
import type { Condition } from "./query.ts";
import { columnIn } from "./words.ts";

export interface Conditions {
  readonly conditions: Condition[];
  readonly unread: readonly string[];
}

/** Longer wordings first: "is not" before "is". */
const OPERATORS: readonly (readonly [string, Condition["op"]])[] = [
  ["is not empty|is not null|is not missing|is present", "is not empty"],
  ["is empty|is null|is missing|is blank", "is empty"],
  [">=|is at least|at least|is greater than or equal to|is no less than|from", ">="],
  ["<=|is at most|at most|is less than or equal to|is no more than|up to", "<="],
  ["!=|<>|is not|isn't|does not equal|not equal to|other than", "!="],
  [
    ">|is greater than|is more than|is larger than|is above|is over|greater than|more than|larger than|above|over|exceeds|after|is after",
    ">",
  ],
  ["<|is less than|is lower than|is smaller than|is below|is under|less than|lower than|smaller than|below|under|before|is before", "<"],
  ["starts with|begins with", "starts with"],
  ["contains|includes|containing|has|like", "contains"],
  ["is one of|is in|in", "in"],
  ["==|=|is equal to|equals|equal to|is|are|of", "="],
];

export function readConditions(text: string, columns: readonly string[]): Conditions {
  const conditions: Condition[] = [];
  const unread: string[] = [];
  let column: string | undefined;
  for (const words of pieces(text)) {
    const between = /^(.+?)\s+(?:is\s+)?between\s+(\S+)\s+and\s+(\S+)$/i.exec(words);
    const range = between && columnIn(between[1] ?? "", columns);
    if (between && range) {
      conditions.push(
        { column: range, op: ">=", value: literalFrom(between[2] ?? "") },
        { column: range, op: "<=", value: literalFrom(between[3] ?? "") },
      );
      continue;
    }
    const read = readOne(words, columns, column);
    if (read) {
      conditions.push(read);
      column = read.column;
    } else unread.push(words);
  }
  return { conditions, unread };
}

/** Cut at "and" and commas, but neither inside quotes nor inside "between a and b". */
function pieces(text: string): string[] {
  const kept: string[] = [];
  const hidden = text.replace(
    /(["'“”])(?:(?!\1).)*\1|\bbetween\s+\S+\s+and\s+\S+|\b(?:in|one of)\s*\([^)]*\)/gi,
    (each) => `\u0001${kept.push(each) - 1}\u0001`,
  );
  return hidden
    .split(/\s+and\s+|\s*,\s*(?:and\s+)?/i)
    .map((piece) => piece.replace(/\u0001(\d+)\u0001/g, (_, at: string) => kept[Number(at)] ?? "").trim())
    .filter((piece) => piece !== "");
}

/** "price > 5 and < 10": the second half is about the same column. */
function readOne(words: string, columns: readonly string[], before: string | undefined): Condition | undefined {
  for (const [wording, op] of OPERATORS) {
    const match = new RegExp(`^(.*?)(?:\\s+|(?<=\\w)(?=[<>=!])|^)(${wording})(?:\\s+|(?<=[<>=])|$)(.*)$`, "i").exec(words);
    if (!match) continue;
    const said = (match[1] ?? "").trim();
    const column = said === "" ? before : columnIn(said, columns);
    const value = (match[3] ?? "").trim();
    if (column === undefined) continue;
    if (op === "is empty" || op === "is not empty") {
      if (value === "") return { column, op };
    } else if (op === "in") {
      const list = value
        .replace(/^\(|\)$/g, "")
        .split(/\s*,\s*|\s+or\s+/)
        .filter((each) => each !== "");
      if (list.length > 0) return { column, op, value: list.map(literalFrom) };
    } else if (value !== "") return { column, op, value: literalFrom(value) };
  }
  return undefined;
}

function literalFrom(words: string): string | number {
  const text = words
    .trim()
    .replace(/^(["'“”`])(.*)\1$/, "$2")
    .replace(/^“(.*)”$/, "$1");
  const number = text.replace(/^[$€£]/, "").replace(/(?<=\d),(?=\d{3}\b)/g, "");
  return text === words.trim() && /^[-+]?\d+(?:\.\d+)?$/.test(number) ? Number(number) : text;
}
