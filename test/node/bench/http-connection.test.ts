/** The load generator's HTTP: a misread answer would be a wrong figure. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HttpConnection, readResponse } from "../../../bench/http-connection.ts";

let server: Server;
let url: URL;

beforeAll(async () => {
  server = createServer((request, response) => {
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
