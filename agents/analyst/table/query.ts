/**
 * What can be asked of a table: the shape of a query, as a data part `{ "query": { ... } }` brings it. There is no SQL in
 * it; columns and tables are names, to be checked against the real ones (select-sql.ts).
 */
import * as v from "valibot";

const name = v.pipe(v.string(), v.nonEmpty("must not be empty"), v.maxLength(120, "is too long"));
const scalar = v.union([v.pipe(v.string(), v.maxLength(1_000, "is too long")), v.pipe(v.number(), v.finite()), v.boolean(), v.null()]);

const OPERATORS = ["=", "!=", ">", ">=", "<", "<=", "contains", "starts with", "in", "is empty", "is not empty"] as const;
const AGGREGATES = ["count", "sum", "average", "min", "max", "count distinct"] as const;

const names = v.pipe(
  v.union([name, v.array(name)]),
  v.transform((value) => (typeof value === "string" ? [value] : value)),
  v.maxLength(20, "names too many columns; the most is 20"),
);

const condition = v.strictObject({
  column: name,
  op: v.picklist(OPERATORS),
  value: v.optional(v.union([scalar, v.pipe(v.array(scalar), v.maxLength(500))])),
});
const aggregate = v.strictObject({ fn: v.picklist(AGGREGATES), column: v.optional(name) });
const order = v.strictObject({ column: name, descending: v.optional(v.boolean(), false) });

const query = v.strictObject({
  from: v.optional(name),
  join: v.optional(
    v.strictObject({
      table: name,
      /** The column of either table; one name when both call it the same. */
      on: v.union([name, v.strictObject({ left: name, right: name })]),
      /** `left` keeps the rows that have no partner. */
      kind: v.optional(v.picklist(["inner", "left"]), "inner"),
    }),
  ),
  select: v.optional(names),
  where: v.optional(v.pipe(v.array(condition), v.maxLength(20, "has too many conditions; the most is 20"))),
  groupBy: v.optional(names),
  aggregate: v.optional(v.pipe(v.array(aggregate), v.maxLength(20, "asks for too many aggregates; the most is 20"))),
  orderBy: v.optional(v.pipe(v.array(order), v.maxLength(10, "sorts by too many columns; the most is 10"))),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000, "is too large; the most is 1000 rows"))),
});

export type Query = v.InferOutput<typeof query>;
export type Condition = v.InferOutput<typeof condition>;
export type Aggregate = v.InferOutput<typeof aggregate>;

export type QueryReading = { readonly ok: true; readonly query: Query } | { readonly ok: false; readonly reason: string };

export function readQuery(data: unknown): QueryReading {
  const result = v.safeParse(query, data);
  if (result.success) return { ok: true, query: result.output };
  const issue = result.issues[0];
  const unknownKey = issue.type === "strict_object" && issue.expected === "never";
  if (unknownKey) return { ok: false, reason: `the query has a part ${issue.received} that is not known. A query looks like ${EXAMPLE}` };
  return { ok: false, reason: `the query's ${v.getDotPath(issue) ?? "content"}: ${issue.message}. A query looks like ${EXAMPLE}` };
}

const EXAMPLE = `{ "from": "sales", "where": [{ "column": "price", "op": ">", "value": 10 }], "groupBy": ["city"], "aggregate": [{ "fn": "average", "column": "price" }], "orderBy": [{ "column": "average price", "descending": true }], "limit": 10 }`;

/** What an aggregate's column is called in the result, and in `orderBy`. */
export function aggregateName({ fn, column }: Aggregate): string {
  return column === undefined ? fn : `${fn} ${column}`;
}

/** The query in words: what was understood. */
export function describeQuery({ from, join, select, where = [], groupBy = [], aggregate = [], orderBy = [], limit }: Query): string {
  const what = [...groupBy, ...aggregate.map(aggregateName)];
  const on = join === undefined ? "" : typeof join.on === "string" ? join.on : `${join.on.left} = ${join.on.right}`;
  return [
    what.length > 0 ? what.join(", ") : (select?.join(", ") ?? "all columns"),
    `from ${from ?? "the table"}`,
    join && `${join.kind === "left" ? "with" : "joined with"} ${join.table} on ${on}`,
    where.length > 0 &&
      `where ${where.map(({ column, op, value }) => [column, op, ...(value === undefined ? [] : [JSON.stringify(value)])].join(" ")).join(" and ")}`,
    groupBy.length > 0 && `grouped by ${groupBy.join(", ")}`,
    orderBy.length > 0 &&
      `sorted by ${orderBy.map(({ column, descending }) => `${column}${descending ? ", largest first" : ""}`).join(", ")}`,
    limit !== undefined && `at most ${limit} row${limit === 1 ? "" : "s"}`,
  ]
    .filter(Boolean)
    .join(" ");
}
