/**
 * JSON as nobody's library writes it. Values are built as JavaScript and written by `toText`, because some of what must be
 * sent has no JavaScript form: numbers beyond a double, keys said twice, words that are no JSON at all.
 */
import fc from "fast-check";

/** A piece of a body that is sent as it stands. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Keys said in this order, also twice. */
export class Pairs {
  readonly pairs: readonly (readonly [string, unknown])[];
  constructor(pairs: readonly (readonly [string, unknown])[]) {
    this.pairs = pairs;
  }
}

/** @returns the JSON text; not always valid, which is the point */
export function toText(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (value instanceof Pairs) return writeObject(value.pairs);
  if (Array.isArray(value)) return `[${value.map(toText).join()}]`;
  if (typeof value === "object" && value !== null) return writeObject(Object.entries(value));
  return JSON.stringify(value) ?? "null";
}

function writeObject(pairs: readonly (readonly [string, unknown])[]): string {
  return `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${toText(value)}`).join()}}`;
}

const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then", "toJSON", "length", ""];
const TEXTS = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "x\udc00y",
  "\ufeff",
  "\u2028\u2029",
  "e\u0301",
  "🦆👩‍👩‍👧",
  "\u202edne",
  "NaN",
  "null",
  "-0",
  "0x10",
  "1e400",
  "../../etc/passwd",
  "%00%2f",
  "' OR 1=1 --",
  "{{7*7}}",
  "<script>",
  "data: x\n\nid: 7",
  "\r\nX-Injected: 1",
];
const NUMBERS = [0, -0, 1, -1, 0.5, 5e-324, 1.7976931348623157e308, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 53 + 2, 1e21, 1e-7];

export const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS, ...NAMES) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
  // Halves of characters in any place.
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((codes) => String.fromCharCode(...codes)) },
);
export const key = fc.oneof(fc.constantFrom(...NAMES), text);
export const number = fc.oneof(fc.constantFrom(...NUMBERS), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer());

const entriesOf = (values: fc.Arbitrary<unknown>) =>
  fc.array(fc.tuple(key, values), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as unknown);

/** What is valid JSON, and means the same to everybody: it must come back as it was sent. */
export const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthIdentifier: "json" },
    { weight: 5, arbitrary: fc.oneof(text, number, fc.boolean(), fc.constant(null)) },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }) },
    { weight: 2, arbitrary: entriesOf(tie("value")) },
  ),
})).value;

export const jsonObject: fc.Arbitrary<Record<string, unknown>> = entriesOf(json) as fc.Arbitrary<Record<string, unknown>>;

/** The same character nested: valid, and deeper than any honest request. */
const nested = (depth: number, open: string, close: string) => new Raw(open.repeat(depth) + close.repeat(depth));

const outside = fc.oneof(
  fc
    .constantFrom("1e400", "-1e400", "9".repeat(400), "1E+999", "-0", "-0.0", "12345678901234567890", "0.1e-400")
    .map((word) => new Raw(word)),
  fc
    .constantFrom("NaN", "Infinity", "undefined", "01", "+1", ".5", "0x1f", "'x'", "{a:1}", "[1,]", "{,}", '"\u0001"', '"\\x41"', "//")
    .map((word) => new Raw(word)),
  fc.constantFrom(20, 60, 90).map((depth) => nested(depth, "[", "]")),
  fc.constantFrom(150, 5_000, 200_000).map((depth) => nested(depth, '{"a":[', "]}")),
  fc.array(fc.tuple(key, json), { minLength: 1, maxLength: 3 }).map((pairs) => new Pairs([...pairs, ...pairs.toReversed()])),
);
const large = fc.oneof(
  fc.constantFrom(1_025, 70_000, 1_000_000).map((length) => "x".repeat(length)),
  fc.constantFrom(1_001, 10_000).map((length) => Array.from({ length }, () => ({ text: "x" }))),
  fc.constantFrom(10_000, 100_000).map((length) => new Raw(`[${"0,".repeat(length)}0]`)),
  fc.constant(5_000).map((length) => Object.fromEntries(Array.from({ length }, (_, index) => [`__k_${index}`, index]))),
);

/** Anything a caller may put where something else belongs. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: json },
  { weight: 2, arbitrary: outside },
  { weight: 1, arbitrary: large },
);
