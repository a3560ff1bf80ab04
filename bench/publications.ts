/**
 * A publication end to end, but for what is stored: an agent of this process serves its signed card over real HTTP, and the registry
 * fetches, verifies and examines it, speaks to the agent and fetches the card again. Its floor is the same requests and nothing else.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { newCardKey } from "../cli/card-keys.ts";
import { canonicalJson, withoutDefaults } from "../shared/a2a/card/canonical-form.ts";
import { cardKeysOf } from "../shared/a2a/card/keys.ts";
import { sign } from "../shared/a2a/card/signature.ts";
import type { JsonObject } from "../shared/task/a2a-types.ts";
import { type PublishingDeps, publish } from "../workers/registry/publishing.ts";
import { timesOf } from "./closed-loop.ts";
import type { Workload } from "./workloads.ts";

const CARD_AT = "/.well-known/agent-card.json";
const KEYS_AT = "/.well-known/jwks.json";

type Requested = Parameters<PublishingDeps["fetch"]>;

/** @param checked or only the requests, one after the other as they are made then */
export function publishing(checked: boolean): Workload {
  let once = () => Promise.resolve();
  return {
    async prepare() {
      const url = await anAgent();
      const requested: Requested[] = [];
      await publishOnce(url, (...request) => {
        requested.push(request);
        return fetch(...request);
      });
      once = checked ? () => publishOnce(url, fetch) : () => onlyAsked(requested);
    },
    async round(_target, { seconds, warmUpSeconds, mostRequests }) {
      await timed(once, warmUpSeconds, mostRequests);
      const began = performance.now();
      const took = await timed(once, seconds, mostRequests);
      const perSecond = (took.length / (performance.now() - began)) * 1_000;
      return { ...timesOf(took), requestsPerSecond: perSecond, errors: 0 };
    },
  };
}

/** @returns milliseconds of each */
async function timed(once: () => Promise<void>, seconds: number, most: number): Promise<number[]> {
  const until = performance.now() + seconds * 1_000;
  const took: number[] = [];
  while (took.length < most && performance.now() < until) {
    const before = performance.now();
    await once();
    took.push(performance.now() - before);
  }
  return took;
}

async function publishOnce(url: string, fetch: PublishingDeps["fetch"]): Promise<void> {
  const published = await publish(
    { url, publisher: "bench/bench/bench", reserved: ["orchestrator"] },
    {
      ...{ fetch, local: true, now: Date.now },
      admits: async () => ({ ok: true, again: false }),
      called: async () => [],
      commit: async (entry) => ({ ok: true, entry, again: false }),
    },
  );
  if (!published.ok) throw new Error(`${published.refusal.field}: ${published.refusal.why}`);
}

/** As much of each answer as is read. A signal's time has passed since. */
async function onlyAsked(requested: readonly Requested[]): Promise<void> {
  for (const [url, { signal: _, ...init }] of requested) await (await fetch(url, init)).text();
}

/** It ends with its process. @returns where it is */
async function anAgent(): Promise<string> {
  const key = newCardKey("ES256");
  const answers = new Map<string, string>();
  const noTask = { code: -32001, message: "there is no such task" };
  const server = createServer(async (request, response) => {
    let asked = "";
    for await (const chunk of request.setEncoding("utf8")) asked += chunk;
    const { id } = (asked === "" ? {} : JSON.parse(asked)) as { id?: unknown };
    const answer = request.method === "POST" ? JSON.stringify({ jsonrpc: "2.0", id, error: noTask }) : answers.get(request.url ?? "");
    response.writeHead(answer === undefined ? 404 : 200, { "Content-Type": "application/json" }).end(answer ?? "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { d: _, ...publicKey } = key;
  answers.set(KEYS_AT, JSON.stringify({ keys: [{ ...publicKey, use: "sig" }] }));
  const ready = await cardKeysOf({ CARD_SIGNING_KEYS: JSON.stringify({ keys: [key] }) });
  if (ready.mode !== "ready") throw new Error("a key that was just made signs nothing");
  const card = cardAt(url);
  const signatures = await sign([canonicalJson(withoutDefaults(card))], ready.signers, url + KEYS_AT);
  answers.set(CARD_AT, JSON.stringify({ ...card, signatures }));
  return url;
}

function cardAt(url: string): JsonObject {
  return {
    name: "heron-counter",
    description: "Counts the herons in a list of birds, and says how many there are.",
    version: "1.0.0",
    supportedInterfaces: [{ url: `${url}/`, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: { streaming: false },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "count", name: "Count herons", description: "Counts the herons in a list of birds.", tags: ["herons", "birds"] }],
  };
}
