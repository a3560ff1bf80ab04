/**
 * For whose agents somebody is an operator of the registry, which all tenants share. Decides from what is passed in, and fails closed:
 * the scope `operate` is a tenant's, and says nothing of others.
 */
import type { Principal } from "../../shared/auth/principal.ts";

export interface RegistryOperatorEnv {
  /** The tenant whose operators are operators of the registry, for all tenants' agents. Empty is as absent. */
  readonly SKEIN_REGISTRY_TENANT?: string;
}

/**
 * Where no tenant is named, each tenant's operators stand for what was published from it, and for nothing else.
 *
 * @param publisher `tenant/app/subject`, each percent-encoded
 */
export function operates(
  { tenant, scopes }: Pick<Principal, "tenant" | "scopes">,
  publisher: string,
  { SKEIN_REGISTRY_TENANT: named = "" }: RegistryOperatorEnv,
): boolean {
  if (!scopes.includes("operate")) return false;
  return named === "" ? publisher.startsWith(`${encodeURIComponent(tenant)}/`) : tenant === named;
}
