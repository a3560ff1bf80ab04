/**
 * Fetches the document behind a URL part: bounded in time, size and redirects, and only from public addresses, each
 * redirect judged anew. What it cannot fetch is a value that says whether trying again could help.
 */
import { type AddressFault, faultOf } from "../../shared/net/public-address.ts";
import { LARGEST_DOCUMENT } from "./document.ts";

export type Fetched =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly mediaType: string | undefined }
  | { readonly ok: false; readonly kind: "refused" | "unreachable"; readonly reason: string };

interface FetchOptions {
  readonly signal: AbortSignal;
  /** On one's own machine, one's own addresses may be read. */
  readonly allowPrivate: boolean;
  readonly fetch?: typeof fetch;
  /** Milliseconds for everything, redirects and body included. */
  readonly timeoutMs?: number;
}

const MOST_REDIRECTS = 5;

export async function fetchDocument(
  address: string,
  { signal, allowPrivate, fetch: get = fetch, timeoutMs = 20_000 }: FetchOptions,
): Promise<Fetched> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let url = URL.parse(address);
  if (!url) return refused("has an address that is not a URL: write it in full, with https://");
  try {
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const fault = faultOf(url);
      // With private addresses allowed, the other rules stay: no other scheme, no credentials.
      if (fault !== undefined && !(allowPrivate && fault === "inside")) {
        const why = explain(fault, url);
        return refused(redirects > 0 ? `is redirected to ${url.origin}, and that ${why}` : why);
      }

      const response = await get(url.href, {
        redirect: "manual",
        signal: AbortSignal.any([signal, timeout]),
        headers: { accept: "text/html, text/markdown, text/plain, application/pdf, */*;q=0.5", "user-agent": "skein-researcher/1.0" },
      });
      const next = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
      if (next !== null) {
        await response.body?.cancel();
        const target = URL.parse(next, url);
        if (!target) return refused("is redirected to an address that is not a URL");
        url = target;
      } else if (response.ok) return await readBody(response);
      else {
        await response.body?.cancel();
        return statusRefusal(response.status);
      }
    }
    return refused(`is redirected more than ${MOST_REDIRECTS} times: send the address it ends at`);
  } catch (error) {
    // The task itself was canceled or ran out of time: that is not the document's fault.
    if (signal.aborted) throw error;
    if (timeout.aborted) return unreachable(`did not arrive within ${timeoutMs / 1000} s: try again, or send its content`);
    return unreachable("could not be reached: check the address, try again, or send its content");
  }
}

function explain(fault: AddressFault, url: URL): string {
  switch (fault) {
    case "not-web":
      return `has a ${url.protocol} address: only http and https are fetched`;
    case "credentials":
      return "has a name or password in its address: fetch it yourself and send its content";
    case "port":
      return `is at port ${url.port}, from which nothing is fetched for callers: send its content as text or raw`;
    case "inside":
      return "is at a private address, which is not fetched for callers: send its content as text or raw";
  }
}

async function readBody(response: Response): Promise<Fetched> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); reader && read && !read.done; read = await reader.read()) {
    size += read.value.byteLength;
    // The declared length is not believed: what counts is what comes.
    if (size > LARGEST_DOCUMENT) {
      await reader.cancel();
      return refused(`is more than ${LARGEST_DOCUMENT / 1_000_000} MB: send it in several parts`);
    }
    chunks.push(read.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return { ok: true, bytes, mediaType: response.headers.get("content-type") ?? undefined };
}

function statusRefusal(status: number): Fetched {
  if (status === 401 || status === 403)
    return refused(`may not be read by everyone (HTTP ${status}): fetch it yourself and send its content`);
  if (status >= 400 && status < 500 && status !== 429 && status !== 408) return refused(`is not there (HTTP ${status}): check the address`);
  return unreachable(`could not be fetched (HTTP ${status}): try again later, or send its content`);
}

function refused(reason: string): Fetched {
  return { ok: false, kind: "refused", reason };
}

function unreachable(reason: string): Fetched {
  return { ok: false, kind: "unreachable", reason };
}
