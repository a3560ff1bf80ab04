/**
 * One request to an address that somebody else named, for a JSON document: judged before it is made, followed nowhere, over when its
 * time is, and read no further than a document may be long. Whatever comes of it is a value. It has no `fetch` of its own and does not
 * know whose document it is.
 */
import type { Json } from "../task/a2a-types.ts";
import { type AddressFault, faultOf, isLoopback } from "./public-address.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface GuardedRequest {
  readonly fetch: Fetch;
  /** Somebody's own machine, whose own servers may be reached, also without TLS. */
  readonly local: boolean;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for everything, the body included. */
  readonly timeoutMs?: number;
  /** Bytes of the answer's body. */
  readonly mostBytes?: number;
  /** An answer counts whatever its status is, as long as it is JSON; otherwise only 200 does. */
  readonly anyStatus?: boolean;
}

export type GuardFault = "address" | "redirect" | "timeout" | "unreachable" | "status" | "too-large" | "not-json";

export type Guarded =
  | { readonly ok: true; readonly status: number; readonly json: Json }
  | {
      readonly ok: false;
      readonly fault: GuardFault;
      /** The end of a sentence about the address: what is wrong, and what to do. */
      readonly why: string;
      /** Of the answer, where there was one. */
      readonly status?: number;
    };

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 256 * 1024;
/** No document needs more, and whoever walks through it may do so by recursion. */
const DEEPEST = 32;

/** @param address an absolute URL; what is no such one is refused as well */
export async function guardedFetch(address: string, request: GuardedRequest): Promise<Guarded> {
  const { fetch, local, method = "GET", headers = {}, body, timeoutMs = TIMEOUT_MS, mostBytes = MOST_BYTES, anyStatus = false } = request;
  const why = whyNotReached(address, { local });
  if (why !== undefined) return { ok: false, fault: "address", why };
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(address, {
      method,
      // Followed, a redirect would lead to where nobody has looked.
      redirect: "manual",
      signal: timeout,
      headers: { Accept: "application/json", ...headers },
      ...(body !== undefined && { body }),
    });
    const { status } = response;
    if (status >= 300 && status < 400)
      return refused(response, "redirect", `redirects${toWhere(response)}: name the address where it ends`);
    if (status !== 200 && !anyStatus)
      return refused(response, "status", `answers HTTP ${status}: see that it answers 200 without credentials`);
    if (!isJson(response.headers.get("content-type")))
      return refused(response, "not-json", `answers HTTP ${status} with no JSON: see that its Content-Type is application/json`);
    const text = await textOf(response, mostBytes);
    if (text === undefined)
      return { ok: false, fault: "too-large", status, why: `answers with more than ${mostBytes / 1024} kB: make the document smaller` };
    const json = parsed(text);
    if (json !== undefined) return { ok: true, status, json };
    return { ok: false, fault: "not-json", status, why: "answers with what is no JSON, or nests without end: mend the document" };
  } catch {
    if (timeout.aborted)
      return { ok: false, fault: "timeout", why: `has not answered in full within ${timeoutMs / 1000} s: see that it does` };
    return { ok: false, fault: "unreachable", why: "could not be reached: see that it is running, and reached from outside" };
  }
}

/** @returns why nothing is asked there, as the end of a sentence about the address; undefined when it may be */
export function whyNotReached(address: string, { local }: { local: boolean }): string | undefined {
  const url = URL.parse(address);
  if (url === null) return "must be an absolute URL, with https://";
  const fault = faultOf(url, { loopback: local });
  if (fault !== undefined) return explain(fault, local);
  return url.protocol === "https:" || isLoopback(url) ? undefined : "must begin with https://, so that nobody answers in its place";
}

function explain(fault: AddressFault, local: boolean): string {
  switch (fault) {
    case "not-web":
      return "must begin with https://";
    case "credentials":
      return "must not hold a user name or password";
    case "port":
      return "must use port 443, or one from 1024 that is not kept for another protocol";
    case "inside":
      return local
        ? "must be a public https address, or one of this machine such as http://127.0.0.1:9000"
        : "must be a public address: this machine, private networks and reserved names are never reached";
  }
}

/** Only the origin: the rest is whatever the answer says. */
function toWhere({ headers }: Response): string {
  const to = URL.parse(headers.get("location") ?? "");
  return to === null || to.origin === "null" ? "" : ` to ${to.origin.slice(0, 100)}`;
}

function isJson(contentType: string | null): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType ?? "");
}

function refused(response: Response, fault: GuardFault, why: string): Guarded {
  discard(response.body);
  return { ok: false, fault, why, status: response.status };
}

/** @returns undefined for what is longer: the declared length is asked first, and never believed */
async function textOf(response: Response, mostBytes: number): Promise<string | undefined> {
  if (Number(response.headers.get("content-length")) > mostBytes) {
    discard(response.body);
    return undefined;
  }
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (const reader = response.body?.getReader(); reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > mostBytes) {
      discard(reader);
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

/** Nobody waits for it: a sender that does not want to stop is no reason to stop here. */
function discard(body: { cancel(): Promise<void> } | null): void {
  body?.cancel().catch(() => {});
}

function parsed(text: string): Json | undefined {
  try {
    const json = JSON.parse(text) as Json;
    return isDeeperThan(DEEPEST, json) ? undefined : json;
  } catch {
    return undefined;
  }
}

function isDeeperThan(levels: number, json: Json): boolean {
  if (typeof json !== "object" || json === null) return false;
  return levels === 0 || Object.values(json).some((each) => isDeeperThan(levels - 1, each));
}
