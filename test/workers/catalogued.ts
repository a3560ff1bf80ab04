/** Meshes to choose from: agents that are bound, and what a registry says beside them. */
import type { Snapshot, SnapshotEntry } from "../../shared/registry/entry.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";

const T0 = Date.UTC(2026, 10, 21);
let revision = 0;

/** Milliseconds since the epoch: so long after the last mesh that nothing that was read of it counts any more. */
export function later(): number {
  return T0 + revision * 3_600_000;
}

export function card(name: string, skills: readonly string[] = [name], more: Partial<AgentCard> = {}): AgentCard {
  return {
    name,
    description: `Knows about ${name}.`,
    version: "1.0.0",
    supportedInterfaces: [{ url: "https://agents.example.com/", protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: {},
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: skills.map((id) => ({ id, name: id, description: `Does ${id}.`, tags: [id] })),
    ...more,
  };
}

export function entry(named: AgentCard, more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  const { name, version } = named;
  const at = "https://agents.example.com";
  return { name, version, digest: "d", url: at, endpoint: `${at}/`, card: named, status: "listed", evidence: {}, ...more };
}

export function env(entries: readonly SnapshotEntry[] | undefined, bound: readonly AgentCard[] = []): object {
  revision += 1;
  const snapshot: Snapshot = { revision, entries: entries ?? [] };
  return {
    ...Object.fromEntries(bound.map((each) => [`AGENT_${each.name.toUpperCase()}`, { fetch: async () => Response.json(each) }])),
    ...(entries && { REGISTRY: { snapshot: async () => snapshot } }),
  };
}
