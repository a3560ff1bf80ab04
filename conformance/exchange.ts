/**
 * One HTTP exchange, remembered so that a failure can show what was sent. Only what was sent and came back: it judges nothing
 * and repeats nothing but what a server asked to have repeated.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { textOf } from "./bounded.ts";
import { NotShown } from "./requirement.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Exchange {
  readonly request: HttpRequest;
  /** Absent while nothing came back. */
  answer?: { readonly status: number; readonly contentType: string; readonly text: string };
}

/** What all exchanges of one trial have in common. */
export interface Trial {
  /** Aborted when the trial's time is over. */
  readonly signal: AbortSignal;
  readonly exchanges: Exchange[];
  /** Resolves when the next request may be sent. */
  readonly turn: () => Promise<void>;
}

const MOST_REPEATS = 3;
const LONGEST_WAIT_S = 5;

/**
 * @throws NotShown when the server has had enough of us: that is no answer to what was asked
 * @throws Error when nothing listens, or the trial's time is over
 */
export async function open(request: HttpRequest, trial: Trial, signal: AbortSignal = trial.signal): Promise<Response> {
  const exchange: Exchange = { request };
  trial.exchanges.push(exchange);
  for (let repeats = 0; ; repeats += 1) {
    const { method, url, headers, body } = request;
    await trial.turn();
    const response = await fetch(url, { method, headers, body: body ?? null, signal, redirect: "manual" });
    exchange.answer = { status: response.status, contentType: response.headers.get("Content-Type") ?? "", text: "" };
    const wait = Number(response.headers.get("Retry-After") ?? "none");
    if (response.status !== 429) return response;
    await response.body?.cancel();
    if (repeats === MOST_REPEATS || !(wait <= LONGEST_WAIT_S))
      throw new NotShown("the server has had enough calls for now (HTTP 429): ask for less, by --per-minute or --only");
    await sleep(wait * 1_000, undefined, { signal });
  }
}

/** @throws Failure when the answer is too large to be read; else as {@link open} */
export async function send(request: HttpRequest, trial: Trial): Promise<HttpAnswer> {
  const response = await open(request, trial);
  const text = await textOf(response);
  remember(trial, text);
  return { status: response.status, headers: response.headers, text };
}

/** Notes what the last exchange said, as far as a person would read. */
export function remember({ exchanges }: Trial, text: string): void {
  const last = exchanges.at(-1);
  if (last?.answer) last.answer = { ...last.answer, text: text.slice(0, 2_000) };
}

const SECRET = /^(authorization|cookie|x-api-key)$/i;

/** The request as a command for a terminal, without its credentials. */
export function asCurl({ method, url, headers, body }: HttpRequest, secrets: readonly string[] = []): string {
  const isSecret = (name: string) => SECRET.test(name) || secrets.some((each) => each.toLowerCase() === name.toLowerCase());
  const given = Object.entries(headers).map(([name, value]) => `-H '${name}: ${isSecret(name) ? "…" : value}'`);
  const text = body === undefined ? undefined : typeof body === "string" ? body : `${body.byteLength} bytes`;
  const shown = text !== undefined && text.length > 600 ? `${text.slice(0, 600)}…` : text;
  const data = shown === undefined ? [] : [`-d '${shown.replaceAll("'", "'\\''")}'`];
  return ["curl -sS", ...(method === "GET" ? [] : [`-X ${method}`]), `'${url}'`, ...given, ...data].join(" ");
}
