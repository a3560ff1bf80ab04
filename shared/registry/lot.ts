/**
 * Chance without chance: a number that is as good as drawn, and the same whenever it is asked for the same. Pure.
 */

/** @returns 0..1, 1 excluded, spread evenly over the words (FNV-1a, and murmur3's finish) */
export function lotOf(...words: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const character of words.join("\u0000")) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
