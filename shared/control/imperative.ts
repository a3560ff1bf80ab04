/**
 * Whether words stand like an order, though nobody knows the verb: without a subject, at the start of a clause, followed by
 * what is to be done with. English writes nouns and verbs alike, so it goes by what stands around the word; where that
 * leaves a doubt it says no, and the clause stays whole.
 */
import { AUXILIARIES, NOUNS_TOO, PARTICLES, QUESTION_WORDS, REQUEST_VERBS, STOP_WORDS } from "./words.ts";

/** What an object begins with, and what hardly ever follows a noun. */
const OBJECT_STARTS = new Set(
  "the a an it them me us him this these my our your his her its their each every all both some any".split(" "),
);
const COUNTS = new Set("one two three four five six seven eight nine ten twelve several many more another".split(" "));
/** Not verbs, whatever follows: they join, compare or place. */
const NO_VERBS = new Set(
  (
    "half twice double either neither whether not even quite rather almost perhaps maybe like unlike plus minus via versus per than " +
    "except including near inside outside beside besides behind beyond across along around among despite upon throughout towards " +
    "yet still else instead otherwise however therefore thus hence meanwhile sometimes often always never ever again soon later " +
    "earlier fewer less least worse better best worst last next new old good bad big small long short high low"
  ).split(" "),
);
/** Endings of nouns, adjectives and participles. "-ss" is none of them: to discuss, to pass. */
const NO_VERB_ENDING = /(?:[^s]s|ing|ed|ly|tion|sion|ment|ness|ity|ance|ence|ous|ful|ive|able|ible|al|ic|ism|ist|er|or|ship|hood|dom|ure)$/;

/** Whether the words could open an order whose verb no list knows, and have an object that only a verb takes. */
export function ordersWithObject(words: readonly string[]): boolean {
  const [first = "", second = "", third = ""] = words;
  if (!mayBeVerb(first)) return false;
  if (OBJECT_STARTS.has(second)) return words.length > 2 || !["the", "a", "an", "my", "our", "your", "its", "their"].includes(second);
  // "brew two pots", not "chapter two" or "chapter two of the book".
  return (COUNTS.has(second) || /^\d+$/.test(second)) && isContent(third);
}

/** The same for an object without an article: enough only where the words before it cannot go on. */
export function ordersBareObject([first = "", second = ""]: readonly string[]): boolean {
  return mayBeVerb(first) && isContent(second);
}

/** A verb on the list that is no noun as well: "calculate", but not "report". */
export function isOnlyVerb(word: string): boolean {
  return REQUEST_VERBS.has(word) && !NOUNS_TOO.has(word);
}

function mayBeVerb(word: string): boolean {
  if (!/^\p{Ll}{3,}(?:-\p{Ll}{3,})?$/u.test(word) || NO_VERB_ENDING.test(word)) return false;
  return isContent(word) && !NO_VERBS.has(word) && !COUNTS.has(word) && !PARTICLES.has(word);
}

function isContent(word: string): boolean {
  return /^\p{L}{2,}/u.test(word) && !STOP_WORDS.has(word) && !AUXILIARIES.has(word) && !QUESTION_WORDS.has(word);
}
