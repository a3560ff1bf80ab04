/**
 * Arithmetic said in words, as formulas: "the product of 0.95 and itself 5 times", "increase 80 by 15%", "what percent is 12
 * of 80". Each rule takes a whole phrase; operands may be phrases themselves. Nothing is computed here.
 */
import { isUnitName } from "./engine.ts";
import { digitsForWords, operatorsForWords, ordinal } from "./notation.ts";

/** A formula as it was understood. */
export interface Reading {
  readonly formula: string;
  /** The value is wanted as a percentage. */
  readonly percent?: boolean;
  /** What was decided where the words left a choice. */
  readonly note?: string;
  /** Kept under this name for the formulas after it. */
  readonly assignTo?: string;
}

type Rule = readonly [RegExp, (match: string[]) => readonly Reading[] | undefined];

const NUMBER = String.raw`\d[\d.]*(?:e[-+]?\d+)?`;
const SHARE = String.raw`(${NUMBER}\s?%)`;
const DEEPEST = 6;

/** `undefined` when no rule takes the phrase. */
export function readPhrase(text: string, depth = 0): readonly Reading[] | undefined {
  if (depth > DEEPEST) return undefined;
  const phrase = digitsForWords(text.trim()).replace(/^(?:the|a|an)\s+/i, "");
  for (const [pattern, read] of rules(depth)) {
    const match = pattern.exec(phrase);
    const readings = match && read([...match].map((group) => group ?? ""));
    if (readings) return readings;
  }
  return undefined;
}

function rules(depth: number): readonly Rule[] {
  /** A part of the phrase as a formula, in brackets where it is more than one value. */
  const part = (text: string): string => {
    const inner =
      readPhrase(text, depth + 1)?.[0]?.formula ?? operatorsForWords(digitsForWords(text.trim()).replace(/^(?:the|a|an)\s+/i, ""));
    return /^[\w.]+%?$|^\w+\([^()]*\)$|^\([^()]*\)$/.test(inner) ? inner : `(${inner})`;
  };
  const parts = (list: string): string[] => listItems(list).map(part);
  const one = (formula: string, more: Omit<Reading, "formula"> = {}): readonly Reading[] => [{ formula, ...more }];
  /** A share inside a sum is a number, not a share of the rest. */
  const term = (text: string): string => (/%$/.test(text) ? `(${text})` : text);
  const times = (x: string, n: string) =>
    one(`${x}^${n}`, { note: `"${n} times" is read as ${n} factors of ${x}; for one more, ask for ${x}^${Number(n) + 1}` });

  return [
    [/^product of (\S+?) (?:(?:and|with|by) itself )?(\d+) times$/i, ([, x = "", n = ""]) => times(part(x), n)],
    [/^(.+?) (?:multiplied (?:by|with)|times|and) itself (\d+) times$/i, ([, x = "", n = ""]) => times(part(x), n)],
    [/^(?:multiply )?(.+?) (?:multiplied (?:by|with)|times|by) itself$/i, ([, x = ""]) => one(`${part(x)}^2`)],
    [/^(\w+) power of (.+)$/i, ([, nth = "", x = ""]) => (ordinal(nth) === undefined ? undefined : one(`${part(x)}^${ordinal(nth)}`))],
    [
      /^(?:total|sum|addition) of (.+)$/i,
      ([, list = ""]) => longRow(list) ?? severalOf(parts(list).map(term), (all) => all.join(" + "), "sum"),
    ],
    [/^product of (.+)$/i, ([, list = ""]) => severalOf(parts(list), (all) => all.join(" * "), "prod")],
    [/^(?:average|mean) of (.+)$/i, ([, list = ""]) => one(`mean(${parts(list).join(", ")})`)],
    [/^median of (.+)$/i, ([, list = ""]) => one(`median(${parts(list).join(", ")})`)],
    [/^(?:standard deviation|std) of (.+)$/i, ([, list = ""]) => one(`std(${parts(list).join(", ")})`)],
    [/^variance of (.+)$/i, ([, list = ""]) => one(`variance(${parts(list).join(", ")})`)],
    [/^(?:minimum|min|smallest|lowest|least) of (.+)$/i, ([, list = ""]) => one(`min(${parts(list).join(", ")})`)],
    [/^(?:maximum|max|largest|highest|greatest) of (.+)$/i, ([, list = ""]) => one(`max(${parts(list).join(", ")})`)],
    [/^difference (?:of|between) (.+?) and (.+)$/i, ([, a = "", b = ""]) => one(`${part(a)} - ${term(part(b))}`)],
    [/^(?:quotient|ratio) (?:of|between) (.+?) (?:and|to) (.+)$/i, ([, a = "", b = ""]) => one(`${part(a)} / ${part(b)}`)],
    [/^(?:remainder of|remainder when) (.+?) (?:is )?divided by (.+)$/i, ([, a = "", b = ""]) => one(`mod(${part(a)}, ${part(b)})`)],
    [/^square root of (.+)$/i, ([, x = ""]) => one(`sqrt(${part(x)})`)],
    [/^cube root of (.+)$/i, ([, x = ""]) => one(`cbrt(${part(x)})`)],
    [/^square of (.+)$/i, ([, x = ""]) => one(`${part(x)}^2`)],
    [/^cube of (.+)$/i, ([, x = ""]) => one(`${part(x)}^3`)],
    [/^factorial of (.+)$/i, ([, x = ""]) => one(`${part(x)}!`)],
    [/^(\d+) factorial$/i, ([, x = ""]) => one(`${x}!`)],
    [/^half of (.+)$/i, ([, x = ""]) => one(`${part(x)} / 2`)],
    [
      /^(third|quarter|fifth|tenth) of (.+)$/i,
      ([, nth = "", x = ""]) => one(`${part(x)} / ${nth.toLowerCase() === "quarter" ? 4 : ordinal(nth)}`),
    ],
    [/^(double|twice|triple) (.+)$/i, ([, how = "", x = ""]) => one(`${how.toLowerCase() === "triple" ? 3 : 2} * ${part(x)}`)],
    [/^add (.+?) and (.+)$/i, ([, a = "", b = ""]) => one(`${part(a)} + ${term(part(b))}`)],
    [/^add (.+?) to (.+)$/i, ([, a = "", b = ""]) => one(`${part(b)} + ${term(part(a))}`)],
    [/^subtract (.+?) from (.+)$/i, ([, a = "", b = ""]) => one(`${part(b)} - ${term(part(a))}`)],
    [/^multiply (.+?) (?:by|with|and) (.+)$/i, ([, a = "", b = ""]) => one(`${part(a)} * ${part(b)}`)],
    [/^divide (.+?) by (.+)$/i, ([, a = "", b = ""]) => one(`${part(a)} / ${part(b)}`)],

    [new RegExp(`^(?:increase|raise|grow|mark up) (.+?) by ${SHARE}$`, "i"), ([, x = "", share = ""]) => one(`${part(x)} + ${share}`)],
    [
      new RegExp(`^(?:decrease|reduce|lower|cut|discount) (.+?) by ${SHARE}$`, "i"),
      ([, x = "", share = ""]) => one(`${part(x)} - ${share}`),
    ],
    [new RegExp(`^${SHARE} (?:more than|on top of|added to) (.+)$`, "i"), ([, share = "", x = ""]) => one(`${part(x)} + ${share}`)],
    [
      new RegExp(`^${SHARE} (?:less than|off(?: of)?|discount (?:on|off|of)) (.+)$`, "i"),
      ([, share = "", x = ""]) => one(`${part(x)} - ${share}`),
    ],
    [
      new RegExp(`^${SHARE} (?:tip|tax|vat|fee|surcharge|commission|markup|interest)(?: on| of| for| over| added to)? (.+)$`, "i"),
      ([, share = "", x = ""]) => [
        { formula: `${share} * ${part(x)}` },
        { formula: `${part(x)} + ${share}`, note: `the total with the ${share} on top` },
      ],
    ],
    [
      /^what (?:percent|%|percentage) (?:is|are|makes?) (.+?) (?:of|out of|from) (.+)$/i,
      ([, a = "", b = ""]) => one(`${part(a)} / ${part(b)}`, { percent: true }),
    ],
    [
      /^what (?:percent|%|percentage) of (.+?) (?:is|are|makes?) (.+)$/i,
      ([, b = "", a = ""]) => one(`${part(a)} / ${part(b)}`, { percent: true }),
    ],
    [/^(.+?) is what (?:percent|%|percentage) of (.+)$/i, ([, a = "", b = ""]) => one(`${part(a)} / ${part(b)}`, { percent: true })],
    [
      /^(.+?) as an? (?:percent|%|percentage|share|fraction) of (.+)$/i,
      ([, a = "", b = ""]) => one(`${part(a)} / ${part(b)}`, { percent: true }),
    ],
    [/^(\S+) out of (\S+)$/i, ([, a = "", b = ""]) => one(`${part(a)} / ${part(b)}`, { percent: true })],
    [
      /^(?:percent(?:age)?|%|relative) (?:change|increase|decrease|difference|growth|drop) (?:from|between) (.+?) (?:to|and) (.+)$/i,
      ([, a = "", b = ""]) => one(`(${part(b)} - ${part(a)}) / ${part(a)}`, { percent: true }),
    ],

    [/^(?:convert|change|turn) (.+?) (?:to|into|in) ([\w/^]+)$/i, ([, x = "", unit = ""]) => conversion(x, unit)],
    [/^how many ([\w/^]+) (?:is|are|in|make|makes|equals?)(?: there)?(?: in)? (.+)$/i, ([, unit = "", x = ""]) => conversion(x, unit)],
    [/^(.+?) (?:expressed |converted |measured )?(?:to|into|in|as) ([\w/^]+)$/i, ([, x = "", unit = ""]) => conversion(x, unit)],
  ];
}

function conversion(quantity: string, unit: string): readonly Reading[] | undefined {
  const units = unit.split(/[/*^]/).filter((name) => !/^\d+$/.test(name));
  const what = operatorsForWords(quantity).replace(/^(?:a|an)\s+/i, "1 ");
  if (!units.every(isUnitName) || !/\d|[*/^]/.test(what)) return undefined;
  return [{ formula: `${what} to ${unit}` }];
}

/** Short lists are written out with their operator, long ones stay one call. */
function severalOf(items: readonly string[], write: (items: readonly string[]) => string, call: string): readonly Reading[] | undefined {
  if (items.length === 0) return undefined;
  return [{ formula: items.length > 1 && items.length <= 12 ? write(items) : `${call}(${items.join(", ")})` }];
}

const RANGE = new RegExp(
  `^(?:all )?(?:(?:whole |natural )?(?:numbers? |integers? ))?(?:from |between )?(${NUMBER}) (?:to|through|and|up to) (${NUMBER})$`,
  "i",
);
/** From here on a row of numbers is added by its formula rather than one by one. */
const LONG_ROW = 1_000;

/** "The sum of 1 to 1e12", where no list could hold the numbers. */
function longRow(list: string): readonly Reading[] | undefined {
  const [, from = "", to = ""] = RANGE.exec(list.trim()) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || last - first < LONG_ROW) return undefined;
  const formula = `(${from} + ${to}) * (${to} - ${from} + 1) / 2`;
  return [{ formula, note: `the whole numbers from ${from} to ${to} are added as first and last, times how many, by two` }];
}

/** "3, 4 and 5" or "[3, 4, 5]", leaving commas inside brackets alone. */
function listItems(list: string): string[] {
  const range = RANGE.exec(list.trim());
  if (range) return [`${range[1]}:${range[2]}`];
  const bare = /^\[[^[\]]*\]$/.test(list.trim()) ? list.trim().slice(1, -1) : list;
  return bare.split(/\s*,\s*and\s+|\s+and\s+|\s*,\s*(?![^()]*\))/i).filter((item) => item.trim() !== "");
}
