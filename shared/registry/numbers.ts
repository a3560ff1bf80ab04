/** The numbers that stand in an answer's words. Pure, and bounded whatever the text is. */

/** With thousands in commas, a point, and an exponent; not what is a part of a word or of a version (`x2`, `1.2.3`). */
const NUMBER = /(?<![\p{L}\p{N}_.])[-−+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+(?!\p{L}))?(?!\.?\d)/gu;
/** Characters looked at, and numbers taken: an answer says its number before that. */
const MOST_TEXT = 20_000;
const MOST_NUMBERS = 200;

/** In the order in which they stand there. */
export function numbersIn(text: string): number[] {
  const numbers: number[] = [];
  for (const [written] of text.slice(0, MOST_TEXT).matchAll(NUMBER)) {
    const number = Number(written.replaceAll(",", "").replace("−", "-"));
    if (Number.isFinite(number)) numbers.push(number);
    if (numbers.length === MOST_NUMBERS) break;
  }
  return numbers;
}

/**
 * The first number that is not merely repeated from the question: many answers begin with it ("15% of 80 = 12").
 *
 * @param wanted what counts although the question holds it too
 * @returns the first of all when every one is repeated; undefined when there is none
 */
export function firstNewNumber(
  answer: readonly number[],
  question: readonly number[],
  wanted: (number: number) => boolean,
): number | undefined {
  return answer.find((number) => wanted(number) || !question.includes(number)) ?? answer[0];
}
