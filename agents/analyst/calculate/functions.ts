/**
 * The functions a formula may call, each with the bound that keeps its cost and its result small. Synchronous code in a
 * Worker cannot be interrupted and its clock stands still while it runs, so every bound is checked before the call, from
 * the arguments alone.
 */
import { type BigNumber, FormulaError, isNumber, isUnit, math, type Value } from "./engine.ts";

interface AllowedFunction {
  readonly args: readonly [least: number, most: number];
  readonly call: (args: readonly Value[], name: string) => Value;
}

/** Results beyond this many digits before the point are refused: nobody reads them, and they feed the next explosion. */
const MOST_DIGITS = 1_000;
const MOST_FACTORS = 450;
const MOST_CHOICES = 1_000;
const LIST = 1_000;

/** The full mathjs signatures are overloads over every type; here each is called with what the bounds let through. */
type Loose = (...args: unknown[]) => Value;
const loose = (fn: unknown): Loose => fn as Loose;

function number(value: Value | undefined, name: string): BigNumber {
  if (value !== undefined && isNumber(value)) return value;
  throw new FormulaError(`${name} takes plain numbers, not a ${value === undefined ? "missing value" : kindOf(value)}`);
}

export function kindOf(value: Value): string {
  if (Array.isArray(value)) return "list";
  if (typeof value === "boolean") return "yes-or-no answer";
  return isNumber(value) ? "number" : "quantity with a unit";
}

/** Refuses what has no real, finite or printable result. */
export function checkResult(value: Value, formula: string): Value {
  if (Array.isArray(value)) return value.map((each) => checkResult(each, formula));
  if (typeof value === "boolean" || isUnit(value)) return value;
  if (value.isNaN()) throw new FormulaError(`${formula} has no real result`);
  if (!value.isFinite()) throw new FormulaError(`${formula} has no finite result: is something divided by zero?`);
  if (Math.abs(value.e) > MOST_DIGITS)
    throw new FormulaError(`${formula} has more than ${MOST_DIGITS} digits; that is as far as this calculator goes`);
  return value;
}

/** Bounded by its size, estimated before it is computed. */
export function power(base: Value, exponent: Value): Value {
  const times = number(exponent, "an exponent");
  if (isUnit(base)) {
    if (times.abs().gt(10)) throw new FormulaError("a unit can be raised to a power of 10 at most");
  } else {
    const digits = times.mul(number(base, "a power").abs().log(10)).abs();
    if (digits.isFinite() && digits.gt(MOST_DIGITS))
      throw new FormulaError(
        `a power of about ${digits.lt(1e9) ? Number(digits.toFixed(0)).toLocaleString("en") : "more than a billion"} digits is too large; the most is ${MOST_DIGITS} digits`,
      );
  }
  return loose(math.pow)(base, times);
}

export function factorial(value: Value): Value {
  const n = number(value, "a factorial");
  if (!n.isInteger() || n.lt(0)) throw new FormulaError("a factorial needs a whole number from 0 on");
  if (n.gt(MOST_FACTORS)) throw new FormulaError(`${n.toFixed()}! is too large; the most is ${MOST_FACTORS}!`);
  return loose(math.factorial)(n);
}

const one = (fn: unknown, within: (x: BigNumber) => boolean = () => true, need = ""): AllowedFunction => ({
  args: [1, 1],
  call: ([value], name) => {
    const x = number(value, name);
    if (!within(x)) throw new FormulaError(`${name} needs ${need}`);
    return loose(fn)(x);
  },
});

/** Takes a quantity with a unit too: |−5 km|, max(3 m, 40 cm). */
const withUnit = (fn: unknown): AllowedFunction => ({
  args: [1, 1],
  call: ([value], name) => (value !== undefined && isUnit(value) ? loose(fn)(value) : loose(fn)(number(value, name))),
});

const whole = (fn: unknown, most: number): AllowedFunction => ({
  args: [2, 2],
  call: (args, name) => {
    const [n, k] = [number(args[0], name), number(args[1], name)];
    if (!n.isInteger() || !k.isInteger() || n.lt(0) || k.lt(0)) throw new FormulaError(`${name} needs whole numbers from 0 on`);
    if (n.gt(most) || k.gt(most)) throw new FormulaError(`${name} goes up to ${most}`);
    if (k.gt(n)) throw new FormulaError(`${name} cannot choose ${k.toFixed()} out of ${n.toFixed()}`);
    return loose(fn)(n, k);
  },
});

const divisors = (fn: unknown): AllowedFunction => ({
  args: [2, 20],
  call: (args, name) => {
    const numbers = args.map((each) => number(each, name));
    if (numbers.some((each) => !each.isInteger() || each.abs().gt(1e30))) throw new FormulaError(`${name} needs whole numbers up to 10^30`);
    return loose(fn)(...numbers);
  },
});

/** Over its arguments or over one list. */
const overList = (fn: unknown): AllowedFunction => ({
  args: [1, LIST],
  call: (args, name) => {
    const list = args.flat();
    if (list.length === 0) throw new FormulaError(`${name} needs at least one value`);
    if (list.some((each) => typeof each === "boolean")) throw new FormulaError(`${name} takes numbers, not yes-or-no answers`);
    return loose(fn)([...list]);
  },
});

const rounding = (fn: unknown): AllowedFunction => ({
  args: [1, 2],
  call: ([value, places], name) => {
    const x = number(value, name);
    if (places === undefined) return loose(fn)(x);
    const n = number(places, name);
    if (!n.isInteger() || n.lt(0) || n.gt(30)) throw new FormulaError(`${name} rounds to 0 to 30 decimal places`);
    return loose(fn)(x, n);
  },
});

const angle = (fn: unknown): AllowedFunction => ({
  args: [1, 1],
  call: ([value], name) => {
    if (value !== undefined && isUnit(value)) return loose(fn)(value);
    return one(fn, (x) => x.abs().lt(1e15), "an angle below 10^15").call([value as Value], name);
  },
});

const positive = (x: BigNumber) => x.gt(0);
const unitInterval = (x: BigNumber) => x.abs().lte(1);
const mean = overList(math.mean);
const logarithm: AllowedFunction = {
  args: [1, 2],
  call: (args, name) => {
    const numbers = args.map((each) => number(each, name));
    if (!numbers.every(positive)) throw new FormulaError(`${name} needs numbers above 0`);
    return loose(math.log)(...numbers);
  },
};

export const FUNCTIONS: Readonly<Record<string, AllowedFunction>> = {
  abs: withUnit(math.abs),
  sign: one(math.sign),
  round: rounding(math.round),
  floor: rounding(math.floor),
  ceil: rounding(math.ceil),
  fix: rounding(math.fix),
  sqrt: one(math.sqrt, (x) => x.gte(0), "a number from 0 on"),
  cbrt: one(math.cbrt),
  nthRoot: {
    args: [2, 2],
    call: ([value, root], name) => {
      const [x, n] = [number(value, name), number(root, name)];
      if (!n.isInteger() || n.lt(1) || n.gt(1_000)) throw new FormulaError("nthRoot needs a whole root from 1 to 1000");
      return loose(math.nthRoot)(x, n);
    },
  },
  exp: one(math.exp, (x) => x.abs().lt(2_300), "an exponent below 2300"),
  log: logarithm,
  ln: { ...logarithm, args: [1, 1] },
  log10: one(math.log10, positive, "a number above 0"),
  log2: one(math.log2, positive, "a number above 0"),
  sin: angle(math.sin),
  cos: angle(math.cos),
  tan: angle(math.tan),
  asin: one(math.asin, unitInterval, "a number from -1 to 1"),
  acos: one(math.acos, unitInterval, "a number from -1 to 1"),
  atan: one(math.atan),
  atan2: { args: [2, 2], call: ([y, x], name) => loose(math.atan2)(number(y, name), number(x, name)) },
  hypot: overList((list: Value[]) => loose(math.hypot)(...list)),
  factorial: { args: [1, 1], call: ([value]) => factorial(value as Value) },
  combinations: whole(math.combinations, MOST_CHOICES),
  permutations: whole(math.permutations, MOST_FACTORS),
  gcd: divisors(math.gcd),
  lcm: divisors(math.lcm),
  mod: { args: [2, 2], call: ([a, b], name) => loose(math.mod)(number(a, name), number(b, name)) },
  pow: { args: [2, 2], call: ([base, exponent]) => power(base as Value, exponent as Value) },
  sum: overList(math.sum),
  prod: overList(math.prod),
  product: overList(math.prod),
  mean,
  average: mean,
  avg: mean,
  median: overList(math.median),
  std: overList(math.std),
  variance: overList(math.variance),
  min: overList(math.min),
  max: overList(math.max),
};
