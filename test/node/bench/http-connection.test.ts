/** The load generator's HTTP: a misread answer would be a wrong figure. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HttpConnection, readResponse } from "../../../bench/http-connection.ts";

let server: Server;
/** Sends the last event of the stream that was opened last. */
let endStream = () => {};
let url: URL;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/events") {
      response.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: 1\n\n");
      endStream = () => response.end("data: 2\n\n");
      return;
    }
    if (request.headers["who"] !== undefined) return void response.end(request.headers["who"]);
    if (request.url === "/length") return void response.end("hello", () => undefined);
    response.write("one ");
    setImmediate(() => response.end("two ü"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

describe("a connection", () => {
  it("reads answers of known length and in chunks, one after the other", async () => {
    const connection = await HttpConnection.open(url);
    expect(await connection.send({ method: "GET", path: "/length" })).toEqual({ status: 200, body: "hello" });
    expect(await connection.send({ method: "POST", path: "/chunks", body: "ü" })).toEqual({ status: 200, body: "one two ü" });
    expect(await connection.send({ method: "GET", path: "/length" })).toEqual({ status: 200, body: "hello" });
    connection.close();
  });

  it("knows when the first event was there, and forgets it with the answer", async () => {
    const connection = await HttpConnection.open(url);
    const answer = connection.send({ method: "GET", path: "/events" });
    // What was sent before has arrived when another connection has been there and back.
    const other = await HttpConnection.open(url);
    for (let trip = 0; trip < 3; trip += 1) await other.send({ method: "GET", path: "/length" });
    other.close();
    const beforeLast = performance.now();
    endStream();
    const { body, firstEventAt } = await answer;
    expect(body).toBe("data: 1\n\ndata: 2\n\n");
    expect(firstEventAt).toBeLessThan(beforeLast);
    expect(await connection.send({ method: "GET", path: "/length" })).not.toHaveProperty("firstEventAt");
    connection.close();
  });

  it("says with every request what it was opened with", async () => {
    const connection = await HttpConnection.open(url, { Who: "ada" });
    for (const path of ["/length", "/chunks"]) expect((await connection.send({ method: "GET", path })).body).toBe("ada");
    connection.close();
  });

  it("fails the request it waits for when the server goes away", async () => {
    const gone = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const connection = await HttpConnection.open(new URL(`http://127.0.0.1:${(gone.address() as AddressInfo).port}`));
    await expect(connection.send({ method: "GET", path: "/" })).rejects.toThrow();
    gone.close();
  });
});

describe("an answer", () => {
  const whole = Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n3\r\nend\r\n0\r\n\r\n");

  it("is not read before its last byte is there, wherever it is cut", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (cut) => {
        expect(readResponse(whole.subarray(0, cut))).toBeUndefined();
      }),
    );
    expect(readResponse(whole)).toEqual({ response: { status: 200, body: "0\r\n\r\nend" }, length: whole.length });
  });

  it("that says neither its length nor that it comes in chunks is refused", () => {
    expect(() => readResponse(Buffer.from("HTTP/1.1 200 OK\r\n\r\nhello"))).toThrow("neither Content-Length nor a chunked body");
  });
});
