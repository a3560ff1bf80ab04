/**
 * Questions about where an answer is from: "and where is that written?", "with sources". They ask for nothing by
 * themselves: without what is asked before them there is no "that" to look for. So they belong to the goal before.
 */

const THAT = "(?:that|this|it|these|those|they|all (?:of )?(?:that|this|it))";
const SAID =
  "(?:written|stated|said|found|defined|documented|described|specified|laid down|recorded|mentioned|explained|set(?: down| out)?|from)";
const DOCUMENT = "(?:documents?|files?|pages?|sections?|paragraphs?|chapters?|contracts?|sources?|places?|passages?|lines?|headings?)";
const SOURCES = "(?:sources?|citations?|references|source references)";

const PLACE = new RegExp(
  "^(?:" +
    [
      `where (?:exactly )?(?:is|are|was|were) ${THAT}(?: all| both)?(?: ${SAID})?(?: down)?`,
      `where (?:does|do|did) ${THAT} (?:come from|stand)`,
      `where (?:does|do|did) (?:it|they|the documents?) say (?:so|that|this)`,
      `where (?:can|could|do|did) (?:i|we|you|one) (?:read|find|see|look|check) ${THAT}(?: up| out)?`,
      `(?:in |on |at |from )?(?:which|what) ${DOCUMENT} (?:say|says|state|states|tell|tells|write|writes|define|defines) (?:so|that|this|it)`,
      `(?:in |on |at |from )?(?:which|what) ${DOCUMENT} (?:is|are|was|were) ${THAT}(?: ${SAID})?(?: in)?`,
      `(?:what|which|who) (?:is|are) (?:the|your) ${SOURCES}(?: (?:of|for) ${THAT})?`,
      `who says (?:so|that)`,
      `(?:with|including|cite|name|give|list|quote|show)(?: me)?(?: the| your| all| all the| numbered)? ${SOURCES}(?: (?:of|for) ${THAT})?`,
    ].join("|") +
    "),?(?: please)?(?=\\s*(?:[?.!,;]|$|\\n))",
  "i",
);
const OPENING = /^(?:[\s,;]|and\b|then\b|also\b|please\b|so\b|but\b|tell me\b|say\b|show me\b)+/i;

/** The length of the place question a text opens with; 0 when it opens with none. */
export function placeQuestionAt(text: string): number {
  const opening = OPENING.exec(text)?.[0].length ?? 0;
  const found = PLACE.exec(text.slice(opening));
  return found ? opening + found[0].length : 0;
}

/** The text without its place questions, for whoever asks what it builds on: their "that" means what stands beside them. */
export function withoutPlaceQuestions(text: string): string {
  return text
    .split(/(?<=[?.!,;])\s+|\s+(?=and\s)/)
    .filter((clause) => placeQuestionAt(clause) === 0)
    .join(" ");
}
