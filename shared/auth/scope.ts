/**
 * What a caller may do, in four words. Pure. Scopes of other systems travel in the same claim: they are passed over, and
 * never refused.
 */
import type { Authentication } from "./authenticate.ts";
import { schemeOf, scopeChallenge } from "./challenge.ts";
import type { Principal, Scope } from "./principal.ts";

export const SCOPES = ["call", "publish", "approve", "operate"] as const satisfies readonly Scope[];

/**
 * @param claim space-separated text (RFC 8693, 4.2) or a list, as the `scope` and `scp` of different issuers are
 * @returns ours among them, each once, in a fixed order
 */
export function scopesIn(...claims: readonly unknown[]): Scope[] {
  const given = new Set(claims.flatMap((claim) => (typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [])));
  return SCOPES.filter((scope) => given.has(scope));
}

/**
 * The refusal of a caller that is known, and may not do this; undefined for one that may. (RFC 6750, 3.1)
 * @param scope what it takes; of several, any
 * @param headers of the caller's request
 */
export function missingScope(
  principal: Principal,
  scope: Scope | readonly [Scope, ...Scope[]],
  headers: Headers,
): (Authentication & { ok: false }) | undefined {
  const anyOf = typeof scope === "string" ? ([scope] as const) : scope;
  if (anyOf.some((each) => principal.scopes.includes(each))) return undefined;
  const has = principal.scopes.length === 0 ? "none of the mesh's scopes" : `only ${principal.scopes.join(", ")}`;
  const needed = anyOf.map((each) => `"${each}"`).join(" or ");
  return {
    ok: false,
    status: 403,
    message: `this needs the scope ${needed}, and your credentials have ${has}: ask whoever issued them for ${needed}`,
    headers: scopeChallenge(schemeOf(headers), anyOf[0]),
  };
}
