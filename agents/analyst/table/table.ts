/**
 * The skill `table`: keeps the tables a message brings, and answers what it asks of them, as a Markdown table, as rows and
 * as findings. What the words were taken to mean is always said.
 */
import { type Finding, findingsPart } from "../../../shared/kit/finding.ts";
import { completed, type Json, type Outcome, type Part, rejected, type SkillContext } from "../../../shared/kit/skill.ts";
import { describeQuery, type Query, readQuery } from "./query.ts";
import type { Cell } from "./rows.ts";
import { type StoredTable, same } from "./select-sql.ts";
import { readTableQuestion } from "./table-question.ts";
import { tablesIn } from "./tables-in-message.ts";
import { type AnalystEnv, type WorkbookAccess, workbookOf } from "./workbook-access.ts";
import type { Rows } from "./workbook-store.ts";

/** Shown to a person; the data part has all of them. */
const SHOWN_ROWS = 50;
/** Quoted in a finding: a reader of an answer wants a look at it, not the whole. */
const MOST_QUOTED_ROWS = 30;
const HOW = `Ask for example "describe", "average price by city", "rows where price > 10", "top 5 by revenue", "count by country", or send a data part { "query": { ... } }.`;

export async function table(context: SkillContext<AnalystEnv>): Promise<Outcome> {
  const { parts, progress } = context;
  const message = tablesIn(parts);
  if (message.problems.length > 0) return rejected(`${message.problems.join(".\n")}.`);
  const workbook = workbookOf(context);
  if (message.tables.length > 0) {
    const kept = await workbook.put(message.tables);
    if (!kept.ok) return rejected(`${kept.reason}.`);
    progress(`read ${message.tables.map(({ name, rows }) => `${name}: ${rows.length} rows`).join(", ")}`);
  }
  const tables = await workbook.tables();
  if (tables.length === 0)
    return rejected(
      `There is no table in this message, and none was sent before in this context. Send rows as a text/csv part, or as a data part { "rows": [...] }. ${HOW}`,
    );

  const asked = queryIn(parts);
  if (asked !== undefined) {
    const reading = readQuery(asked);
    if (!reading.ok) return rejected(`${reading.reason}.`);
    return runQuery(workbook, { ...reading.query, from: reading.query.from ?? tables.at(-1)?.name }, message.notes);
  }
  if (message.question === "")
    return describeTables(
      workbook,
      message.tables.length > 0 ? tables.filter((each) => message.tables.some(({ name }) => same(name, each.name))) : tables,
      message.notes,
    );

  const question = readTableQuestion(message.question, tables);
  switch (question.kind) {
    case "describe":
      return describeTables(workbook, [question.table], message.notes);
    case "query":
      return runQuery(workbook, question.query, [...message.notes, ...question.notes]);
    case "unclear": {
      const known = tables.map(({ name, columns }) => `${name} (${columns.map((column) => column.name).join(", ")})`);
      return rejected(`This question could not be read: ${question.reason}. There is: ${known.join("; ")}. ${HOW}`);
    }
  }
}

/** A data part that asks. `undefined` when there is none. */
export function queryIn(parts: readonly Part[]): Json | undefined {
  for (const { data } of parts) if (typeof data === "object" && data !== null && !Array.isArray(data) && "query" in data) return data.query;
  return undefined;
}

async function runQuery(workbook: WorkbookAccess, query: Query, notes: readonly string[]): Promise<Outcome> {
  const selection = await workbook.select(query);
  if (!selection.ok) return rejected(`${selection.reason}.`);
  const { columns, rows, more } = selection;
  const understood = describeQuery(query);
  const cut = more && query.limit === undefined;
  const count = `${rows.length}${cut ? " or more" : ""} row${rows.length === 1 ? "" : "s"}`;
  const told = [
    ...notes,
    ...selection.notes,
    ...(cut
      ? [`there are more rows: only the first ${rows.length} are given; ask with a "limit" of up to 1000, or narrow the question`]
      : []),
  ];
  const text = [
    `${rows.length === 0 ? "No rows" : count}: ${understood}`,
    rows.length > 0 ? markdown({ columns, rows }) : "",
    bullets(told),
  ];
  const findings = [findingFrom({ columns, rows }, query.from ?? "table", understood)].filter((each) => each !== undefined);
  return answer(text, { columns, rows }, findings, text[0] ?? "");
}

/** One row is a statement, which a calculation can go on with; several are a table, and stay one wherever they are quoted. */
function findingFrom({ columns, rows }: Rows, document: string, understood: string): Finding | undefined {
  const [first, ...others] = rows;
  if (!first) return undefined;
  const text =
    others.length === 0
      ? first.map((cell, column) => `${columns[column]} = ${shown(cell)}`).join(", ")
      : `${understood}\n\n${markdown({ columns, rows: rows.slice(0, MOST_QUOTED_ROWS) })}`;
  const more = rows.length > MOST_QUOTED_ROWS ? `, the first ${MOST_QUOTED_ROWS} rows of ${rows.length}` : "";
  return { text, source: { document, position: `${understood}${more}` }, by: "analyst/table" };
}

async function describeTables(workbook: WorkbookAccess, tables: readonly StoredTable[], notes: readonly string[]): Promise<Outcome> {
  const text: string[] = [];
  const findings: Finding[] = [];
  let all: Rows = { columns: [], rows: [] };
  for (const each of tables) {
    const description = await workbook.describe(each);
    const head = `${each.name}: ${each.rows} rows, ${each.columns.length} columns`;
    text.push(head, markdown(description));
    findings.push({
      text: `${head} (${each.columns.map(({ name, type }) => `${name}: ${type}`).join(", ")})`,
      source: { document: each.name, position: "columns" },
      by: "analyst/table",
    });
    all = { columns: ["table", ...description.columns], rows: [...all.rows, ...description.rows.map((row) => [each.name, ...row])] };
  }
  text.push(bullets(notes));
  return answer(text, all, findings, tables.map(({ name, rows }) => `${name}: ${rows} rows`).join("; "));
}

function answer(text: readonly string[], { columns, rows }: Rows, findings: readonly Finding[], summary: string): Outcome {
  const data: Json = { columns: [...columns], rows: rows.map((row) => [...row]) };
  const parts: Part[] = [
    { text: text.filter((each) => each !== "").join("\n\n"), mediaType: "text/markdown" },
    { data, mediaType: "application/json" },
    findingsPart(findings),
  ];
  return completed({ artifacts: [{ name: "result", parts }], text: summary });
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

function markdown({ columns, rows }: Rows): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\|/g, "\\|").replace(/\s*\n\s*/g, " ")).join(" | ")} |`;
  const body = rows.slice(0, SHOWN_ROWS).map((row) => line(row.map(shown)));
  const more = rows.length > SHOWN_ROWS ? [`\n${rows.length - SHOWN_ROWS} more rows are in the data part.`] : [];
  return [line(columns), `| ${columns.map(() => "---").join(" | ")} |`, ...body, ...more].join("\n");
}

function shown(cell: Cell): string {
  if (cell === null) return "";
  return typeof cell === "number" ? String(Number(cell.toPrecision(14))) : cell;
}
