import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { conforms, summary } from "../../../conformance/report.ts";
import { Failure, NotShown, requirements } from "../../../conformance/requirement.ts";
import { type Result, run } from "../../../conformance/run.ts";
import { SUITE } from "../../../conformance/suite.ts";

const TIMEOUT_MS = 300;

let server: Server;
let url: string;
/** Headers of each request that was no question for the card. */
let asked: { authorization: string | undefined; key: string | undefined }[];
let answer: (response: ServerResponse) => void;
let card: object;

beforeEach(async () => {
  asked = [];
  server = createServer(({ url: path, headers }, response) => {
    if (path?.endsWith("agent-card.json")) return void response.setHeader("Content-Type", "application/json").end(JSON.stringify(card));
    asked.push({ authorization: headers.authorization, key: headers["x-acme-key"]?.toString() });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  card = cardAt(url);
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function stopped(): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  return closed;
}

function cardAt(place: string) {
  return {
    name: "anything",
    description: "A server that does what the test says.",
    version: "1",
    supportedInterfaces: ["JSONRPC", "HTTP+JSON"].map((protocolBinding) => ({ url: place, protocolBinding, protocolVersion: "1.0" })),
    capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "a", name: "a", description: "a", tags: ["a"] }],
    securitySchemes: { key: { apiKeySecurityScheme: { location: "header", name: "X-Acme-Key" } } },
    securityRequirements: [{ schemes: { key: { list: [] } } }],
  };
}

const target = () => ({ url, triggers: { text: "hello", ask: "ask", answer: "yes", slow: "slow" }, timeoutMs: TIMEOUT_MS, atOnce: 40 });
const ids = (results: readonly Result[], status: string) =>
  results.filter(({ outcome }) => outcome.status === status).map(({ requirement }) => requirement.id);

describe("the whole suite", () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ["never answers", () => {}],
    ["hangs up", (response) => response.destroy()],
    ["says everything is fine", (response) => response.setHeader("Content-Type", "application/json").end("{}")],
    ["answers with a page", (response) => response.setHeader("Content-Type", "text/html").end("<h1>It works!</h1>")],
    ["answers with null", (response) => response.setHeader("Content-Type", "application/json").end("null")],
    ["breaks", (response) => response.writeHead(500).end("oops")],
    ["streams without an end", (response) => response.writeHead(200, { "Content-Type": "text/event-stream" }).write(": beat\n\n")],
  ])("comes to an end, and passes next to nothing, with a server that %s", async (_what, does) => {
    answer = does;
    const results = await run(SUITE, target());
    expect(results).toHaveLength(SUITE.reduce((sum, { bindings }) => sum + Math.max(1, bindings.length), 0));
    expect(conforms(results)).toBe(false);
    const passed = new Set(ids(results, "passed").filter((id) => !/^(card|caching|auth\.public-card)/.test(id)));
    expect([...passed].length, [...passed].join(" ")).toBeLessThan(SUITE.length / 20);
  });

  it("shows nothing of a binding that the card does not declare", async () => {
    card = { ...cardAt(url), supportedInterfaces: [{ url, protocolBinding: "GRPC", protocolVersion: "1.0" }] };
    answer = (response) => response.end("{}");
    const results = await run(SUITE, target());
    expect(results.filter(({ binding, outcome }) => binding !== undefined && outcome.status !== "not shown")).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("blames nobody for answers that a server was too busy to give", async () => {
    answer = (response) => response.writeHead(429, { "Retry-After": "60" }).end();
    // Time enough for all of them also on a busy machine: nothing here waits for an answer.
    const results = (await run(SUITE, { ...target(), timeoutMs: 10_000 })).filter(({ binding }) => binding !== undefined);
    // What is written by hand looks at bytes, and a few rules ask for no more than a refusal of any kind.
    const judged = results.filter(
      ({ requirement, outcome }) => outcome.status !== "not shown" && !requirement.id.startsWith("robustness."),
    );
    expect(judged.map(({ requirement }) => requirement.id)).toEqual([]);
  });

  it("blames nobody for what a server that went away could not show, and calls it conforming no more", async () => {
    answer = (response) => response.end("{}");
    const others = SUITE.filter(({ id }) => /^(card|get|list|robustness)\./.test(id));
    const leaves = { id: "test.leaves", section: "1", level: "MAY", title: "leaves", bindings: [], run: stopped } as const;
    const results = await run([...requirements("test", [leaves]), ...others], { ...target(), atOnce: 1 });
    expect(ids(results, "failed")).toEqual([]);
    const gone = results.filter(({ outcome }) => outcome.status === "not shown" && outcome.isGone);
    expect(gone.length).toBeGreaterThan(others.length / 2);
    expect(conforms(results)).toBe(false);
  });

  it("blames the card for an address where nothing ever answered", async () => {
    const elsewhere = createServer();
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const { port } = elsewhere.address() as AddressInfo;
    await new Promise((resolve) => elsewhere.close(resolve));
    card = cardAt(`http://127.0.0.1:${port}`);
    const results = await run(
      SUITE.filter(({ id }) => id === "get.unknown-task" || id.startsWith("robustness.")),
      target(),
    );
    expect(results.filter(({ outcome }) => outcome.status === "not shown" && outcome.isGone)).toEqual([]);
    expect(ids(results, "failed")).toContain("get.unknown-task");
    expect(conforms(results)).toBe(false);
  });

  it("asks no more often than it may", async () => {
    answer = (response) => response.end("{}");
    const suite = SUITE.filter(({ id }) => id.startsWith("get."));
    const start = performance.now();
    await run(suite, { ...target(), perMinute: 1_200 });
    // The card was one of them, and the first one had not to wait.
    expect(performance.now() - start).toBeGreaterThanOrEqual(asked.length * 50 - 10);
  });

  it.each(["application/json", "text/event-stream"])("reads no more of an answer without an end than it can hold, as %s", async (type) => {
    const closed = new Set<Promise<unknown>>();
    answer = (response) => {
      closed.add(once(response, "close"));
      response.writeHead(200, { "Content-Type": type });
      const pour = () => {
        while (!response.destroyed && response.write("data: x".padEnd(64_000, "x")));
      };
      response.on("drain", pour);
      pour();
    };
    const suite = SUITE.filter(({ id }) => /^(get\.unknown-task|stream\.)/.test(id));
    const results = await run(suite, { ...target(), timeoutMs: 10_000, atOnce: 2 });
    const tooLarge = results.filter(({ outcome }) => outcome.status === "failed" && /the answer is larger than/.test(outcome.actual));
    expect(tooLarge.length).toBeGreaterThan(0);
    await Promise.all(closed);
  });

  it.each(["{}", "[]", '{"error":"not found"}'])("says in one line that %s is no agent card", async (body) => {
    card = JSON.parse(body) as object;
    await expect(run(SUITE, target())).rejects.toThrow(/^expected an agent card at .*, got JSON that is no agent card: .*$/);
  });

  it("says at once that there is no card", async () => {
    server.close();
    server.closeAllConnections();
    await expect(run(SUITE, target())).rejects.toBeInstanceOf(Failure);
  });
});

describe("credentials", () => {
  const ask = requirements("test", [
    {
      id: "test.lists",
      section: "1",
      level: "MUST",
      title: "asks",
      bindings: ["HTTP+JSON"],
      run: async ({ agent }) => void (await agent.call("ListTasks")),
    },
  ]);

  it("travel where the card says, and only to the server that was named", async () => {
    answer = (response) => response.end("{}");
    await run(ask, { ...target(), credentials: { key: "secret" } });
    expect(asked).toEqual([{ authorization: undefined, key: "secret" }]);

    asked = [];
    card = cardAt(url.replace("127.0.0.1", "localhost"));
    await run(ask, { ...target(), credentials: { token: "secret" } });
    expect(asked).toEqual([{ authorization: undefined, key: undefined }]);
  });

  it("are not in what shows a failure", async () => {
    answer = (response) => response.end("{}");
    const fails = ask.map((each) => ({
      ...each,
      run: async (probe: Parameters<typeof each.run>[0]) => each.run(probe).then(() => Promise.reject(new Failure("a", "b"))),
    }));
    for (const credentials of [{ token: "secret" }, { key: "secret" }]) {
      const [result] = await run(fails, { ...target(), credentials });
      expect(JSON.stringify(result?.outcome)).toMatch(/curl .*GET|curl -sS 'http/);
      expect(JSON.stringify(result?.outcome)).not.toContain("secret");
    }
  });
});

describe("what counts", () => {
  const outcome = (level: "MUST" | "SHOULD" | "MAY", thrown?: Error) =>
    requirements("test", [
      {
        id: `test.${level}`,
        section: "1",
        level,
        title: "is",
        bindings: [],
        run: () => (thrown ? Promise.reject(thrown) : Promise.resolve()),
      },
    ]);

  it.each([
    ["MUST", new Failure("a", "b"), false],
    ["SHOULD", new Failure("a", "b"), true],
    ["MAY", new Failure("a", "b"), true],
    ["MUST", new NotShown("no text"), true],
    ["MUST", new TypeError("a fault of the suite itself, or an answer nobody thought of"), false],
  ] as const)("a %s that ends with %s leaves a server conforming: %s", async (level, thrown, expected) => {
    expect(conforms(await run(outcome(level, thrown), target()))).toBe(expected);
  });

  it("what was not shown is never counted as holding", async () => {
    expect(summary(await run(outcome("MUST", new NotShown("no text")), target()))).toEqual(["MUST    0 hold, 0 broken, 1 not shown"]);
    expect(summary(await run(outcome("MUST"), target()))).toEqual(["MUST    1 hold, 0 broken, 0 not shown"]);
  });
});
