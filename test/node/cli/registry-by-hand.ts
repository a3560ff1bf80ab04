/**
 * A registry by hand, so that the commands are held to its HTTP and not to our own server; and what it may say: entries, refusals,
 * a log.
 */
import { execFile } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Listed } from "../../../cli/registry.ts";
import { cardDigest } from "../../../shared/a2a/card/digest.ts";
import { BEGINNING, chained, type LogEvent, type LogRow } from "../../../shared/registry/history.ts";
import type { RolloutReport } from "../../../shared/registry/rollout.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";

export const T0 = "2026-11-20T12:00:00.000Z";

const CARD: AgentCard = {
  name: "weather",
  description: "reads notes",
  version: "1.2.0",
  supportedInterfaces: [{ url: "http://127.0.0.1:9", protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
  capabilities: {},
  defaultInputModes: ["text/plain"],
  defaultOutputModes: ["text/plain"],
  skills: [{ id: "list-figures", name: "List", description: "lists", tags: ["note"], examples: ["List the figures"] }],
};

interface Call {
  readonly line: string;
  readonly body: unknown;
  readonly credentials: string | undefined;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RegistryByHand {
  readonly mesh: string;
  /** What it was asked, in order. */
  readonly calls: readonly Call[];
  /** By method and path; several are said one after the other, the last one for ever. */
  readonly answers: Record<string, unknown>;
  readonly statusOf: Record<string, number>;
  run(command: string, ...args: string[]): Promise<Ran>;
  close(): Promise<void>;
}

/** Answers that come one after the other. */
export class InTurn {
  readonly #answers: unknown[];
  constructor(...answers: unknown[]) {
    this.#answers = answers;
  }
  next(): unknown {
    return this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
  }
}

export async function openRegistry(): Promise<RegistryByHand> {
  const calls: Call[] = [];
  const answers: Record<string, unknown> = { "GET /agents": { agents: [{ name: "analyst" }] }, "GET /registry/rollouts": { rollouts: [] } };
  const statusOf: Record<string, number> = {};
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const line = `${request.method} ${request.url}`;
    calls.push({ line, body: body === "" ? undefined : JSON.parse(body), credentials: request.headers["x-api-key"] as string | undefined });
    const found = answers[line];
    const said = found instanceof InTurn ? found.next() : found;
    response.writeHead(said === undefined ? 404 : (statusOf[line] ?? 200), { "content-type": "application/json" });
    response.end(JSON.stringify(said ?? { error: { code: 404, message: "no such path" } }));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    mesh: `http://127.0.0.1:${port}`,
    calls,
    answers,
    statusOf,
    run: (command, ...args) => run(port, command, args),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function run(port: number, command: string, args: readonly string[]): Promise<Ran> {
  const file = fileURLToPath(new URL(`../../../cli/${command}.ts`, import.meta.url));
  const env = { ...process.env, NO_COLOR: "1", PORT: String(port), SKEIN_KEY: "sk-of-mine", SKEIN_TOKEN: "" };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [file, ...args], { timeout: 15_000, env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
    child.stdin?.end();
  });
}

export function listed(more: Partial<Listed> = {}): Listed {
  return {
    name: "weather",
    version: "1.2.0",
    digest: cardDigest(CARD),
    url: "http://127.0.0.1:9",
    endpoint: "http://127.0.0.1:9",
    publisher: "local/local/local",
    keys: { jku: "http://127.0.0.1:9/.well-known/jwks.json", thumbprint: "thumb" },
    status: "listed",
    publishedAt: T0,
    probes: [],
    card: CARD,
    ...more,
  };
}

/** Version 1.2.0 of the agent, tried beside 1.1.0. */
export function report(more: Partial<RolloutReport> = {}): RolloutReport {
  return {
    name: "weather",
    version: "1.2.0",
    base: "1.1.0",
    stage: "canary",
    share: 0.1,
    begunAt: T0,
    since: T0,
    contract: 1,
    why: "has 12 of 20 calls seen, and no gate is breached",
    waitsFor: "8 more calls to the candidate",
    skills: {
      "list-figures": {
        base: { successes: 96, failures: 2, ms: 20.4, microUsd: 100 },
        candidate: { successes: 11, failures: 1, ms: 23, microUsd: 120 },
      },
    },
    ...more,
  };
}

export function refusal(status: number, reason: string, message: string, field: string, description: string) {
  const details = [
    { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "skein" },
    { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field, description }] },
  ];
  return { error: { code: status, status: "X", message, details } };
}

export function event(seq: number, more: Partial<LogEvent> = {}): LogEvent {
  const same = { at: T0, by: "local/local/local", what: "published", name: "weather", status: "listed" } as const;
  return { seq, ...same, version: `1.${seq}.0`, digest: cardDigest(CARD), ...more };
}

export function chain(events: readonly LogEvent[]): LogRow[] {
  const rows: LogRow[] = [];
  for (const each of events) rows.push(chained(each, rows.at(-1)?.hash ?? BEGINNING));
  return rows;
}
