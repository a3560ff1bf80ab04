/**
 * Secrets that callers leave with us, as they are kept: encrypted with a key that is not in the database (JWE, AES-256-GCM),
 * and bound to what they belong to, so that a box moved to another place stays shut. What is wrong with the keys is said
 * without a word of their content.
 */
import { CompactEncrypt, compactDecrypt } from "jose";

export interface SecretsEnv {
  /** 32 random bytes in base64; two, separated by a comma, while one takes the other's place. A secret. */
  readonly SKEIN_SECRETS_KEY?: string | undefined;
}

interface SecretKey {
  readonly kid: string;
  readonly bytes: Uint8Array;
}

export type SecretKeys =
  | { readonly ok: true /** The first one shuts, each of them opens. */; readonly keys: readonly [SecretKey, ...SecretKey[]] }
  | { readonly ok: false; readonly problem: string };

const KEY_BYTES = 32;
const METHOD = { alg: "dir", enc: "A256GCM" } as const;

/** @returns the keys, or what an operator has to set */
export async function readSecretKeys({ SKEIN_SECRETS_KEY: text = "" }: SecretsEnv): Promise<SecretKeys> {
  const written = text.split(",").map((each) => each.trim());
  if (written.every((each) => each === "")) return { ok: false, problem: "SKEIN_SECRETS_KEY is not set" };
  const keys: SecretKey[] = [];
  for (const each of written) {
    const bytes = bytesOf(each);
    if (bytes?.length !== KEY_BYTES) return { ok: false, problem: `SKEIN_SECRETS_KEY must be ${KEY_BYTES} bytes in base64` };
    keys.push({ kid: await idOf(bytes), bytes });
  }
  return { ok: true, keys: keys as [SecretKey, ...SecretKey[]] };
}

/** @param place what the secrets belong to; only with the same words they can be had again */
export async function seal(secrets: object, { keys: [key] }: SecretKeys & { ok: true }, place: string): Promise<string> {
  const box = new CompactEncrypt(new TextEncoder().encode(JSON.stringify(secrets)));
  return box.setProtectedHeader({ ...METHOD, kid: key.kid, place }).encrypt(key.bytes);
}

/** @throws Error when the box was shut with another key, for another place, or was tampered with */
export async function unseal(box: string, { keys }: SecretKeys & { ok: true }, place: string): Promise<unknown> {
  const keyOf = ({ kid }: { kid?: string }): Uint8Array => {
    const key = keys.find((each) => each.kid === kid);
    if (!key) throw new Error("no key of SKEIN_SECRETS_KEY opens this box");
    return key.bytes;
  };
  const { plaintext, protectedHeader } = await compactDecrypt(box, keyOf, {
    keyManagementAlgorithms: [METHOD.alg],
    contentEncryptionAlgorithms: [METHOD.enc],
  });
  // The header is authenticated together with the content.
  if (protectedHeader["place"] !== place) throw new Error("this box belongs to another place");
  return JSON.parse(new TextDecoder().decode(plaintext)) as unknown;
}

/** Tells keys apart, and tells nothing of them. */
async function idOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash.slice(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
