/**
 * How often a factor can be applied before a bound is broken: start * factor^n against the bound. Exact, in whole numbers
 * scaled by powers of ten: logarithms only say where to begin, because they are wrong just where the bound is touched.
 */
import type { BigNumber } from "mathjs";
import { FormulaError } from "./engine.ts";

/** The bound is broken when the product is `breaks` the threshold. */
export type Breaks = "<" | "<=" | ">" | ">=";

export interface RepeatedFactor {
  readonly start: BigNumber;
  readonly factor: BigNumber;
  readonly breaks: Breaks;
  readonly threshold: BigNumber;
}

/** The product still holds after `n` factors, and no longer after `n + 1`. */
export interface LastHolding {
  readonly n: number;
  /** Where the logarithms put the turning point; undefined when they say nothing (a bound already broken). */
  readonly estimate: number | undefined;
}

const MOST_FACTORS = 100_000;
/** n times the digits of the factor: the size of the largest number the exact check makes. */
const MOST_DIGITS = 300_000;

/** @throws FormulaError when the bound is never broken, is broken before the first factor, or lies too far away */
export function lastHolding({ start, factor, breaks, threshold }: RepeatedFactor): LastHolding {
  const falling = breaks === "<" || breaks === "<=";
  if (!factor.gt(0) || !start.gt(0) || !threshold.gt(0))
    throw new FormulaError("a repeated factor, its start and its bound have to be above 0");
  const broken = breaker(start, factor, breaks, threshold);
  if (broken(0))
    throw new FormulaError(`the bound is broken before the first factor: ${start.toFixed()} is ${breaks} ${threshold.toFixed()}`);
  if (falling ? factor.gte(1) : factor.lte(1))
    throw new FormulaError(
      `a factor of ${factor.toFixed()} never takes ${start.toFixed()} ${falling ? "down" : "up"} to ${threshold.toFixed()}: there is no such number`,
    );

  const estimate = threshold.div(start).ln().div(factor.ln());
  const digits = Math.max(1, factor.precision());
  if (estimate.gt(MOST_FACTORS) || estimate.mul(digits).gt(MOST_DIGITS))
    throw new FormulaError(
      `that takes about ${estimate.toSignificantDigits(6).toString()} factors; counting exactly goes up to ${MOST_FACTORS}, fewer for factors with many digits`,
    );

  let n = Math.max(0, Math.floor(estimate.toNumber()));
  while (n > 0 && broken(n)) n -= 1;
  while (!broken(n + 1)) n += 1;
  return { n, estimate: estimate.toNumber() };
}

/** start * factor^n (breaks) threshold, each side a whole number over a power of ten, compared without division. */
function breaker(start: BigNumber, factor: BigNumber, breaks: Breaks, threshold: BigNumber): (n: number) => boolean {
  const [s, f, t] = [scaled(start), scaled(factor), scaled(threshold)];
  return (n) => {
    const left = s.whole * f.whole ** BigInt(n) * 10n ** BigInt(t.places);
    const right = t.whole * 10n ** BigInt(s.places + f.places * n);
    switch (breaks) {
      case "<":
        return left < right;
      case "<=":
        return left <= right;
      case ">":
        return left > right;
      case ">=":
        return left >= right;
    }
  };
}

function scaled(value: BigNumber): { whole: bigint; places: number } {
  const places = value.decimalPlaces();
  return { whole: BigInt(value.mul(`1e${places}`).toFixed(0)), places };
}
