import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GuardedRequest, guardedFetch, whyNotReached } from "../../../shared/net/guarded-fetch.ts";

// What comes of a request to an address that somebody else named, over HTTP where the network has a say in it.

const request = (more: Partial<GuardedRequest> = {}): GuardedRequest => ({ fetch: (url, init) => fetch(url, init), local: true, ...more });

/** A server on this machine, for as long as a test needs it. */
async function serving(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers from memory. */
function answering(body: BodyInit | null, init: ResponseInit = {}): GuardedRequest {
  const headers = { "Content-Type": "application/json", ...(init.headers as Record<string, string>) };
  return request({ fetch: async () => new Response(body, { ...init, headers }) });
}

describe("a document", () => {
  it.each(["application/json", "application/json; charset=utf-8", "application/a2a+json", "application/jwk-set+json", "Application/JSON"])(
    "is read as %s",
    async (type) => {
      await using server = await serving((_asked, response) => void response.writeHead(200, { "Content-Type": type }).end('{"a":[1]}'));
      expect(await guardedFetch(server.url, request())).toEqual({ ok: true, status: 200, json: { a: [1] } });
    },
  );

  it.each<[string, BodyInit | null, ResponseInit, object]>([
    ["text", "{}", { headers: { "Content-Type": "text/html" } }, { fault: "not-json" }],
    ["JSON that breaks off", '{"a":', {}, { fault: "not-json" }],
    ["nothing", null, {}, { fault: "not-json" }],
    ["JSON that nests without end", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, {}, { fault: "not-json" }],
    ["an error", "{}", { status: 503 }, { fault: "status", status: 503 }],
    [
      "a redirect",
      null,
      { status: 301, headers: { location: "https://elsewhere.org/a?b" } },
      { fault: "redirect", why: expect.stringMatching(/ to https:\/\/elsewhere\.org:/) },
    ],
    ["a redirect to nowhere", null, { status: 302, headers: { location: "//" } }, { fault: "redirect" }],
  ])("is none that is %s", async (_what, body, init, expected) => {
    expect(await guardedFetch("https://heron.org/", answering(body, init))).toMatchObject({ ok: false, ...expected });
  });

  it("may be an error where that is asked for, and is still no redirect", async () => {
    expect(await guardedFetch("https://heron.org/", { ...answering("{}", { status: 404 }), anyStatus: true })).toMatchObject({
      ok: true,
      status: 404,
    });
    const redirect = answering("{}", { status: 307, headers: { location: "http://10.0.0.1/" } });
    expect(await guardedFetch("https://heron.org/", { ...redirect, anyStatus: true })).toMatchObject({ ok: false, fault: "redirect" });
  });

  it("is as long as it may be, and not a byte longer, whatever length is declared", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 200 }),
        fc.integer({ min: 2, max: 200 }),
        fc.boolean(),
        async (length, mostBytes, declared) => {
          const body = `"${"a".repeat(length - 2)}"`;
          const headers = declared ? { "Content-Length": String(length) } : { "Content-Length": "1" };
          const answer = await guardedFetch("https://heron.org/", { ...answering(body, { headers }), mostBytes });
          expect(answer.ok ? "read" : answer.fault).toBe(length <= mostBytes ? "read" : "too-large");
        },
      ),
    );
  });

  it("has its time, also when it has begun", async () => {
    await using server = await serving(
      (_asked, response) => void response.writeHead(200, { "Content-Type": "application/json" }).write("{"),
    );
    expect(await guardedFetch(server.url, request({ timeoutMs: 100 }))).toMatchObject({
      ok: false,
      fault: "timeout",
      why: expect.stringMatching(/within 0\.1 s/),
    });
  });

  it("that was asked for with a body gets it, with its headers", async () => {
    let seen = {};
    await using server = await serving((asked, response) => {
      asked.on("data", (chunk: Buffer) => {
        seen = { method: asked.method, version: asked.headers["a2a-version"], accept: asked.headers.accept, body: chunk.toString() };
      });
      asked.on("end", () => void response.writeHead(200, { "Content-Type": "application/json" }).end("{}"));
    });
    await guardedFetch(server.url, request({ method: "POST", body: "hello", headers: { "A2A-Version": "1.0" } }));
    expect(seen).toEqual({ method: "POST", version: "1.0", accept: "application/json", body: "hello" });
  });

  it("of nobody is a value as well", async () => {
    await using server = await serving((asked) => asked.socket.destroy());
    expect(await guardedFetch(server.url, request())).toMatchObject({ ok: false, fault: "unreachable" });
  });
});

describe("an address", () => {
  it.each<[string, boolean, RegExp | undefined]>([
    ["https://heron.org/card.json", false, undefined],
    ["https://heron.org:8443/", false, undefined],
    ["http://heron.org/", false, /https/],
    ["http://heron.org/", true, /https/],
    ["http://127.0.0.1:9000/", true, undefined],
    ["http://[::1]:9000/", true, undefined],
    ["http://127.0.0.1:9000/", false, /public address/],
    ["https://10.0.0.1/", true, /public https address/],
    ["https://169.254.169.254/latest", false, /public address/],
    ["https://heron.org:22/", false, /port 443/],
    ["https://a:b@heron.org/", false, /user name/],
    ["ftp://heron.org/", false, /https/],
    ["heron.org", false, /absolute/],
  ])("%s (local: %s) is told to be so", async (address, local, why) => {
    const said = whyNotReached(address, { local });
    if (why === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(why);
  });

  it("that may not be reached is never asked", async () => {
    let asked = 0;
    const never = request({
      local: false,
      fetch: async () => {
        asked += 1;
        return new Response();
      },
    });
    for (const address of ["http://127.0.0.1/", "https://metadata.google.internal/", "nowhere"])
      expect(await guardedFetch(address, never)).toMatchObject({ ok: false, fault: "address" });
    expect(asked).toBe(0);
  });
});
