/**
 * The text of `WWW-Authenticate`: which schemes there are and what was wrong. Pure. It names no scheme that is not taken,
 * and never carries anything of the credentials that were sent.
 */

const REALM = "skein";
export const KEY_HEADER = "X-API-Key";

/**
 * `Bearer` is of RFC 6750. The others are registered nowhere, because nothing registered says what they do: a key in a
 * header, which is named; that only this machine is answered; that only Workers of the mesh are.
 */
export type Scheme = "Bearer" | "ApiKey" | "Loopback" | "Mesh";
export type CredentialScheme = "Bearer" | "ApiKey";

/** One challenge: scheme and parameters. (RFC 9110, 11.6.1) */
export function challengeOf(scheme: Scheme, parameters: Readonly<Record<string, string>> = {}): string {
  const all = Object.entries({ realm: REALM, ...(scheme === "ApiKey" && { header: KEY_HEADER }), ...parameters });
  return `${scheme} ${all.map(([name, value]) => `${name}="${quotable(value)}"`).join(", ")}`;
}

export interface Offered {
  readonly tokens: boolean;
  readonly keys: boolean;
}

/** What was wrong with credentials of the one scheme that they are of. */
export interface Problem {
  readonly scheme: CredentialScheme;
  readonly error: "invalid_token" | "invalid_key";
  readonly description: string;
}

/**
 * The challenges of a 401, one for each scheme that is taken here.
 * @param problem none when no credentials were sent, or none that could be looked at, as RFC 6750, 3.1 wants it
 */
export function challengesFor({ tokens, keys }: Offered, problem?: Problem): string {
  const schemes: CredentialScheme[] = [...(tokens ? (["Bearer"] as const) : []), ...(keys ? (["ApiKey"] as const) : [])];
  const about = (scheme: CredentialScheme) =>
    problem?.scheme === scheme ? { error: problem.error, error_description: problem.description } : {};
  return schemes.map((scheme) => challengeOf(scheme, about(scheme))).join(", ");
}

/** The scheme that a caller came with. Calls within the mesh have none: their callers came in somewhere else. */
export function schemeOf(headers: Headers): CredentialScheme | undefined {
  if (headers.has(KEY_HEADER)) return "ApiKey";
  return headers.has("Authorization") ? "Bearer" : undefined;
}

/** The headers of a 403 for a missing scope: the scheme that the caller came with, in which it may come with more. (RFC 6750, 3.1) */
export function scopeChallenge(scheme: CredentialScheme | undefined, scope: string): Record<string, string> {
  return scheme === undefined ? {} : { "WWW-Authenticate": challengeOf(scheme, { error: "insufficient_scope", scope }) };
}

/** The characters that RFC 6750, 3 allows in a value; the others come out as their nearest kin or not at all. */
function quotable(value: string): string {
  return value
    .replaceAll('"', "'")
    .replaceAll("\\", "/")
    .replace(/[^\x20-\x7E]/g, "?");
}
