/**
 * Amounts as people type them, and beside their limits: `calls=50,microUsd=20000`. Pure.
 */
import { type Amount, UNITS, type Unit } from "../shared/budget/amount.ts";
import { UsageError } from "./terminal.ts";

/** An account of a budget, as the front door tells it. */
export interface Accounted {
  /** `tenant`, or an app's name after `app:`. */
  readonly name: string;
  readonly limit: Partial<Amount>;
  readonly spent: Amount;
  readonly held: Amount;
  readonly unreconciled: Amount;
  readonly over: Amount;
}

/**
 * @param said as it was typed, one or more times
 * @param option whose value it is, for the complaint
 */
export function amountFrom(said: readonly string[], option: string): Partial<Amount> {
  const pairs = said.flatMap((each) => each.split(",")).map((each) => each.trim());
  const amounts: Partial<Record<Unit, number>> = {};
  for (const pair of pairs) {
    const [, name = "", digits = ""] = /^(\w+)=(\d+)$/.exec(pair) ?? [];
    const unit = UNITS.find((each) => each === name);
    const value = Number(digits);
    if (unit === undefined || digits === "" || !Number.isSafeInteger(value))
      throw new UsageError(
        `${option} "${pair}" is no amount: give a unit and a whole number, such as calls=50; units are ${UNITS.join(", ")}`,
      );
    if (amounts[unit] !== undefined) throw new UsageError(`${option} names ${unit} twice: once is enough`);
    amounts[unit] = value;
  }
  return amounts;
}

/** What a unit counts, as the head of a row. */
export const UNIT_NAMES: Readonly<Record<Unit, string>> = {
  microUsd: "money",
  tokensIn: "tokens in",
  tokensOut: "tokens out",
  calls: "calls",
  wallMs: "work",
};

/** A figure of a table whose row says the unit. */
export function figure(unit: Unit, value: number | undefined): string {
  if (value === undefined) return "no limit";
  if (unit === "microUsd") return `$${(value / 1e6).toFixed(value > 0 && value < 10_000 ? 6 : 2)}`;
  if (unit === "wallMs") return `${(value / 1000).toFixed(1)} s`;
  return value.toLocaleString("en-US");
}
