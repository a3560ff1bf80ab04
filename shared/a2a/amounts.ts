/** Amounts by which somebody raises a limit, as they come in a request's body. */
import * as v from "valibot";
import { UNITS } from "../budget/amount.ts";

/** What the books can still add up exactly, whatever is raised how often. */
const MOST = 1e12;

const units = Object.fromEntries(
  UNITS.map((unit) => {
    const rule = `must be a whole number from 0 to ${MOST}`;
    return [unit, v.optional(v.pipe(v.number(rule), v.integer(rule), v.minValue(0, rule), v.maxValue(MOST, rule)))];
  }),
);

export const raisedBy = v.pipe(
  v.unknown(),
  v.check((value) => typeof value === "object" && value !== null && !Array.isArray(value), "must be an object"),
  v.strictObject(units, `is no unit: there are ${UNITS.join(", ")}`),
  v.check((by) => Object.values(by).some((value) => value !== undefined && value !== 0), "must raise something"),
);
