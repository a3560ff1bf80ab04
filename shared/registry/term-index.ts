/**
 * Which of many skills know the words of a need, and how much of the need that is. Kept in memory, made once for a catalogue. No
 * length and no count goes into it: what is said twice or at length is worth what is said once. Pure. (MiniSearch serves
 * the few skills of a plan; over thousands it took four times as long, and found fewer of the right ones first.)
 */

/** How much a word is worth where it stands: a name is chosen with care, a description also tells what is around. */
export interface Words {
  readonly weight: number;
  readonly terms: Iterable<string>;
}

/** A longer word with the same beginning, or a shorter one, for a word that nobody knows: worth so much of it. */
const BY_BEGINNING = 0.5;
const LEAST_BEGINNING = 5;
const MOST_BEGINNINGS = 20;

interface Posting {
  readonly documents: number[];
  readonly weights: number[];
}

export class TermIndex {
  readonly #postings = new Map<string, Posting>();
  readonly #size: number;
  readonly #scores: Float64Array;
  /** In order, to find those with the same beginning. Made when the first need has a word that nobody knows. */
  #vocabulary: readonly string[] | undefined;

  constructor(documents: readonly (readonly Words[])[]) {
    this.#size = documents.length;
    this.#scores = new Float64Array(documents.length);
    for (const [document, fields] of documents.entries()) {
      const best = new Map<string, number>();
      for (const { weight, terms } of fields) for (const term of terms) best.set(term, Math.max(weight, best.get(term) ?? 0));
      for (const [term, weight] of best) {
        const posting = this.#postings.get(term) ?? { documents: [], weights: [] };
        posting.documents.push(document);
        posting.weights.push(weight);
        this.#postings.set(term, posting);
      }
    }
  }

  /**
   * @param terms of the need, each once
   * @returns who knows any of it, by the document's number, and how much of the need each knows, 0..1, a word weighed by how few know it
   */
  match(terms: Iterable<string>): { readonly documents: readonly number[]; readonly shares: readonly number[] } {
    const scores = this.#scores;
    const documents: number[] = [];
    let whole = 0;
    for (const term of terms) {
      const known = this.#postings.get(term);
      const postings = known ? [known] : this.#withBeginning(term);
      const rarity = this.#rarity(postings.reduce((sum, posting) => sum + posting.documents.length, 0));
      whole += rarity;
      for (const posting of postings) add(posting, (known ? 1 : BY_BEGINNING) * rarity, scores, documents);
    }
    // A word by its beginning may be known by two others: never more than the whole.
    const shares = documents.map((document) => Math.min(1, (scores[document] ?? 0) / whole));
    for (const document of documents) scores[document] = 0;
    return { documents, shares };
  }

  /** Of BM25: near to nothing for what all know, and the most for what nobody knows, so that it is missed. */
  #rarity(known: number): number {
    return Math.log(1 + (this.#size - Math.min(known, this.#size) + 0.5) / (known + 0.5));
  }

  #withBeginning(term: string): readonly Posting[] {
    if (term.length < LEAST_BEGINNING) return [];
    this.#vocabulary ??= [...this.#postings.keys()].sort();
    const vocabulary = this.#vocabulary;
    let [low, high] = [0, vocabulary.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((vocabulary[middle] ?? "") < term) low = middle + 1;
      else high = middle;
    }
    const longer = vocabulary.slice(low, low + MOST_BEGINNINGS).filter((word) => word.startsWith(term));
    const shorter = Array.from({ length: term.length - LEAST_BEGINNING }, (_, cut) => term.slice(0, LEAST_BEGINNING + cut));
    return [...longer, ...shorter].flatMap((word) => this.#postings.get(word) ?? []);
  }
}

/** Counted loops: this is where the time of a search goes. */
function add({ documents, weights }: Posting, worth: number, scores: Float64Array, touched: number[]): void {
  for (let at = 0; at < documents.length; at++) {
    const document = documents[at] ?? 0;
    const before = scores[document] ?? 0;
    if (before === 0) touched.push(document);
    scores[document] = before + worth * (weights[at] ?? 0);
  }
}
