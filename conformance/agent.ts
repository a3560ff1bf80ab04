/**
 * A caller of the agent under test through one binding: operations go out as that binding writes them, answers come back in
 * one form. It believes nothing: what an answer must be is for the requirements to say.
 */
import { randomUUID } from "node:crypto";
import type { Json, JsonObject } from "../shared/task/a2a-types.ts";
import { textOf } from "./bounded.ts";
import { type ServerEvent, serverEvents } from "./events.ts";
import { type HttpAnswer, type HttpRequest, open, remember, send, type Trial } from "./exchange.ts";
import { type OperationName, overHttp } from "./operations.ts";
import { type Binding, Failure } from "./requirement.ts";

export interface WireError {
  /** Of JSON-RPC, or the one in the body of an HTTP answer. */
  readonly code: Json | undefined;
  readonly message: Json | undefined;
  /** `error.data` or `error.details`. */
  readonly details: Json | undefined;
}

export interface Reply {
  readonly http: HttpAnswer;
  /** Undefined when the body is no JSON. */
  readonly body: Json | undefined;
  readonly result?: Json;
  readonly error?: WireError;
}

/** One event of a stream, out of its envelope. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly event: JsonObject;
  /** As it came: over JSON-RPC a whole response. */
  readonly raw: Json;
}

export interface Stream {
  readonly status: number;
  readonly contentType: string;
  /** What came in place of a stream. */
  readonly refusal: Reply | undefined;
  readonly events: AsyncGenerator<StreamEvent, void, undefined>;
  close(): void;
}

/** Headers over the usual ones; an undefined one is left out. */
export type HeaderChanges = Readonly<Record<string, string | undefined>>;

export interface Agent {
  readonly binding: Binding;
  /** Of the interface, without a slash at the end. */
  readonly url: string;
  call(operation: OperationName, params?: JsonObject, headers?: HeaderChanges): Promise<Reply>;
  stream(operation: OperationName, params?: JsonObject, headers?: HeaderChanges): Promise<Stream>;
  /** Something that no client would write. @param path below the interface's URL; JSON-RPC has only "" */
  raw(method: string, path: string, body: HttpRequest["body"], headers?: HeaderChanges): Promise<Reply>;
}

export interface AgentPlace {
  readonly binding: Binding;
  readonly url: string;
  readonly tenant: string | undefined;
  /** Who is calling, and which extensions every request asks for. */
  readonly headers: Readonly<Record<string, string>>;
}

export function agentAt(place: AgentPlace, trial: Trial): Agent {
  const url = place.url.replace(/\/$/, "");
  const { binding, tenant } = place;
  const isRpc = binding === "JSONRPC";

  const request = (operation: OperationName, params: JsonObject, changes: HeaderChanges): HttpRequest => {
    const usual = { "A2A-Version": "1.0", Accept: "*/*", ...place.headers };
    if (isRpc) {
      const body = { jsonrpc: "2.0", id: randomUUID(), method: operation, params: tenant === undefined ? params : { tenant, ...params } };
      const headers = changed({ ...usual, "Content-Type": "application/json" }, changes);
      // The address as the card has it: a slash at the end may matter.
      return { method: "POST", url: place.url, headers, body: JSON.stringify(body) };
    }
    const { method, path, body } = overHttp(operation, params);
    const headers = changed(body === undefined ? usual : { ...usual, "Content-Type": "application/a2a+json" }, changes);
    return { method, url: `${url}${tenant === undefined ? "" : `/${encodeURIComponent(tenant)}`}${path}`, headers, body };
  };

  return {
    binding,
    url,
    call: async (operation, params = {}, changes = {}) => readReply(await send(request(operation, params, changes), trial), isRpc),
    raw: async (method, path, body, changes = {}) => {
      const usual = { "A2A-Version": "1.0", ...place.headers, ...(body !== undefined && { "Content-Type": "application/json" }) };
      const target = isRpc && path === "" ? place.url : url + path;
      return readReply(await send({ method, url: target, headers: changed(usual, changes), body }, trial), isRpc);
    },
    async stream(operation, params = {}, changes = {}) {
      const ending = new AbortController();
      const asked = request(operation, params, { Accept: "text/event-stream", ...changes });
      const response = await open(asked, trial, AbortSignal.any([trial.signal, ending.signal]));
      const contentType = response.headers.get("Content-Type") ?? "";
      const { status, headers } = response;
      if (!response.ok || !contentType.startsWith("text/event-stream") || !response.body) {
        const text = await textOf(response);
        remember(trial, text);
        const refusal = readReply({ status, headers, text }, isRpc);
        return { status, contentType, refusal, events: nothing(), close: () => ending.abort() };
      }
      const events = serverEvents(response.body);
      const first = await next(events, ending.signal);
      const refusal = first && refusalIn(first, { status, headers, text: JSON.stringify(first.data) }, isRpc);
      if (first) remember(trial, JSON.stringify(first.data));
      const all = first && !refusal ? unwrapped(first, events, isRpc, ending.signal) : nothing();
      return { status, contentType, refusal, events: all, close: () => ending.abort() };
    },
  };
}

function changed(headers: Record<string, string>, changes: HeaderChanges): Record<string, string> {
  const replaced = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const kept = Object.entries(headers).filter(([name]) => !replaced.has(name.toLowerCase()));
  const added = Object.entries(changes).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries([...kept, ...added]);
}

export function readReply(http: HttpAnswer, isRpc: boolean): Reply {
  const body = http.text.trim() === "" ? undefined : json(http.text);
  const fields = isObject(body) ? body : {};
  const error = isObject(fields["error"]) ? fields["error"] : undefined;
  if (error) {
    const details = isRpc ? error["data"] : error["details"];
    return { http, body, error: { code: error["code"], message: error["message"], details } };
  }
  if (isRpc) return { http, body, ...("result" in fields && fields["result"] !== undefined && { result: fields["result"] }) };
  const isGood = http.status >= 200 && http.status < 300;
  return { http, body, ...(isGood && { result: body ?? {} }) };
}

/** Whoever has set the type of the answer to a stream before knowing better, refuses in the first event. */
function refusalIn({ data }: ServerEvent, http: HttpAnswer, isRpc: boolean): Reply | undefined {
  return isObject(data) && "error" in data ? readReply(http, isRpc) : undefined;
}

async function* unwrapped(first: ServerEvent, rest: AsyncGenerator<ServerEvent, void>, isRpc: boolean, closed: AbortSignal) {
  for (let each: ServerEvent | undefined = first; each; each = await next(rest, closed)) {
    const raw = each.data;
    const inner = isRpc && isObject(raw) ? raw["result"] : raw;
    if (!isObject(inner)) throw new Failure("a StreamResponse in each event", JSON.stringify(raw)?.slice(0, 300) ?? "nothing");
    yield { id: each.id, event: inner, raw };
  }
}

/** The next event; nothing when the stream has ended, also when it was closed from here. */
async function next(events: AsyncGenerator<ServerEvent, void>, closed: AbortSignal): Promise<ServerEvent | undefined> {
  try {
    return (await events.next()).value ?? undefined;
  } catch (error) {
    if (closed.aborted) return undefined;
    throw error;
  }
}

async function* nothing(): AsyncGenerator<StreamEvent, void, undefined> {}

function json(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
