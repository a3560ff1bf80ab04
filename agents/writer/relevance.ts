/**
 * How much a statement says about what is asked. Pure. Counts the wanted words it covers, rare words more than common ones;
 * words of its headings and of its document's name count half, because they say what it is about, not what it says.
 */

import type { Finding } from "../../shared/kit/finding.ts";
import type { Question, QuestionPart } from "./question.ts";
import { isResult, type Statement } from "./statement.ts";
import { hasNumber, likeness, type Terms, termsOf } from "./terms.ts";

export interface Weighed {
  readonly statement: Statement;
  readonly terms: Terms;
  readonly heading: Terms;
  /** The heading it stands under directly: what it is about, when the question says no more than that. */
  readonly topic: Terms;
  readonly result: boolean;
}

export type Score = (each: Weighed) => number;

/** One word in common is an accident, unless it weighs as much as all the others. */
const ACCIDENT = { answer: 0.5, report: 0.35 } as const;

export function weigh(statements: readonly Statement[]): Weighed[] {
  return statements.map((statement) => ({
    statement,
    terms: termsOf(statement.text),
    heading: termsOf(`${statement.heading} ${placeOf(statement.finding)}`),
    topic: termsOf(headingsOf(statement.finding).split(">").at(-1) ?? ""),
    result: isResult(statement.finding),
  }));
}

/** The document's name and the headings in a position, without its numbers. */
function placeOf(finding: Finding): string {
  return `${finding.source?.document ?? ""} ${headingsOf(finding)}`;
}

/** The headings in a position, the outermost first, without lines and pages. */
function headingsOf({ source }: Finding): string {
  return (source?.position ?? "").replace(/,?\s*\b(?:lines?|pages?|p\.) ?\d.*$/i, "");
}

export function scoresOver(
  pool: readonly Weighed[],
  { terms: wanted, form }: Question,
): { overall: Score; forPart: (part: QuestionPart) => Score } {
  const rarity = rarityOver(pool);
  const overall: Score = (each) => coverage(each, wanted, rarity);
  const forPart =
    (part: QuestionPart): Score =>
    (each) => {
      const own = coverage(each, part.terms, rarity);
      const accident = own < ACCIDENT[form] && sharedWords(each, part.terms) < 2 && !isItsTopic(each, part.terms);
      if (own === 0 || accident) return 0;
      const wantedKind = setsWhatIsAsked(each, part) ? 1.6 : part.wants === "quantity" && hasNumber(each.terms) ? 1.25 : 1;
      // A part speaks of "it" and "that": the whole question's words help it, but cannot answer it alone.
      return (0.65 * own + 0.35 * overall(each)) * wantedKind * (0.85 + 0.15 * fitOf(each)) * wholeness(each);
    };
  return { overall, forPart };
}

/** How well the search found the passage to fit, 0 to 1; unknown is the middle. */
export function fitOf({ statement }: Weighed): number {
  return Math.min(1, Math.max(0, statement.finding.source?.score ?? 0.5));
}

/** How much of a statement is said already by the most alike of the others, 0 to 1. */
export function repetition(each: Weighed, others: readonly Weighed[]): number {
  return Math.max(0, ...others.map((other) => (other === each ? 1 : likeness(each.terms, other.terms))));
}

/** Fragments, introductions to a list that is left out, and sentences that lean on the one before say less alone. */
function wholeness({ statement: { text, kind }, terms }: Weighed): number {
  // Code that sets nothing only shows: a line of a diagram or a command answers no question by itself.
  if (kind === "code" && !/^`?[\w."'-]+\s*[:=](?!=)/.test(text)) return 0.5;
  if (kind !== "sentence") return 1;
  if (terms.size < 4 || text.endsWith(":")) return 0.5;
  return /^(?:so|this|that|these|those|it|they|he|she|then|but|and)\b/i.test(text) ? 0.85 : 1;
}

/** "What is the floor" is answered by `floor: 0.4`, however much prose speaks of floors. */
function setsWhatIsAsked({ statement: { kind, text } }: Weighed, part: QuestionPart): boolean {
  const key = kind === "code" && part.asks ? text.match(/^`?([\w.-]+)\s*[:=]/)?.[1] : undefined;
  const terms = [...termsOf(key ?? "")];
  return terms.length > 0 && terms.every((term) => part.terms.has(term));
}

/** "What licence is it under?" is answered under the heading "Licence", however it is put there. */
function isItsTopic({ topic }: Weighed, wanted: Terms): boolean {
  return topic.size > 0 && [...topic].every((term) => wanted.has(term));
}

function sharedWords({ terms, heading }: Weighed, wanted: Terms): number {
  return [...wanted].filter((term) => terms.has(term) || heading.has(term)).length;
}

function coverage({ terms, heading }: Weighed, wanted: Terms, rarity: (term: string) => number): number {
  let all = 0;
  let covered = 0;
  for (const term of wanted) {
    const weight = rarity(term);
    all += weight;
    covered += weight * (terms.has(term) ? 1 : heading.has(term) ? 0.5 : 0);
  }
  return all === 0 ? 0 : covered / all;
}

function rarityOver(pool: readonly Weighed[]): (term: string) => number {
  const counts = new Map<string, number>();
  for (const { terms } of pool) for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return (term) => Math.log(1 + (pool.length + 1) / ((counts.get(term) ?? 0) + 0.5));
}
