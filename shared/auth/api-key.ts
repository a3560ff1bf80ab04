/**
 * API keys: their text, what is kept of them, and whether one sent is one kept. A key is 256 random bits, so a single
 * SHA-256 keeps it: slow hashes are for words that people choose, which could be tried one after the other.
 */
import type { Scope } from "./principal.ts";

export interface KeyRecord {
  readonly id: string;
  /** SHA-256 of the whole text of the key, base64url. */
  readonly hash: string;
  readonly tenant: string;
  readonly app: string;
  readonly subject: string;
  readonly scopes: readonly Scope[];
  /** Milliseconds since the epoch. */
  readonly expires?: number;
}

export type KeyCheck = { readonly ok: true; readonly record: KeyRecord } | { readonly ok: false; readonly message: string };

const TEXT = /^skein_([0-9a-f]{8})_[A-Za-z0-9_-]{43}$/;
export const KEY_ID = /^[0-9a-f]{8}$/;
export const KEY_HASH = /^[A-Za-z0-9_-]{43}$/;
const SECRET_BYTES = 32;
const ID_BYTES = 4;
/** What an id that nobody has is compared with, so that asking for it takes as long. */
const NOBODY = "A".repeat(43);

/** A new key. Its text is shown once and kept nowhere; the hash is what is kept. */
export async function newKey(): Promise<{ id: string; text: string; hash: string }> {
  const id = [...crypto.getRandomValues(new Uint8Array(ID_BYTES))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const text = `skein_${id}_${base64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))}`;
  return { id, text, hash: await hashOf(text) };
}

/** @returns SHA-256, base64url */
export async function hashOf(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

/**
 * Whose key it is. An unknown id and a wrong secret get the same answer after the same work; only who holds the key is
 * told that it has expired.
 * @param now milliseconds since the epoch
 */
export async function checkKey(text: string, records: readonly KeyRecord[], now: number): Promise<KeyCheck> {
  const id = TEXT.exec(text)?.[1];
  if (id === undefined) return { ok: false, message: "the API key is malformed: send it whole, as it was printed (skein_…)" };
  const record = records.find((each) => each.id === id);
  const same = equal(await hashOf(text), record?.hash ?? NOBODY);
  if (record === undefined || !same)
    return {
      ok: false,
      message: "the API key is not one of this mesh's: it may have been removed, ask whoever runs the mesh for a new one",
    };
  if (record.expires !== undefined && record.expires <= now)
    return {
      ok: false,
      message: `the API key expired at ${new Date(record.expires).toISOString()}: ask whoever runs the mesh for a new one`,
    };
  return { ok: true, record };
}

/** Looks at every character, whatever the first ones were. Both are hashes of one length. */
function equal(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
