/**
 * The keys that cards are signed with: the variable CARD_SIGNING_KEYS, a JSON Web Key Set. Every private key in it signs,
 * so that during a rotation there are two signatures; a public one is only published, for cards that it signed earlier.
 * What is wrong with it is said without a word of its content.
 */
import { CompactSign, type CryptoKey, compactVerify, importJWK, type JWK } from "jose";
import * as v from "valibot";

export interface CardKeysEnv {
  /** JSON: `{ "keys": [ … ] }`, as `npm run card:key` makes it. A secret. */
  readonly CARD_SIGNING_KEYS?: string | undefined;
}

export interface Signer {
  readonly kid: string;
  readonly alg: "ES256" | "EdDSA";
  readonly key: CryptoKey;
}

export type CardKeys =
  | { readonly mode: "none" }
  | { readonly mode: "broken" }
  | { readonly mode: "ready"; readonly signers: readonly Signer[] /** Public parts only. */; readonly published: readonly JWK[] };

const base64url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/, "must be 32 bytes in base64url"));
const common = {
  kid: v.pipe(v.string("must be a text"), v.regex(/^[\x21-\x7e]{1,200}$/, "must be 1 to 200 printable characters without spaces")),
  x: base64url,
  d: v.exactOptional(base64url),
};
const keySet = v.object({
  keys: v.pipe(
    v.array(
      v.variant(
        "kty",
        [
          v.object({ ...common, kty: v.literal("EC"), crv: v.literal("P-256", 'must be "P-256"'), y: base64url }),
          v.object({ ...common, kty: v.literal("OKP"), crv: v.literal("Ed25519", 'must be "Ed25519"') }),
        ],
        'must be a JWK with "kty" EC (ES256) or OKP (EdDSA)',
      ),
      "must be a list",
    ),
    v.check(
      (keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length,
      "has one kid twice: a verifier could not tell the keys apart",
    ),
    v.check((keys) => keys.some(({ d }) => d !== undefined), "has no private key (d), so nothing could be signed"),
  ),
});
type Key = v.InferOutput<typeof keySet>["keys"][number];

/** One object, as there is one for each key set: what is kept for it is found again. */
const NONE: CardKeys = { mode: "none" };

let latest: { readonly text: string; readonly keys: CardKeys } | undefined;

/** The keys of this Worker, read once for as long as the variable stays as it is. A mistake is logged, once. */
export async function cardKeysOf({ CARD_SIGNING_KEYS: text = "" }: CardKeysEnv): Promise<CardKeys> {
  if (text.trim() === "") return NONE;
  if (latest?.text === text) return latest.keys;
  const read = await readKeys(text);
  if ("problem" in read) console.error(`cards cannot be signed, so none is served: CARD_SIGNING_KEYS${read.problem}`);
  const keys = "problem" in read ? ({ mode: "broken" } as const) : read;
  latest = { text, keys };
  return keys;
}

async function readKeys(text: string): Promise<(CardKeys & { mode: "ready" }) | { problem: string }> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own words would quote what is there.
    return { problem: ' is no JSON: set it to the file that "npm run card:key" makes' };
  }
  const result = v.safeParse(keySet, json);
  if (!result.success) {
    const [issue] = result.issues;
    const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key).slice(0, 40)}`)).join("");
    return { problem: `${path} ${issue.message.startsWith("Invalid") ? "is missing or of another kind" : issue.message}` };
  }
  const { keys } = result.output;
  const signers: Signer[] = [];
  for (const [index, key] of keys.entries()) {
    const signer = await importKey(key);
    if (signer === undefined) return { problem: `.keys[${index}] is no working key: make another one with "npm run card:key"` };
    if (signer !== "public") signers.push(signer);
  }
  return { mode: "ready", signers, published: keys.map(publicPart) };
}

/** @returns undefined when the numbers are no key, or its two halves do not belong together */
async function importKey(key: Key): Promise<Signer | "public" | undefined> {
  const alg = key.kty === "EC" ? "ES256" : "EdDSA";
  try {
    const published = await importJWK(publicPart(key), alg);
    if (key.d === undefined) return "public";
    const imported = (await importJWK({ ...publicPart(key), d: key.d }, alg)) as CryptoKey;
    // Tried before it is used: a signature that nobody can verify is worse than none.
    const probe = await new CompactSign(new Uint8Array(1)).setProtectedHeader({ alg }).sign(imported);
    await compactVerify(probe, published);
    return { kid: key.kid, alg, key: imported };
  } catch {
    return undefined;
  }
}

/** Named one by one, so that nothing else can come along. */
function publicPart(key: Key): JWK {
  const { kid, x } = key;
  const rest = { kid, x, use: "sig" };
  return key.kty === "EC"
    ? { kty: "EC", crv: "P-256", y: key.y, alg: "ES256", ...rest }
    : { kty: "OKP", crv: "Ed25519", alg: "EdDSA", ...rest };
}
