/**
 * The line of a passage that a question is best answered by, so that a source opens there and not where the passage
 * begins. Best effort: it compares words without their endings, and knows less of a language than the full-text index. Pure.
 */
import type { LineRun } from "./passage.ts";
import { joinedWords, type SearchTerm } from "./search-terms.ts";

/** A term of the question, and how much it tells. */
export interface WeighedTerm {
  readonly term: SearchTerm;
  readonly weight: number;
}

/** `speed: 44`, `maxHops = 5`. A comment is about a value, and gives none. */
const GIVES_VALUE = /^\s*(?!#|\/\/|\*|--|;)\S.*?[:=]\s*\S/;

/** @returns the number of the line in its file, or undefined when no line holds a term */
export function matchingLine(text: string, runs: readonly LineRun[], terms: readonly WeighedTerm[]): number | undefined {
  const sought = terms.map(({ term, weight }) => ({ phrases: phrasesOf(term), weight }));
  let best = { index: -1, weight: 0, value: false };
  for (const [index, line] of text.split("\n").entries()) {
    const words = plainWords(`${line} ${joinedWords(line)}`);
    const held = sought.filter(({ phrases }) => phrases.some((phrase) => words.includes(phrase)));
    const weight = held.reduce((sum, each) => sum + each.weight, 0);
    const value = GIVES_VALUE.test(line);
    if (weight > best.weight || (weight > 0 && weight === best.weight && value && !best.value)) best = { index, weight, value };
  }
  const run = runs.findLast(([index]) => index <= best.index);
  return best.index < 0 || run === undefined ? undefined : run[1] + best.index - run[0];
}

/** Its forms as the index is asked for them: each stands between double quotes. */
function phrasesOf({ match }: SearchTerm): string[] {
  return [...match.matchAll(/"([^"]*)"/g)].map(([, form = ""]) => plainWords(form));
}

/** Words in lower case, without marks and endings, each between spaces: what a phrase can be looked for in. */
function plainWords(text: string): string {
  const words =
    text
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return ` ${words.map(withoutEnding).join(" ")} `;
}

function withoutEnding(word: string): string {
  const stem = word.replace(/(?:ings?|ed|ies?|es|e|s|y)$/, "");
  return stem.length < 3 ? word : stem;
}
