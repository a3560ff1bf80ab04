/**
 * A web server for tests, over real HTTP: what is PUT at a path is what a GET of it brings, HEAD says how often that was asked
 * for, and what was DELETEd is as good as down. The object tests, which have no sockets of their own, find it started.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Origin of the server, without a slash at the end. */
    documentsServer: string;
  }
}

export interface DocumentsServer {
  /** Origin, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Long enough for requests that come together to find each other. Milliseconds. */
const SLOW_MS = 50;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await serveDocuments();
  project.provide("documentsServer", server.url);
  return server.close;
}

export async function serveDocuments(): Promise<DocumentsServer> {
  const documents = new Map<string, string>();
  const asked = new Map<string, number>();

  const server = createServer(async (request, response) => {
    const path = request.url ?? "/";
    if (request.method === "PUT") {
      let text = "";
      for await (const chunk of request.setEncoding("utf8")) text += chunk;
      documents.set(path, text);
      response.end();
    } else if (request.method === "DELETE") {
      documents.delete(path);
      response.end();
    } else if (request.method === "HEAD") {
      response.setHeader("Asked", asked.get(path) ?? 0).end();
    } else {
      asked.set(path, (asked.get(path) ?? 0) + 1);
      const document = documents.get(path);
      if (document === undefined) response.writeHead(503).end();
      else setTimeout(() => response.setHeader("Content-Type", "application/json").end(document), SLOW_MS);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
