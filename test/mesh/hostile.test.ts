import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { memory, open, said, say } from "./raw-http.ts";
import { countTasks, HEADERS, post, request } from "./wire.ts";

// Callers who do not even speak HTTP as they should: what no client library can send. The mesh lets them go, makes no
// task of half a request, and answers everybody else as if they were not there.

let mesh: CopiedMesh;
let port: number;
let analyst: string;

beforeAll(async () => {
  mesh = await copyMesh();
  await mesh.start();
  port = Number(new URL(mesh.url).port);
  analyst = `${mesh.url}/agents/analyst`;
});

afterAll(() => mesh.remove());

const body = JSON.stringify({ message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "calculate 6*7" }] } });

/** A plain request is answered, and rightly. */
async function expectWell(): Promise<void> {
  const { json } = await post(`${analyst}/message:send`, body);
  expect(json?.task?.artifacts?.[0]?.parts[0]?.text).toMatch(/42/);
}

describe("the runtime's own pages", () => {
  it.each([
    "/cdn-cgi/explorer",
    "/cdn-cgi/explorer/api/workers/durable_objects/namespaces",
    "/cdn-cgi/explorer/api/local/observability/query",
  ])("show nobody what the mesh keeps: %s", async (path) => {
    const { status, text } = await request(mesh.url + path);
    expect(status).toBe(404);
    expect(text).not.toContain("TaskHome");
  });
});

describe("half a request", () => {
  it("makes no task, however it ends", async () => {
    await expectWell();
    const before = await countTasks(analyst);
    const cut = [
      said([`Content-Length: ${body.length + 10}`], body),
      said([`Content-Length: ${body.length}`], body.slice(0, -5)),
      said(["Content-Length: 1000"], ""),
      said(["Transfer-Encoding: chunked"], `${body.length.toString(16)}\r\n${body}\r\n`),
      said(["Transfer-Encoding: chunked"], `ff\r\n${body}`),
      said(["Transfer-Encoding: chunked"], "zz\r\nxx\r\n0\r\n\r\n"),
      said(["Transfer-Encoding: chunked"], `${"f".repeat(30)}\r\n${body}`),
      said([`Content-Length: ${body.length}`]).slice(0, -10),
    ];
    for (const text of cut) for (const next of ["finish", "leave"] as const) await say(port, text, { next });
    expect(await countTasks(analyst)).toBe(before);
    await expectWell();
  });

  it("that comes a byte at a time holds up nobody else, and is forgotten with its caller", async () => {
    const before = await countTasks(analyst);
    const slow = await Promise.all(Array.from({ length: 20 }, () => open(port)));
    for (const socket of slow) socket.write(said([`Content-Length: ${body.length}`]));
    for (const character of body.slice(0, 10)) {
      for (const socket of slow) socket.write(character);
      await expectWell();
    }
    for (const socket of slow) socket.destroy();
    expect(await countTasks(analyst)).toBe(before + 10);
  });
});

describe("a request with two meanings", () => {
  const inner = said(["Content-Length: 0"], "", "/agents/analyst/tasks/smuggled", "GET");
  it.each([
    ["two lengths", ["Content-Length: 5", `Content-Length: ${body.length}`]],
    ["two lengths in one", [`Content-Length: 5, ${body.length}`]],
    ["a length below nothing", ["Content-Length: -1"]],
    ["a length that is none", ["Content-Length: 0x10"]],
    ["a length and chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"]],
    ["chunks in disguise", ["Transfer-Encoding: xchunked"]],
    ["a folded header", ["X-A: b\r\n Content-Length: 5"]],
    ["a header without a name", [": x"]],
    ["a zero byte in a header", ["X-A: \u0000"]],
  ])("is answered once, or not at all: %s", async (_what, headers) => {
    const answer = await say(port, said(headers, body + inner), { next: "stay" });
    expect(answer).not.toContain('"artifacts"');
    expect(answer.split(/^HTTP\/1\.1 /m).length - 1).toBeLessThanOrEqual(2);
    await expectWell();
  });

  it.each([
    ["a version that is none", "POST / HTTP/9.9\r\n\r\n"],
    ["no HTTP", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"],
    ["a line without an end", "G".repeat(200_000)],
    ["headers without an end", `GET / HTTP/1.1\r\n${"X-A: b\r\n".repeat(50_000)}`],
    ["a header of a megabyte", said([`X-A: ${"b".repeat(1_000_000)}`])],
    ["a path of a megabyte", said([], "", `/${"p".repeat(1_000_000)}`, "GET")],
    ["a zero byte in a path", said([], "", "/tasks/\u0000", "GET")],
    ["another host's URL", said([], "", "http://example.com/tasks", "GET")],
    ["no path", said([], "", "*", "OPTIONS")],
    ["a verb of its own", said([], "", "/tasks", "BREW")],
  ])("is let go when it is %s", async (_what, text) => {
    await say(port, Buffer.from(text, "latin1"), { next: "stay" });
    await expectWell();
  });
});

describe("many at a time", () => {
  it("of requests in one breath are answered in their order", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `pipelined-${index}`);
    const closing = (id: string) => (id === ids.at(-1) ? ["Connection: close"] : []);
    const breath = ids.map((id) => said(closing(id), "", `/agents/analyst/tasks/${id}`, "GET")).join("");
    const answer = await say(port, breath, { next: "stay", patienceMs: 3_000 });
    expect([...answer.matchAll(/no task \\"(pipelined-\d+)\\"/g)].map(([, id]) => id)).toEqual(ids);
  });

  it("of connections that say nothing leave room for those that do", async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, () => open(port)));
    await expectWell();
    for (const socket of silent) socket.destroy();
    await expectWell();
  });

  it("of readers who go at any time leave nothing behind", async () => {
    const stream = async (closeAfterMs: number) => {
      const sent = JSON.stringify({ message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "calculate 6*7" }] } });
      const socket = await open(port);
      socket.write(said([`Content-Length: ${sent.length}`], sent, "/message:stream"));
      await sleep(closeAfterMs);
      socket.destroy();
    };
    const rounds: number[] = [];
    for (let round = 0; round < 3; round++) {
      const times = fc.sample(fc.nat({ max: 60 }), { numRuns: 50, seed: round });
      await Promise.all(times.map(stream));
      await expectWell();
      rounds.push(memory());
    }
    // The first rounds fill what is then used again; a leak would grow on.
    expect(rounds[0]).toBeGreaterThan(10);
    expect((rounds[2] ?? 0) - (rounds[1] ?? 0)).toBeLessThan(100);
  });

  it("of subscribers who go at any time leave their task as it is", async () => {
    const { json } = await post(
      `${mesh.url}/message:send`,
      JSON.stringify({ message: { messageId: "q", role: "ROLE_USER", parts: [{ text: "what is it?" }] } }),
    );
    const task = json?.task;
    expect(task).toBeDefined();
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const outgoing = get(`${mesh.url}/tasks/${task?.id}:subscribe`, { headers: HEADERS }).on("error", () => {});
        const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
        answer.on("error", () => {});
        await sleep(index % 20);
        outgoing.destroy();
      }),
    );
    expect((await request(`${mesh.url}/tasks/${task?.id}`, { headers: HEADERS })).json).toMatchObject({
      status: { state: task?.status.state },
    });
    await expectWell();
  });
});
