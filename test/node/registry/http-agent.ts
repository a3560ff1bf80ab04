/**
 * An agent on this machine that was written for a test: a real HTTP server that answers each JSON-RPC request as it is told, also
 * with what no agent should. It remembers what it was asked.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AgentCard, Json, JsonObject, Message } from "../../../shared/task/a2a-types.ts";

export interface Asked {
  readonly method: string;
  readonly message: Message | undefined;
  readonly params: JsonObject;
}

/** Answers with a result, or by itself on the open connection. */
export type Answering = (asked: Asked, response: ServerResponse) => Json | undefined | Promise<Json | undefined>;

export interface HttpAgent {
  readonly endpoint: string;
  readonly asked: readonly Asked[];
  /** Connections on which something is still being answered. */
  readonly open: () => number;
  readonly mostAtOnce: () => number;
  stop(): Promise<void>;
}

export async function startAgent(answer: Answering): Promise<HttpAgent> {
  const asked: Asked[] = [];
  let open = 0;
  let mostAtOnce = 0;
  const server = createServer((request, response) => {
    open++;
    mostAtOnce = Math.max(mostAtOnce, open);
    response.on("close", () => open--);
    void (async () => {
      const { method, params } = JSON.parse(await bodyOf(request)) as { method: string; params: JsonObject };
      const question: Asked = { method, params, message: params["message"] as unknown as Message | undefined };
      asked.push(question);
      const result = await answer(question, response);
      if (result === undefined) return;
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result }));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    open: () => open,
    mostAtOnce: () => mostAtOnce,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function completed(text: string, metadata: JsonObject = {}): JsonObject {
  return {
    task: {
      id: crypto.randomUUID(),
      contextId: "c",
      status: { state: "TASK_STATE_COMPLETED", timestamp: "2026-01-01T00:00:00.000Z" },
      artifacts: [{ artifactId: "a", parts: [{ text }] }],
      metadata,
    },
  };
}

/** A card that says of its one skill what it is told. */
export function cardOf(facts: JsonObject = { readOnly: true }, capabilities: AgentCard["capabilities"] = {}): AgentCard {
  return {
    name: "heron",
    description: "Counts herons.",
    version: "1.0.0",
    supportedInterfaces: [{ url: "http://127.0.0.1:1/", protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: { ...capabilities, extensions: [{ uri: "urn:skein:ext:governance:v1", params: { skills: { count: facts } } }] },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "count", name: "Count", description: "Counts herons.", tags: ["count"], examples: ["count two herons"] }],
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}
