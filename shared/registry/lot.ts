/**
 * Chance without chance: numbers that are as good as drawn, and the same whenever they are asked for the same. Pure. FNV-1a over the
 * words, and murmur3's finish, without which names that differ in their last letter would stay beside each other.
 */

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
