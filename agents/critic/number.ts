/**
 * Numbers as claims: reads them out of a text and says whether one supports another. Pure. 95% is 0.95, 1,000 is 1000,
 * "five" is 5; a number is supported by one that rounds to it, never by one that is rounder than it is.
 */

export interface FoundNumber {
  readonly text: string;
  readonly value: number;
  /** Half a unit of the last place that is written: how far off a rounded value may be. */
  readonly tolerance: number;
}

const UNITS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const TEENS = ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];
const TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
/** "One" is left out: it is a pronoun more often than a number. */
const WORDS = new Map<string, number>([
  ...[...UNITS, ...TEENS].map((word, index) => [word, index + 2] as const),
  ...TENS.map((word, index) => [word, 10 * (index + 2)] as const),
]);
const SCALES = new Map([
  ["hundred", 1e2],
  ["thousand", 1e3],
  ["million", 1e6],
  ["billion", 1e9],
]);

const WORD = [...WORDS.keys()].join("|");
const SCALE = [...SCALES.keys()].join("|");
const DIGITS = String.raw`\d{1,3}(?:[,'’\u00a0\u202f]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?`;
/** A version or an address is no quantity: it is compared as it is written. */
const DOTTED = String.raw`\d+(?:\.\d+){2,}`;
/** Digits inside a name (`v1`, `A2A`) are the name's. */
const NUMBER = new RegExp(
  String.raw`(?<![\p{L}\p{N}_])(?:(${DOTTED})|(${DIGITS})(e[+-]?\d+)?|((?:${WORD})(?:-(?:${WORD}|one))?)(?![\p{L}\p{N}]))` +
    String.raw`(?:\s?(%|percent\b|per cent\b)|[\s-](${SCALE})\b)?`,
  "giu",
);
/** "95 to 97%": the sign stands once, behind the second number. */
const SHARED_PERCENT = new RegExp(String.raw`^\s?(?:-|–|to|and|or)\s?(?:${DIGITS})\s?(?:%|percent|per cent)`, "i");

export function numbersIn(text: string): FoundNumber[] {
  return [...text.matchAll(NUMBER)].map((match) => {
    const [found, dotted, digits, exponent = "", word, percent, scale] = match;
    if (dotted !== undefined) return { text: dotted, value: Number.NaN, tolerance: 0 };
    const plain = (digits ?? "").replace(/[,'’\u00a0\u202f]/g, "");
    const shared = digits !== undefined && SHARED_PERCENT.test(text.slice(match.index + found.length));
    const factor = (percent || shared ? 0.01 : 1) * (SCALES.get(scale?.toLowerCase() ?? "") ?? 1) * Number(`1${exponent}`);
    // A minus stands alone before its number: between words or numbers it is a dash.
    const sign = /(?:^|[\s(=:|])[-−]$/.test(text.slice(Math.max(0, match.index - 2), match.index)) ? -1 : 1;
    const value = (word === undefined ? Number(plain) : wordValue(word)) * factor * sign;
    const decimals = plain.split(".")[1]?.length ?? 0;
    // A small whole number is a count, and counts are not rounded: 0.77 is no support for 1.
    const exact = word !== undefined || (decimals === 0 && plain.length < 2 && factor === 1);
    return { text: sign < 0 ? `-${found.trim()}` : found.trim(), value, tolerance: exact ? 0 : 0.5 * 10 ** -decimals * factor };
  });
}

/** The numbers of a source, sorted once, because every claim is looked up in all of them. */
export interface NumberIndex {
  readonly values: readonly number[];
  readonly dotted: ReadonlySet<string>;
}

export function indexNumbers(numbers: readonly FoundNumber[]): NumberIndex {
  const values = new Set(numbers.map((each) => each.value).filter((value) => !Number.isNaN(value)));
  const dotted = new Set(numbers.filter((each) => Number.isNaN(each.value)).map((each) => each.text));
  return { values: [...values].sort((one, other) => one - other), dotted };
}

export function supportsNumber({ values, dotted }: NumberIndex, { text, value, tolerance }: FoundNumber): boolean {
  if (Number.isNaN(value)) return dotted.has(text);
  // The written digits are decimal, the values are not: half a unit must not fail by the last bit.
  const off = tolerance + 1e-12 + 1e-9 * Math.abs(value);
  // A fall of 5% may be written as -5%: a claim without a sign asks for the size only.
  return reaches(values, value - off, value + off) || (value >= 0 && reaches(values, -value - off, -value + off));
}

/** Whether one of the sorted values lies between the two. */
function reaches(values: readonly number[], from: number, to: number): boolean {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  const first = values[low];
  return first !== undefined && first <= to;
}

function wordValue(word: string): number {
  const [first = "", second] = word.toLowerCase().split("-");
  return (WORDS.get(first) ?? 0) + (second === "one" ? 1 : (WORDS.get(second ?? "") ?? 0));
}
