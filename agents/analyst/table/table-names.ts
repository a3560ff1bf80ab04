/**
 * Which of the workbook's tables a question is about: named, joined, or the one that has the columns it speaks of.
 */
import type { Query } from "./query.ts";
import { type StoredTable, same } from "./select-sql.ts";
import type { Sentence } from "./sentence.ts";
import { columnIn, columnsIn, wordPattern } from "./words.ts";

export interface Join {
  readonly from: StoredTable;
  readonly with: StoredTable;
  readonly query: NonNullable<Query["join"]>;
}

/** The table that is named, if one is. */
export function takeTable(sentence: Sentence, tables: readonly StoredTable[]): StoredTable | undefined {
  const longestFirst = [...tables].sort((a, b) => b.name.length - a.name.length);
  const named = (before: string, { name }: StoredTable): RegExp =>
    new RegExp(`${before}"?${wordPattern(name)}(?:\\.(?:csv|tsv|json))?"?(?:\\s+(?:table|file))?(?=\\W)`, "i");
  const introduced = longestFirst.find((table) => sentence.take(named("\\b(?:from|in|of|table)\\s+(?:the\\s+)?(?:table\\s+)?", table)));
  if (introduced) return introduced;
  // A bare name counts unless it may as well be a column: "cities" where a column is called city.
  const columns = tables.flatMap((table) => table.columns.map((column) => column.name));
  return longestFirst.find((table) => columnIn(table.name, columns) === undefined && sentence.take(named("(?<=\\W)", table)));
}

/** The tables, the one that has most of the columns spoken of first; among equals the newest. */
export function byColumns({ rest }: Sentence, tables: readonly StoredTable[]): StoredTable[] {
  const spokenOf = (table: StoredTable): number =>
    columnsIn(
      rest,
      table.columns.map((column) => column.name),
    ).length;
  return tables.toReversed().sort((a, b) => spokenOf(b) - spokenOf(a));
}

const JOIN_ENDS = String.raw`(?=\s*,|\s+(?:where|sorted|order|limit|and|top|group|by)\b|\s*$)`;
const JOIN_ON = String.raw`(?:\s+(?:on|by|using)\s+([\w .-]+?)(?:\s*=\s*([\w.-]+))?)?`;

/** "join orders with customers on customer_id"; without "on", the first column that both have. */
export function takeJoin(sentence: Sentence, tables: readonly StoredTable[]): Join | undefined {
  const names = tables.map((table) => wordPattern(table.name)).join("|");
  const match =
    sentence.take(
      new RegExp(
        `\\bjoin(?:ed|ing)?\\s+(?:the\\s+)?(${names})\\s+(?:with|and|to|onto)\\s+(?:the\\s+)?(${names})${JOIN_ON}${JOIN_ENDS}`,
        "i",
      ),
    ) ??
    sentence.take(new RegExp(`\\b(${names})\\s+join(?:ed)?(?:\\s+(?:with|and|to))?\\s+(?:the\\s+)?(${names})${JOIN_ON}${JOIN_ENDS}`, "i"));
  if (!match) return undefined;
  const [from, other] = [match[1], match[2]].map((name) => tables.find((table) => same(table.name, name ?? "")));
  if (!from || !other) return undefined;
  const shared = from.columns.find((column) => other.columns.some((each) => same(each.name, column.name)))?.name;
  const bare = (name: string): string => name.trim().replace(/^.*\./, "");
  const left = match[3] === undefined ? (shared ?? "a column of both") : bare(match[3]);
  const on = match[4] === undefined ? left : { left, right: bare(match[4]) };
  return { from, with: other, query: { table: other.name, on, kind: "inner" } };
}
