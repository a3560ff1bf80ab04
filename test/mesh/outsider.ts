/**
 * An agent that was written and is run by somebody else: the official SDK's server in this process, which notes all that it is sent.
 * What it is to do stands in the text it gets. And a registry that says of agents whatever a test wants said.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { AgentCard, Artifact, Message, TaskState } from "@a2a-js/sdk";
import { AgentEvent, type AgentExecutor, DefaultRequestHandler, type ExecutionEventBus, InMemoryTaskStore } from "@a2a-js/sdk/server";
import { agentCardHandler, jsonRpcHandler, UserBuilder } from "@a2a-js/sdk/server/express";
import express from "express";
import type { SnapshotEntry } from "../../shared/registry/entry.ts";
import type { AgentCard as Card } from "../../shared/task/a2a-types.ts";

export interface Arrived {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The request's body as it came. */
  readonly text: string;
}

export interface Outsider {
  readonly url: string;
  readonly card: Card;
  readonly arrived: readonly Arrived[];
  close(): Promise<void>;
}

/** Answers at once; "slowly" in the text has it work until it is told to stop, and "carefully" has it ask back. */
export async function startOutsider(
  about: Pick<Card, "name" | "description" | "skills"> & Partial<Pick<Card, "version" | "capabilities">>,
): Promise<Outsider> {
  const arrived: Arrived[] = [];
  const app = express();
  app.use(express.text({ type: () => true, limit: "1mb" }));
  app.use((request, _response, next) => {
    if (request.method === "POST") {
      const text = String(request.body);
      const body = JSON.parse(text) as { method: string };
      arrived.push({ method: body.method, headers: request.headers, text });
      request.body = body;
    }
    next();
  });
  const server = await listening(createServer(app));
  const url = addressOf(server);
  const card: Card = {
    version: "1.0.0",
    supportedInterfaces: [{ url: `${url}/rpc`, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: { streaming: true },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    ...about,
  };
  const handler = new DefaultRequestHandler(AgentCard.fromJSON(card), new InMemoryTaskStore(), new Obedient());
  app.use("/.well-known/agent-card.json", agentCardHandler({ agentCardProvider: handler }));
  app.use("/rpc", jsonRpcHandler({ requestHandler: handler, userBuilder: UserBuilder.noAuthentication }));
  return { url, card, arrived, close: () => closed(server) };
}

class Obedient implements AgentExecutor {
  readonly #stops = new Map<string, () => void>();

  execute: AgentExecutor["execute"] = async ({ taskId, contextId, userMessage, task }, bus) => {
    const status = { state: TaskState.TASK_STATE_WORKING, message: undefined, timestamp: new Date().toISOString() };
    bus.publish(AgentEvent.task({ id: taskId, contextId, status, artifacts: [], history: [userMessage], metadata: undefined }));
    const part = userMessage.parts[0]?.content;
    const text = part?.$case === "text" ? part.value : "";
    if (text.includes("slowly")) return new Promise<void>((resolve) => this.#stops.set(taskId, resolve));
    if (text.includes("carefully") && !task) return ends(bus, taskId, contextId, TaskState.TASK_STATE_INPUT_REQUIRED, "Which glove?");
    const artifact = Artifact.fromJSON({ artifactId: randomUUID(), parts: [{ text: `An outsider's answer to: ${text}` }] });
    bus.publish(AgentEvent.artifactUpdate({ taskId, contextId, artifact, append: false, lastChunk: true, metadata: undefined }));
    ends(bus, taskId, contextId, TaskState.TASK_STATE_COMPLETED);
  };

  cancelTask: AgentExecutor["cancelTask"] = async (taskId, bus) => {
    ends(bus, taskId, "", TaskState.TASK_STATE_CANCELED);
    this.#stops.get(taskId)?.();
  };
}

function ends(bus: ExecutionEventBus, taskId: string, contextId: string, state: TaskState, text = "that is all"): void {
  const message = Message.fromJSON({ messageId: randomUUID(), role: "ROLE_AGENT", parts: [{ text }], taskId, contextId });
  const status = { state, message, timestamp: new Date().toISOString() };
  bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined }));
  bus.finished();
}

export interface Hostile {
  readonly url: string;
  /** Requests that have been left without an answer. */
  silent(): number;
  close(): Promise<void>;
}

/** A server that answers by its path, as no agent should. @param elsewhere where it sends its callers */
export async function startHostile(elsewhere: string): Promise<Hostile> {
  let silent = 0;
  const server = await listening(
    createServer((request, response) => {
      switch (request.url) {
        case "/redirect":
          return response.writeHead(307, { Location: elsewhere }).end();
        case "/closed":
          return response.writeHead(401, { "WWW-Authenticate": "Bearer" }).end("{}");
        case "/page":
          return response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>Welcome</h1>");
        case "/formless":
          return response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { task: { id: 7 } } }));
        case "/endless": {
          const more = () => {
            while (response.write("x".repeat(64 * 1024)));
          };
          response.on("drain", more);
          return more();
        }
        default:
          silent += 1;
          return undefined;
      }
    }),
  );
  return { url: addressOf(server), silent: () => silent, close: () => closed(server) };
}

export interface Said {
  /** The registry's word from now on. */
  say(...entries: readonly SnapshotEntry[]): void;
  /** Calls that the registry was told of, as JSON. */
  readonly copies: readonly string[];
  close(): Promise<void>;
}

/**
 * Takes the place of the registry in a copied mesh that has not been started.
 * @param root the mesh's folder
 * @param agents that read it, beside the orchestrator
 */
export async function sayingRegistry(root: string, agents: readonly string[] = []): Promise<Said> {
  let revision = 1;
  let entries: readonly SnapshotEntry[] = [];
  const copies: string[] = [];
  const server = await listening(
    createServer(async (request, response) => {
      if (request.method === "POST") copies.push(await text(request));
      response.end(JSON.stringify({ revision, entries }));
    }),
  );
  const folder = join(root, "agents", "saying-registry");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "wrangler.toml"), `name = "saying-registry"\nmain = "worker.ts"\ncompatibility_date = "2026-11-17"\n`);
  writeFileSync(
    join(folder, "worker.ts"),
    `import { WorkerEntrypoint } from "cloudflare:workers";
export class Registry extends WorkerEntrypoint {
  async snapshot(known?: number) {
    const said = await (await fetch("${addressOf(server)}/")).json() as { revision: number };
    return said.revision === known ? undefined : said;
  }
  async copy(copy: object) {
    await (await fetch("${addressOf(server)}/", { method: "POST", body: JSON.stringify(copy) })).text();
    return true;
  }
}
export default { fetch: () => new Response(null, { status: 404 }) };
`,
  );
  for (const at of [root, ...agents.map((agent) => join(root, "agents", agent))]) bind(join(at, "wrangler.toml"));
  return {
    say(...next) {
      revision += 1;
      entries = next;
    },
    copies,
    close: () => closed(server),
  };
}

function bind(file: string): void {
  const config = readFileSync(file, "utf8");
  const bound = config.replace(/(binding = "REGISTRY"\nservice = )"[^"]+"/, '$1"saying-registry"');
  if (bound !== config) writeFileSync(file, bound);
  else appendFileSync(file, '\n[[services]]\nbinding = "REGISTRY"\nservice = "saying-registry"\nentrypoint = "Registry"\n');
}

export function entryOf({ card, url }: Pick<Outsider, "card" | "url">, more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  const endpoint = card.supportedInterfaces[0]?.url ?? url;
  return { name: card.name, version: card.version, digest: "d".repeat(64), url, endpoint, card, status: "listed", evidence: {}, ...more };
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
