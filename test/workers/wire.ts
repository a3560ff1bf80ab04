/** One agent's whole HTTP surface, without a mesh around it: both bindings, and their answers in one shape. */
import { env, exports } from "cloudflare:workers";
import { type AppOptions, a2aApp } from "../../shared/a2a/app.ts";
import { authenticate } from "../../shared/auth/authenticate.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";
import probe from "./probe-agent.ts";

export interface Served {
  fetch(url: string, init: RequestInit): Response | Promise<Response>;
}

export const worker: Served = (exports as unknown as { default: Fetcher }).default;
export const ORIGIN = "http://127.0.0.1";
export const VERSION = { "A2A-Version": "1.0" };
let sent = 0;

export function message(text: string, skill: string, more: object = {}) {
  sent += 1;
  const metadata = { "urn:skein:ext:skill:v1": { skill } };
  return { messageId: `m-${sent}`, role: "ROLE_USER", parts: [{ text }], metadata, ...more };
}

/** The same agent with another card, with other settings of its Worker, or for other callers. */
export function served(
  card: Partial<AgentCard>,
  settings: { SKEIN_LOCAL?: string; SKEIN_SECRETS_KEY?: string; SKEIN_CHAIN_KEY?: string } = {},
  callers: AppOptions<AgentWorkerEnv>["authenticate"] = authenticate,
): Served {
  const app = a2aApp<AgentWorkerEnv>({ card: { ...probe.card, ...card }, homes: "shared", authenticate: callers });
  return { fetch: (url, init) => app.request(url, init, { ...(env as unknown as AgentWorkerEnv), ...settings }) };
}

export async function rpc(
  method: string,
  params: unknown,
  headers: HeadersInit = VERSION,
  at = worker,
  url = `${ORIGIN}/`,
): Promise<Response> {
  return at.fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: "one", method, params }),
  });
}

export async function http(verb: string, path: string, body?: unknown, headers: HeadersInit = VERSION, at = worker): Promise<Response> {
  return at.fetch(`${ORIGIN}${path}`, {
    method: verb,
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/a2a+json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Both bindings' answers in one shape: the value, or the error's code in A2A's own words. */
export async function value(response: Response): Promise<unknown> {
  const body = (await response.json()) as { result?: unknown; error?: { code: number; details?: Detail[]; data?: Detail[] } };
  if (!body.error) return "jsonrpc" in body ? body.result : body;
  const details = body.error.details ?? body.error.data ?? [];
  return { reason: details.find(({ reason }) => reason)?.reason, fields: details.flatMap(({ fieldViolations }) => fieldViolations ?? []) };
}

type Detail = { reason?: string; fieldViolations?: { field: string; description: string }[] };
export type Sent = { task: { id: string; contextId: string; status: { state: string } } };
