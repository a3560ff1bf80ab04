/**
 * Texts that say something else than what people see: characters that nobody sees, and letters of one script that pass for letters
 * of another in the middle of a word. Any language may be written; only in disguise it may not. Pure.
 */
import unhomoglyph from "unhomoglyph";

/**
 * Formats and controls (text that runs backwards, joins, tags), letters that are blank, and selectors of variants, of which there are
 * enough to hide a text in. (UTS 39, 5.4)
 */
const UNSEEN = /\p{Cc}|\p{Cf}|\p{Co}|\p{Cs}|[\u{E0100}-\u{E01EF}]|[\uFE00-\uFE0D]|[\u115F\u1160\u3164\uFFA0]/gu;
const LINE_OR_TAB = /[\t\n\r]/;
const JOINER = /\u200C|\u200D/;
/** Writing and pictures that cannot do without joiners have one of these before it. */
const JOINED =
  /(\p{Script=Arabic}|\p{Script=Devanagari}|\p{Script=Bengali}|\p{Script=Gujarati}|\p{Script=Gurmukhi}|\p{Script=Kannada}|\p{Script=Malayalam}|\p{Script=Oriya}|\p{Script=Sinhala}|\p{Script=Tamil}|\p{Script=Telugu}|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\uFE0F)$/u;

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const LATIN = /\p{Script=Latin}/u;
/** Of these scripts some letters look just like Latin ones. */
const LIKE_LATIN = /\p{Script=Cyrillic}|\p{Script=Greek}|\p{Script=Armenian}|\p{Script=Cherokee}|\p{Script=Coptic}|\p{Script=Lisu}/gu;
/** Letters of mathematics and of full width: nobody writes words in them but to be read otherwise than he is found. */
const DRESSED = /[\u{1D400}-\u{1D6A3}\uFF21-\uFF3A\uFF41-\uFF5A]/u;
/** As long as what is quoted of a text. */
const QUOTED = 40;

/** @returns what is wrong with the text, as the end of a sentence about it; undefined when nothing is */
export function whyDeceiving(text: string): string | undefined {
  for (const { 0: found, index } of text.matchAll(UNSEEN))
    if (!LINE_OR_TAB.test(found) && !(JOINER.test(found) && JOINED.test(text.slice(Math.max(0, index - 2), index))))
      return `has a character that nobody sees (${codeOf(found)}): take it out`;
  for (const [word] of text.matchAll(WORD)) {
    const odd = disguised(word);
    if (odd !== undefined)
      return `has a letter in "${word.slice(0, QUOTED)}" that only looks like one of the others (${codeOf(odd)}): write the word in one script`;
  }
  return undefined;
}

/** Letters that look like nothing else may stand among others: a word with µ or Ω in it is a unit or a formula. (UTS 39, 5.2) */
function disguised(word: string): string | undefined {
  const dressed = DRESSED.exec(word)?.[0];
  if (dressed !== undefined) return dressed;
  if (!LATIN.test(word)) return undefined;
  return word.match(LIKE_LATIN)?.find((letter) => LATIN.test(unhomoglyph(letter)));
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
