/**
 * Somebody's webhook, in the load process: it takes whatever is sent, and knows when. What a delivery has to say, its
 * workload knows.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A delivery that takes longer counts as lost. Milliseconds. */
const PATIENCE_MS = 10_000;

interface Awaited {
  readonly isLast: (body: string) => boolean;
  received(at: number): void;
}

export class Webhook {
  readonly #awaited = new Map<string, Awaited>();
  readonly #server: Server;
  #made = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(): Promise<Webhook> {
    const server = createServer();
    const webhook = new Webhook(server);
    server.on("request", (request, response) => {
      const at = performance.now();
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => {
        body += chunk;
      });
      request.on("end", () => {
        response.end();
        webhook.#take(request.url ?? "", body, at);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return webhook;
  }

  /**
   * A URL of its own for one thing to be told.
   * @param isLast whether this delivery is the one that is waited for
   * @returns when that one began to arrive, by `performance.now()`
   */
  expect(isLast: (body: string) => boolean): { url: string; received: Promise<number> } {
    this.#made += 1;
    const path = `/${this.#made}`;
    const received = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the webhook was not told within ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
      const done = (at: number) => {
        clearTimeout(timer);
        resolve(at);
      };
      this.#awaited.set(path, { isLast, received: done });
    });
    return { url: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`, received };
  }

  #take(path: string, body: string, at: number): void {
    const awaited = this.#awaited.get(path);
    if (!awaited?.isLast(body)) return;
    this.#awaited.delete(path);
    awaited.received(at);
  }
}
