/**
 * A text as people see it, whatever its bytes are: for those that look for words in it. What is wrong with hiding is said in
 * deceiving-text.ts; nothing is judged here. Pure.
 */
import unhomoglyph from "unhomoglyph";

/** Formats, selectors and fillers: none of them has a shape of its own. */
const UNSEEN = /\p{Cf}|\p{Variation_Selector}|\u115F|\u1160|\u3164|\uFFA0/gu;

/** Without what nobody sees, and in compatibility form (NFKC). */
export function visibleIn(text: string): string {
  return text.replace(UNSEEN, "").normalize("NFKC");
}

/** The same, with letters of other alphabets as the Latin ones they look like. (UTS 39, 4) */
export function asItLooks(text: string): string {
  return visibleIn(text).replace(/[^\p{ASCII}]/gu, (letter) => {
    const like = unhomoglyph(letter);
    return /^\p{ASCII}+$/u.test(like) ? like : letter;
  });
}
