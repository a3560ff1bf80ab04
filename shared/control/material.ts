/**
 * What of a cut request is no goal: statements, tables and quotations are material of the request they stand beside, and a
 * question without words of its own goes with the one before it. Loses nothing: every piece ends up in some goal.
 */
import { ordersWithObject } from "./imperative.ts";
import { placeQuestionAt } from "./place.ts";
import { MASK, mask } from "./spans.ts";
import type { Piece } from "./split.ts";
import { AUXILIARIES, PREAMBLE, QUESTION_WORDS, STOP_WORDS, wordsIn } from "./words.ts";

/** Characters of a piece that can tell whether it asks for something. */
const HEAD = 300;

/** What asks for nothing (a statement, a quotation, a table, code) belongs to the request before it, or to the first. */
export function attachMaterial(pieces: readonly Piece[], isVerb: (word: string) => boolean): Piece[] {
  const joined: Piece[] = [];
  let material = "";
  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1];
    // "Please do the following:" asks for nothing that the next piece does not ask for.
    if (/:$/.test(piece.text) && wordsIn(piece.text).length <= 8 && next && !isMaterial(next, isVerb)) continue;
    const last = joined.at(-1);
    if (last && !material && leansOn(piece.text)) {
      const joiner = piece.joint ? `, ${piece.joint} ` : /[?!]$/.test(last.text) ? " " : ". ";
      joined[joined.length - 1] = { ...last, text: last.text + joiner + piece.text };
      continue;
    }
    if (!isMaterial(piece, isVerb)) {
      joined.push(material ? { ...piece, text: `${material}\n${piece.text}` } : piece);
      material = "";
    } else if (last) joined[joined.length - 1] = { ...last, text: `${last.text}\n${piece.text}` };
    else material = material ? `${material}\n${piece.text}` : piece.text;
  }
  if (material) joined.push({ text: material, joint: "" });
  return joined;
}

/** A question with no word to go by but what stands before it: "where is that written?", "and what does each of them do?" */
function leansOn(text: string): boolean {
  if (placeQuestionAt(text) > 0 && placeQuestionAt(text) === text.replace(/[\s?.!]+$/, "").length) return true;
  // What is masked holds words or numbers of its own: it counts as one.
  const words = wordsIn(mask(text).replaceAll(MASK, "x"));
  return QUESTION_WORDS.has(words[0] ?? "") && words.every((word) => SAYS_NOTHING.has(word));
}

const SAYS_NOTHING = new Set([...STOP_WORDS, ...QUESTION_WORDS, ...AUXILIARIES, "mean", "means", "so"]);
const SUBJECTS = new Set("the a an this these there i we he she it they our my its their in on at".split(" "));

/** Whether a piece only states something, or is a thing and no sentence. An order nobody knows is still an order. */
function isMaterial({ text }: Piece, isVerb: (word: string) => boolean): boolean {
  const masked = mask(text);
  if (!/[\p{L}\p{N}]/u.test(masked.replaceAll(MASK, ""))) return true;
  const words = wordsIn(masked.replace(PREAMBLE, "").slice(0, HEAD));
  const [first = ""] = words;
  if (masked.endsWith("?") || QUESTION_WORDS.has(first) || AUXILIARIES.has(first) || isVerb(first)) return false;
  if (ordersWithObject(words) && words[1] !== "this" && words[1] !== "these") return false;
  return SUBJECTS.has(first) || words.slice(1).some((word) => AUXILIARIES.has(word));
}
