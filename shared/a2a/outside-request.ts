/**
 * One request to an agent that was published to this mesh: to the address that was checked when it was published, and is judged again
 * here, because rules outlive what is stored. Nothing of the mesh's own goes along: for whom the call is, who stands behind it, and
 * where it comes from are not an outsider's to know. No redirect is followed, which would lead past the check.
 */
import { whyNotReached } from "../net/guarded-fetch.ts";
import type { SnapshotEntry } from "../registry/entry.ts";
import { outsideBody, outsideHeaders } from "./outside-form.ts";

/** Of one answer, or of one stream of events. */
const MOST_BYTES = 2 * 1024 * 1024;

export interface OutsideRequest {
  /** The same one for the same message. */
  readonly key: string;
  readonly method: string;
  readonly params: object;
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** It would be the same another time; the message says why, and holds nothing that is secret. */
export class NotReached extends Error {}

/**
 * @returns the answer, whose body breaks off where it is too long
 * @throws NotReached when it must not be reached, or lets nobody in; another error when the connection breaks
 */
export async function requestOutside(
  env: object,
  { name, endpoint }: Pick<SnapshotEntry, "name" | "endpoint">,
  { key, method, params, signal, headers }: OutsideRequest,
): Promise<Response> {
  const why = whyNotReached(endpoint, { local: (env as { readonly SKEIN_LOCAL?: string }).SKEIN_LOCAL === "1" });
  if (why !== undefined) throw new NotReached(`${name} has an address that may not be called: it ${why}`);
  const response = await fetch(endpoint, {
    method: "POST",
    redirect: "manual",
    headers: { ...outsideHeaders(key, method), ...headers },
    body: outsideBody(method, params),
    signal,
  });
  const refusal = refusalIn(response.status);
  if (refusal !== undefined) {
    await response.body?.cancel().catch(() => {});
    throw new NotReached(`${name} ${refusal} (HTTP ${response.status})`);
  }
  return new Response(response.body && bounded(response.body, name), response);
}

function refusalIn(status: number): string | undefined {
  if (status >= 300 && status < 400) return "redirects, and redirects are not followed";
  return status === 401 || status === 403 ? "asks for credentials, and this mesh has none for it" : undefined;
}

/** Counted as it comes: what an answer says of its length is the agent's word. */
function bounded(body: ReadableStream<Uint8Array>, name: string): ReadableStream<Uint8Array> {
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > MOST_BYTES) controller.error(new NotReached(`${name} answers with more than ${MOST_BYTES / 1024 / 1024} MB`));
      else controller.enqueue(chunk);
    },
  });
  return body.pipeThrough(counted);
}
