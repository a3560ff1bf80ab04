/**
 * Plain words as a query: "average price by city", "rows where price > 10", "top 5 by revenue", "join orders with customers
 * on id". Works on the real column names; a condition or a measure that cannot be read makes the question unclear, other
 * words that were not used are told. Runs nothing.
 */
import { measureIn, takeAggregates } from "./aggregates.ts";
import { readConditions } from "./conditions.ts";
import { aggregateName, type Query } from "./query.ts";
import { type StoredTable, same } from "./select-sql.ts";
import { Sentence } from "./sentence.ts";
import { byColumns, type Join, takeJoin, takeTable } from "./table-names.ts";
import { columnIn, columnsIn, numberIn, wordPattern } from "./words.ts";

export type TableQuestion =
  | { readonly kind: "describe"; readonly table: StoredTable }
  | { readonly kind: "query"; readonly query: Query; readonly notes: readonly string[] }
  | { readonly kind: "unclear"; readonly reason: string };

const DESCRIBE = /\b(?:describe|summari[sz]e|summary|profile|overview|statistics|stats|schema|(?:what|which|list the|show the) columns)\b/i;
const SORTED =
  /\b(?:sort|sorted|order|ordered)\s+by\s+(.+?)(\s+(?:desc\w*|(?:largest|highest|newest|biggest) first)|\s+(?:asc\w*|(?:smallest|lowest|oldest) first))?(?=\s+(?:limit|where|top|first)\b|\s*$)/i;
const WHERE = /\b(?:where|whose|having|for which|with(?! the))\s+(.+?)(?=\s+(?:grouped|group by|by|per|for each|limit)\b|\s*$)/i;
const GROUP = /\s*\b(?:grouped by|group by|broken down by|by|per|for each|for every|in each|of each)\s+(.+)$/i;
const TOP =
  /\b(top|bottom|first|last|largest|highest|biggest|smallest|lowest|cheapest|best|worst|limit(?: to)?)\s+(\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b/i;
const LEAST = /^(?:bottom|last|lowest|smallest|cheapest|worst|least|fewest)$/i;
const IDLE =
  /^(?:show|me|what|whats|is|are|the|a|an|list|find|get|give|all|of|and|for|please|in|from|table|rows?|records?|entries|which|each|how|columns?|then|with|data|this|that|csv|those|by|to|has|have|do|does|there|compute|calculate|display|print|return|select|filter|only|together|their|its|items?|query|many)$/i;

/** @param tables the workbook's, the newest last; there is at least one */
export function readTableQuestion(text: string, tables: readonly StoredTable[]): TableQuestion {
  const sentence = new Sentence(text);
  const join = takeJoin(sentence, tables);
  if (join) return readAbout(sentence, join.from, join);
  const named = takeTable(sentence, tables);
  if (named) return readAbout(sentence, named);
  // Nobody says which table is meant: the first that the question makes sense for.
  const readings = byColumns(sentence, tables).map((table) => readAbout(new Sentence(text), table));
  return readings.find((reading) => reading.kind !== "unclear") ?? readings[0] ?? unclear("there is no table");
}

function readAbout(sentence: Sentence, table: StoredTable, join?: Join): TableQuestion {
  if (!join && sentence.has(DESCRIBE)) return { kind: "describe", table };
  const columns = [table, ...(join ? [join.with] : [])].flatMap((each) => each.columns.map((column) => column.name));
  const query: Query = { from: table.name, ...(join ? { join: join.query } : {}) };
  const notes: string[] = [];

  const sorted = sentence.take(SORTED);
  const where = sentence.take(WHERE);
  if (where) {
    const { conditions, unread } = readConditions(where[1] ?? "", columns);
    if (unread.length > 0)
      return unclear(
        `the condition "${unread.join('", "')}" could not be read; say it as "column operator value", the columns are ${columns.join(", ")}`,
      );
    query.where = conditions;
  }
  if (!takeMost(sentence, query, columns)) {
    const problem = takeMeasures(sentence, query, columns, notes);
    if (problem) return unclear(problem);
  }
  if (sorted) {
    const words = (sorted[1] ?? "").trim();
    const measure = query.aggregate?.map(aggregateName).find((name) => same(name, words));
    const column = measure ?? columnIn(words, columns) ?? words;
    query.orderBy = [{ column, descending: /desc|largest|highest|newest|biggest/i.test(sorted[2] ?? "") }];
  }

  const asked = query.aggregate ?? query.groupBy ?? query.where ?? query.orderBy ?? query.limit ?? query.select ?? query.join;
  if (asked === undefined && !sentence.has(/\b(?:rows|records|entries)\b/i))
    return unclear("it names no column and nothing to do with one");
  const narrowing = /\b(?:of|for|in|from)\s+(?:the\s+)?(?!the\b)([\p{L}\p{N}]+)/iu.exec(sentence.rest)?.[1];
  if (narrowing && !IDLE.test(narrowing))
    return unclear(
      `"${narrowing}" is no table and no column: if it is a value, say in which column, as in "where ${columns[0]} = ${narrowing}"`,
    );
  const unused = (sentence.rest.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !IDLE.test(word));
  if (unused.length > 0) notes.push(`did not use the words: ${unused.join(", ")}`);
  return { kind: "query", query, notes };
}

function unclear(reason: string): TableQuestion {
  return { kind: "unclear", reason };
}

/** "which city has the highest total revenue": one group or one row, the first of a ranking. */
function takeMost(sentence: Sentence, query: Query, columns: readonly string[]): boolean {
  const match = sentence.take(
    /\b(?:which|what)\s+([\w -]+?)\s+(?:has|have|had|is|with)\s+the\s+(most|highest|largest|biggest|greatest|lowest|smallest|least|fewest)\s+(.+?)\s*$/i,
  );
  if (!match) return false;
  const of = columnIn(match[1] ?? "", columns);
  const said = match[3] ?? "";
  const column = columnIn(said, columns);
  const measure = measureIn(said, columns) ?? (/^(?:rows|records|entries|items)$/i.test(said) ? { fn: "count" as const } : undefined);
  if (of === undefined || (measure === undefined && column === undefined)) return false;
  query.limit = 1;
  const descending = !LEAST.test(match[2] ?? "");
  if (measure) Object.assign(query, { groupBy: [of], aggregate: [measure], orderBy: [{ column: aggregateName(measure), descending }] });
  else Object.assign(query, { select: [of, column], orderBy: [{ column, descending }] });
  return true;
}

/** Ranking, groups, measures and shown columns. @returns what is wrong, if anything is */
function takeMeasures(sentence: Sentence, query: Query, columns: readonly string[], notes: string[]): string | undefined {
  const top = sentence.take(TOP);
  const ranked = top !== undefined && !/^(?:limit|first)/i.test(top[1] ?? "");
  if (top) query.limit = Math.min(1_000, Math.max(1, numberIn(top[2] ?? "") ?? 1));
  const by = sentence
    .take(GROUP)?.[1]
    ?.replace(/[\s,;]+$/, "")
    .trim();
  const reading = takeAggregates(sentence, columns);
  if (!reading.ok) return reading.reason;
  const aggregates = reading.aggregates;

  const mentioned = columnsIn(sentence.rest, columns);
  for (const column of mentioned)
    sentence.take(new RegExp(`\\b(?:${wordPattern(column)}(?:e?s)?|${wordPattern(column.replace(/y$/, ""))}ies)\\b`, "i"));
  if (ranked && by !== undefined) {
    // "top 5 cities by average price": the words after "by" are the measure, those before it the groups.
    const measure = measureIn(by, columns);
    const column = measure ? aggregateName(measure) : columnIn(by, columns);
    if (column === undefined) return `there is no column "${by}". There is: ${columns.slice(0, 60).join(", ")}`;
    if (measure) Object.assign(query, { aggregate: [measure], ...(mentioned.length > 0 ? { groupBy: mentioned } : {}) });
    else if (mentioned.length > 0) query.select = [...new Set([...mentioned, column])];
    query.orderBy = [{ column, descending: !LEAST.test(top?.[1] ?? "") }];
    return undefined;
  }
  if (by !== undefined) query.groupBy = by.split(/\s*,\s*(?:and\s+)?|\s+and\s+/).map((words) => columnIn(words, columns) ?? words);
  if (by !== undefined && aggregates.length === 0) {
    if (mentioned.length > 0) notes.push(`"${mentioned.join(", ")} by ..." is read as the total; say "average" for the mean`);
    for (const column of mentioned) aggregates.push({ fn: "sum", column });
    if (mentioned.length === 0) aggregates.push({ fn: "count" });
  } else if (mentioned.length > 0 && sentence.take(/\b(?:unique|distinct|different)\b/i)) query.groupBy = mentioned;
  else if (mentioned.length > 0 && aggregates.length === 0) query.select = mentioned;
  else if (mentioned.length > 0) notes.push(`did not use ${mentioned.map((column) => `"${column}"`).join(", ")}`);
  if (aggregates.length > 0) query.aggregate = aggregates;
  return undefined;
}
