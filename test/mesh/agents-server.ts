/**
 * Agents that somebody else runs, over real HTTP, for the tests in the runtime, which have no sockets of their own. A PUT of a path
 * makes an agent there, or changes it: which version its card has, whose card it is, and whether it counts right. All of them count
 * words; their cards are signed by one key.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { newCardKey } from "../../cli/card-keys.ts";
import { GOVERNANCE_EXTENSION } from "../../shared/task/governance-extension.ts";
import { signed } from "../node/registry/an-agent.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Origin of the server, without a slash at the end. An agent's address is one name below it. */
    agentsServer: string;
  }
}

interface Conduct {
  readonly version: string;
  /** Of the card, where it is not the path's: two versions of one agent run at two paths. */
  readonly name?: string;
  /** Else it says one word too many. */
  readonly countsRight: boolean;
}

const CARD = ".well-known/agent-card.json";
const KEYS = "/.well-known/jwks.json";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const key = newCardKey("ES256");
  const agents = new Map<string, Conduct>();
  const server = createServer(async (request, response) => {
    const [, name = "", ...rest] = (request.url ?? "/").split("/");
    const conduct = agents.get(name);
    const path = rest.join("/");
    if (request.method === "PUT") {
      agents.set(name, JSON.parse(await textOf(request)) as Conduct);
      response.end();
      return;
    }
    const { d: _, ...publicKey } = key;
    const origin = `http://${request.headers.host}`;
    const body =
      request.url === KEYS
        ? { keys: [{ ...publicKey, use: "sig" }] }
        : conduct && path === CARD
          ? await signed(cardOf(`${origin}/${name}`, conduct.name ?? name, conduct.version), [key], origin + KEYS)
          : conduct && request.method === "POST"
            ? answerTo(JSON.parse(await textOf(request)) as Asked, conduct)
            : undefined;
    response.writeHead(body ? 200 : 404, { "Content-Type": "application/json" }).end(JSON.stringify(body ?? { error: "nothing here" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  project.provide("agentsServer", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
}

interface Asked {
  readonly id: string;
  readonly method: string;
  readonly params: { readonly message?: { readonly parts: readonly { readonly text?: string }[] } };
}

function answerTo({ id, method, params }: Asked, { countsRight }: Conduct) {
  if (method !== "SendMessage") return { jsonrpc: "2.0", id, error: { code: -32001, message: "there is no such task" } };
  const words = (params.message?.parts[0]?.text ?? "").split(/\s+/).filter(Boolean).length;
  const text = `It has ${countsRight ? words : words + 1} words.`;
  const status = { state: "TASK_STATE_COMPLETED", timestamp: "2026-11-21T12:00:00.000Z" };
  return { jsonrpc: "2.0", id, result: { task: { id: "t", contextId: "c", status, artifacts: [{ artifactId: "a", parts: [{ text }] }] } } };
}

function cardOf(url: string, name: string, version: string) {
  return {
    name,
    description: "Counts the words of a text.",
    version,
    supportedInterfaces: [{ url, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: { extensions: [{ uri: GOVERNANCE_EXTENSION, params: { skills: { "count-words": { readOnly: true } } } }] },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "count-words", name: "Count words", description: "Counts the words of a text.", tags: ["words", "count"] }],
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}
