/**
 * What a question searches for: its words without those every sentence has, as full-text queries. What a user types is
 * never full-text syntax: each term is letters, digits and spaces between double quotes. Pure.
 */

export interface SearchTerm {
  /** As the user wrote it. */
  readonly label: string;
  /** An FTS5 expression that finds it in any of its forms. */
  readonly match: string;
}

/** More would not make a question clearer, and each costs a look-up. */
const MOST_TERMS = 32;

const STOP_WORDS = new Set(
  (
    "a about above after again all also am an and any are aren as at be because been before being below between both but by can could " +
    "did didn do does doesn doing don done down during each else ever every few for from further had has have having he her here hers him his " +
    "how i if in into is isn it its itself just let ll many may me might mine more most much must my no nor not now of off on once one only or other " +
    "ought our ours out over own please re s same say says shall she should show so some such t tell than that the their theirs them then " +
    "there these they this those through to too under until up us ve very was wasn we were weren what when where whether which while who " +
    "whom whose why will with won would written you your yours"
  ).split(" "),
);
/** Said to the searcher, not of the thing searched for. */
const REQUEST =
  /^\s*(?:please\s+)?(?:(?:search|look|find)(?:\s+(?:out|up|in|through))?|research)\s+(?:(?:all|my|our|the|these)\s+)*(?:(?:documents?|corpus|passages?|sources?)\s+)?(?:(?:for|about|on|of)\s+)?/i;

const WORD = /\d+(?:,\d{3})*(?:\.\d+)?%?(?![\p{L}\p{N}])|[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
const NUMBER = /^\d[\d,]*(?:\.\d+)?%?$/;

export function searchTerms(question: string): SearchTerm[] {
  const asked = question.toWellFormed().replace(REQUEST, "");
  const words = asked.match(WORD) ?? [];
  const terms = new Map<string, SearchTerm>();
  for (const word of words) {
    if (terms.size === MOST_TERMS) break;
    const key = word.toLowerCase();
    if (!STOP_WORDS.has(key) && !terms.has(key)) terms.set(key, { label: word, match: matchOf(word) });
  }
  return [...terms.values()];
}

function matchOf(word: string): string {
  const forms = new Set(NUMBER.test(word) ? numberForms(word) : [word, splitJoined(word) ?? word]);
  return `(${[...forms].map((form) => `"${form.replace(/[^\p{L}\p{N}\p{M}]+/gu, " ")}"`).join(" OR ")})`;
}

/** `95%` is also `0.95`, `0.95` also `95%`, `1,000` also `1000` and the reverse. But `200%` is not every 2. */
function numberForms(word: string): string[] {
  const plain = word.replace(/,|%$/g, "");
  const value = Number(plain);
  if (word.endsWith("%")) return value % 100 === 0 ? [plain] : [plain, shortest(value / 100)];
  if (value > 0 && value < 1) return [plain, shortest(value * 100)];
  return [plain, plain.replace(/\d(?=(\d{3})+(\.|$))/g, "$&,")];
}

/** Without the noise of binary fractions: 0.07 * 100 is 7, not 7.000000000000001. */
function shortest(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** The words inside joined ones (`maxHops`, `HTTPServer`), so that a question in plain words finds them. */
export function joinedWords(text: string): string {
  const inner = text.match(/[\p{L}\p{N}]+/gu)?.filter((word) => /.\p{Lu}/u.test(word)) ?? [];
  return [...new Set(inner.flatMap((word) => splitJoined(word) ?? []))].join(" ");
}

function splitJoined(word: string): string | undefined {
  const split = word.replace(/(\p{Ll}|\p{N})(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu, "$& ");
  return split === word ? undefined : split;
}
