/**
 * A place on this machine that takes one message: what an approved delivery leads to, so that a person sees it arrive. It listens on
 * the loopback address alone, under a path that nobody can guess, and for nothing else.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

const LONGEST = 64_000;

export interface Receiver {
  readonly url: string;
  /** The body of the first message that came. */
  readonly arrived: Promise<string>;
  close(): void;
}

export async function openReceiver(): Promise<Receiver> {
  const path = `/notes/${randomUUID()}`;
  const arrival = Promise.withResolvers<string>();
  const server = createServer(async (request, response) => {
    const body = request.method === "POST" && request.url === path ? await bodyOf(request) : undefined;
    response.writeHead(body === undefined ? 404 : 200, { "Content-Type": "text/plain" });
    response.end(body === undefined ? "nothing is taken here\n" : "taken\n");
    if (body !== undefined) arrival.resolve(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  // Whoever waits for a message stays up by themselves.
  server.unref();
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${path}`, arrived: arrival.promise, close: () => void server.close() };
}

/** Undefined for what is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST) return undefined;
  }
  return text;
}
