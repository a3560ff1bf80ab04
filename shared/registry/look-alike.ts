/**
 * Letters that pass for others: names that could be taken for another agent's, and texts that say something else than what is
 * seen. By the tables of Unicode Technical Standard 39. Pure.
 */
import unhomoglyph from "unhomoglyph";

/** Pairs that only these names' small letters, digits and dashes can make, beside those of the standard. */
const PAIRS = [
  ["vv", "w"],
  ["cl", "d"],
  ["0", "o"],
  ["-", ""],
] as const;

/** Two names with the same one are hard to tell apart. (UTS 39, 4) */
function skeleton(name: string): string {
  // The standard has capitals among its prototypes: small letters first, and once more after.
  const plain = unhomoglyph(name.normalize("NFKC").toLowerCase()).toLowerCase();
  return PAIRS.reduce((text, [pair, letter]) => text.replaceAll(pair, letter), plain);
}

/** @returns the first of the names that this one could be taken for; never itself */
export function looksLike(name: string, others: readonly string[]): string | undefined {
  const own = skeleton(name);
  return others.find((other) => other !== name && skeleton(other) === own);
}

/**
 * What nobody sees, or sees otherwise than it is written: formats and controls (text that runs backwards, joins, tags), and
 * selectors of variants, of which there are enough to hide a text in. Line ends and tabs are seen.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u{FE00}-\u{FE0D}\u{E0100}-\u{E01EF}\u115F\u1160\u3164\uFFA0]/gu;
const SEEN = /[\t\n\r]/;
/** Scripts and pictures that need joiners have letters of theirs beside them. */
const JOINER = /[\u200C\u200D]/;
const JOINED =
  /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Telugu}\p{Extended_Pictographic}\uFE0F\p{Emoji_Modifier}]$/u;

/** @returns what is wrong with a text's letters, as the end of a sentence about it; undefined when nothing is */
export function whyDeceiving(text: string): string | undefined {
  for (const { 0: found, index } of text.matchAll(UNSEEN)) {
    if (SEEN.test(found) || (JOINER.test(found) && JOINED.test(text.slice(0, index)))) continue;
    return `has a character that nobody sees (${codeOf(found)}): take it out`;
  }
  for (const [word] of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    const odd = oddLetter(word);
    if (odd !== undefined)
      return `has a letter in "${word.slice(0, 40)}" that only looks like another (${odd}, ${codeOf(odd)}): write it in one script`;
  }
  return undefined;
}

/** Mixed with Latin letters, these pass for them. Whole words of another script are a language. (UTS 39, 5.2) */
const PASSES_FOR_LATIN = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}]/u;
const LATIN = /\p{Script=Latin}/u;

function oddLetter(word: string): string | undefined {
  // As it is read: letters of mathematics and of full width are letters in another dress, and no word is written in them.
  const dressed = /[\u{1D400}-\u{1D7FF}\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}]/u.exec(word)?.[0];
  if (dressed !== undefined) return dressed;
  if (!LATIN.test(word)) return undefined;
  const foreign = PASSES_FOR_LATIN.exec(word)?.[0];
  // Such as µm: a unit, or a formula, looks like no Latin word.
  return foreign !== undefined && unhomoglyph(foreign) !== foreign ? foreign : undefined;
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
