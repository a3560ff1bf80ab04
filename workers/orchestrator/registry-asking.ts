/**
 * Who asks the registry at the front door, and how what it says is shown to them: refusals as errors of A2A, entries with what was
 * measured of them. Decides nothing.
 */
import type { Context } from "hono";
import { type ErrorCode, RequestError } from "../../shared/a2a/errors.ts";
import type { AuthEnv } from "../../shared/auth/authenticate.ts";
import type { Principal, Scope } from "../../shared/auth/principal.ts";
import type { RegistryApi, RegistryEnv, RegistryRefusal } from "../../shared/registry/api.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import { tenantCaller } from "./tenant-caller.ts";

export type RegistryDoorEnv = AuthEnv & RegistryEnv;

export interface Asking {
  readonly registry: RegistryApi;
  readonly principal: Principal;
  readonly isOperator: boolean;
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
  return { registry, principal, isOperator: principal.scopes.includes("operate") };
}

/** Each with what was measured of it, where it is the version that is called, or the one that is tried. */
export async function withEvidence(registry: RegistryApi, entries: readonly Entry[]) {
  const all = await registry.evidence([...new Set(entries.map(({ name }) => name))]);
  return entries.map((entry) => {
    const measured = all.find(({ name, version }) => name === entry.name && version === entry.version);
    return measured ? { ...entry, evidence: measured.evidence } : entry;
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
