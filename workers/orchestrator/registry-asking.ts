/**
 * Who asks the registry at the front door, and how what it says is shown to them: refusals as errors of A2A, entries with what was
 * measured of them. Decides nothing.
 */
import type { Context } from "hono";
import { type ErrorCode, RequestError } from "../../shared/a2a/errors.ts";
import type { AuthEnv } from "../../shared/auth/authenticate.ts";
import { principalKey, type Scope } from "../../shared/auth/principal.ts";
import type { RegistryApi, RegistryEnv, RegistryRefusal } from "../../shared/registry/api.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import { operates, type RegistryOperatorEnv } from "./registry-operator.ts";
import { tenantCaller } from "./tenant-caller.ts";

export type RegistryDoorEnv = AuthEnv & RegistryEnv & RegistryOperatorEnv;

export interface Asking {
  readonly registry: RegistryApi;
  /** `tenant/app/subject`, each percent-encoded. */
  readonly by: string;
  /** Whether they are an operator for what a publisher has published. */
  readonly operates: (publisher: string) => boolean;
}

/** @throws RequestError for whoever has none of the scopes, or where there is no registry */
export async function asking<E extends RegistryDoorEnv>(c: Context<{ Bindings: E }>, anyOf: readonly [Scope, ...Scope[]]): Promise<Asking> {
  const principal = await tenantCaller(c, anyOf);
  const registry = c.env.REGISTRY;
  if (!registry)
    throw new RequestError(
      "unavailable",
      "this mesh has no registry: bind REGISTRY to the Registry of skein-registry, as wrangler.toml does",
    );
  return { registry, by: principalKey(principal), operates: (publisher) => operates(principal, publisher, c.env) };
}

/** Who changes an agent. Whose it is never changes, so that it may be read before. */
export async function changing({ registry, by, operates }: Asking, name: string): Promise<{ by: string; isOperator: boolean }> {
  const [version] = await registry.versions(name, undefined, 1);
  return { by, isOperator: version !== undefined && operates(version.publisher) };
}

/**
 * Each with what was measured of it, where it is the version that is called, or the one that is tried. Its probes are for its publisher
 * and for operators: a rival who knew them would learn them by heart, and others are told how many there are.
 */
export async function shownTo({ registry, by, operates }: Asking, entries: readonly Entry[]) {
  const all = await registry.evidence([...new Set(entries.map(({ name }) => name))]);
  return entries.map((entry) => {
    const measured = all.find(({ name, version }) => name === entry.name && version === entry.version);
    const probes = entry.publisher === by || operates(entry.publisher) ? entry.probes : [];
    return { ...entry, probes, probeCount: entry.probes.length, ...(measured && { evidence: measured.evidence }) };
  });
}

const REFUSED = {
  invalid: "invalid-params",
  forbidden: "permission-denied",
  conflict: "agent-conflict",
  "not-found": "agent-not-found",
  unreachable: "agent-unreachable",
} as const satisfies Record<RegistryRefusal["code"], ErrorCode>;

/** What is wrong is said first; which rule it is about, for whoever wants to look it up. */
export function refusalToError({ code, field, rule, why }: RegistryRefusal): RequestError {
  return new RequestError(REFUSED[code], `${field}: ${why}`, [{ field, description: `${field} ${rule}` }]);
}

export function nobody(name: string): RequestError {
  const shown = name.slice(0, 100).toWellFormed();
  return new RequestError("agent-not-found", `no agent is published as "${shown}": GET /registry/agents says which are`, [
    { field: "name", description: "name is published" },
  ]);
}
