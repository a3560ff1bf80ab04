/**
 * Cuts a request into the pieces that each ask for one thing, by rules, in the words of the request. Cuts too seldom
 * rather than too often: two wishes in one piece still get an answer, half a wish gets none.
 */
import { isOnlyVerb, ordersBareObject, ordersWithObject } from "./imperative.ts";
import { attachMaterial } from "./material.ts";
import { placeQuestionAt } from "./place.ts";
import { MASK, mask } from "./spans.ts";
import { termsOf } from "./terms.ts";
import { AUXILIARIES, NOUNS_TOO, PREAMBLE, QUESTION_WORDS, REQUEST_VERBS, wordsIn } from "./words.ts";

export type Piece = {
  readonly text: string;
  /** The words that joined it to what came before ("from that", "and then"), which say whether it builds on it. */
  readonly joint: string;
};

/** Characters of a request that are looked at. What comes after is material for its last goal, not more goals. */
const LONGEST = 20_000;
/** Characters of a clause that can tell whether it asks for something. */
const HEAD = 300;
/** Words of an order whose verb nobody knows, without an article: longer may be anything. */
const MOST_OF_A_STRANGER = 8;

/** @param verbs orders known from the cards' examples, beside the common ones */
export function split(request: string, verbs: ReadonlySet<string> = new Set()): Piece[] {
  const isVerb = (word: string) => REQUEST_VERBS.has(word) || verbs.has(word);
  const head = request.slice(0, LONGEST);
  const sentences = cut(head, sentenceEnds(mask(head), isVerb));
  const pieces = sentences.flatMap((sentence) => clauses(sentence, isVerb)).filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
  const joined = attachMaterial(pieces, isVerb);
  const last = joined.at(-1);
  if (last && request.length > LONGEST) joined[joined.length - 1] = { ...last, text: last.text + request.slice(LONGEST) };
  // "And then?" is nothing but a joint: then it is all there is.
  if (!last && /[\p{L}\p{N}]/u.test(head)) return [{ text: request.trim(), joint: "" }];
  return joined;
}

/** Offsets after which a new sentence, paragraph or list item begins. */
function sentenceEnds(masked: string, isVerb: (word: string) => boolean): number[] {
  const ends: number[] = [];
  // In lower case it may be an abbreviation that ended, unless what follows is a request of its own.
  for (const found of masked.matchAll(/(?<=[\p{L}\p{N})\uE000]{2}|\d)\.(?=\s+\p{Ll})/gu)) {
    const end = found.index + found[0].length;
    const next = masked.slice(end, end + HEAD).trimStart();
    if (opensRequest(next, isVerb) || ordersWithObject(openingWords(next)) || placeQuestionAt(next) > 0) ends.push(end);
  }
  for (const found of masked.matchAll(
    /[?!]+(?=\s)|;|(?<!(?:^|\n)\s*\(?(?:\d{1,2}|[a-z]))\.(?=\s+(?:[\p{Lu}\p{N}\uE000"“'(*-]|(?:then|from|with|after|using|and)\b))|\n\s*\n|\n(?=\s*(?:[-*•]|\d{1,2}[.)]|[a-z][)])\s)/gu,
  ))
    ends.push(found.index + found[0].length);
  // A list whose first item follows on the same line: "1) find … 2) calculate …".
  for (const found of masked.matchAll(/(?<=\s)(?=\(?\d{1,2}[)]\s+\p{L})/gu)) ends.push(found.index);
  return [...new Set(ends)].sort((one, other) => one - other);
}

function cut(text: string, at: readonly number[]): string[] {
  const edges = [0, ...at, text.length];
  return edges.slice(1).map((end, index) => text.slice(edges[index] ?? 0, end).trim());
}

const LIST_MARK = /^\s*(?:[-*•]|\(?\d{1,2}[.)]|[a-z][)])\s+/;
// Longest first: an alternation takes what it meets first.
const JOINT =
  /,?\s+and\s+(?:then|after that|from (?:that|these|those|them|it|there)|with that|also|finally)\b,?\s+|[,.]?\s+(?:and\s+)?(?:after that|from (?:that|these|those|them|it)|with that|after this|from there),?\s+|,?\s+then,?\s+|,?\s+and\s+|,\s+/giu;
const OPENING =
  /^(?:and\s+)?(?:then|after that|from (?:that|these|those|them|it|this)|with (?:that|these|those|this)|using (?:that|these|those)|based on (?:that|these|those)|after this|from there|finally|next|first(?:ly)?|second(?:ly)?|third(?:ly)?|lastly|afterwards?)\b[,:]?\s+/i;

/** One sentence into its clauses: cut at a joint only when both sides stand as requests of their own. */
function clauses(sentence: string, isVerb: (word: string) => boolean): Piece[] {
  const body = sentence.replace(LIST_MARK, "");
  const masked = mask(body);
  const pieces: Piece[] = [];
  let start = 0;
  let joint = "";
  for (const found of masked.matchAll(JOINT)) {
    const left = ends(masked.slice(start, found.index));
    const right = masked.slice(found.index + found[0].length).slice(0, HEAD);
    const side = { left, right, joint: found[0], said: body.slice(start, found.index) };
    if (placeQuestionAt(right) > 0 || !(standsBetween(side, isVerb) || ordersUnknown(side, isVerb))) continue;
    pieces.push(tidy(body.slice(start, found.index), joint));
    start = found.index + found[0].length;
    joint = found[0];
  }
  pieces.push(tidy(body.slice(start), joint));
  return pieces;
}

type Sides = {
  readonly left: string;
  readonly right: string;
  readonly joint: string;
  /** The left side unmasked. */
  readonly said: string;
};

function standsBetween({ left, right, joint }: Sides, isVerb: (word: string) => boolean): boolean {
  return standsAlone(left, isVerb) && opensRequest(right, isVerb) && !belongsTogether(left, right, joint, isVerb);
}

/** A joint between two orders of which one has a verb no list knows. */
function ordersUnknown({ left, right, joint, said }: Sides, isVerb: (word: string) => boolean): boolean {
  const [before, after] = [openingWords(left), openingWords(right)];
  const [first = ""] = after;
  if (isVerb(first)) {
    // "Juggle the torches and calculate 2+2": the first is the stranger.
    if (!isOnlyVerb(first) || after.length < 2 || isVerb(before[0] ?? "") || QUESTION_WORDS.has(before[0] ?? "")) return false;
    return before.length <= MOST_OF_A_STRANGER && (ordersWithObject(before) || ordersBareObject(before));
  }
  if (!standsAlone(left, isVerb) && !ordersWithObject(before)) return false;
  // "… agents that juggle and eat the fire", "if it is late and …": verbs of a clause within.
  if (/\b(?:that|which|who|if|when|while|because|to)\s+\p{Ll}+/u.test(left.replace(/^\S+\s+/, "")) && !/\bthen\b/i.test(joint))
    return false;
  if (ordersWithObject(after)) return true;
  const sum = termsOf(said).kinds.has("<expression>") && /[\d%)]\s*$/.test(said);
  return (/\bthen\b/i.test(joint) || (/\band\b/i.test(joint) && sum)) && ordersBareObject(after);
}

function openingWords(text: string): string[] {
  return wordsIn(text.replaceAll(MASK, "x").replace(OPENING, "").replace(PREAMBLE, ""));
}

function tidy(raw: string, joint: string): Piece {
  const trimmed = raw.trim();
  const opening = OPENING.exec(trimmed)?.[0] ?? "";
  const text = trimmed
    .slice(opening.length)
    .replace(/[\s;,.]+$/, "")
    .trim();
  return {
    text,
    joint: `${joint} ${opening}`
      .replace(/[\s,.:]+/g, " ")
      .trim()
      .toLowerCase(),
  };
}

/** Whether the left side of a joint is a request: it orders or asks, and says about what. */
function standsAlone(left: string, isVerb: (word: string) => boolean): boolean {
  const words = openingWords(left);
  const first = words[0] ?? "";
  const last = words.at(-1) ?? "";
  const asks =
    QUESTION_WORDS.has(first) || AUXILIARIES.has(first) || isVerb(first) || words.slice(1, 4).some((word) => QUESTION_WORDS.has(word));
  return asks && words.length >= 2 && !QUESTION_WORDS.has(last);
}

/** Whether the right side of a joint begins as a request does: an order with its object, or a question. */
function opensRequest(right: string, isVerb: (word: string) => boolean): boolean {
  const words = openingWords(right);
  const [first = "", second = ""] = words;
  if (QUESTION_WORDS.has(first)) return words.length >= 2;
  // "the sum and count of rows": what is followed by "of" was a noun.
  return isVerb(first) && words.length >= 2 && !["of", "or", "and", "is", "are", "was", "were"].includes(second);
}

/** Sides that stand for themselves and belong together all the same. */
function belongsTogether(left: string, right: string, joint: string, isVerb: (word: string) => boolean): boolean {
  const before = wordsIn(left);
  const last = before.at(-1) ?? "";
  const next = wordsIn(right.replace(PREAMBLE, ""))[0] ?? "";
  const rightAsks = QUESTION_WORDS.has(next);
  const conditional = /\b(?:if|when|once|whenever|unless)\b/i.test(left) && !QUESTION_WORDS.has(before[0] ?? "");
  // "if the floor is met, then stop": the second half is what follows, not what comes next.
  if (/\bthen\b/i.test(joint) && /^\s*(?:if|when|once)\b/i.test(left)) return true;
  if (/^,\s*$/.test(joint)) return conditional || !(rightAsks ? isQuestion(right) : hasObject(right));
  // "total stock and average price": words that are nouns as well, and nothing that only an order has.
  if (/^\s*and\s*$/i.test(joint) && NOUNS_TOO.has(before[0] ?? "") && NOUNS_TOO.has(next) && !hasObject(left) && !hasObject(right))
    return true;
  // "search and check documents": two verbs share one object.
  if (isVerb(last) && !["a", "an", "the", "this", "of", "my", "our", "each"].includes(before.at(-2) ?? "")) return !/\bthen\b/i.test(joint);
  // "what must I do to install and start it": one question whose verbs are a chain.
  // After a comma the chain has ended: "how many may it have, and write a report".
  const asks = before.slice(0, 4).some((word) => QUESTION_WORDS.has(word));
  const chained = asks && /\b(?:to|can|could|should|must|may|might|would|do i|do we|do you)\b/i.test(left);
  return chained && !rightAsks && !/\bthen\b|that\b/i.test(joint) && !(joint.includes(",") && hasObject(right));
}

const OBJECTS = new Set("the a an it them this that these those my our all each every both its their".split(" "));

const QUOTED_OBJECT = new RegExp(`^\\s*\\p{L}+\\s+${MASK}`, "u");

/** An order says upon what: "summarise them", "post \"hello\" to …", not "report number and date". */
function hasObject(side: string): boolean {
  return OBJECTS.has(wordsIn(side)[1] ?? "") || QUOTED_OBJECT.test(side);
}

/** After a comma only a full question begins a new piece: "…, what is the product", not "…, which is late". */
function isQuestion(right: string): boolean {
  const [first = "", second = ""] = wordsIn(right);
  if (first === "how") return /^(?:many|much|long|often|far)$/.test(second) || AUXILIARIES.has(second);
  return first !== "which" && first !== "who" && first !== "whose" && AUXILIARIES.has(second);
}

/** The beginning and the end of a long clause: nothing else of it is looked at, and clauses can be very long. */
function ends(clause: string): string {
  return clause.length <= 2 * HEAD ? clause : `${clause.slice(0, HEAD)} ${clause.slice(-HEAD)}`;
}
