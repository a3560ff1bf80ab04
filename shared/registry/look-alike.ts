/**
 * Names that could be taken for another's: a letter more or less alike, by the tables of Unicode Technical Standard 39. Pure.
 */
import unhomoglyph from "unhomoglyph";

/** What makes small letters, digits and dashes pass for others, beside what the standard says of them. */
const PAIRS = [
  ["vv", "w"],
  ["cl", "d"],
  ["0", "o"],
  ["-", ""],
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
  return PAIRS.reduce((text, [pair, letter]) => text.replaceAll(pair, letter), plain);
}
