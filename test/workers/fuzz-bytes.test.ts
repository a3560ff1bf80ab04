import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import { inTime, type Verdict, verdictOf } from "./fuzz/answers.ts";
import { HUNT_MS, RUNS } from "./fuzz/runs.ts";
import { hostile, json, text, toText } from "./fuzz/values.ts";
import { http, message, ORIGIN, VERSION, value, worker } from "./wire.ts";

// What comes before a request is one: bodies of any bytes, any headers, any path and query.

vi.setConfig({ testTimeout: HUNT_MS });

const encoder = new TextEncoder();
const whole = { jsonrpc: "2.0", id: 1, method: "SendMessage", params: { message: message("x", "echo") } };

/** A valid body with its bytes cut, doubled, spoiled, or written in another encoding. */
const body = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  hostile.map((each) => encoder.encode(toText(each))),
  fc.tuple(fc.constantFrom(whole, whole.params), fc.nat(), fc.nat({ max: 7 })).map(([sent, at, way]) => {
    const said = JSON.stringify(sent);
    const bytes = encoder.encode(said);
    const place = at % bytes.length;
    const ways = [
      () => bytes.slice(0, place),
      () => encoder.encode(`\ufeff${said}`),
      () => encoder.encode(said + said),
      () => encoder.encode(`${said}]`),
      () => encoder.encode(` \r\n\t${said}\n\u0000`),
      () => new Uint8Array(Uint16Array.from(said, (character) => character.charCodeAt(0)).buffer),
      () => bytes.with(place, 0xff),
      () => bytes.with(place, 0x00),
    ];
    return ways[way]?.() ?? bytes;
  }),
);

/** What a header can carry at all. */
const headerText = fc.oneof(
  text.map((each) => each.replace(/[^\x20-\x7e\x80-\xff]/g, "")),
  fc.constantFrom(
    "1.0",
    "1",
    "1.0.0.0",
    "01.0",
    "1.0,0.3",
    "0.3",
    "9".repeat(5_000),
    "-1",
    "1e3",
    "null",
    "*/*",
    "application/json;;",
    ";",
  ),
);
const headers = fc.record(
  {
    "A2A-Version": fc.oneof({ weight: 3, arbitrary: fc.constant("1.0") }, headerText),
    "A2A-Extensions": headerText,
    "X-A2A-Extensions": headerText,
    "Last-Event-ID": headerText,
    "Idempotency-Key": headerText,
    "If-None-Match": headerText,
    Accept: headerText,
    "Content-Type": fc.oneof({ weight: 3, arbitrary: fc.constantFrom("application/json", "application/a2a+json") }, headerText),
    "Content-Encoding": fc.constantFrom("identity", "gzip", "br", "x"),
    "Skein-Principal": fc.constantFrom("%", "{}", encodeURIComponent('{"tenant":"acme","app":"a","subject":"s","scopes":["call"]}')),
  },
  { requiredKeys: ["Content-Type"] },
);

const piece = fc.oneof(
  fc.constantFrom(
    "tasks",
    "message:send",
    "message:stream",
    "extendedAgentCard",
    ".well-known",
    "agent-card.json",
    "pushNotificationConfigs",
  ),
  fc.constantFrom(
    "",
    "..",
    "%2e%2e",
    "%2F",
    "%00",
    "%E0%A4%A",
    "%",
    "a%2Fb",
    ":cancel",
    "x:subscribe",
    "agents",
    "probe",
    "__proto__",
    "*",
    "@",
  ),
  text.map((each) => encodeURIComponent(each.toWellFormed())),
  fc.constantFrom(5_000, 60_000).map((length) => "p".repeat(length)),
);
const queries = fc
  .oneof(
    fc.dictionary(
      fc.constantFrom("pageToken", "pageSize", "historyLength", "status", "A2A-Version", "tenant", "id", "__proto__", ""),
      text,
      {
        maxKeys: 4,
      },
    ),
    fc.record({
      pageToken: fc.oneof(
        text,
        fc.base64String(),
        fc.tuple(fc.integer(), text).map(([at, id]) => btoa(encodeURI(`${at} ${id.toWellFormed()}`))),
      ),
    }),
  )
  .map((query) => `?${new URLSearchParams(Object.entries(query).map(([name, each]) => [name, each.toWellFormed()]))}`);
const verb = fc.constantFrom("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS");

async function answer(path: string, init: RequestInit): Promise<Verdict | undefined> {
  const response = await inTime(worker.fetch(ORIGIN + path, init));
  if (response.status === 500) throw new Error(await response.text());
  // What has no body, and the card, which is no answer of an operation.
  if (init.method === "HEAD" || response.status === 304 || response.headers.has("ETag")) return undefined;
  return verdictOf(response);
}

afterAll(async () => {
  const sent = { message: message("after all of it", "echo") };
  expect(await value(await http("POST", "/message:send", sent))).toMatchObject({
    task: { artifacts: [{ parts: [{ text: "after all of it" }] }] },
  });
});

describe("an answer in form is given", () => {
  it("to any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom("/", "/message:send", "/message:stream", "/tasks/x:cancel"), async (bytes, path) => {
        await answer(path, { method: "POST", headers: { "Content-Type": "application/json", ...VERSION }, body: bytes });
      }),
      { numRuns: RUNS },
    );
  });

  it("to any headers", async () => {
    await fc.assert(
      fc.asyncProperty(headers, fc.constantFrom("/", "/message:send", "/message:stream"), async (sent, path) => {
        const said = JSON.stringify(path === "/" ? whole : whole.params);
        await answer(path, { method: "POST", headers: sent as Record<string, string>, body: said });
      }),
      { numRuns: RUNS },
    );
  });

  it("at any path, to any query", async () => {
    await fc.assert(
      fc.asyncProperty(
        verb,
        fc.array(piece, { maxLength: 5 }),
        fc.option(queries, { nil: "" }),
        json,
        async (method, path, query, sent) => {
          const init = { method, headers: { "Content-Type": "application/json", ...VERSION } };
          const withBody = method === "POST" || method === "PUT" || method === "PATCH";
          await answer(`/${path.join("/")}${query}`, withBody ? { ...init, body: toText(sent) } : init);
        },
      ),
      { numRuns: RUNS * 2 },
    );
  });
});
