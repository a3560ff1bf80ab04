/** A thousand readers who all got something are no proof that they got the same: what makes a round of subscribers worth nothing. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Watched, watching } from "../../../bench/subscribers.ts";
import type { Target } from "../../../bench/workloads.ts";

let stop = () => {};
afterEach(() => stop());

/** A server that tells its watchers two events a turn. @param sent what one watcher is sent of them */
async function serve(sent: (events: readonly string[], watcher: number) => readonly string[]): Promise<Target> {
  const watchers: ServerResponse[] = [];
  let turn = 0;
  const server = createServer((request, response) => {
    if (request.url === "/watch") {
      watchers.push(response.writeHead(200, { "Content-Type": "text/event-stream" }));
      response.write("data: began\n\n");
      return;
    }
    turn += 1;
    const events = [`data: ${turn} a\n\n`, `data: ${turn} b\n\n`];
    for (const [index, watcher] of watchers.entries()) watcher.write(sent(events, index).join(""));
    response.end("told");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), headers: {}, pid: process.pid };
}

const watched: Watched = {
  eventsATurn: 2,
  watch: () => ({ method: "GET", path: "/watch" }),
  say: () => ({ method: "POST", path: "/tell" }),
  check: ({ body }) => (body === "told" ? undefined : body),
  checkEvents: (events, turn) => (events.join() === `data: ${turn} a,data: ${turn} b` ? undefined : events.join()),
};

async function round(target: Target) {
  const workload = watching(async () => watched);
  if (!("round" in workload)) throw new Error("subscribers have rounds of their own");
  return workload.round(target, { connections: 20, seconds: 10, warmUpSeconds: 0, mostRequests: 3 });
}

describe("a round of subscribers", () => {
  it("counts turns in which every stream got every event in order", async () => {
    expect(await round(await serve((events) => events))).toMatchObject({ requests: 3, errors: 0, bytesEach: expect.any(Number) });
  });

  it.each<[string, (events: readonly string[], watcher: number) => readonly string[]]>([
    ["got its events in another order", (events, watcher) => (watcher === 110 ? [...events].reverse() : events)],
    ["got an event twice", (events, watcher) => (watcher === 110 ? [...events, ...events] : events)],
    ["got another's event", (events, watcher) => (watcher === 110 ? ["data: other\n\n", ...events.slice(1)] : events)],
  ])("is worth nothing when one stream %s", async (_what, sent) => {
    expect(await round(await serve(sent))).toMatchObject({ requests: 0, errors: 1, firstError: expect.stringContaining("event") });
  });

  it("is worth nothing when all streams got the same, and it was wrong", async () => {
    expect(await round(await serve((events) => [...events].reverse()))).toMatchObject({ requests: 0, errors: 1 });
  });
});
