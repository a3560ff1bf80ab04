/**
 * An agent on this machine over real HTTP, as honest as its parts: its signed card, its keys, and a JSON-RPC endpoint that knows no
 * task. Tests replace the part that lies.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CardKey, newCardKey } from "../../../cli/card-keys.ts";
import { canonicalJson, withoutDefaults } from "../../../shared/a2a/card/canonical-form.ts";
import { cardKeysOf } from "../../../shared/a2a/card/keys.ts";
import { sign } from "../../../shared/a2a/card/signature.ts";
import type { AgentCard, JsonObject } from "../../../shared/task/a2a-types.ts";

export const CARD_AT = "/.well-known/agent-card.json";
export const KEYS_AT = "/.well-known/jwks.json";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export interface RunningAgent extends AsyncDisposable {
  readonly url: string;
  /** What was asked for, in order: `GET /…`. */
  readonly asked: string[];
  /** Replaces what is at a path; `/` is the endpoint. */
  at(path: string, answer: Answer): void;
  /** Serves a card from now on, signed unless it is to be served as it is. */
  serve(card: JsonObject, how?: { readonly asItIs: true }): Promise<void>;
}

/** @param change of the card that it begins with */
export async function anAgent(change: Partial<AgentCard> = {}, keys: readonly CardKey[] = [newCardKey("ES256")]): Promise<RunningAgent> {
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    asked.push(`${request.method} ${request.url}`);
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const answer = answers.get(request.url ?? "");
      if (answer) answer(request, response, body);
      else json({ error: "nothing here" }, 404)(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const agent: RunningAgent = {
    url,
    asked,
    at: (path, answer) => void answers.set(path, answer),
    async serve(card, how) {
      agent.at(CARD_AT, json(how ? card : await signed(card, keys, url + KEYS_AT)));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  agent.at(KEYS_AT, json({ keys: keys.map(({ d: _, ...key }) => ({ ...key, use: "sig" })) }));
  agent.at("/", knowsNoTask);
  await agent.serve(cardAt(url, change));
  return agent;
}

export function cardAt(url: string, change: Partial<AgentCard> = {}): JsonObject {
  const card: AgentCard = {
    name: "heron-counter",
    description: "Counts the herons in a list of birds, and says how many there are.",
    version: "1.0.0",
    supportedInterfaces: [{ url: `${url}/`, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: { streaming: false },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "count", name: "Count herons", description: "Counts the herons in a list of birds.", tags: ["herons", "birds"] }],
    ...change,
  };
  return card as unknown as JsonObject;
}

/** @param jku where the signature says that its key is */
export async function signed(card: JsonObject, keys: readonly CardKey[], jku: string): Promise<JsonObject> {
  const ready = await cardKeysOf({ CARD_SIGNING_KEYS: JSON.stringify({ keys }) });
  if (ready.mode !== "ready") throw new Error("these keys sign nothing");
  const signatures = await sign([canonicalJson(withoutDefaults(card))], ready.signers, jku);
  return { ...card, signatures: signatures as unknown as JsonObject[] };
}

export function json(body: unknown, status = 200): Answer {
  return (_request, response) => void response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

export function redirectTo(location: string): Answer {
  return (_request, response) => void response.writeHead(302, { Location: location }).end();
}

/** Until whoever asks lets go of it. */
export const neverAnswers: Answer = () => {};

const knowsNoTask: Answer = (request, response, body) => {
  const { id } = JSON.parse(body) as { id: unknown };
  const isOne = request.headers["a2a-version"] === "1.0";
  const error = isOne ? { code: -32001, message: "there is no such task" } : { code: -32009, message: "only A2A 1.0 is spoken" };
  json({ jsonrpc: "2.0", id, error })(request, response, body);
};
