/**
 * The tables a message brings: CSV parts, JSON rows, and CSV written into the text below the question. Gives back the
 * text that is left to be read as a question. Everything that cannot be read is said, nothing is guessed at.
 */
import Papa from "papaparse";
import type { Json, Part } from "../../../shared/kit/skill.ts";
import { type Table, type TableReading, tableFrom } from "./rows.ts";

export interface TablesInMessage {
  readonly tables: readonly Table[];
  readonly notes: readonly string[];
  readonly problems: readonly string[];
  /** The text parts that are no tables. */
  readonly question: string;
}

const MOST_BYTES = 5_000_000;
const MOST_TABLES = 10;
const CSV_TYPE = /^(?:text\/(?:csv|tab-separated-values)|application\/csv)\b/i;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

export function tablesIn(parts: readonly Part[]): TablesInMessage {
  const tables: Table[] = [];
  const notes: string[] = [];
  const problems: string[] = [];
  const question: string[] = [];
  const keep = (reading: TableReading): void => {
    if (!reading.ok) return void problems.push(reading.reason);
    const { table } = reading;
    // Two tables of one message never hide each other.
    const taken = tables.filter((each) => each.name === table.name || each.name.replace(/ \(\d+\)$/, "") === table.name).length;
    tables.push(taken === 0 ? table : { ...table, name: `${table.name} (${taken + 1})` });
    notes.push(...reading.notes.map((note) => `${table.name}: ${note}`));
  };

  for (const part of parts) {
    const kind = kindOf(part);
    const name = tableName(part.filename);
    if (kind === "question") {
      const { text, csv } = withoutCsv(part.text ?? "");
      if (text.trim() !== "") question.push(text.trim());
      for (const block of csv) keep(fromCsv(name, block));
      continue;
    }
    if (kind === "link") problems.push(`the part with the url ${part.url} is not fetched here: send the rows themselves`);
    if (kind === "other")
      problems.push(
        `the part "${part.filename ?? part.mediaType}" is ${part.mediaType}: send CSV (text/csv) or JSON rows (application/json)`,
      );
    if (kind === "data") for (const reading of fromData(name, part.data)) keep(reading);
    if (kind !== "csv" && kind !== "json") continue;
    const text = textOfPart(part);
    if (text === undefined) problems.push(`the part "${part.filename ?? kind}" is not UTF-8 text: save it as UTF-8 and send it again`);
    else if (text.length > MOST_BYTES)
      problems.push(
        `the part "${part.filename ?? kind}" has more than ${MOST_BYTES / 1e6} MB: send only the rows and columns you ask about`,
      );
    else if (kind === "csv") keep(fromCsv(name, text));
    else for (const reading of fromJson(name, text)) keep(reading);
  }
  if (tables.length > MOST_TABLES) problems.push(`${tables.length} tables in one message are too many; the most is ${MOST_TABLES}`);
  return { tables, notes, problems, question: question.join("\n") };
}

/** Whether a message has something for this skill in it, without reading it. */
export function bringsTable(parts: readonly Part[]): boolean {
  return parts.some((part) => {
    const kind = kindOf(part);
    return (
      kind === "csv" ||
      kind === "json" ||
      (kind === "data" && isTableData(part.data)) ||
      (kind === "question" && withoutCsv(part.text ?? "").csv.length > 0)
    );
  });
}

type Kind = "question" | "csv" | "json" | "data" | "link" | "other";

function kindOf({ text, url, data, filename = "", mediaType = "" }: Part): Kind {
  if (data !== undefined) return "data";
  if (url !== undefined) return "link";
  if (CSV_TYPE.test(mediaType) || /\.(?:csv|tsv)$/i.test(filename)) return "csv";
  if (JSON_TYPE.test(mediaType) || /\.json$/i.test(filename)) return "json";
  if (text !== undefined) return "question";
  return mediaType === "" || mediaType === "text/plain" ? "csv" : "other";
}

function textOfPart({ text, raw }: Part): string | undefined {
  if (text !== undefined) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytesOf(raw ?? ""));
  } catch {
    return undefined;
  }
}

/** @throws when it is no base64 (ProtoJSON takes both alphabets) */
function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}

function tableName(filename: string | undefined): string {
  const name = (filename ?? "")
    .replace(/^.*[/\\]/, "")
    .replace(/\.\w+$/, "")
    .trim();
  return name === "" ? "table" : name.slice(0, 60);
}

/** A fenced csv block, or three lines and more with the same number of commas, semicolons or tabs. */
function withoutCsv(text: string): { text: string; csv: string[] } {
  const csv: string[] = [];
  const fenced = text.replace(/```(?:csv|tsv)\s*\n([\s\S]*?)```/gi, (_, block: string) => {
    csv.push(block);
    return "\n";
  });
  const rest = fenced.split(/\n\s*\n/).flatMap((paragraph) => {
    const lines = paragraph.trim().split("\n");
    const from = lines.findIndex((_, at) => looksLikeCsv(lines.slice(at)));
    if (from < 0) return [paragraph];
    csv.push(lines.slice(from).join("\n"));
    return [lines.slice(0, from).join("\n")];
  });
  return { text: rest.join("\n"), csv };
}

function looksLikeCsv(lines: readonly string[]): boolean {
  if (lines.length < 3) return false;
  return [",", "\t", ";"].some((delimiter) => {
    const counts = new Set(lines.map((line) => line.split(delimiter).length));
    return counts.size === 1 && !counts.has(1) && !lines.some((line) => /[.?!:]\s*$/.test(line));
  });
}

function fromCsv(name: string, text: string): TableReading {
  const body = text.replace(/^\uFEFF/, "");
  if (body.trim() === "") return { ok: false, reason: `the CSV "${name}" is empty: its first row names the columns` };
  if (body.includes("\u0000")) return { ok: false, reason: `"${name}" is binary, not CSV: save it as CSV in UTF-8` };
  const { data, errors } = Papa.parse(body, { skipEmptyLines: "greedy" });
  const quotes = errors.find((error) => error.type === "Quotes");
  if (quotes)
    return { ok: false, reason: `the CSV "${name}" has a quote that is not closed or stands wrong, near row ${(quotes.row ?? 0) + 1}` };
  const [header = [], ...rows] = data;
  return tableFrom(name, header, rows);
}

function fromJson(name: string, text: string): TableReading[] {
  try {
    return fromData(name, JSON.parse(text.replace(/^\uFEFF/, "")) as Json, true);
  } catch (error) {
    return [{ ok: false, reason: `the JSON "${name}" cannot be read: ${error instanceof Error ? error.message : String(error)}` }];
  }
}

function isTableData(data: Json | undefined): boolean {
  return typeof data === "object" && data !== null && (Array.isArray(data) || "rows" in data || "tables" in data || "query" in data);
}

/** `[...]`, `{ rows: [...] }` or `{ tables: { name: [...] } }`. Other data is not for this skill, unless it was sent as a table. */
function fromData(name: string, data: Json | undefined, expected = false): TableReading[] {
  if (Array.isArray(data)) return [fromRows(name, data)];
  if (typeof data === "object" && data !== null) {
    const readings: TableReading[] = [];
    if ("rows" in data) readings.push(fromRows(typeof data.name === "string" ? data.name : name, data.rows, data.columns));
    if (typeof data.tables === "object" && data.tables !== null && !Array.isArray(data.tables))
      for (const [each, rows] of Object.entries(data.tables)) readings.push(fromRows(each, rows));
    if (readings.length > 0) return readings;
  }
  return expected
    ? [{ ok: false, reason: `the JSON "${name}" holds no rows: send [{ ... }], { "rows": [...] } or { "tables": { "name": [...] } }` }]
    : [];
}

/** Rows as objects (columns are the union of their keys), or as lists under named columns or a first row of names. */
function fromRows(name: string, rows: Json | undefined, columns?: Json): TableReading {
  if (!Array.isArray(rows) || rows.length === 0) return { ok: false, reason: `the table "${name}" has no rows` };
  if (rows.every((row) => Array.isArray(row))) {
    const named = Array.isArray(columns);
    const header = named ? columns : (rows[0] ?? []);
    return tableFrom(
      name,
      header.map((each) => (typeof each === "object" ? "" : String(each))),
      named ? rows : rows.slice(1),
    );
  }
  const wrong = rows.findIndex((row) => typeof row !== "object" || row === null || Array.isArray(row));
  if (wrong >= 0)
    return { ok: false, reason: `row ${wrong + 1} of "${name}" is no object like the others: send every row as { "column": value }` };
  const objects = rows as { [key: string]: Json }[];
  const keys = [...new Set(objects.flatMap((row) => Object.keys(row)))];
  return tableFrom(
    name,
    keys,
    objects.map((row) => keys.map((key) => (Object.hasOwn(row, key) ? row[key] : null))),
  );
}
