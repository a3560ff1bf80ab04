import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import agent from "../../agents/analyst/agent.ts";
import { MOST_COLUMNS, MOST_ROWS, type Table } from "../../agents/analyst/table/rows.ts";
import type { WorkbookAccess } from "../../agents/analyst/table/workbook-access.ts";
import type { Workbook } from "../../agents/analyst/workbook.ts";
import { runSkill } from "../../shared/kit/testing.ts";

const namespace = (env as unknown as { WORKBOOK: DurableObjectNamespace<Workbook> }).WORKBOOK;
/** As the skill sees it: the generated RPC types cannot follow a union of query shapes. */
const workbook = (name: string) => namespace.getByName(name) as unknown as WorkbookAccess;
const table = (name: string, ...rows: (readonly [string, number])[]): Table => ({
  name,
  columns: [
    { name: "city", type: "text" },
    { name: "price", type: "number" },
  ],
  rows,
});
const everything = { aggregate: [{ fn: "count" as const }, { fn: "sum" as const, column: "price" }] };

describe("a workbook", () => {
  it("keeps its tables through an eviction", async () => {
    await workbook("evicted").put([table("a", ["Rome", 1], ["Oslo", 2])]);
    await evictDurableObject(namespace.getByName("evicted"));
    expect(await workbook("evicted").select(everything)).toMatchObject({ ok: true, rows: [[2, 3]] });
  });

  it("keeps none of a message's tables when one of them cannot be kept", async () => {
    const book = workbook("full");
    await book.put([table("kept", ["Rome", 1])]);
    const many = Array.from({ length: 20 }, (_, at) => table(`t${at}`, ["Oslo", at]));
    expect(await book.put(many)).toMatchObject({ ok: false, reason: expect.stringContaining("already holds") });
    expect((await book.tables()).map((each) => each.name)).toEqual(["kept"]);
  });

  it("holds the largest table it says it holds, past every limit on bound values", async () => {
    const columns = Array.from({ length: MOST_COLUMNS }, (_, at) => ({ name: `c${at}`, type: "number" as const }));
    const wide: Table = { name: "wide", columns, rows: [columns.map((_, at) => at), columns.map((_, at) => -1 - at)] };
    const long = table("long", ...Array.from({ length: MOST_ROWS }, (_, at): [string, number] => [`city ${at % 7}`, at]));
    const book = workbook("large");
    expect(await book.put([wide, long])).toEqual({ ok: true });
    expect(await book.select({ from: "wide" })).toMatchObject({ ok: true, rows: wide.rows });
    expect(await book.select({ from: "long", groupBy: ["city"], aggregate: [{ fn: "count" }], limit: 1 })).toMatchObject({
      rows: [["city 0", Math.ceil(MOST_ROWS / 7)]],
    });
    const described = await book.describe((await book.tables())[0] as Awaited<ReturnType<WorkbookAccess["tables"]>>[number]);
    expect(described.rows).toHaveLength(MOST_COLUMNS);
  });

  it("compares with a text longer than the platform's patterns may be", async () => {
    const name = "x".repeat(300);
    await workbook("long text").put([table("a", [name, 1], ["Oslo", 2])]);
    const found = await workbook("long text").select({ where: [{ column: "city", op: "contains", value: name.slice(1) }] });
    expect(found).toMatchObject({ ok: true, rows: [[name, 1]] });
  });

  it("forgets everything when nobody used it for a while, and can be used again", async () => {
    await workbook("idle").put([table("a", ["Rome", 1])]);
    const stub = namespace.getByName("idle");
    expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBeGreaterThan(Date.now());
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await workbook("idle").tables()).toEqual([]);
    expect(await workbook("idle").put([table("b", ["Oslo", 2])])).toEqual({ ok: true });
  });

  it("is not written to by a question about nothing", async () => {
    expect(await workbook("empty").select(everything)).toMatchObject({ ok: false, reason: expect.stringContaining("there is no table") });
    const tables = await runInDurableObject(namespace.getByName("empty"), (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});

it("the skills answer in the runtime as they do in Node", async () => {
  const analyst = env as unknown as { WORKBOOK: { getByName(name: string): WorkbookAccess } };
  const csv = { text: "city,price\nRome,1\nOslo,2\nRome,4\n", mediaType: "text/csv", filename: "prices.csv" };
  expect((await runSkill(agent, [csv, { text: "average price by city" }], { env: analyst })).text).toContain("| Rome | 2.5 |");
  expect((await runSkill(agent, "0.95^5", { env: analyst })).text).toContain("0.95^5 = 0.7737809375 (77.38%)");
});
