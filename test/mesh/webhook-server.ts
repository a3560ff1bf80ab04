/**
 * Somebody's webhooks, for tests, over real HTTP: a POST to any path is kept and answered, a GET of the path brings what came
 * there. A PUT says how the next POSTs are answered, one after the other, the last way for good. The object tests, which have no
 * sockets of their own, find it started.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Origin of the server, without a slash at the end. */
    webhookServer: string;
  }
}

/** A status with headers; 0 never answers. */
export interface HookAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Delivered {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, never>;
  /** When it came, milliseconds since the epoch. */
  readonly at: number;
}

export interface WebhookServer {
  /** Origin, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await serveWebhooks();
  project.provide("webhookServer", server.url);
  return server.close;
}

export async function serveWebhooks(): Promise<WebhookServer> {
  const delivered = new Map<string, Delivered[]>();
  const scripts = new Map<string, HookAnswer[]>();

  const server = createServer(async (request, response) => {
    const path = request.url ?? "/";
    if (request.method === "PUT") {
      scripts.set(path, JSON.parse(await textOf(request)) as HookAnswer[]);
      response.end();
    } else if (request.method === "POST") {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const body = JSON.parse(await textOf(request)) as Delivered["body"];
      delivered.set(path, [...(delivered.get(path) ?? []), { headers, body, at: Date.now() }]);
      const script = scripts.get(path) ?? [];
      const answer = (script.length > 1 ? script.shift() : script[0]) ?? { status: 204 };
      if (answer.status !== 0) response.writeHead(answer.status, answer.headers).end();
    } else {
      response.end(JSON.stringify(delivered.get(path) ?? []));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}
