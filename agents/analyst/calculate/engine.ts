/**
 * The arithmetic this agent stands on: numbers of 40 digits, units and flat lists, from the factories of mathjs that are
 * needed and no others. What a formula may call is listed in functions.ts; nothing of mathjs is reachable by a name in a formula.
 */

import type { BigNumber, MathNode, Unit } from "mathjs";
import * as mathjs from "mathjs";

export type { BigNumber, MathNode, Unit } from "mathjs";

/** What a formula can come to. */
export type Value = BigNumber | Unit | boolean | Value[];

/** A formula that is refused. The message is for the caller and says what would work. */
export class FormulaError extends Error {
  override readonly name = "FormulaError";
}

/** Real numbers only (`predictable`): a root of a negative number is refused instead of turning complex. */
export const math = mathjs.create(
  {
    ...mathjs.parseDependencies,
    ...mathjs.bignumberDependencies,
    ...mathjs.unitDependencies,
    ...mathjs.toDependencies,
    ...mathjs.formatDependencies,
    ...mathjs.addDependencies,
    ...mathjs.subtractDependencies,
    ...mathjs.multiplyDependencies,
    ...mathjs.divideDependencies,
    ...mathjs.powDependencies,
    ...mathjs.modDependencies,
    ...mathjs.unaryMinusDependencies,
    ...mathjs.factorialDependencies,
    ...mathjs.combinationsDependencies,
    ...mathjs.permutationsDependencies,
    ...mathjs.gcdDependencies,
    ...mathjs.lcmDependencies,
    ...mathjs.absDependencies,
    ...mathjs.signDependencies,
    ...mathjs.roundDependencies,
    ...mathjs.floorDependencies,
    ...mathjs.ceilDependencies,
    ...mathjs.fixDependencies,
    ...mathjs.sqrtDependencies,
    ...mathjs.cbrtDependencies,
    ...mathjs.nthRootDependencies,
    ...mathjs.expDependencies,
    ...mathjs.logDependencies,
    ...mathjs.log10Dependencies,
    ...mathjs.log2Dependencies,
    ...mathjs.sinDependencies,
    ...mathjs.cosDependencies,
    ...mathjs.tanDependencies,
    ...mathjs.asinDependencies,
    ...mathjs.acosDependencies,
    ...mathjs.atanDependencies,
    ...mathjs.atan2Dependencies,
    ...mathjs.hypotDependencies,
    ...mathjs.sumDependencies,
    ...mathjs.prodDependencies,
    ...mathjs.meanDependencies,
    ...mathjs.medianDependencies,
    ...mathjs.stdDependencies,
    ...mathjs.varianceDependencies,
    ...mathjs.minDependencies,
    ...mathjs.maxDependencies,
    ...mathjs.smallerDependencies,
    ...mathjs.smallerEqDependencies,
    ...mathjs.largerDependencies,
    ...mathjs.largerEqDependencies,
    ...mathjs.equalDependencies,
    ...mathjs.unequalDependencies,
    ...mathjs.piDependencies,
    ...mathjs.eDependencies,
    ...mathjs.tauDependencies,
  },
  { number: "BigNumber", precision: 40, predictable: true },
);

const CONSTANTS: Readonly<Record<string, () => Value>> = {
  pi: () => math.bignumber(-1).acos(),
  tau: () => math.bignumber(-1).acos().mul(2),
  e: () => math.bignumber(1).exp(),
  true: () => true,
  false: () => false,
};

/** `undefined` when the name is no constant. */
export function constant(name: string): Value | undefined {
  return Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name]?.() : undefined;
}

export function isUnitName(name: string): boolean {
  return math.Unit.isValuelessUnit(name);
}

export function isNumber(value: Value): value is BigNumber {
  return mathjs.isBigNumber(value);
}

export function isUnit(value: Value): value is Unit {
  return mathjs.isUnit(value);
}

/** A decimal as it was written, "0.75", "75%" or "1,000": exact, never through a binary fraction. */
export function decimal(text: string): BigNumber {
  const plain = text.replace(/[,_\s$€£]/g, "");
  return plain.endsWith("%") ? math.bignumber(plain.slice(0, -1)).div(100) : math.bignumber(plain);
}

/** Units as people write them behind a number, where no other word can be meant: not "in", not "a". */
export const PLAIN_UNIT =
  "(?:milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|ms|secs?|mins?|hrs?|s|h|kB|MB|GB|TB|bytes?|bits?|mm|cm|km|miles?|kg|mg|kHz|MHz|GHz|Hz|kW|W)";

/** "30 s" or "0.75": a number as it was written, with its unit where it has one. */
export function quantity(text: string): Value {
  const [, number = text, unit] = new RegExp(String.raw`^(.*\d)\s?(${PLAIN_UNIT})$`).exec(text.trim()) ?? [];
  return unit === undefined ? decimal(number) : math.unit(decimal(number), unit);
}

const LONGEST_FORMULA = 1_000;
const DEEPEST_BRACKETS = 40;

/**
 * Reads one formula. Length and depth are checked first, because the parser itself recurses.
 * @throws FormulaError saying what could not be read
 */
export function parseFormula(formula: string): MathNode {
  if (formula.length > LONGEST_FORMULA)
    throw new FormulaError(`the formula has ${formula.length} characters; the most is ${LONGEST_FORMULA}: split it into several`);
  let depth = 0;
  for (const char of formula) {
    if (char === "(" || char === "[" || char === "{") depth += 1;
    if (char === ")" || char === "]" || char === "}") depth -= 1;
    if (depth > DEEPEST_BRACKETS) throw new FormulaError(`the formula nests more than ${DEEPEST_BRACKETS} brackets: split it into several`);
  }
  try {
    return math.parse(formula);
  } catch (error) {
    const why = error instanceof RangeError ? "it nests too deep" : breakingPoint(formula, error);
    throw new FormulaError(`"${formula}" cannot be read as a formula: ${why}`);
  }
}

/** Where the parser gave up, in our words: its own are about its grammar. */
function breakingPoint(formula: string, error: unknown): string {
  const char = error instanceof Error && "char" in error ? Number(error.char) : Number.NaN;
  const rest = formula.slice(char - 1).trim();
  if (!(char >= 1)) return "write it with numbers, names, brackets and the operators + - * / ^";
  return rest === ""
    ? "it breaks off at its end, where a value or a closing bracket is missing"
    : `it cannot go on at "${rest.slice(0, 20)}", where a value, an operator or a bracket is missing or too much`;
}
