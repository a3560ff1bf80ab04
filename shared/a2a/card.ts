/** Serving an agent's card: at its own URLs, with an ETag and conditional requests. (A2A 1.0, 8) */
import type { AgentCard } from "../task/a2a-types.ts";

export const CARD_PATH = "/.well-known/agent-card.json";

/** Long enough to spare a mesh's clients the request, short enough that a new version is seen soon. */
const MAX_AGE_S = 60;

interface Rendered {
  readonly json: string;
  readonly etag: string;
}

const served = new WeakMap<AgentCard, Map<string, Rendered>>();
/** A caller chooses the host it asks for, so the cache must not grow with what callers send. */
const BASES = 16;

/** @param base where the agent is reached: origin and path, without a slash at the end */
export async function serveCard(card: AgentCard, base: string, request: Request): Promise<Response> {
  const bases = served.get(card) ?? new Map<string, Rendered>();
  const rendered = bases.get(base) ?? (await render(card, base));
  if (bases.size >= BASES) bases.clear();
  served.set(card, bases.set(base, rendered));
  const headers = { "Content-Type": "application/json", "Cache-Control": `public, max-age=${MAX_AGE_S}`, ETag: rendered.etag };
  const known = request.headers
    .get("If-None-Match")
    ?.split(",")
    .map((each) => each.trim().replace(/^W\//, ""));
  if (known?.some((each) => each === rendered.etag || each === "*")) return new Response(null, { status: 304, headers });
  return new Response(rendered.json, { headers });
}

async function render(card: AgentCard, base: string): Promise<Rendered> {
  const supportedInterfaces = card.supportedInterfaces.map((each) => ({ ...each, url: base }));
  const json = JSON.stringify({ ...card, supportedInterfaces });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(json)));
  return { json, etag: `"${btoa(String.fromCharCode(...digest.slice(0, 15)))}"` };
}
