/**
 * Chance without chance: numbers that are as good as drawn, and the same whenever they are asked for the same. Pure. FNV-1a over the
 * words, and murmur3's finish, without which names that differ in their last letter would stay beside each other. Whoever knows the words
 * can tell the number: where that would let somebody choose, the lot is drawn with a secret.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

const START = 0x811c9dc5;
const PRIME = 0x01000193;

/** @returns for each name a number of 0..1, 1 excluded: for the same words the same, for others unlike it */
export function lotsOf(...words: readonly string[]): (name: string) => number {
  const start = words.reduce((hash, word) => mixed(hash, `${word}\u0000`), START);
  return (name) => {
    let hash = mixed(start, name);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
  };
}

function mixed(start: number, text: string): number {
  let hash = start;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash;
}

/** @returns a number of 0..1, 1 excluded, that nobody can tell who has not the secret, however many others of it they have seen */
export function secretLot(secret: string, ...words: readonly string[]): number {
  const drawn = hmac(sha256, utf8ToBytes(secret), utf8ToBytes(JSON.stringify(words)));
  return new DataView(drawn.buffer, drawn.byteOffset).getUint32(0) / 2 ** 32;
}
