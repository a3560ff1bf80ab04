/** A server that does what no agent should, for what is fetched on somebody else's word. Each path is one way to misbehave. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Origin of the server, without a slash at the end. */
    hostileServer: string;
  }
}

const JSON_TYPE = { "Content-Type": "application/json" };
const CHUNK = " ".repeat(16_384);

const WAYS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/redirects-inward": (response) => void response.writeHead(302, { Location: "/secret" }).end(),
  "/secret": (response) => void response.writeHead(200, JSON_TYPE).end('{"secret":true}'),
  "/hangs": () => {},
  "/hangs-in-its-body": (response) => void response.writeHead(200, JSON_TYPE).write('{"a":'),
  "/sends-5-mb": (response) => {
    response.writeHead(200, JSON_TYPE);
    let left = 5_000_000 / CHUNK.length;
    const more = () => {
      while (left-- > 0) if (!response.write(CHUNK)) return void response.once("drain", more);
      response.end("{}");
    };
    more();
  },
  "/announces-5-mb": (response) => response.writeHead(200, { ...JSON_TYPE, "Content-Length": 5_000_000 }).flushHeaders(),
  "/breaks-off": (response) => {
    response.writeHead(200, { ...JSON_TYPE, "Content-Length": 100 }).write("{");
    response.socket?.end();
  },
  "/is-a-page": (response) => void response.writeHead(200, { "Content-Type": "text/html" }).end("<p>{}</p>"),
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    const way = WAYS[request.url ?? ""];
    if (way) way(response);
    else response.writeHead(404, JSON_TYPE).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  project.provide("hostileServer", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
}
