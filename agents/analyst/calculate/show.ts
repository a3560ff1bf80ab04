/**
 * Values as a person reads them. A rounded value never stands behind an equals sign: `equation` writes ≈ for it.
 */
import { type BigNumber, isNumber, isUnit, math, type Value } from "./engine.ts";

const DIGITS = 14;

/** As an operand, a negative number or a quantity gets the brackets it needs. */
export function show(value: Value, as: "result" | "operand" = "result"): string {
  if (typeof value === "boolean") return value ? "true" : "false";
  if (Array.isArray(value)) {
    const shown = value.slice(0, 12).map((each) => show(each));
    return `[${shown.join(", ")}${value.length > shown.length ? `, and ${value.length - shown.length} more` : ""}]`;
  }
  if (isUnit(value)) return math.format(value, { precision: DIGITS, lowerExp: -9, upperExp: 21 }).replace(/ \/ /g, "/");
  const text = plain(value);
  return as === "operand" && value.isNegative() && !value.isZero() ? `(${text})` : text;
}

/** Whole numbers in full as far as they are exact, others to 14 digits. */
function plain(value: BigNumber): string {
  if (value.isInteger() && value.precision(true) <= 40) return value.toFixed();
  const rounded = value.toSignificantDigits(DIGITS);
  return rounded.e < -9 || rounded.e > 21 ? rounded.toString() : rounded.toFixed();
}

/** `0.95^5 = 0.7737809375 (77.38%)`: the percent form where asked, and for fractions below one. */
export function equation(formula: string, value: Value, percent: boolean | "natural" = "natural"): string {
  if (typeof value === "boolean") return `${formula} is ${value ? "true" : "false"}`;
  const exact = isNumber(value)
    ? value.eq(plain(value))
    : !isUnit(value) || math.format(value, { precision: 30 }) === math.format(value, { precision: DIGITS });
  return `${formula} ${exact ? "=" : "≈"} ${show(value)}${percentForm(value, percent)}`;
}

export function percentForm(value: Value, percent: boolean | "natural" = "natural"): string {
  if (!isNumber(value) || percent === false) return "";
  const size = value.abs();
  if (percent === "natural" && (size.isZero() || size.gte(1) || size.lt("0.0001"))) return "";
  return ` (${value.mul(100).toDecimalPlaces(2).toFixed()}%)`;
}
