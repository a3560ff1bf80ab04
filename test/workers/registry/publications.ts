/** Entries as a publication that passed all checks makes them, and what the tests of the registry reach it by. */
import { env, exports } from "cloudflare:workers";
import type { RegistryApi } from "../../../shared/registry/api.ts";
import type { Entry } from "../../../shared/registry/entry.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";
import type { Holdings } from "../../../workers/registry/holdings.ts";
import { receive } from "../../../workers/registry/served-card.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where mesh/agents-server.ts runs its agents. */
    agentsServer: string;
  }
}

/** What becomes of an agent there. */
export interface Conduct {
  readonly version: string;
  /** Of the card, where it is not the path's. */
  readonly name?: string;
  readonly countsRight: boolean;
}

export const OBJECT = (env as unknown as { REGISTRY_OBJECT: DurableObjectNamespace }).REGISTRY_OBJECT;
export const REGISTRY = (exports as unknown as { Registry: RegistryApi }).Registry;

export const ALICE = "acme/desk/alice";
export const BOB = "acme/desk/bob";
export const OPERATOR = "acme/ops/olga";

let agents = 0;

/** Names that nobody has used, and that nobody takes for each other. */
export function newName(): string {
  agents += 1;
  return `agent-${"abcdefghijkmnpqrstuvxyz"[agents % 23]}${agents}`;
}

/** A registry of the test's own. */
export function newHoldings() {
  agents += 1;
  const name = `registry-${agents}`;
  // A stub that saw a crash is broken for good.
  const reach = () => OBJECT.getByName(name) as unknown as Holdings;
  return { name, holdings: reach(), reach, stub: OBJECT.getByName(name) };
}

export function entry({ name, version = "1.0.0", ...more }: Partial<Entry> & { readonly name: string }): Entry {
  const url = `https://${name}.example`;
  const card = {
    name,
    description: "Counts the words of a text.",
    version,
    supportedInterfaces: [{ url, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: { streaming: true },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "count-words", name: "Count words", description: "Counts the words of a text.", tags: ["text"] }],
  } as unknown as AgentCard;
  return {
    name,
    version,
    digest: "a".repeat(64),
    url,
    endpoint: url,
    card,
    publisher: ALICE,
    keys: { jku: `${url}/.well-known/jwks.json`, thumbprint: "t".repeat(43) },
    status: "listed",
    publishedAt: "2026-11-21T12:00:00.000Z",
    probes: [],
    ...more,
  };
}

/** An agent over HTTP, as mesh/agents-server.ts runs it. */
export async function anAgentAt(server: string, place: string, { version = "1.0.0", countsRight = true, name }: Partial<Conduct>) {
  const url = `${server}/${place}`;
  await (await fetch(url, { method: "PUT", body: JSON.stringify({ version, countsRight, name }) })).arrayBuffer();
  const served = await receive(url, { fetch: (address, init) => fetch(address, init), local: true });
  if (!served.ok) throw new Error(served.refusal.why);
  return { url, card: served.card, digest: served.digest };
}
