/**
 * Whether a card is signed by its publisher: a JWS over one of its canonical forms, by a key from where the agent itself is. It
 * fetches nothing by itself and trusts no key for having been used before. Which rule does not hold is a value. (A2A 1.0.1, 8.4.3)
 */
import { base64url, calculateJwkThumbprint, decodeProtectedHeader, flattenedVerify, importJWK, type JWK } from "jose";
import type { Json, JsonObject } from "../../task/a2a-types.ts";
import { isObject } from "../json-object.ts";
import { asSdksReadIt, canonicalJson, withoutDefaults } from "./canonical-form.ts";

/** In the order in which they are looked for: of several signatures, the one that came furthest is spoken of. */
const FAULTS = [
  "unsigned",
  "unreadable",
  "other-algorithm",
  "no-key-named",
  "foreign-keys",
  "no-keys",
  "unknown-key",
  "unfit-key",
  "expired-key",
  "wrong-signature",
] as const;
export type SignatureFault = (typeof FAULTS)[number];

export interface BadSignature {
  readonly ok: false;
  readonly fault: SignatureFault;
  /** Such as `signatures[0]`. */
  readonly field: string;
  /** What does not hold, in words. */
  readonly rule: string;
  /** What is wrong and what to do, in one sentence. */
  readonly why: string;
}
export type Verified = { readonly ok: true; readonly keys: { readonly jku: string; readonly thumbprint: string } } | BadSignature;

export interface Verification {
  /** Where the agent is: its keys must be at the same origin. */
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Fetches a JSON Web Key Set; what is wrong with that is the end of a sentence about its address. */
  readonly keysAt: (jku: string) => Promise<{ readonly ok: true; readonly json: Json } | { readonly ok: false; readonly why: string }>;
}

/** A rotation needs two keys, and each may sign both forms; more would only be work. */
const MOST_SIGNATURES = 8;

const RULES = {
  unsigned: "is signed",
  unreadable: "is a JWS with a protected header",
  "other-algorithm": "is made with ES256 or EdDSA",
  "no-key-named": "names its key (kid) and where its keys are (jku)",
  "foreign-keys": "is by a key from where the agent is",
  "no-keys": "is by a key that can be fetched",
  "unknown-key": "is by a key that its publisher has",
  "unfit-key": "is by a public key for signatures of its algorithm",
  "expired-key": "is by a key that has not expired",
  "wrong-signature": "is over this very card",
} as const satisfies Record<SignatureFault, string>;

/**
 * @param card as it was received, with its signatures
 * @returns the key of the first signature that holds
 */
export async function verifyCard(card: JsonObject, { url, now, keysAt }: Verification): Promise<Verified> {
  const signatures = card["signatures"];
  if (!Array.isArray(signatures) || signatures.length === 0)
    return bad("unsigned", "signatures", "the card has no signature: sign it, as `npm run card:key` and the agent's CARD_SIGNING_KEYS do");
  const forms = formsOf(card);
  if (forms === undefined)
    return bad(
      "wrong-signature",
      "signatures",
      "the card has half a character in one of its texts, so nothing can be signed: mend the text",
    );

  // One look at each key set, however many signatures name it.
  const sets = new Map<string, ReturnType<Verification["keysAt"]>>();
  const keysOnce = (jku: string) => {
    const set = sets.get(jku) ?? keysAt(jku);
    sets.set(jku, set);
    return set;
  };
  let furthest: BadSignature | undefined;
  for (const [index, signature] of signatures.slice(0, MOST_SIGNATURES).entries()) {
    const verified = await verifyOne(signature, `signatures[${index}]`, forms, { url, now, keysAt: keysOnce });
    if (verified.ok) return verified;
    if (furthest === undefined || FAULTS.indexOf(verified.fault) > FAULTS.indexOf(furthest.fault)) furthest = verified;
  }
  return furthest as BadSignature;
}

/**
 * Base64url, as JWS has its payload. SDKs sign what they read, which is less than what is there when a card has fields of its own:
 * both forms count, because nothing is kept of a card but the fields that both have.
 */
function formsOf(card: JsonObject): readonly string[] | undefined {
  try {
    return [...new Set([withoutDefaults(card), asSdksReadIt(card)].map(canonicalJson))].map((form) => base64url.encode(form));
  } catch {
    return undefined;
  }
}

async function verifyOne(signature: Json, field: string, forms: readonly string[], { url, now, keysAt }: Verification): Promise<Verified> {
  const jws = isObject(signature) ? { protected: signature["protected"], signature: signature["signature"] } : {};
  if (typeof jws.protected !== "string" || typeof jws.signature !== "string")
    return bad("unreadable", field, "it has no `protected` or no `signature`: sign the card again");
  const header = headerOf(jws.protected);
  if (header === undefined) return bad("unreadable", field, "its protected header is no JSON in base64url: sign the card again");
  const { alg, kid, jku } = header;
  if (alg !== "ES256" && alg !== "EdDSA")
    return bad("other-algorithm", field, `it is made with ${shown(alg)}: sign the card with ES256 or EdDSA`);
  if (typeof kid !== "string" || typeof jku !== "string")
    return bad("no-key-named", field, "its protected header has no kid, or no jku: sign the card with both, so that its key can be found");
  const at = URL.parse(jku);
  if (at === null || at.origin !== new URL(url).origin)
    return bad("foreign-keys", field, `its keys are at ${shown(at?.origin)}: publish them at ${new URL(url).origin}, where the agent is`);

  const set = await keysAt(jku);
  if (!set.ok) return bad("no-keys", field, `its key set at ${shown(jku)} ${set.why}`);
  const keys = isObject(set.json) && Array.isArray(set.json["keys"]) ? set.json["keys"].filter(isObject) : undefined;
  if (keys === undefined) return bad("no-keys", field, `there is no JSON Web Key Set at ${shown(jku)}: serve { "keys": [ … ] } there`);
  const key = keys.find((each) => each["kid"] === kid);
  if (key === undefined)
    return bad(
      "unknown-key",
      field,
      `there is no key ${shown(kid)} at ${shown(jku)}: add it there, or sign the card with one that is there`,
    );
  const unfit = whyUnfit(key, alg);
  if (unfit !== undefined) return bad("unfit-key", field, `the key ${shown(kid)} ${unfit}`);
  if (isOver(key, now))
    return bad("expired-key", field, `the key ${shown(kid)} has expired or was revoked: sign the card with one that is in use`);
  return (await holds(jws as { protected: string; signature: string }, forms, key as JWK, alg))
    ? { ok: true, keys: { jku, thumbprint: await calculateJwkThumbprint(key as JWK) } }
    : bad("wrong-signature", field, `the key ${shown(kid)} has not signed this card, or it was changed since: sign it again as it is now`);
}

function headerOf(encoded: string): ReturnType<typeof decodeProtectedHeader> | undefined {
  try {
    return decodeProtectedHeader({ protected: encoded });
  } catch {
    return undefined;
  }
}

/** Whatever is missing of a key is found when it is imported. */
function whyUnfit(key: JsonObject, alg: "ES256" | "EdDSA"): string | undefined {
  if ("d" in key) return "is there with its private part, so everybody can sign with it: take it out of use";
  const [kty, crv] = alg === "ES256" ? ["EC", "P-256"] : ["OKP", "Ed25519"];
  if (key["kty"] !== kty || key["crv"] !== crv) return `is no key for ${alg}, which needs kty ${kty} and crv ${crv}: sign with one that is`;
  if (key["alg"] !== undefined && key["alg"] !== alg) return `is not for ${alg}: sign with one that is`;
  if (key["use"] !== undefined && key["use"] !== "sig") return "is not for signatures: sign with one whose use is sig";
  return undefined;
}

/** By the members that OpenID Federation 1.0 (8.7) has given to keys: seconds since the epoch, and an object. */
function isOver(key: JsonObject, now: number): boolean {
  const { exp, revoked } = key;
  return (exp !== undefined && exp !== null && !(typeof exp === "number" && now < exp * 1_000)) || isObject(revoked);
}

async function holds(
  jws: { readonly protected: string; readonly signature: string },
  forms: readonly string[],
  key: JWK,
  alg: "ES256" | "EdDSA",
): Promise<boolean> {
  for (const payload of forms) {
    try {
      await flattenedVerify({ ...jws, payload }, await importJWK(key, alg), { algorithms: [alg] });
      return true;
    } catch {
      // Over the other form, or over nothing that is here.
    }
  }
  return false;
}

function bad(fault: SignatureFault, field: string, why: string): BadSignature {
  return { ok: false, fault, field, rule: RULES[fault], why };
}

/** What others wrote, as much of it as a sentence may have. */
function shown(text: unknown): string {
  return typeof text === "string" ? JSON.stringify(text.slice(0, 120)) : "nothing";
}
