/**
 * The words that make two texts comparable. Pure. Endings are taken off English words, identifiers also count by their
 * words (`maxHops`: hops), and numbers count by their value, so that 95% in a question meets 0.95 in a document.
 */

export type Terms = ReadonlySet<string>;

const STOP = new Set(
  (
    "a an and any are as at be been being but by can could did do does each for from had has have how i if in into is it its " +
    "me my no not of on or our out own please shall should so such than that the their them then there these they this those to " +
    "us was we were what when where whether which who whose why will with would you your about before after also only"
  ).split(" "),
);

export function termsOf(text: string): Terms {
  const terms = new Set<string>();
  for (const [token] of text.matchAll(/\d+(?:[.,]\d+)*\s?%?|[\p{L}][\p{L}\p{N}_]*/gu)) {
    if (/^\d/.test(token)) terms.add(numberTerm(token));
    else for (const word of wordsOf(token)) if (!STOP.has(word)) terms.add(stem(word));
  }
  return terms;
}

export function hasNumber(terms: Terms): boolean {
  for (const term of terms) if (term.startsWith("#")) return true;
  return false;
}

/** How alike two texts are: 1 for the same words, 0 for none in common. */
export function likeness(one: Terms, other: Terms): number {
  const shared = [...one].filter((term) => other.has(term)).length;
  const all = one.size + other.size - shared;
  return all === 0 ? 0 : shared / all;
}

function wordsOf(token: string): string[] {
  const words = token.split(/_|(?<=\p{Ll})(?=\p{Lu})/u).map((word) => word.toLowerCase());
  return words.length > 1 ? [...words, token.toLowerCase()] : words;
}

function numberTerm(token: string): string {
  const value = Number(token.replace(/[,%\s]/g, ""));
  return `#${Number((token.endsWith("%") ? value / 100 : value).toPrecision(12))}`;
}

/** A light stemmer: plurals and the endings of verbs. Wrong stems do no harm as long as they are wrong the same way. */
function stem(word: string): string {
  if (word.length <= 3 || !/^[a-z]+$/.test(word)) return word;
  const base = word
    .replace(/ies$/, "y")
    .replace(/(?<=ss|sh|ch|x)es$/, "")
    .replace(/(?<![su])s$/, "")
    .replace(/(?<=[aeiouy].*)(?:ing|ed)$/, "")
    .replace(/e$/, "");
  return base.replace(/([bdgmnprt])\1$/, "$1");
}
