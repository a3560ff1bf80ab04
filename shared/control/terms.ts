/**
 * What a text offers for recognising a skill: its stemmed words, the order it opens with, and the kinds of thing it
 * holds. Goals and the cards' examples go through the same function: "12*7" fits a skill whose examples hold "0.95^5",
 * because both hold an `<expression>`. No skill and no agent is named here.
 */
import { tableBlocks } from "./spans.ts";
import {
  ARITHMETIC,
  AUXILIARIES,
  BEFORE_QUESTION,
  LIGHT,
  PARTICLES,
  PHRASAL,
  PREAMBLE,
  QUESTION_WORDS,
  REQUEST_VERBS,
  STOP_WORDS,
  WRAPPED_QUESTION,
  wordsIn,
} from "./words.ts";

export type Kind = "<expression>" | "<amount>" | "<url>" | "<table>" | "<file>" | "<question>" | "<quantity>";

export type Terms = {
  /** How it speaks: it orders, asks with a question word ("plain"), asks for a yes or a no, or names what is wanted. */
  readonly mood: "order" | "plain-question" | "yes-or-no" | "thing";
  /** Stems, each once, without the opening order. */
  readonly words: readonly string[];
  /** The stem of the order the text opens with; null when it asks or merely states. */
  readonly order: string | null;
  readonly kinds: ReadonlySet<Kind>;
};

const KINDS: readonly (readonly [Kind, RegExp])[] = [
  // Numbers joined by an operator, a percentage of something, a function, one unit into another.
  [
    "<expression>",
    /\d\s*[\^*×÷+]\s*\(?-?[\d.]|\d\s+[-/]\s+\d|\d\/\d|\d\s*%\s+of\s|\b(?:sqrt|log|ln|sin|cos|tan|abs|min|max|round)\s*\(|\d\s*°?\s?[a-z]{1,7}\s+(?:in|to|into)\s+[a-z]+\s*\??$/i,
  ],
  // Numbers in a list, to be added up or the like.
  ["<expression>", /\b(?:of|between|add|multiply|divide|subtract|deduct)\s+[\d.]+(?:\s*,\s*[\d.]+)*,?\s+(?:and|by|from|to)\s+[\d.]+/i],
  [
    "<expression>",
    /\d\s+(?:plus|minus|times|multiplied by|divided by|to the power of|mod)\s+[\d(]|\b(?:root|factorial|logarithm|sine|cosine) of [\d(]/i,
  ],
  // Names in a formula, and one unit in another: "total / parts", "how many seconds are 2 days".
  ["<expression>", /[\w)]\s*[*^]\s*[\w(]|[a-z)]\s\/\s[a-z(]|^how many [a-z]+ (?:is|are|in|make)(?: there)?(?: in)? \d/i],
  ["<amount>", /\d\s*(?:%|percent\b)|\d\.\d/],
  ["<url>", /\bhttps?:\/\//i],
  ["<table>", /\.(?:csv|tsv)\b/i],
  ["<file>", /\b[\w-]+\.(?:md|pdf|html?|txt|docx?)\b/i],
];

export function termsOf(text: string, verbs: ReadonlySet<string> = new Set()): Terms {
  const opening = PREAMBLE.exec(text.trim())?.[0] ?? "";
  const body = text.trim().slice(opening.length).replace(WRAPPED_QUESTION, "").replace(BEFORE_QUESTION, "");
  const all = wordsIn(body.replace(/\b[a-z]+:\/\/\S+/gi, " "));
  const first = all[0] ?? "";
  const kinds = new Set(KINDS.flatMap(([kind, pattern]) => (pattern.test(body) ? [kind] : [])));
  if (tableBlocks(body).length > 0) kinds.add("<table>");

  // A question about an expression asks for its value: the expression says it all. "How many" is asked of many things.
  // "Could you book a room?" is an order, whoever knows the verb.
  const plain = QUESTION_WORDS.has(first);
  const polite = !plain && !AUXILIARIES.has(first) && /\byou\b[\s,:]*$/i.test(opening);
  const asks = plain || AUXILIARIES.has(first) || (body.endsWith("?") && !polite);
  if (/^how (?:many|much)\b/i.test(body)) kinds.add("<quantity>");
  else if (asks && !kinds.has("<expression>")) kinds.add("<question>");

  // "sum of 3 and 4": what is followed by "of" is a noun.
  const opens = !asks && (polite || REQUEST_VERBS.has(first) || verbs.has(first)) && all[1] !== "of";
  // Such an order adds nothing to what follows it; nor may it be held against a skill that does not know it.
  const says = LIGHT.has(first) || (ARITHMETIC.has(first) && kinds.has("<expression>"));
  const words = all.slice(opens ? 1 : 0).filter((word) => !STOP_WORDS.has(word) && /\p{L}/u.test(word));
  const mood = plain ? "plain-question" : asks ? "yes-or-no" : opens ? "order" : "thing";
  return { mood, words: [...new Set(words.map(stem))], order: opens && !says ? orderOf(first, all[1] ?? "") : null, kinds };
}

/** "Double-check" is a way of checking: the last part says what is done. */
function orderOf(compound: string, next: string): string {
  const verb = compound.slice(compound.lastIndexOf("-") + 1);
  return PHRASAL.has(verb) && PARTICLES.has(next) ? `${stem(verb)} ${next}` : stem(verb);
}

/** Takes off the endings in which the forms of one English word differ. Both sides go through it, so no stem is a word. */
export function stem(word: string): string {
  let root = word.replace(/['’]s?$/, "");
  if (root.length <= 3) return root;
  root = root
    .replace(/(?<=.{3})(?:ies|y)$/, "i")
    .replace(/(?<=(?:ss|sh|ch|x|z))es$/, "")
    .replace(/(?<=[^su])s$/, "");
  root = root.replace(/(?<=.{3})(?:ifications?|if(?:y|i|ied|ying))$/, "if");
  root = root.replace(/(?<=.{3})(?:ating|ated|ations?|ate)$/, "").replace(/(?<=.{3})(?:ing|ed)$/, "");
  root = root.replace(/(?<=.{3})(?:is|iz)e?$/, "").replace(/(?<=.{3})[ei]$/, "");
  return root.replace(/([bdgmnprt])\1$/, "$1");
}
