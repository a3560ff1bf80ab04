/** Who asks for something that is a tenant's and no agent's, at the front door. */
import type { Context } from "hono";
import { toAuthenticationError } from "../../shared/a2a/errors.ts";
import { acting } from "../../shared/a2a/operations.ts";
import { type AuthEnv, authenticate } from "../../shared/auth/authenticate.ts";
import type { Principal, Scope } from "../../shared/auth/principal.ts";
import { missingScope } from "../../shared/auth/scope.ts";

/**
 * @param anyOf scopes of which one is needed
 * @throws RequestError for whoever has none of them, or asks for another tenant than their own
 */
export async function tenantCaller<E extends AuthEnv>(
  c: Context<{ Bindings: E }>,
  anyOf: readonly [Scope, ...Scope[]],
): Promise<Principal> {
  const caller = await authenticate(c.req.raw, c.env);
  if (!caller.ok) throw toAuthenticationError(caller);
  const forbidden = missingScope(caller.principal, anyOf, c.req.raw.headers);
  if (forbidden) throw toAuthenticationError(forbidden);
  return acting({ principal: caller.principal }, c.req.param("tenant")).principal;
}
