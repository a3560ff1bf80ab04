/**
 * What the fields of contracts are made of: the three every contract opens with, and the number ranges they share.
 */
import * as v from "valibot";

/** The head of every contract: whose it is, which version, and whether its decisions bind. */
export function contractHead<const P extends string>(policy: P) {
  return {
    policy: v.literal(policy, `must be ${policy}`),
    version: wholeNumber(1, 1_000_000),
    mode: v.picklist(["enforce", "shadow"], "must be enforce or shadow"),
  };
}

/** A score, a probability, a ratio. */
export const share = v.pipe(
  v.number("must be a number from 0 to 1"),
  v.minValue(0, "must be a number from 0 to 1"),
  v.maxValue(1, "must be a number from 0 to 1"),
);

/** What lies beyond a bound on one side of a distribution. */
export const tail = v.pipe(
  v.number("must be a number above 0, at most 0.5"),
  v.gtValue(0, "must be a number above 0, at most 0.5"),
  v.maxValue(0.5, "must be a number above 0, at most 0.5"),
);

/** A factor that never makes smaller. */
export const atLeastOne = v.pipe(
  v.number("must be a number from 1 to 1000"),
  v.minValue(1, "must be a number from 1 to 1000"),
  v.maxValue(1_000, "must be a number from 1 to 1000"),
);

/** Successes or failures of a distribution that was never counted: above nothing, and not whole. */
export const amountOfSamples = v.pipe(
  v.number("must be a number above 0, at most 1000000"),
  v.gtValue(0, "must be a number above 0, at most 1000000"),
  v.maxValue(1_000_000, "must be a number above 0, at most 1000000"),
);

/** @param rule what the list must be, in words */
export function names(rule: string, form = /^\S+$/) {
  return v.pipe(v.array(v.pipe(v.string(rule), v.regex(form, rule)), rule), v.readonly());
}

export function wholeNumber(from: number, to: number) {
  const rule = `must be a whole number from ${from} to ${to}`;
  return v.pipe(v.number(rule), v.integer(rule), v.minValue(from, rule), v.maxValue(to, rule));
}
