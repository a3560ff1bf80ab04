/**
 * Whether two answers to the same message say about the same: how they end, which numbers they name, most of their words, and what
 * their data is made of. A likeness, and no judgement of which one is right: two agents that err in the same way are alike. Pure and
 * symmetric; bounded work whatever was answered.
 */
import { stem } from "../control/terms.ts";
import { STOP_WORDS, wordsIn } from "../control/words.ts";
import { isObject, type Json, textOf } from "../task/a2a-types.ts";
import type { Answer } from "./answer.ts";
import { numbersIn } from "./numbers.ts";

/**
 * Dice's coefficient of the words that both have: 2·both / (one + other). Of the pairs in test/node/registry/likeness.test.ts, those that
 * say the same in other words have 0.57 and more, those that say another thing about the same subject 0.38 and less.
 */
const LEAST_IN_COMMON = 0.45;
/** Characters of text looked at; an answer has said what it says before that. */
const MOST_TEXT = 20_000;
/** Of data: below that, all is the same. */
const DEEPEST = 8;

/** Says of a task how it ended, of a message that it is an answer. */
type End = "answered" | "refused" | "asked" | "canceled" | "open";

export function alike(one: Answer, other: Answer): boolean {
  const end = endOf(one);
  if (end !== endOf(other)) return false;
  // Nobody acts on the words of a refusal or a question: that it was asked or refused is what it says.
  if (end !== "answered") return true;
  return filesOf(one) === filesOf(other) && isDataAlike(dataOf(one), dataOf(other)) && isTextAlike(wordingOf(one), wordingOf(other));
}

function endOf({ state }: Answer): End {
  switch (state) {
    case undefined:
    case "TASK_STATE_COMPLETED":
      return "answered";
    case "TASK_STATE_REJECTED":
    case "TASK_STATE_FAILED":
      return "refused";
    case "TASK_STATE_INPUT_REQUIRED":
    case "TASK_STATE_AUTH_REQUIRED":
      return "asked";
    case "TASK_STATE_CANCELED":
      return "canceled";
    default:
      return "open";
  }
}

/** How many files of which kind; what is in them is not looked at. */
function filesOf({ parts }: Answer): string {
  const files = parts.filter(({ raw, url }) => raw !== undefined || url !== undefined);
  return JSON.stringify(files.map(({ mediaType = "" }) => mediaType.toLowerCase()).sort());
}

function dataOf({ parts }: Answer): readonly Json[] {
  return parts.flatMap(({ data }) => (data === undefined ? [] : [data]));
}

/** As often as one has data, the other has; each time with the same members, of the same types. In whatever order. */
function isDataAlike(one: readonly Json[], other: readonly Json[]): boolean {
  const shapes = (data: readonly Json[]) => JSON.stringify(data.map((each) => shapeOf(each, 0)).sort());
  return shapes(one) === shapes(other);
}

/** Types of members, at every depth; of a list the kinds of its elements, because how many there are is what it says. */
function shapeOf(data: Json, depth: number): string {
  if (depth === DEEPEST) return "…";
  if (Array.isArray(data)) return `[${[...new Set(data.map((each) => shapeOf(each, depth + 1)))].sort().join("|")}]`;
  if (!isObject(data)) return data === null ? "null" : typeof data;
  const members = Object.entries(data).map(([key, value]) => `${JSON.stringify(key)}:${shapeOf(value, depth + 1)}`);
  return `{${members.sort().join(",")}}`;
}

function wordingOf({ parts, words }: Answer): string {
  return [textOf(parts), words]
    .filter((each) => each !== "")
    .join("\n\n")
    .slice(0, MOST_TEXT)
    .replace(OF_THE_HOUR, " ");
}

/** Time stamps, and the numbers that count a list's items: they differ between any two answers, or say nothing. */
const OF_THE_HOUR = /\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?|^[ \t]*\d{1,3}[.)](?=\s)/gmu;

function isTextAlike(one: string, other: string): boolean {
  const [numbers, others] = [one, other].map((text) => new Set(numbersIn(text).map(toNine)));
  if (!numbers || !others || !isSame(numbers, others)) return false;
  const [words, otherWords] = [wordsOf(one), wordsOf(other)];
  // A bare number is the whole answer, and what another one says around it adds nothing.
  if (numbers.size > 0 && (words.size === 0 || otherWords.size === 0)) return true;
  return share(words, otherWords) >= LEAST_IN_COMMON;
}

/** To nine digits: what is left of a fraction beyond them is how it was computed. */
function toNine(number: number): number {
  return Number(number.toPrecision(9));
}

/** Without those that every sentence has, unless there are no others; "no" and "not" are the answer where they stand. */
function wordsOf(text: string): ReadonlySet<string> {
  const all = wordsIn(text.replace(UNSPACED, " $& ")).filter((word) => !/^\d/u.test(word));
  const telling = all.filter((word) => !STOP_WORDS.has(word) || DENIALS.has(word));
  return new Set((telling.length > 0 ? telling : all).map(stem));
}

const DENIALS: ReadonlySet<string> = new Set(["no", "nor", "not", "without"]);
/** Scripts that put no space between words: each character counts as one. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;

function isSame(one: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}

/** Two that say nothing say the same. */
function share(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const both = [...one].filter((word) => other.has(word)).length;
  return one.size + other.size === 0 ? 1 : (2 * both) / (one.size + other.size);
}
