/**
 * A table as it is kept: named columns, and rows of texts, numbers and nothing. Turns what was read (CSV or JSON) into
 * one, and says about every cell it had to decide on. Knows no storage.
 */

export type Cell = string | number | null;
/** `mixed`: numbers among texts; calculations use the numbers and say how many cells they passed over. */
export type ColumnType = "number" | "text" | "mixed" | "empty";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export type TableReading =
  | { readonly ok: true; readonly table: Table; readonly notes: readonly string[] }
  | { readonly ok: false; readonly reason: string };

export const MOST_ROWS = 50_000;
/** The platform's limit for one table is 100; one stays free for the row's own number. */
export const MOST_COLUMNS = 99;
const LONGEST_CELL = 10_000;
const ABSENT = /^(?:n\/?a|null|nil|none|nan|-+|\?)$/i;

/**
 * @param header names of the columns, as they were found
 * @param body every row as long as it was found; texts are read as numbers where a whole column allows it
 */
export function tableFrom(name: string, header: readonly string[], body: readonly (readonly unknown[])[]): TableReading {
  if (header.length === 0) return { ok: false, reason: `the table "${name}" has no columns` };
  if (header.length > MOST_COLUMNS)
    return {
      ok: false,
      reason: `the table "${name}" has ${header.length} columns; the most is ${MOST_COLUMNS}: send only those you ask about`,
    };
  if (body.length > MOST_ROWS)
    return {
      ok: false,
      reason: `the table "${name}" has ${body.length} rows; the most is ${MOST_ROWS}: send it in parts, as tables of their own`,
    };

  const notes: string[] = [];
  const names = columnNames(header, notes);
  const short = body.filter((row) => row.length < names.length).length;
  const long = body.findIndex((row) => row.length > names.length && row.slice(names.length).some((cell) => cell !== "" && cell !== null));
  if (long >= 0)
    return {
      ok: false,
      reason: `row ${long + 1} of "${name}" has ${body[long]?.length} cells, but the header names ${names.length} columns: quote cells that hold the delimiter, or name the missing columns`,
    };
  if (short > 0) notes.push(`${short} row${short === 1 ? " has" : "s have"} fewer cells than the header; the missing ones are empty`);

  const columns: Column[] = [];
  const rows: Cell[][] = body.map(() => []);
  for (const [at, column] of names.entries()) {
    const cells = body.map((row) => plainCell(row[at]));
    if (cells.some((cell) => typeof cell === "string" && cell.length > LONGEST_CELL))
      return { ok: false, reason: `the column "${column}" of "${name}" has a cell of more than ${LONGEST_CELL} characters` };
    const typed = typedColumn(cells);
    columns.push({ name: column, type: typed.type });
    if (typed.note) notes.push(`column "${column}": ${typed.note}`);
    for (const [row, cell] of typed.cells.entries()) rows[row]?.push(cell);
  }
  return { ok: true, table: { name, columns, rows }, notes };
}

/** Names that are missing or said twice get one of their own; upper and lower case are one name to SQL. */
function columnNames(header: readonly string[], notes: string[]): string[] {
  const taken = new Set<string>();
  return header.map((found, at) => {
    const said = found.replace(/\s+/g, " ").trim().slice(0, 100);
    const wanted = said || `column ${at + 1}`;
    let name = wanted;
    for (let n = 2; taken.has(name.toLowerCase()); n += 1) name = `${wanted} (${n})`;
    taken.add(name.toLowerCase());
    if (said === "") notes.push(`column ${at + 1} has no name; it is called "${name}"`);
    else if (name !== said) notes.push(`the column name "${said}" comes twice; the later one is called "${name}"`);
    return name;
  });
}

function plainCell(value: unknown): Cell {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "string") return JSON.stringify(value);
  const text = value.trim();
  return text === "" ? null : text;
}

/**
 * Texts become numbers only when that loses nothing: 007 and 19-digit ids stay texts, and so does a column where most
 * cells are words.
 */
function typedColumn(cells: readonly Cell[]): { type: ColumnType; cells: readonly Cell[]; note?: string } {
  const filled = cells.filter((cell) => cell !== null);
  if (filled.length === 0) return { type: "empty", cells };
  if (filled.some((cell) => typeof cell === "string" && isCode(cell)))
    return { type: "text", cells: cells.map((cell) => (cell === null ? null : String(cell))) };

  const numbers = cells.map((cell) => (typeof cell === "string" ? numberIn(cell) : cell));
  const words = filled.filter((cell) => typeof cell === "string" && numberIn(cell) === undefined);
  if (words.length === filled.length) return { type: "text", cells };
  const absent = words.filter((cell) => ABSENT.test(String(cell)));
  if (absent.length === words.length) {
    const note = absent.length > 0 ? { note: `"${absent[0]}" and the like, in ${absent.length} of its cells, count as empty` } : {};
    return { type: "number", cells: numbers.map((cell) => cell ?? null), ...note };
  }
  const example = `${words.length} of ${filled.length} values are no numbers, such as "${String(words[0]).slice(0, 40)}"`;
  return { type: "mixed", cells: numbers.map((cell, at) => cell ?? cells[at] ?? null), note: `${example}; calculations pass over them` };
}

function isCode(text: string): boolean {
  return /^[-+]?0\d/.test(text) || (/^[-+]?\d+$/.test(text) && !Number.isSafeInteger(Number(text)));
}

/** 12, -3.5, 1e6, 1,234.50, $12; `undefined` for anything else. */
function numberIn(text: string): number | undefined {
  const plain = text.replace(/^([-+]?)[$€£]\s?/, "$1");
  if (!/^[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d+)?(?:e[-+]?\d{1,3})?$/i.test(plain) || !/\d/.test(plain)) return undefined;
  const value = Number(plain.replaceAll(",", ""));
  return Number.isFinite(value) ? value : undefined;
}
