/**
 * What a sentence claims that can be looked up: its numbers, its quotations and its proper names. Pure. It knows no
 * language but the typography of English: a name is what is written with capitals where a sentence needs none.
 */
import { type FoundNumber, numbersIn } from "./number.ts";

export type Claim =
  | { readonly kind: "number"; readonly text: string; readonly number: FoundNumber }
  | {
      readonly kind: "quotation";
      readonly text: string /** Each must be found; what an ellipsis left out need not. */;
      readonly fragments: readonly string[];
    }
  | { readonly kind: "name"; readonly text: string /** One of these must be found. */; readonly readings: readonly string[] };

const QUOTED = /"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»/g;
/** Joins the parts of one name: University of Oxford, Ludwig van Beethoven. */
const NAME =
  /\p{Lu}[\p{L}\p{N}]*(?:[’'-]\p{L}[\p{L}\p{N}]*)*(?:(?:\s(?:of|de|van|von|der|la))*\s\p{Lu}[\p{L}\p{N}]*(?:[’'-]\p{L}[\p{L}\p{N}]*)*)*|\p{Ll}+\p{Lu}[\p{L}\p{N}]*/gu;
/** Where a capital says nothing: at the beginning, and behind a colon, a dash, a quotation mark or a cell's edge. */
const BEGINS = /(?:^|[.:;!?|•·–—(["“„«…/])\s*$/;

const FUNCTION_WORDS = new Set(
  (
    "a an the this that these those it its he she they we you i his her their our your my one all any both each every few many more most " +
    "much no none not only other some such and or but nor so yet for as at by from in into of off on onto out over to under up with without " +
    "about above after again against among around because before behind below between beyond during except however if instead moreover " +
    "nevertheless now once since still than then there therefore thus till until when where whereas whether which while who whom whose why " +
    "how what is are was were be been being has have had do does did can could may might must shall should will would here yes also"
  ).split(" "),
);

export function claimsIn(text: string, { title = false } = {}): Claim[] {
  const numbers = numbersIn(text).map((number): Claim => ({ kind: "number", text: number.text, number }));
  const quotations = [...text.matchAll(QUOTED)].flatMap((match): Claim[] => {
    const quoted = match.slice(1).find((group) => group !== undefined) ?? "";
    const fragments = quoted
      .split(/\.{3}|…|(?<=[.!?])\s/)
      .map(exactWords)
      .filter((words) => words !== "");
    return fragments.length === 0 ? [] : [{ kind: "quotation", text: match[0], fragments }];
  });
  return [...numbers, ...quotations, ...(title ? [] : namesIn(text))];
}

/** A text as the words it is made of, so that punctuation and case neither hide nor fake a match. */
export function exactWords(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(" ");
}

/** The same, with plural and possessive taken off: Workers and Worker's are Worker. */
export function nameWords(text: string): string {
  const words =
    text
      .toLowerCase()
      .replace(/['’]s\b/gu, "")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.map((word) => (word.length > 3 ? word.replace(/(?<!s)s$/, "") : word)).join(" ");
}

function namesIn(text: string): Claim[] {
  return [...text.matchAll(NAME)].flatMap((match): Claim[] => {
    if (/[\p{L}\p{N}_]/u.test(text.charAt(match.index - 1))) return [];
    const begins = BEGINS.test(text.slice(0, match.index));
    const words = match[0].split(/\s/);
    const [first = "", ...rest] = words;
    const name = FUNCTION_WORDS.has(first.toLowerCase()) ? rest.join(" ").replace(/^(?:(?:of|de|van|von|der|la)\s)+/, "") : match[0];
    if (nameWords(name) === "" || /^\p{Lu}$/u.test(name)) return [];
    // "Yesterday Marie Curie": the first word of a sentence has its capital from there, and may be none of the name.
    if (begins && name === first && !isUnmistakable(first)) return [];
    const readings = begins && rest.length > 0 && name === match[0] && !isUnmistakable(first) ? [name, rest.join(" ")] : [name];
    return [{ kind: "name", text: name, readings: readings.map(nameWords).filter((words) => words !== "") }];
  });
}

/** SQLite, HTTP, A2A: capitals that no beginning of a sentence explains. */
function isUnmistakable(word: string): boolean {
  return /^.+[\p{Lu}\p{N}]/u.test(word);
}
