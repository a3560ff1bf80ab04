/**
 * The keys of envelopes: SKEIN_CHAIN_KEY, with which a mesh signs the chains that begin in it, SKEIN_CHAIN_KEYS, the public
 * keys of others whose chains it takes (and of its own former ones), and those that holders are given on the way. Each is
 * imported once. What is wrong with a variable is said without a word of its content.
 */
import { type CryptoKey, calculateJwkThumbprint, exportJWK, importJWK, type JWK } from "jose";
import * as v from "valibot";
import { BLOCK_ALGORITHM, type PrivateKey, type PublicKey } from "./block.ts";

/** What the chains of a mesh begin with. */
export interface ChainKey {
  readonly kid: string;
  readonly key: CryptoKey;
}
/** Whose chains are taken: public keys by their `kid`. */
export type ChainKeys = ReadonlyMap<string, CryptoKey>;

interface ChainKeysEnv {
  readonly SKEIN_CHAIN_KEY?: string;
  readonly SKEIN_CHAIN_KEYS?: string;
}

const bytes32 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
const publicPart = {
  kty: v.literal("OKP"),
  crv: v.literal("Ed25519"),
  x: bytes32,
  kid: v.exactOptional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,200}$/))),
};
const privateJwk = v.object({ ...publicPart, d: bytes32 });
const publicSet = v.object({ keys: v.array(v.object({ ...publicPart, d: v.exactOptional(v.never()) })) });

const MAKE_ONE = `make one with: node -p 'JSON.stringify(crypto.generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }))'`;
const NAME_THEM = 'set it to a JSON Web Key Set of public Ed25519 keys: { "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": … }] }';

let latest: { readonly texts: string; readonly keys: { sign?: ChainKey; verify: ChainKeys } } | undefined;

/**
 * The keys of this Worker, read once for as long as its variables stay as they are.
 * @returns no `sign` where no key is set: no chain begins there
 * @throws Error naming the variable, and what to set it to
 */
export async function chainKeys({ SKEIN_CHAIN_KEY: own = "", SKEIN_CHAIN_KEYS: others = "" }: ChainKeysEnv) {
  const texts = JSON.stringify([own, others]);
  if (latest?.texts === texts) return latest.keys;
  const verify = new Map<string, CryptoKey>();
  const sign = own.trim() === "" ? undefined : await ownKey(own, verify);
  if (others.trim() !== "") await addOthers(others, verify);
  const keys: { sign?: ChainKey; verify: ChainKeys } = { ...(sign && { sign }), verify };
  latest = { texts, keys };
  return keys;
}

async function ownKey(text: string, verify: Map<string, CryptoKey>): Promise<ChainKey> {
  const jwk = v.safeParse(privateJwk, parsed(text));
  if (!jwk.success) throw new Error(`SKEIN_CHAIN_KEY is no private Ed25519 key: ${MAKE_ONE}`);
  const { x, d, kid = await thumbprint(jwk.output.x) } = jwk.output;
  const key = await privateKeyOf({ kty: "OKP", crv: "Ed25519", x, d });
  const published = await publicKeyOf({ kty: "OKP", crv: "Ed25519", x });
  if (!key || !published) throw new Error(`SKEIN_CHAIN_KEY is no working key, its two halves do not belong together: ${MAKE_ONE}`);
  verify.set(kid, published);
  return { kid, key };
}

async function addOthers(text: string, verify: Map<string, CryptoKey>): Promise<void> {
  const set = v.safeParse(publicSet, parsed(text));
  if (!set.success) throw new Error(`SKEIN_CHAIN_KEYS is no set of public Ed25519 keys: ${NAME_THEM}`);
  for (const { x, kid: named } of set.output.keys) {
    const kid = named ?? (await thumbprint(x));
    const key = await publicKeyOf({ kty: "OKP", crv: "Ed25519", x });
    if (!key) throw new Error(`SKEIN_CHAIN_KEYS holds what is no working key: ${NAME_THEM}`);
    if (verify.has(kid)) throw new Error("SKEIN_CHAIN_KEYS has a kid twice, or that of SKEIN_CHAIN_KEY: give each key a kid of its own");
    verify.set(kid, key);
  }
}

function thumbprint(x: string): Promise<string> {
  return calculateJwkThumbprint({ kty: "OKP", crv: "Ed25519", x });
}

/** Callers reuse the keys they give, and envelopes come again: importing one costs more than using it. */
const KEPT = 256;
const publicKeys = new Map<string, CryptoKey>();
const privateKeys = new Map<string, CryptoKey>();

/** @returns undefined when the numbers are no key */
export async function publicKeyOf({ kty, crv, x }: PublicKey): Promise<CryptoKey | undefined> {
  const known = publicKeys.get(x);
  if (known) return known;
  const key = await imported({ kty, crv, x });
  if (key) keep(publicKeys, x, key);
  return key;
}

/** @returns undefined when the numbers are no key, or its two halves do not belong together */
export async function privateKeyOf({ kty, crv, x, d }: PrivateKey): Promise<CryptoKey | undefined> {
  const name = `${x}.${d}`;
  const known = privateKeys.get(name);
  if (known) return known;
  const key = await imported({ kty, crv, x, d, ext: true });
  // Not every runtime compares the halves when it imports them, but each works out the public one from the private one.
  if (!key || (await exportJWK(key)).x !== x) return undefined;
  keep(privateKeys, name, key);
  return key;
}

async function imported(jwk: JWK): Promise<CryptoKey | undefined> {
  try {
    return (await importJWK(jwk, BLOCK_ALGORITHM)) as CryptoKey;
  } catch {
    return undefined;
  }
}

function keep(keys: Map<string, CryptoKey>, name: string, key: CryptoKey): void {
  const [oldest] = keys.keys();
  if (keys.size >= KEPT && oldest !== undefined) keys.delete(oldest);
  keys.set(name, key);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words would quote what is there.
    return undefined;
  }
}
