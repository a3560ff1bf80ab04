import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import agent from "../../../agents/analyst/agent.ts";
import { tableFrom } from "../../../agents/analyst/table/rows.ts";
import type { AnalystEnv } from "../../../agents/analyst/table/workbook-access.ts";
import { findingsOf } from "../../../shared/kit/finding.ts";
import type { Json, Part } from "../../../shared/kit/skill.ts";
import { runSkill } from "../../../shared/kit/testing.ts";
import { workbooks } from "./analyst-workbook.ts";

const SALES: Part = {
  text: "city,product,unit price,revenue\nParis,apple,3.5,350\nParis,pear,4,200\nRome,apple,3,90\nRome,fig,n/a,500\nOslo,apple,12,1200\n",
  mediaType: "text/csv",
  filename: "sales.csv",
};
const CITIES: Part = {
  data: {
    tables: {
      cities: [
        { city: "Paris", country: "France" },
        { city: "Rome", country: "Italy" },
        { city: "Oslo", country: "Norway" },
      ],
    },
  },
};

let env: AnalystEnv;
beforeEach(() => {
  env = workbooks();
});

async function send(...parts: Part[]) {
  const run = await runSkill(agent, parts, { env, skill: "table" });
  const all = run.outcome.outcome === "completed" ? run.outcome.artifacts.flatMap((artifact) => artifact.parts) : [];
  const data = all.map((part) => part.data).find((each) => typeof each === "object" && each !== null && "rows" in each) as
    | { columns: string[]; rows: Json[][] }
    | undefined;
  return { ...run, ...data, findings: findingsOf(all) };
}
const ask = (text: string) => send({ text });
const query = (asked: Json) => send({ data: { query: asked } });

describe("a table in plain words", () => {
  beforeEach(async () => {
    await send(CITIES);
    await send(SALES);
  });

  it.each<[string, Json[][]]>([
    [
      "average price by city",
      [
        ["Oslo", 12],
        ["Paris", 3.75],
        ["Rome", 3],
      ],
    ],
    [
      "count by country",
      [
        ["France", 1],
        ["Italy", 1],
        ["Norway", 1],
      ],
    ],
    [
      "top 2 by revenue",
      [
        ["Oslo", "apple", 12, 1200],
        ["Rome", "fig", null, 500],
      ],
    ],
    ["bottom 1 by revenue", [["Rome", "apple", 3, 90]]],
    [
      "top 2 cities by total revenue",
      [
        ["Oslo", 1200],
        ["Rome", 590],
      ],
    ],
    ["which city has the highest total revenue?", [["Oslo", 1200]]],
    [
      "rows where revenue > 350",
      [
        ["Rome", "fig", null, 500],
        ["Oslo", "apple", 12, 1200],
      ],
    ],
    ["sales where city is paris and revenue at most 200", [["Paris", "pear", 4, 200]]],
    [
      "rows where unit price between 3 and 4 and product contains app",
      [
        ["Paris", "apple", 3.5, 350],
        ["Rome", "apple", 3, 90],
      ],
    ],
    ["rows where unit price is empty", [["Rome", "fig", null, 500]]],
    [
      "show city and revenue from sales where revenue >= 350 sorted by revenue desc limit 2",
      [
        ["Oslo", 1200],
        ["Rome", 500],
      ],
    ],
    ["minimum and maximum revenue", [[90, 1200]]],
    ["how many rows are there in sales", [[5]]],
    ["number of different cities in sales", [[3]]],
    ["unique products", [["apple"], ["fig"], ["pear"]]],
    [
      "join sales with cities on city and sum revenue by country",
      [
        ["France", 550],
        ["Italy", 590],
        ["Norway", 1200],
      ],
    ],
  ])("answers %s", async (question, rows) => {
    const answer = await ask(question);
    expect(answer.rows, answer.text).toEqual(rows);
  });

  it.each([
    ["average foo by city", 'no column "foo"'],
    ["rows where revenue > 100 and bogus = 3", 'the condition "bogus = 3" could not be read'],
    ["average revenue of Paris in sales", "where city = Paris"],
    ["what is love", "could not be read"],
    ["drop table sales; --", "could not be read"],
  ])("refuses %s rather than answer something else", async (question, reason) => {
    expect((await ask(question)).outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining(reason) });
  });

  it("says what it understood, and which words it did not use", async () => {
    const { text } = await ask("average revenue by city tomorrow");
    expect(text).toMatch(/no column|city tomorrow/);
    expect((await ask("gladly count by city in sales")).text).toMatch(
      /city, count from sales grouped by city[\s\S]*did not use the words: gladly/,
    );
  });

  it("hands several rows on as one finding, which stays a table and names the one it is from", async () => {
    const { findings } = await ask("count by country");
    expect(findings).toEqual([
      {
        text: [
          "country, count from cities grouped by country",
          "",
          "| country | count |",
          "| --- | --- |",
          "| France | 1 |",
          "| Italy | 1 |",
          "| Norway | 1 |",
        ].join("\n"),
        source: { document: "cities", position: "country, count from cities grouped by country" },
        by: "analyst/table",
      },
    ]);
  });

  it("hands a single row on as a statement, for a calculation to go on with", async () => {
    const { findings } = await ask("rows of cities where country = Norway");
    expect(findings.map(({ text }) => text)).toEqual([expect.stringMatching(/country = Norway/)]);
  });

  it("reads groups before a comma", async () => {
    expect((await ask("count by country, sorted by country")).findings[0]?.text).toMatch(/^country, count/);
  });

  it("knows a table by the name of its file", async () => {
    expect((await ask("count by country in cities.csv")).findings[0]?.source?.document).toBe("cities");
  });
});

describe("a query part", () => {
  beforeEach(async () => {
    await send(SALES, CITIES);
  });

  it("filters, groups, aggregates, sorts and limits", async () => {
    const answer = await query({
      from: "sales",
      where: [{ column: "city", op: "in", value: ["paris", "OSLO", "Rome"] }],
      groupBy: "city",
      aggregate: [{ fn: "average", column: "revenue" }, { fn: "count" }],
      orderBy: [{ column: "average revenue", descending: true }],
      limit: 2,
    });
    expect(answer).toMatchObject({
      columns: ["city", "average revenue", "count"],
      rows: [
        ["Oslo", 1200, 1],
        ["Rome", 295, 2],
      ],
    });
  });

  it("keeps rows without a partner in a left join", async () => {
    await send({ data: { tables: { stock: [{ product: "apple", pieces: 7 }] } } });
    const answer = await query({
      from: "sales",
      join: { table: "stock", on: "product", kind: "left" },
      select: ["product", "pieces"],
      limit: 2,
    });
    expect(answer.rows).toEqual([
      ["apple", 7],
      ["pear", null],
    ]);
  });

  it("joins numbers with the same numbers written as texts, and says so", async () => {
    await send({
      data: {
        tables: {
          a: [{ id: 1, x: "one" }],
          b: [
            { id: "1", y: "eins" },
            { id: "two", y: "zwei" },
          ],
        },
      },
    });
    const answer = await query({ from: "a", join: { table: "b", on: "id" }, select: ["x", "y"] });
    expect(answer.rows).toEqual([["one", "eins"]]);
    expect(answer.text).toContain("compared as texts");
  });

  it.each<[Json, string]>([
    [{ from: 'sales"; DROP TABLE data_1; --' }, "there is no table"],
    [{ select: ["city FROM tables --"] }, "there is no column"],
    [{ orderBy: [{ column: "1; DELETE FROM tables" }] }, "there is no column"],
    [{ sql: "SELECT * FROM sqlite_master" }, 'part "sql"'],
    [{ where: [{ column: "city", op: "LIKE", value: "%" }] }, "where.0.op"],
    [{ aggregate: [{ fn: "sum", column: "city" }] }, "holds no numbers"],
    [{ where: [{ column: "revenue", op: ">", value: "lots" }] }, "holds numbers"],
    [{ join: { table: "cities", on: "product" } }, 'no column "product"'],
    [{ limit: 100_000 }, "most is 1000"],
    ["select 1", "A query looks like"],
  ])("is refused when it names what is not there: %j", async (asked, reason) => {
    const from =
      typeof asked === "object" && asked !== null && !Array.isArray(asked) && !("sql" in asked) ? { from: "sales", ...asked } : asked;
    expect((await query(from)).outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining(reason) });
    expect((await query({ from: "sales" })).rows).toHaveLength(5);
  });

  it("treats every value as a value, whatever it says", async () => {
    const texts = fc.oneof(fc.string(), fc.constantFrom("' OR 1=1 --", '"; DROP TABLE data_1; --', "%", "_", "?", "\\", "💥"));
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom("=", "contains", "starts with", "in"), async (value, op) => {
        const answer = await query({
          from: "sales",
          where: [{ column: "product", op, value: op === "in" ? [value] : value }],
          select: ["product"],
        });
        const expected = ["apple", "pear", "apple", "fig", "apple"].filter((each) => {
          const said = value.toLowerCase();
          return op === "contains" ? each.includes(said) : op === "starts with" ? each.startsWith(said) : each === said;
        });
        expect(answer.rows?.flat(), answer.text).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it("refuses a join that makes too many pairs before making it", async () => {
    const rows = Array.from({ length: 1_100 }, () => ({ k: 1 }));
    await send({ data: { tables: { left: rows, right: rows } } });
    expect((await query({ from: "left", join: { table: "right", on: "k" } })).text).toContain("1210000 pairs");
  });
});

describe("what is sent as a table", () => {
  const csv = (text: string) => send({ text, mediaType: "text/csv" });

  it("is described when nothing is asked", async () => {
    expect((await send(SALES)).rows).toEqual([
      ["sales", "city", "text", 5, 0, 3, "Oslo", "Rome", null],
      ["sales", "product", "text", 5, 0, 3, "apple", "pear", null],
      ["sales", "unit price", "number", 4, 1, 4, 3, 12, 5.625],
      ["sales", "revenue", "number", 5, 0, 5, 90, 1200, 468],
    ]);
  });

  it("may have a byte order mark, quoted line breaks, semicolons, and names that are missing or come twice", async () => {
    const { rows, text } = await csv('\ufeffa;;A\n1;"x\ny";3\n4\n');
    expect(rows?.map((row) => row[1])).toEqual(["a", "column 2", "A (2)"]);
    expect(text).toContain('"A" comes twice');
    expect(text).toContain("1 row has fewer cells");
  });

  it("keeps codes such as 007 and 19-digit ids as they are", async () => {
    await csv("zip,id\n02134,1234567890123456789\n10001,2\n");
    expect((await query({})).rows).toEqual([
      ["02134", "1234567890123456789"],
      ["10001", "2"],
    ]);
  });

  it("may mix numbers and words: calculations pass over the words, and say so", async () => {
    await csv("a\n1\n2\nmany\n");
    const { rows, text } = await query({
      aggregate: [
        { fn: "sum", column: "a" },
        { fn: "max", column: "a" },
      ],
    });
    expect(rows).toEqual([[3, 2]]);
    expect(text).toContain("passes over them");
    expect((await query({ where: [{ column: "a", op: ">", value: 1 }] })).rows).toEqual([[2]]);
  });

  it.each<[Part, string]>([
    [{ text: "a,b\n1,2,3\n", mediaType: "text/csv" }, 'row 1 of "table" has 3 cells'],
    [{ text: 'a,b\n"1,2\n', mediaType: "text/csv" }, "quote that is not closed"],
    [{ text: "", mediaType: "text/csv" }, "is empty"],
    [{ raw: Buffer.from([0xff, 0xfe, 0x00, 0x41]).toString("base64"), filename: "x.csv" }, "not UTF-8"],
    [{ raw: "AAAA", mediaType: "application/pdf", filename: "x.pdf" }, "is application/pdf"],
    [{ text: "{", mediaType: "application/json" }, "cannot be read"],
    [{ text: '{"a":1}', mediaType: "application/json" }, "holds no rows"],
    [{ data: { rows: [{ a: 1 }, 7] } }, "row 2"],
    [{ data: { rows: [] } }, "has no rows"],
    [{ url: "https://example.com/a.csv" }, "not fetched"],
    [{ text: `${Array.from({ length: 120 }, (_, at) => `c${at}`).join(",")}\n`, mediaType: "text/csv" }, "120 columns"],
    [{ text: `a\n${"1\n".repeat(50_001)}`, mediaType: "text/csv" }, "50001 rows"],
  ])("is refused with the reason when it cannot be kept whole: %#", async (part, reason) => {
    expect((await send(part)).outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining(reason) });
  });

  it("stays for the next messages of its context, and for no other principal's or context's", async () => {
    await send(SALES);
    expect((await ask("how many rows")).rows).toEqual([[5]]);
    const elsewhere = await runSkill(agent, "how many rows", { env, skill: "table", contextId: "context-2" });
    expect(elsewhere.outcome).toMatchObject({ outcome: "rejected", reason: expect.stringContaining("no table") });
  });

  it("replaces the table of its name, so that sending it twice changes nothing", async () => {
    await send(SALES);
    await send(SALES);
    expect((await query({ from: "sales", aggregate: [{ fn: "count" }] })).rows).toEqual([[5]]);
  });

  it("comes back cell for cell, whatever the cells hold", async () => {
    const cell = fc.oneof(
      fc.string().map((text) => `x${text}`.trim()),
      fc.constant(null),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, fc.integer()), { minLength: 1, maxLength: 30 }), async (rows) => {
        await send({ data: { name: "t", columns: ["a", "b"], rows } });
        expect((await query({ from: "t" })).rows).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });
});

it("gives every column a name of its own, whatever the header says", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom("a", "A", "", "a (2)", "column 1")), { minLength: 1, maxLength: 20 }),
      (header) => {
        const reading = tableFrom("t", header, []);
        if (!reading.ok) throw new Error(reading.reason);
        expect(new Set(reading.table.columns.map((column) => column.name.toLowerCase())).size).toBe(header.length);
      },
    ),
  );
});

describe("a message that names no skill", () => {
  it.each<[Part[], string]>([
    [[SALES], "sales: 5 rows"],
    [[{ text: "average b by a\n\na,b\nx,1\ny,2\nx,5" }], "| x | 3 |"],
    [[{ text: "2 + 2" }], "2 + 2 = 4"],
    [[{ text: "2 + 2" }, { data: { findings: [] } }], "2 + 2 = 4"],
  ])("goes to the skill its parts are for: %#", async (parts, answer) => {
    expect((await runSkill(agent, parts, { env })).text).toContain(answer);
  });
});
