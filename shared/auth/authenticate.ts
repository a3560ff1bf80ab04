/**
 * From a request to a principal. The one seam through which every caller comes; it fails closed: without configured
 * authentication only a mesh in local mode answers, and only to its own machine. A shell: it reads headers, asks what
 * decides (bearer, api-key, rate-limit), and says in HTTP what came of it. What was sent is never echoed or logged.
 */
import { namesThisMachine } from "../net/public-address.ts";
import { checkKey, hashOf } from "./api-key.ts";
import { checkToken } from "./bearer.ts";
import { challengeOf, challengesFor, KEY_HEADER, type Problem } from "./challenge.ts";
import { CheckedTokens } from "./checked-tokens.ts";
import { type AuthConfiguration, type AuthTexts, type Issuer, readConfiguration } from "./configuration.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { LOCAL_PRINCIPAL, type Principal } from "./principal.ts";
import { isWithinRate, mayFailAgain, RATE_PERIOD_SECONDS, type RateLimitEnv } from "./rate-limit.ts";

export interface AuthEnv extends AuthTexts, RateLimitEnv {
  /** "1" on somebody's own machine: while nothing is configured, every caller is the local principal. */
  readonly SKEIN_LOCAL?: string;
}

export type Authentication =
  /**
   * Only within the mesh: `by`: those who gave the answer that the request carries, where they are others than the principal;
   * `deleted`: the task that began the chain, and with which this one is to be deleted.
   */
  | { ok: true; principal: Principal; by?: readonly Principal[]; deleted?: string }
  // How to authenticate is what every 401 has to say. (RFC 9110, 15.5.2)
  | { ok: false; status: 401; message: string; headers: { "WWW-Authenticate": string } }
  | { ok: false; status: 403 | 429 | 503; message: string; headers?: Record<string, string> };

type Required = AuthConfiguration & { mode: "required" };
type Refusal = Authentication & { ok: false };

/**
 * Who is calling. Requires nothing but an identity: what it may do is asked per operation, with `missingScope`.
 * @returns 401 with a challenge, 429 and 503 with `Retry-After` where there is something to wait for
 */
export async function authenticate(request: Request, env: AuthEnv): Promise<Authentication> {
  const configuration = configurationOf(env);
  switch (configuration.mode) {
    case "none":
      return withoutConfiguration(request, env);
    case "broken":
      return {
        ok: false,
        status: 503,
        message: "this mesh's authentication is misconfigured, so it serves nobody; its log says what to mend",
      };
    case "required": {
      const authentication = await identify(request, configuration);
      if (authentication.ok) return (await isWithinRate(env, authentication.principal)) ? authentication : tooOften("you have called");
      if (authentication.status === 401 && !(await mayFailAgain(env, request))) return tooOften("this address has failed to authenticate");
      return authentication;
    }
  }
}

function withoutConfiguration(request: Request, env: AuthEnv): Authentication {
  if (env.SKEIN_LOCAL !== "1") {
    return {
      ok: false,
      status: 503,
      message:
        "this mesh has no authentication configured, so it serves nobody: set AUTH_ISSUERS or AUTH_API_KEYS; on your own machine, start it with `npm run dev`",
    };
  }
  if (!namesThisMachine(new URL(request.url))) {
    return {
      ok: false,
      status: 401,
      message: "this mesh runs in local mode and answers only on loopback addresses such as http://127.0.0.1",
      headers: { "WWW-Authenticate": challengeOf("Loopback") },
    };
  }
  return { ok: true, principal: LOCAL_PRINCIPAL };
}

async function identify(request: Request, configuration: Required): Promise<Authentication> {
  const authorization = request.headers.get("Authorization");
  const key = request.headers.get(KEY_HEADER);
  if (authorization === null && key === null) return unauthorized(configuration, `who is calling? Send ${waysIn(configuration)}`);
  // Which of the two would count could only be guessed, and a guess could be a way round the other one.
  if (authorization !== null && key !== null)
    return unauthorized(configuration, `both Authorization and ${KEY_HEADER} were sent: send one of them`);

  if (key !== null) {
    if (configuration.keys.length === 0) return unauthorized(configuration, `no API keys are taken here: send ${waysIn(configuration)}`);
    const checked = await checkKey(key, configuration.keys, Date.now());
    if (!checked.ok) return unauthorized(configuration, checked.message, { scheme: "ApiKey", error: "invalid_key" });
    const { tenant, app, subject, scopes } = checked.record;
    return { ok: true, principal: { tenant, app, subject, scopes } };
  }
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return unauthorized(configuration, `Authorization is no single bearer token: send ${waysIn(configuration)}`);
  if (configuration.issuers.length === 0) return unauthorized(configuration, `no tokens are taken here: send ${waysIn(configuration)}`);
  const tokens = tokensOf(configuration);
  const hash = await hashOf(token);
  const known = tokens.find(hash, Date.now());
  if (known !== undefined) return { ok: true, principal: known };
  const checked = await checkToken(token, configuration.issuers, keysOf, Date.now());
  if (checked.ok) {
    const { principal, expires } = checked;
    tokens.keep(hash, principal, { now: Date.now(), expires });
    return { ok: true, principal };
  }
  if (checked.reason === "invalid") return unauthorized(configuration, checked.message, { scheme: "Bearer", error: "invalid_token" });
  return { ok: false, status: 503, message: checked.message, headers: { "Retry-After": String(checked.retryAfterSeconds) } };
}

function waysIn({ issuers, keys }: Required): string {
  const ways = [...(issuers.length > 0 ? ['"Authorization: Bearer <token>"'] : []), ...(keys.length > 0 ? [`"${KEY_HEADER}: <key>"`] : [])];
  return ways.join(" or ");
}

function unauthorized({ issuers, keys }: Required, message: string, problem?: Omit<Problem, "description">): Refusal {
  const offered = { tokens: issuers.length > 0, keys: keys.length > 0 };
  const challenges = challengesFor(offered, problem && { ...problem, description: message });
  return { ok: false, status: 401, message, headers: { "WWW-Authenticate": challenges } };
}

function tooOften(who: string): Refusal {
  const message = `${who} too often: wait ${RATE_PERIOD_SECONDS} s`;
  return { ok: false, status: 429, message, headers: { "Retry-After": String(RATE_PERIOD_SECONDS) } };
}

let latest: { readonly issuers: unknown; readonly keys: unknown; readonly configuration: AuthConfiguration } | undefined;

/** The configuration of a Worker, read once for as long as its variables stay as they are. A mistake is logged, once. */
export function configurationOf(env: AuthTexts): AuthConfiguration {
  const { AUTH_ISSUERS: issuers, AUTH_API_KEYS: keys } = env;
  if (latest?.issuers === issuers && latest?.keys === keys && latest) return latest.configuration;
  const configuration = readConfiguration(env);
  if (configuration.mode === "broken") console.error(`authentication is misconfigured, nobody is let in: ${configuration.problem}`);
  latest = { issuers, keys, configuration };
  return configuration;
}

const checkedTokens = new WeakMap<Required, CheckedTokens>();

/** What was found good under one configuration is not believed under another. */
function tokensOf(configuration: Required): CheckedTokens {
  const tokens = checkedTokens.get(configuration) ?? new CheckedTokens();
  checkedTokens.set(configuration, tokens);
  return tokens;
}

/** For as long as the isolate lives: what an issuer published is the same for all its callers. */
const issuerKeys = new Map<string, IssuerKeys>();

function keysOf(issuer: Issuer): IssuerKeys {
  const name = JSON.stringify([issuer.issuer, issuer.jwksUri, issuer.algorithms]);
  const keys = issuerKeys.get(name) ?? new IssuerKeys(issuer);
  issuerKeys.set(name, keys);
  return keys;
}
