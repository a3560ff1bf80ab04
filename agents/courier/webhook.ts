/**
 * The one place that touches the world: one POST, once, bounded in time and in what it reads back. Follows no redirect,
 * because a redirect would lead past the allow-list. What goes wrong is a value, so that the task's log keeps it and a
 * later run does not send again.
 */
import type { Delivery } from "./delivery.ts";

export type PostResult =
  | { sent: true; status: number; response: string; location: string | null }
  | { sent: false; reason: "timeout" | "canceled" | "unreachable"; detail: string };

export interface PostOptions {
  /** Equal for every attempt at the same delivery: a receiver that keeps keys takes the second for the first. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

const RESPONSE_CHARS = 500;
/** A character of UTF-8 takes at most four bytes. */
const RESPONSE_BYTES = 4 * RESPONSE_CHARS;

export async function post({ url, body }: Delivery, { idempotencyKey, signal, timeoutMs = 10_000 }: PostOptions): Promise<PostResult> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const plain = typeof body === "string";
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": plain ? "text/plain; charset=utf-8" : "application/json",
        "idempotency-key": idempotencyKey,
      },
      body: plain ? body : JSON.stringify(body),
      signal: AbortSignal.any([signal, timeout]),
    });
    const location = response.headers.get("location");
    return { sent: true, status: response.status, response: await beginningOf(response), location };
  } catch (error) {
    if (signal.aborted) return { sent: false, reason: "canceled", detail: "the task was canceled" };
    if (timeout.aborted) return { sent: false, reason: "timeout", detail: `no answer within ${timeoutMs / 1000} s` };
    return { sent: false, reason: "unreachable", detail: causeOf(error) };
  }
}

/** Reads no more than it returns: a receiver that answers without end must not fill the memory. */
async function beginningOf(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  let bytes = 0;
  while (bytes < RESPONSE_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    text += decoder.decode(value, { stream: true });
  }
  // An unread body would keep the connection, and the object behind it, alive.
  await reader.cancel();
  return text.slice(0, RESPONSE_CHARS);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
