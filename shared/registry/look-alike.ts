/**
 * Names that could be taken for another's: a letter more or less alike, by the tables of Unicode Technical Standard 39. Pure.
 */
import unhomoglyph from "unhomoglyph";

/**
 * What else passes for what among small letters, digits and dashes. From letters to pairs, as in the standard: the other way it would
 * be a matter of where one begins.
 */
const PASSES_FOR = [
  ["-", ""],
  ["w", "vv"],
  ["d", "cl"],
] as const;

/** @returns the first of the names that this one could be taken for; never itself */
export function looksLike(name: string, others: readonly string[]): string | undefined {
  const own = skeleton(name);
  return others.find((other) => other !== name && skeleton(other) === own);
}

/** Two names with the same one are hard to tell apart. (UTS 39, 4) */
function skeleton(name: string): string {
  // The standard has capitals among its prototypes, and small letters that look like others: small before, and small after.
  const plain = unhomoglyph(name.normalize("NFKC").toLowerCase()).toLowerCase();
  return PASSES_FOR.reduce((text, [letter, like]) => text.replaceAll(letter, like), plain);
}
