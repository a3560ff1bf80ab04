/**
 * The suite's own webhook receiver: it keeps what it is sent, and answers as it is told. It listens on loopback unless told
 * otherwise, so an agent elsewhere cannot reach it without `--webhook-host`.
 */

import { randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Delivery {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One address at the receiver, for one trial. */
export interface Inbox {
  readonly url: string;
  readonly deliveries: readonly Delivery[];
  /** Answers the next so many deliveries with this status in place of 204. */
  refuse(times: number, status: number): void;
  /** Resolves with the first delivery that is the one. @throws when the signal is aborted before */
  next(isIt: (delivery: Delivery) => boolean, signal: AbortSignal): Promise<Delivery>;
}

export interface Receiver {
  inbox(): Inbox;
  close(): void;
}

interface Box {
  readonly deliveries: Delivery[];
  readonly waiting: Set<() => void>;
  refusals: { times: number; status: number };
}

const LONGEST_BODY = 2_000_000;

/** @param host the address to listen on, and the one that agents are told */
export async function receive(host: string): Promise<Receiver> {
  const boxes = new Map<string, Box>();
  const server = createServer((request, response) => {
    const box = boxes.get(request.url ?? "");
    if (!box) {
      response.writeHead(404).end();
      return;
    }
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      if (body.length < LONGEST_BODY) body += chunk;
    });
    request.on("end", () => {
      const isRefused = box.refusals.times > 0;
      if (isRefused) box.refusals.times -= 1;
      box.deliveries.push({ method: request.method ?? "", headers: request.headers, body });
      response.writeHead(isRefused ? box.refusals.status : 204).end();
      for (const look of box.waiting) look();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  // Whoever forgets to close it does not keep the process alive.
  server.unref();
  const { port } = server.address() as AddressInfo;

  return {
    inbox() {
      const path = `/hook/${randomUUID()}`;
      const box: Box = { deliveries: [], waiting: new Set(), refusals: { times: 0, status: 503 } };
      boxes.set(path, box);
      return {
        url: `http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`,
        deliveries: box.deliveries,
        refuse: (times, status) => {
          box.refusals = { times, status };
        },
        next: (isIt, signal) => firstOf(box, isIt, signal),
      };
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function firstOf(box: Box, isIt: (delivery: Delivery) => boolean, signal: AbortSignal): Promise<Delivery> {
  const first = new Promise<Delivery>((resolve, reject) => {
    const look = () => {
      const found = box.deliveries.find(isIt);
      if (!found) return;
      box.waiting.delete(look);
      resolve(found);
    };
    box.waiting.add(look);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    look();
  });
  // Whoever waits while doing something else may fail there first, and never come to hear of this.
  first.catch(() => {});
  return first;
}
