/**
 * One delivery of a push notification: one POST, bounded in time, that follows no redirect, because a redirect would lead
 * past the check of the address. What goes wrong is a value, in words that hold nothing of the config's. (A2A 1.0, 4.3.3)
 */
import { askedWait, type Failure } from "./retry.ts";

export interface Notification {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @returns nothing when the receiver has taken it */
export async function deliver(
  { url, headers, body }: Notification,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Failure | undefined> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", redirect: "manual", headers, body, signal: AbortSignal.any([signal, timeout]) });
  } catch {
    return { reason: timeout.aborted ? `gave no answer within ${timeoutMs / 1000} s` : "could not be reached" };
  }
  // An unread body would hold one of the few connections there are.
  await response.body?.cancel().catch(() => {});
  return failureIn(response);
}

function failureIn({ ok, status, headers }: Response): Failure | undefined {
  if (ok) return undefined;
  if (status >= 300 && status < 400) return { reason: `redirects (HTTP ${status}), and redirects are not followed` };
  if (status === 410) return { reason: "said that it is gone for good (HTTP 410)", final: true };
  const askedMs = askedWait(headers.get("Retry-After"), Date.now());
  return { reason: `answered HTTP ${status}`, ...(askedMs !== undefined && { askedMs }) };
}
