/**
 * A bearer token, checked: from a JWT to a principal, or to the one thing that is wrong with it. What the token says about
 * itself chooses only among configured issuers; it never leads to an address, a key or an algorithm. (RFC 7519, RFC 8725)
 */
import { decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import { type Issuer, LONGEST_NAME } from "./configuration.ts";
import { type IssuerKeys, IssuerUnavailable } from "./issuer-keys.ts";
import type { Principal } from "./principal.ts";
import { scopesIn } from "./scope.ts";

export type TokenCheck =
  /** `expires`: the token's own end, milliseconds since the epoch. */
  | { readonly ok: true; readonly principal: Principal; readonly expires: number }
  | { readonly ok: false; readonly reason: "invalid"; readonly message: string }
  | { readonly ok: false; readonly reason: "unavailable"; readonly message: string; readonly retryAfterSeconds: number };

/** Clocks differ; a token is good for so much longer, and earlier. Seconds. */
export const SKEW_SECONDS = 30;
/** Above what issuers make and below what the platform takes in a header. */
export const LONGEST_TOKEN = 8 * 1024;
/** OpenID Connect allows 255 characters (Core 1.0, 2). */
const LONGEST_SUBJECT = 255;
/** An access token, an ID token, or one that does not say. Others were made for another purpose. (RFC 8725, 3.11; RFC 9068, 2.1) */
const TYPES = ["jwt", "at+jwt"];
/** Where issuers say which app a token was made for. (OpenID Connect Core 1.0, 2; RFC 9068, 2.2) */
const APP_CLAIMS = ["azp", "client_id"] as const;

/**
 * @param keysOf the keys of a configured issuer
 * @param now milliseconds since the epoch
 */
export async function checkToken(
  token: string,
  issuers: readonly Issuer[],
  keysOf: (issuer: Issuer) => IssuerKeys,
  now: number,
): Promise<TokenCheck> {
  if (token.length > LONGEST_TOKEN) return invalid(`the token has more than ${LONGEST_TOKEN} characters: ask its issuer for a smaller one`);
  const claimed = issuerIn(token);
  if (claimed === undefined) return invalid("the token is no JWT with an issuer: send a signed JWT (header.payload.signature)");
  const issuer = issuers.find((each) => each.issuer === claimed);
  if (issuer === undefined)
    return invalid(
      `the token is from an issuer that this mesh does not know: it takes tokens of ${issuers.map((each) => each.issuer).join(", ")}`,
    );
  const keys = keysOf(issuer);
  try {
    const { payload, protectedHeader } = await jwtVerify(token, (header, jws) => keys.find(header, jws), {
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      algorithms: [...issuer.algorithms],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(now),
      requiredClaims: ["sub", "exp"],
    });
    const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, "") ?? "jwt";
    if (!TYPES.includes(type)) return invalid("the token is of a type (typ) made for another purpose: send an access token");
    // Whoever holds it is not enough for such a token, and more than holding it cannot be shown here. (RFC 7800)
    if (payload["cnf"] !== undefined)
      return invalid("the token is bound to a key (cnf), which is not checked here: ask for a plain bearer token");
    return toPrincipal(issuer, payload);
  } catch (error) {
    if (error instanceof IssuerUnavailable)
      return { ok: false, reason: "unavailable", message: error.message, retryAfterSeconds: error.retryAfterSeconds };
    return invalid(explain(error, issuer));
  }
}

/** Not believed, only looked up. */
function issuerIn(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === "string" ? iss : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A subject is unique only within its issuer (OpenID Connect Core 1.0, 2), so the issuer is part of it, whatever the tenant
 * is. An issuer has no space in it, nor has the subject of an API key: no two principals can be confused.
 */
function toPrincipal(issuer: Issuer, payload: JWTPayload): TokenCheck {
  const subject = textIn(payload, "sub", LONGEST_SUBJECT);
  const tenant = issuer.tenantClaim === undefined ? (issuer.tenant ?? issuer.issuer) : textIn(payload, issuer.tenantClaim);
  // The first that is there, also when it is no name: passed over, its bearer would be taken for the caller without an app.
  const appClaim = issuer.appClaim ?? APP_CLAIMS.find((claim) => own(payload, claim) !== undefined);
  const app = appClaim === undefined ? "" : textIn(payload, appClaim);
  for (const [claim, value] of [
    ["sub", subject],
    [issuer.tenantClaim, tenant],
    [appClaim, app],
  ] as const)
    if (value === undefined)
      return invalid(
        `the token's claim "${claim}" must be a text, neither empty nor longer than ${claim === "sub" ? LONGEST_SUBJECT : LONGEST_NAME} characters, without control characters`,
      );
  const scopes =
    issuer.scopeClaim === undefined ? scopesIn(own(payload, "scope"), own(payload, "scp")) : scopesIn(own(payload, issuer.scopeClaim));
  return {
    ok: true,
    principal: { tenant: tenant ?? "", app: app ?? "", subject: `${issuer.issuer} ${subject}`, scopes },
    expires: (payload.exp ?? 0) * 1_000,
  };
}

function textIn(payload: JWTPayload, claim: string, longest = LONGEST_NAME): string | undefined {
  const value = own(payload, claim);
  const isName = typeof value === "string" && value !== "" && value.length <= longest && value.isWellFormed() && !/\p{Cc}/u.test(value);
  return isName ? value : undefined;
}

/** Claims are named by configuration: none of them may be a property that every object has. */
function own(payload: JWTPayload, claim: string): unknown {
  return Object.hasOwn(payload, claim) ? payload[claim] : undefined;
}

function invalid(message: string): TokenCheck {
  return { ok: false, reason: "invalid", message };
}

/** What is wrong and what to do, in words of our own: nothing of the token comes back but its times. */
function explain(error: unknown, issuer: Issuer): string {
  if (error instanceof errors.JWTExpired) {
    const { exp } = error.payload;
    const at = exp !== undefined && Math.abs(exp) < 1e11 ? ` at ${new Date(exp * 1000).toISOString()}` : "";
    return `the token expired${at}: get a new one`;
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === "missing") return `the token has no claim "${error.claim}", which is required`;
    if (error.claim === "aud") return `the token is for another audience: ask for one with aud ${issuer.audience.join(" or ")}`;
    if (error.claim === "nbf") return "the token is not valid yet: wait, or set the clock of whoever made it right";
    return `the token's claim "${error.claim}" is not as it must be`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return `the token is signed with an algorithm that is not taken here: use ${issuer.algorithms.join(", ")}`;
  if (error instanceof errors.JWKSNoMatchingKey) return "the token is signed with a key that its issuer does not publish: get a new token";
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return "the token does not say which of its issuer's keys signed it: it needs a kid";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "the token's signature is wrong: send it as the issuer made it";
  if (error instanceof errors.JOSEError) return "the token is no JWT that can be checked here: send a signed JWT as its issuer made it";
  console.warn(`a token of ${issuer.issuer} could not be checked: ${error instanceof Error ? error.message : "unknown"}`);
  return "the token cannot be checked with its issuer's key: tell whoever runs the issuer";
}
