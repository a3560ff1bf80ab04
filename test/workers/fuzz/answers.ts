/**
 * What every answer is held to, whatever was sent: it comes in time, is well formed in its binding, is no failure of the
 * agent's own, and shows nobody the inside. What is left of it is a verdict, which both bindings must agree on.
 */
import { expect } from "vitest";
import { ORIGIN, type Served, VERSION, worker } from "../wire.ts";
import type { Request } from "./requests.ts";
import { toText } from "./values.ts";

/** The longest any answer may take on a busy machine. Milliseconds. */
const PATIENCE_MS = 8_000;

/** What must never be in an answer. The secrets are those that the tests' own agent and requests hold. */
const INSIDE =
  /hunter2|secret-token|TypeError|RangeError|SyntaxError|ReferenceError|SQLITE|Internal Server Error|\bat .*:\d+:\d+|\.[cm]?[jt]s:\d+/;

/** Codes of JSON-RPC with the statuses that HTTP+JSON gives for the same. (A2A 1.0.1, 5.4) */
const STATUSES: Readonly<Record<number, readonly number[]>> = {
  [-32700]: [400],
  [-32600]: [400, 413],
  [-32601]: [404, 405],
  [-32602]: [400],
  [-32001]: [404],
  [-32000]: [401, 403],
};

export type Verdict =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly status: number;
      readonly reason: string | undefined;
      readonly fields: readonly string[];
      readonly message: string;
    };

type Detail = { "@type": string; reason?: string; domain?: string; fieldViolations?: { field: string; description: string }[] };
type Failure = { code: number; status?: string; message: string; data?: Detail[]; details?: Detail[] };

/** @throws when the answer does not come in time */
export async function inTime<T>(answer: T | Promise<T>): Promise<T> {
  const late = new AbortController();
  const waited = scheduler.wait(PATIENCE_MS, { signal: late.signal }).then(
    () => Promise.reject(new Error(`no answer within ${PATIENCE_MS} ms`)),
    () => undefined as never,
  );
  try {
    return await Promise.race([answer, waited]);
  } finally {
    late.abort();
  }
}

/** Reads an answer of either binding as far as its first event, and checks its form. */
export async function verdictOf(response: Response): Promise<Verdict> {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("text/event-stream")) return { ok: true, value: await firstEvent(response) };
  const said = await inTime(response.text());
  expect(said).not.toMatch(INSIDE);
  const about = `${response.status} ${said.slice(0, 500)}`;
  expect(response.status, about).not.toBe(500);
  expect(type, about).toMatch(/^application\/(a2a\+)?json$/);
  const body = JSON.parse(said) as { jsonrpc?: string; id?: unknown; result?: unknown; error?: Failure };
  const failure = body.error;
  if (body.jsonrpc !== undefined) {
    expect(Object.keys(body).sort(), about).toEqual(["id", "jsonrpc", failure ? "error" : "result"].sort());
    if (!failure) return { ok: true, value: body.result };
    expect(failure.code, about).not.toBe(-32603);
    const statuses = STATUSES[failure.code] ?? [400];
    if (response.status !== 200) expect(statuses, about).toContain(response.status);
    return refusal(failure, failure.data ?? [], response.status === 200 ? (statuses[0] ?? 400) : response.status, about);
  }
  if (!failure) {
    expect(response.status, about).toBe(200);
    return { ok: true, value: body };
  }
  expect(failure, about).toMatchObject({ code: response.status, status: expect.stringMatching(/^[A-Z_]+$/) });
  return refusal(failure, failure.details ?? [], response.status, about);
}

function refusal({ code, message }: Failure, details: Detail[], status: number, about: string): Verdict {
  expect(message.length, about).toBeGreaterThan(10);
  expect(message.length, about).toBeLessThan(3_000);
  for (const each of details) expect(each["@type"], about).toMatch(/^type\.googleapis\.com\/google\.rpc\.(ErrorInfo|BadRequest)$/);
  const fields = details.flatMap(({ fieldViolations = [] }) => fieldViolations.map(({ field }) => field));
  // What is refused for one of its fields says which.
  if (code === -32602) expect(fields.length, about).toBeGreaterThan(0);
  return { ok: false, status, reason: details.find(({ reason }) => reason)?.reason, fields: [...new Set(fields)], message };
}

/** A stream that goes on after the last event there is has nothing to say yet. Milliseconds. */
const SILENCE_MS = 2_000;

/** @returns undefined for a stream that was asked to go on after the last event: it is over, or has nothing to say yet */
async function firstEvent(response: Response): Promise<unknown> {
  const reader = response.body?.getReader();
  if (!reader) throw new Error("a stream without a body");
  const decoder = new TextDecoder();
  let said = "";
  while (!said.includes("\n\n")) {
    const read = await Promise.race([reader.read(), scheduler.wait(said === "" ? SILENCE_MS : PATIENCE_MS)]);
    if (!read || read.done) break;
    const { value } = read;
    said += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  expect(said).not.toMatch(INSIDE);
  if (said === "") return undefined;
  const event = /^id: \d+\ndata: (.*)\n\n/.exec(said)?.[1];
  if (event === undefined) throw new Error(`no event: ${said.slice(0, 500)}`);
  const body = JSON.parse(event) as { jsonrpc?: string; result?: unknown };
  return body.jsonrpc === undefined ? body : body.result;
}

/** Through JSON-RPC; the parameters as text, because not all that is sent is JSON. */
export async function sendRpc(method: string, params: string, headers: HeadersInit = VERSION, at: Served = worker): Promise<Verdict> {
  const body = `{"jsonrpc":"2.0","id":"one","method":${JSON.stringify(method)},"params":${params}}`;
  const init = { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body };
  return verdictOf(await inTime(at.fetch(`${ORIGIN}/`, init)));
}

const isName = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.isWellFormed() && !/^\.{1,2}$|:(cancel|subscribe)$/.test(value);

/** Parameters that a path and a query can say. Text where a number belongs could not be told from the number. */
function isSayable(params: Record<string, unknown>): boolean {
  return Object.entries(params).every(([name, value]) => {
    if (/^(history_?length|page_?size)$/i.test(name)) return typeof value === "number" && Number.isFinite(value);
    if (/^include_?artifacts$/i.test(name)) return typeof value === "boolean";
    return typeof value === "string" && value.isWellFormed();
  });
}

/** @returns undefined for what HTTP+JSON has no way of saying */
export async function sendHttp(
  { method, params }: Request,
  headers: HeadersInit = VERSION,
  at: Served = worker,
): Promise<Verdict | undefined> {
  const call = async (verb: string, path: string, body?: string) => {
    const init = { method: verb, headers: { ...(body === undefined ? {} : { "Content-Type": "application/a2a+json" }), ...headers } };
    return verdictOf(await inTime(at.fetch(`${ORIGIN}${path}`, body === undefined ? init : { ...init, body })));
  };
  const { tenant, id, taskId, ...rest } = params;
  const below = isName(tenant) ? `/${encodeURIComponent(tenant)}` : "";
  if (tenant !== undefined && tenant !== "" && below === "") return undefined;
  const query = () => `?${new URLSearchParams(Object.entries(rest).map(([name, value]) => [name, String(value)]))}`;
  const configs = `${below}/tasks/${encodeURIComponent(isName(taskId) ? taskId : "")}/pushNotificationConfigs`;
  switch (method) {
    case "SendMessage":
      return call("POST", `${below}/message:send`, toText(params));
    case "SendStreamingMessage":
      return call("POST", `${below}/message:stream`, toText(params));
    case "GetTask":
      return isName(id) && isSayable(rest) ? call("GET", `${below}/tasks/${encodeURIComponent(id)}${query()}`) : undefined;
    case "ListTasks":
      return isSayable(rest) && id === undefined ? call("GET", `${below}/tasks${query()}`) : undefined;
    case "CancelTask":
    case "SubscribeToTask": {
      const verb = method === "CancelTask" ? "cancel" : "subscribe";
      return isName(id) ? call("POST", `${below}/tasks/${encodeURIComponent(id)}:${verb}`, toText(rest)) : undefined;
    }
    case "CreateTaskPushNotificationConfig":
      return isName(taskId) ? call("POST", configs, toText({ ...rest, ...(id !== undefined && { id }) })) : undefined;
    case "ListTaskPushNotificationConfigs":
      return isName(taskId) && isSayable(rest) ? call("GET", configs) : undefined;
    case "GetTaskPushNotificationConfig":
      return isName(taskId) && isName(id) && isSayable(rest) ? call("GET", `${configs}/${encodeURIComponent(id)}`) : undefined;
    case "DeleteTaskPushNotificationConfig":
      return isName(taskId) && isName(id) && isSayable(rest) ? call("DELETE", `${configs}/${encodeURIComponent(id)}`) : undefined;
    default:
      return isSayable(rest) ? call("GET", `${below}/extendedAgentCard`) : undefined;
  }
}
