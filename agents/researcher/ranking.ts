/**
 * Orders the passages that full-text search found. BM25 alone lets a passage that repeats one word win over one that
 * answers the whole question, so what counts first is how much of the question a passage holds. Pure.
 */
import type { Candidate } from "./corpus-store.ts";
import type { LineRun } from "./passage.ts";

/** One term of the question: how many passages of the corpus hold it, and which of the candidates do. */
export interface TermOccurrences {
  readonly passages: number;
  readonly held: ReadonlySet<number>;
}

export interface Hit {
  readonly document: string;
  readonly uri: string | null;
  readonly position: string;
  readonly text: string;
  /** How well it fits the question, 0 to 1: comparable within one question, and a hint across questions. */
  readonly score: number;
}

/** A hit whose line in the file is still to be found. */
export interface RankedPassage extends Hit {
  readonly lines?: readonly LineRun[];
}

/** A passage with less of the question's weight than this is about something else. */
const LEAST_COVERAGE = 0.15;

export function rankPassages(
  candidates: readonly Candidate[],
  terms: readonly TermOccurrences[],
  passages: number,
  limit: number,
): RankedPassage[] {
  const weights = weigh(terms, passages);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // BM25 is negative, the best most so; a corpus of very few passages can make it vanish.
  const best = Math.min(...candidates.map((candidate) => candidate.rank), -Number.EPSILON);
  return candidates
    .map((candidate) => {
      const covered = terms.reduce((sum, term, i) => sum + (term.held.has(candidate.id) ? (weights[i] ?? 0) : 0), 0) / (total || 1);
      const strength = Math.max(0, Math.min(1, candidate.rank / best));
      return { candidate, covered, score: covered * (0.6 + 0.4 * strength) };
    })
    .filter(({ covered }) => covered >= LEAST_COVERAGE)
    .sort((a, b) => b.score - a.score || a.candidate.id - b.candidate.id)
    .slice(0, limit)
    .map(({ candidate: { id: _, rank: __, ...passage }, score }) => ({ ...passage, score: Number(score.toFixed(3)) }));
}

/**
 * A rare term says more than one that is everywhere; the form is BM25's own, which is never negative. A word that the
 * corpus does not know counts as an average one: it must lower the score, but not outweigh all that is known.
 */
export function weigh(terms: readonly TermOccurrences[], passages: number): number[] {
  const known = terms.filter((term) => term.passages > 0).map((term) => rarity(term.passages, passages));
  const average = known.reduce((sum, weight) => sum + weight, 0) / (known.length || 1);
  return terms.map((term) => (term.passages > 0 ? rarity(term.passages, passages) : average));
}

function rarity(passagesWithTerm: number, passages: number): number {
  return Math.log(1 + (passages - passagesWithTerm + 0.5) / (passagesWithTerm + 0.5));
}
