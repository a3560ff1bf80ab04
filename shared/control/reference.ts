/**
 * Whether a piece of a request builds on the pieces before it: by the words that join it, or by a word in it that stands
 * for what came before. A guess by rules: a dependency too many costs time, one too few costs the answer.
 */
import { withoutPlaceQuestions } from "./place.ts";
import { mask } from "./spans.ts";
import type { Piece } from "./split.ts";
import { wordsIn } from "./words.ts";

const JOINS =
  /\b(?:then|after that|from (?:that|these|those|them|it|this)|with (?:that|these|those|this)|using (?:that|these|those)|based on (?:that|these|those)|after this|from there|finally|afterwards?|lastly)\b/;

const STANDS_FOR_EARLIER: readonly RegExp[] = [
  // "from that", "is that written": that, these, those as a thing, not as a conjunction or before a noun.
  /\b(?:from|with|after|of|by|using|on|to|for|against|about|is|was|are|were|does|do|did|has|check|send|post|multiply|compare|add|write|summari[sz]e|verify|compose|deliver|convert|explain)\s+(?:that|this|these|those)(?=\s*(?:$|[.,;:?!]|\b(?:by|to|with|in|into|as|on|at|for|from|and|against|too|written|stated|found|said|defined|documented|set|so)\b))/i,
  /^(?:that|those|these|this)\s+(?:is|are|was|were)\b/i,
  // "the result", "the product": a result somebody must have produced; with "of" it is asked for here.
  /\bthe\s+(?:results?|product|total|outcome|answers?|findings?|draft|summary|report|above|former|latter|previous (?:one|result|answer))\b(?!\s+(?:of|for|from|about|on|column|table|against)\b)/i,
  /\b(?:both|all)\s+(?:of\s+)?(?:them|these|those|results|answers|findings)\b/i,
];
/** A pronoun this early in a piece has nothing before it in the piece to stand for. */
const EARLY = 4;

export function buildsOnEarlier({ text, joint }: Piece): boolean {
  const open = withoutPlaceQuestions(mask(text));
  if (JOINS.test(joint)) return true;
  if (STANDS_FOR_EARLIER.some((pattern) => pattern.test(open))) return true;
  return wordsIn(open)
    .slice(0, EARLY)
    .some((word) => word === "it" || word === "them" || word === "they" || word === "its" || word === "their");
}
