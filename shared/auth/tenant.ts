/** For which tenant a caller acts. Pure. */
import { LOCAL_PRINCIPAL, type Principal, principalKey } from "./principal.ts";

/**
 * The caller, acting for the tenant that a request names. Credentials are for one tenant; on one's own machine there are
 * no credentials, and every name is a tenant apart, so that tenants can be tried out there.
 * @returns undefined when the caller may not act for it
 */
export function forTenant(principal: Principal, tenant: string | undefined): Principal | undefined {
  if (!tenant || tenant === principal.tenant) return principal;
  return principalKey(principal) === principalKey(LOCAL_PRINCIPAL) ? { ...principal, tenant } : undefined;
}
