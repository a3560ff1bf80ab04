/**
 * A query over known tables as one SQL statement. Names are looked up among the real columns and written as generated
 * identifiers (t0.c3), values are bound: no word of a caller ever becomes SQL.
 */
import { type Aggregate, aggregateName, type Condition, type Query } from "./query.ts";
import type { Cell, Column } from "./rows.ts";

/** A table as the workbook keeps it; its columns are stored as c0, c1, ... of table data_<id>. */
export interface StoredTable {
  readonly id: number;
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: number;
}

export type Statement =
  | {
      readonly ok: true;
      readonly sql: string;
      readonly params: readonly Cell[];
      readonly columns: readonly string[];
      readonly notes: readonly string[];
      /** Counts the pairs a join makes, to be asked before it is made. */
      readonly pairs?: string;
    }
  | { readonly ok: false; readonly reason: string };

interface Found {
  readonly sql: string;
  readonly column: Column;
  /** As it is called in the result. */
  readonly label: string;
}

class Unknown extends Error {}

export const DEFAULT_LIMIT = 200;
/** The platform binds at most this many values in one statement. */
const MOST_PARAMS = 100;
/** And returns at most this many columns. */
const MOST_RESULT_COLUMNS = 100;

/** @param tables all tables of the workbook, the newest last */
export function selectSql(query: Query, tables: readonly StoredTable[]): Statement {
  try {
    return build(query, tables);
  } catch (error) {
    if (error instanceof Unknown) return { ok: false, reason: error.message };
    throw error;
  }
}

function build(
  { from, join, select, where = [], groupBy = [], aggregate = [], orderBy = [], limit }: Query,
  tables: readonly StoredTable[],
): Statement {
  const left = tableNamed(from, tables);
  const right = join && tableNamed(join.table, tables);
  const sides = right ? [left, right] : [left];
  const notes: string[] = [];
  const params: Cell[] = [];
  const bind = (value: Cell): string => {
    params.push(value);
    return "?";
  };

  const grouped = groupBy.length > 0 || aggregate.length > 0;
  if (grouped && select)
    throw new Unknown(`a query that groups or aggregates shows its groupBy columns and its aggregates: leave "select" out`);
  const keys = groupBy.map((name) => columnNamed(name, sides, join));
  const aggregates = aggregate.map((each) => aggregateSql(each, sides, join, notes));
  const plain = grouped ? keys : (select?.map((name) => columnNamed(name, sides, join)) ?? allColumns(sides));
  const outputs = [...plain.map(({ sql, label }) => ({ sql, label })), ...aggregates];
  if (outputs.length > MOST_RESULT_COLUMNS)
    throw new Unknown(`the result has ${outputs.length} columns; the most is ${MOST_RESULT_COLUMNS}: name those you want in "select"`);

  let source = `data_${left.id} AS t0`;
  let pairs: string | undefined;
  if (join && right) {
    const on = typeof join.on === "string" ? { left: join.on, right: join.on } : join.on;
    const [a, b] = [columnNamed(on.left, [left]), columnNamed(on.right, [right], undefined, 1)];
    const mixed = a.column.type !== b.column.type;
    const [x, y] = mixed ? [`CAST(${a.sql} AS TEXT)`, `CAST(${b.sql} AS TEXT)`] : [a.sql, b.sql];
    if (mixed)
      notes.push(`"${a.column.name}" is ${a.column.type} in ${left.name} and ${b.column.type} in ${right.name}; compared as texts`);
    source += ` ${join.kind === "left" ? "LEFT" : "INNER"} JOIN data_${right.id} AS t1 ON ${x} = ${y}`;
    const keyed = (table: StoredTable, side: number, key: string): string =>
      `(SELECT ${key} AS k, count(*) AS n FROM data_${table.id} AS t${side} WHERE ${key} IS NOT NULL GROUP BY 1)`;
    pairs = `SELECT coalesce(sum(a.n * b.n), 0) AS pairs FROM ${keyed(left, 0, x)} AS a JOIN ${keyed(right, 1, y)} AS b ON a.k = b.k`;
  }
  const conditions = where.map((each) => conditionSql(each, columnNamed(each.column, sides, join), bind));
  const order = orderBy.map(({ column, descending }) => {
    const output = outputs.findIndex(({ label }) => same(label, column));
    const sql = output >= 0 ? String(output + 1) : grouped ? undefined : columnNamed(column, sides, join).sql;
    if (sql === undefined)
      throw new Unknown(`cannot sort by "${column}": the result has ${outputs.map(({ label }) => `"${label}"`).join(", ")}`);
    return `${sql} ${descending ? "DESC" : "ASC"} NULLS LAST`;
  });
  const sql = [
    `SELECT ${outputs.map(({ sql: each }, at) => `${each} AS o${at}`).join(", ")} FROM ${source}`,
    conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "",
    keys.length > 0 ? `GROUP BY ${keys.map((key) => key.sql).join(", ")}` : "",
    // Rows stay in the order they were sent, groups in the order of their names.
    `ORDER BY ${[...order, ...(grouped ? keys.map((key) => key.sql) : ["t0.n"])].join(", ") || "1"}`,
    `LIMIT ${bind((limit ?? DEFAULT_LIMIT) + 1)}`,
  ];
  if (params.length > MOST_PARAMS) throw new Unknown(`the query has ${params.length} values; the most is ${MOST_PARAMS}`);
  return {
    ok: true,
    sql: sql.filter((line) => line !== "").join(" "),
    params,
    columns: outputs.map(({ label }) => label),
    notes,
    ...(pairs ? { pairs } : {}),
  };
}

function tableNamed(name: string | undefined, tables: readonly StoredTable[]): StoredTable {
  const newest = tables.at(-1);
  if (!newest) throw new Unknown("there is no table yet in this context: send CSV or JSON rows first, or with the question");
  const found = name === undefined ? newest : tables.findLast((table) => same(table.name, name));
  if (!found) throw new Unknown(`there is no table "${name}" in this context. There is: ${tables.map((table) => table.name).join(", ")}`);
  return found;
}

/** Names are one whatever their case, and whether words are joined by spaces, dashes or underscores. */
export function same(a: string, b: string): boolean {
  const plain = (text: string): string =>
    text
      .trim()
      .toLowerCase()
      .replace(/[\s_-]+/g, " ");
  return plain(a) === plain(b);
}

function columnNamed(name: string, sides: readonly StoredTable[], join?: Query["join"], first = 0): Found {
  const found = sides.flatMap((table, side) =>
    table.columns.flatMap((column, at): Found[] =>
      same(column.name, name) || same(`${table.name}.${column.name}`, name)
        ? [{ sql: `t${side + first}.c${at}`, column, label: label(sides, side, column) }]
        : [],
    ),
  );
  const [one, other] = found;
  if (!one) {
    const real = sides.flatMap((table) => table.columns.map((column) => (sides.length > 1 ? `${table.name}.${column.name}` : column.name)));
    throw new Unknown(`there is no column "${name}". There is: ${real.slice(0, 60).join(", ")}`);
  }
  // The column both tables are joined on is the same on either side.
  if (other && !(typeof join?.on === "string" && same(join.on, name)))
    throw new Unknown(
      `"${name}" is a column of both tables: say ${sides.map((table) => `"${table.name}.${one.column.name}"`).join(" or ")}`,
    );
  return one;
}

function label(sides: readonly StoredTable[], side: number, { name }: Column): string {
  const both = sides.filter((table) => table.columns.some((column) => same(column.name, name))).length > 1;
  return both ? `${sides[side]?.name}.${name}` : name;
}

function allColumns(sides: readonly StoredTable[]): Found[] {
  return sides.flatMap((table, side) =>
    table.columns.map((column, at) => ({ sql: `t${side}.c${at}`, column, label: label(sides, side, column) })),
  );
}

const isNumeric = (sql: string): string => `typeof(${sql}) IN ('integer', 'real')`;

function aggregateSql(
  aggregate: Aggregate,
  sides: readonly StoredTable[],
  join: Query["join"],
  notes: string[],
): { sql: string; label: string } {
  const name = aggregateName(aggregate);
  if (aggregate.column === undefined) {
    if (aggregate.fn !== "count") throw new Unknown(`"${aggregate.fn}" needs a column to work on`);
    return { sql: "count(*)", label: name };
  }
  const { sql, column } = columnNamed(aggregate.column, sides, join);
  // Texts among the numbers are passed over: SQL would count them as zero.
  const numbers = `CASE WHEN ${isNumeric(sql)} THEN ${sql} END`;
  const arithmetic = aggregate.fn === "sum" || aggregate.fn === "average";
  if (arithmetic && column.type !== "number" && column.type !== "mixed")
    throw new Unknown(`the column "${column.name}" holds no numbers: it has no ${aggregate.fn}`);
  if (column.type === "mixed" && aggregate.fn !== "count" && aggregate.fn !== "count distinct")
    notes.push(`"${column.name}" has values that are no numbers; ${name} passes over them`);
  switch (aggregate.fn) {
    case "count":
      return { sql: `count(${sql})`, label: name };
    case "count distinct":
      return { sql: `count(DISTINCT ${sql})`, label: name };
    case "sum":
      return { sql: `sum(${numbers})`, label: name };
    case "average":
      return { sql: `avg(${numbers})`, label: name };
    case "min":
    case "max":
      return { sql: `${aggregate.fn}(${column.type === "mixed" ? numbers : sql})`, label: name };
  }
}

function conditionSql({ op, value, column: name }: Condition, { sql, column }: Found, bind: (value: Cell) => string): string {
  if (op === "is empty") return `${sql} IS NULL`;
  if (op === "is not empty") return `${sql} IS NOT NULL`;
  if (op === "in") {
    if (!Array.isArray(value) || value.length === 0) throw new Unknown(`"in" on "${name}" needs a list of values`);
    // One bound value however long the list; texts compare whatever their case.
    const list = bind(JSON.stringify(value.map((each) => comparable(each, column))));
    return `${sql} COLLATE NOCASE IN (SELECT value FROM json_each(${list}))`;
  }
  if (value === undefined || Array.isArray(value)) throw new Unknown(`"${op}" on "${name}" needs one value`);
  if (value === null) {
    if (op === "=") return `${sql} IS NULL`;
    if (op === "!=") return `${sql} IS NOT NULL`;
    throw new Unknown(`"${op}" on "${name}" cannot compare with an empty value`);
  }
  // Not LIKE: its patterns are limited to 50 bytes, and % and _ would mean something.
  if (op === "contains") return `instr(lower(${sql}), lower(${bind(String(value))})) > 0`;
  if (op === "starts with") return `instr(lower(${sql}), lower(${bind(String(value))})) = 1`;
  const right = comparable(value, column);
  if (typeof right === "number")
    return op === "!=" ? `(${sql} IS NULL OR ${sql} != ${bind(right)})` : `(${isNumeric(sql)} AND ${sql} ${op} ${bind(right)})`;
  if (column.type === "number") throw new Unknown(`"${name}" holds numbers and cannot be compared with "${String(right)}"`);
  return op === "!=" ? `(${sql} IS NULL OR ${sql} != ${bind(right)} COLLATE NOCASE)` : `${sql} ${op} ${bind(right)} COLLATE NOCASE`;
}

/** "10" compares as a number with a column of numbers, 10 as a text with a column of texts. */
function comparable(value: string | number | boolean | null, { type }: Column): Cell {
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string" && type !== "text" && /^[-+]?\d+(?:\.\d+)?$/.test(value.trim())) return Number(value);
  return typeof value === "number" && type === "text" ? String(value) : value;
}
