/**
 * Chooses the statements that answer a question. Pure. Extractive: it ranks and leaves out, and never makes a sentence.
 * Each choice loses by repeating what was chosen before (maximal marginal relevance).
 */
import type { Question, QuestionPart } from "./question.ts";
import { fitOf, repetition, type Score, scoresOver, type Weighed, weigh } from "./relevance.ts";
import type { Statement } from "./statement.ts";

export interface Choice {
  /** What answers directly: results that were worked out, and the best statement for each part. */
  readonly direct: readonly Statement[];
  /** What else is worth saying, by part; without a part when the message asks for everything. */
  readonly details: readonly { readonly part?: QuestionPart; readonly statements: readonly Statement[] }[];
  /** Passages in which the matter is written, when that was asked. */
  readonly places: readonly Statement[];
  readonly unanswered: readonly QuestionPart[];
  /** False when nothing that was found speaks of the question: what is chosen is then only what the search ranked first. */
  readonly answers: boolean;
}

interface Wish {
  readonly limit: number;
  readonly score: Score;
  /** Only statements above this score. */
  readonly floor: number;
}

const MAX_RESULTS = 6;
const MAX_PLACES = 3;
const MAX_NEAREST = 3;
const DETAILS_OF_A_PART = { answer: 2, report: 12 } as const;
const MAX_STATEMENTS = { answer: 6, report: 24 } as const;

/** A statement below this share of the best one's score would be padding. */
const WORTH_SAYING = { answer: 0.6, report: 0.4 } as const;
/** Shared words, as part of all words, from which on a statement says nothing new. */
const SAYS_THE_SAME = 0.7;
const ANY = -1;

export function chooseStatements(question: Question, statements: readonly Statement[]): Choice {
  const pool = weigh(statements);
  const results = pool.filter((each) => each.result);
  const passages = pool.filter((each) => !each.result);
  const { overall, forPart } = scoresOver(pool, question);
  const chosen: Weighed[] = [];
  const take = (from: readonly Weighed[], wish: Wish) => takeBest(from, chosen, wish);

  // Results first: they were worked out for this question, so they need not share its words.
  const worked = take(results, { limit: MAX_RESULTS, score: overall, floor: ANY });
  const early = earliness(passages);
  if (question.terms.size === 0) {
    const openings = take(passages, { limit: MAX_STATEMENTS[question.form], score: early, floor: ANY });
    return everything(question, worked, openings.sort(byOrder));
  }

  const beyondPlaces = question.parts.filter((part) => part.wants !== "place");
  const asked = (beyondPlaces.length > 0 ? beyondPlaces : question.parts).map((part) => {
    const score = forPart(part);
    const top = Math.max(0, ...pool.map(score));
    return { part, score, top, floor: WORTH_SAYING[question.form] * top };
  });
  // The best of every part before any part's second: a statement belongs to the part it answers first.
  const firsts = asked.flatMap(({ score, floor }) => take(passages, { limit: 1, score, floor }));
  if (worked.length + firsts.length === 0) {
    const nearest = take(passages, { limit: MAX_NEAREST, score: (each) => overall(each) + early(each) / 100, floor: ANY });
    return { direct: nearest.map(toStatement), details: [], places: [], unanswered: [], answers: false };
  }

  const room = Math.max(1, Math.min(DETAILS_OF_A_PART[question.form], Math.floor(MAX_STATEMENTS[question.form] / asked.length)));
  const details = asked.map(({ part, score, floor }) => ({
    part,
    statements: take(passages, { limit: room, score, floor }).map(toStatement),
  }));
  return {
    direct: [...worked, ...firsts].map(toStatement),
    details: details.filter((each) => each.statements.length > 0),
    places: question.parts.filter((part) => part.wants === "place").flatMap((part) => placesOf(part, firsts, passages, forPart(part))),
    // A result has no words to match a part by: with one there, we do not claim that a number is missing.
    unanswered: asked
      // "And what does each of them do?" leans on the part before it: it has no words that a finding could lack.
      .filter(({ part, top }) => top === 0 && part.asks && part.terms.size > 0 && !(part.wants === "quantity" && worked.length > 0))
      .map(({ part }) => part),
    answers: true,
  };
}

/** "Summarise this": there are no words to go by, so it is the beginnings of the passages that fit best. */
function everything(question: Question, worked: readonly Weighed[], early: readonly Weighed[]): Choice {
  const direct = question.form === "report" ? [...worked, ...early.slice(0, 2)] : [...worked, ...early];
  const rest = early.filter((each) => !direct.includes(each)).map(toStatement);
  return {
    direct: direct.map(toStatement),
    details: rest.length > 0 ? [{ statements: rest }] : [],
    places: [],
    unanswered: [],
    answers: true,
  };
}

function takeBest(from: readonly Weighed[], chosen: Weighed[], { limit, score, floor }: Wish): Weighed[] {
  const taken: Weighed[] = [];
  let left = from.filter((each) => score(each) > floor).map((each) => ({ each, score: score(each), said: repetition(each, chosen) }));
  while (taken.length < limit) {
    left = left.filter(({ said }) => said < SAYS_THE_SAME);
    const [first, ...others] = left;
    if (!first) break;
    const value = (candidate: typeof first) => candidate.score * (1 - candidate.said / 2);
    const { each } = others.reduce((best, other) => (value(other) > value(best) ? other : best), first);
    taken.push(each);
    chosen.push(each);
    for (const candidate of left) candidate.said = Math.max(candidate.said, repetition(candidate.each, [each]));
  }
  return taken;
}

function earliness(passages: readonly Weighed[]): Score {
  const opening = new Map<unknown, number>();
  for (const { statement } of passages) if (!opening.has(statement.finding)) opening.set(statement.finding, statement.order);
  return (each) => (0.1 + fitOf(each)) / (1 + each.statement.order - (opening.get(each.statement.finding) ?? 0));
}

/** "Where is that written" points back at what was said; "where is the floor defined" has words of its own. */
function placesOf(part: QuestionPart, said: readonly Weighed[], passages: readonly Weighed[], score: Score): Statement[] {
  const ranked = passages.filter((each) => score(each) > 0).sort((one, other) => score(other) - score(one));
  const top = ranked[0] ? score(ranked[0]) : 0;
  const own = ranked.filter((each) => score(each) > WORTH_SAYING.answer * top);
  const seen = new Set<string>();
  return (part.terms.size === 0 || own.length === 0 ? said : own)
    .filter(({ statement: { finding } }) => {
      const key = `${finding.source?.document}\n${finding.source?.position}`;
      return finding.source !== undefined && !seen.has(key) && seen.add(key);
    })
    .slice(0, MAX_PLACES)
    .map(toStatement);
}

function byOrder(one: Weighed, other: Weighed): number {
  return one.statement.order - other.statement.order;
}

function toStatement({ statement }: Weighed): Statement {
  return statement;
}
