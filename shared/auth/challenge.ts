/**
 * The text of `WWW-Authenticate`: which schemes there are and what was wrong. Pure. It never carries anything of the
 * credentials that were sent.
 */

const REALM = "skein";
/** Registered nowhere, because there is no registered scheme for a key in a header: its parameter says which header. */
const KEY_SCHEME = "ApiKey";
export const KEY_HEADER = "X-API-Key";

/** One challenge: scheme and parameters. (RFC 9110, 11.6.1) */
export function challengeOf(scheme: string, parameters: Readonly<Record<string, string>> = {}): string {
  const all = Object.entries({ realm: REALM, ...parameters });
  return `${scheme} ${all.map(([name, value]) => `${name}="${quotable(value)}"`).join(", ")}`;
}

export interface Offered {
  readonly tokens: boolean;
  readonly keys: boolean;
}

/**
 * The challenges of a 401, one for each scheme that is taken here.
 * @param problem what was wrong with the credentials sent; none when none were sent, as RFC 6750, 3.1 wants it
 */
export function challengesFor({ tokens, keys }: Offered, problem?: { readonly error: string; readonly description: string }): string {
  const about: Record<string, string> = problem ? { error: problem.error, error_description: problem.description } : {};
  return [...(tokens ? [challengeOf("Bearer", about)] : []), ...(keys ? [challengeOf(KEY_SCHEME, { header: KEY_HEADER })] : [])].join(", ");
}

/** The characters that RFC 6750, 3 allows in a value; the others come out as their nearest kin or not at all. */
function quotable(value: string): string {
  return value
    .replaceAll('"', "'")
    .replaceAll("\\", "/")
    .replace(/[^\x20-\x7E]/g, "?");
}
