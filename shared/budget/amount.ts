/**
 * Amounts: what is limited, set aside and spent, in five units. Whole numbers, never negative. Pure.
 */

/** Money in micro-USD, tokens of models, calls to other agents, and milliseconds of work. */
export const UNITS = ["microUsd", "tokensIn", "tokensOut", "calls", "wallMs"] as const;
export type Unit = (typeof UNITS)[number];
export type Amount = Readonly<Record<Unit, number>>;
/** A unit that is left out is not limited. */
export type Limit = Readonly<Partial<Record<Unit, number>>>;

export const NOTHING: Amount = { microUsd: 0, tokensIn: 0, tokensOut: 0, calls: 0, wallMs: 0 };
export const ONE_CALL: Amount = { ...NOTHING, calls: 1 };

export function amountOf(some: Limit): Amount {
  return { ...NOTHING, ...some };
}

export function plus(one: Amount, other: Amount): Amount {
  return {
    microUsd: one.microUsd + other.microUsd,
    tokensIn: one.tokensIn + other.tokensIn,
    tokensOut: one.tokensOut + other.tokensOut,
    calls: one.calls + other.calls,
    wallMs: one.wallMs + other.wallMs,
  };
}

/** What is left when it is taken away: never less than nothing. */
export function minus(one: Amount, other: Amount): Amount {
  return {
    microUsd: Math.max(0, one.microUsd - other.microUsd),
    tokensIn: Math.max(0, one.tokensIn - other.tokensIn),
    tokensOut: Math.max(0, one.tokensOut - other.tokensOut),
    calls: Math.max(0, one.calls - other.calls),
    wallMs: Math.max(0, one.wallMs - other.wallMs),
  };
}

export function most(one: Amount, other: Amount): Amount {
  return {
    microUsd: Math.max(one.microUsd, other.microUsd),
    tokensIn: Math.max(one.tokensIn, other.tokensIn),
    tokensOut: Math.max(one.tokensOut, other.tokensOut),
    calls: Math.max(one.calls, other.calls),
    wallMs: Math.max(one.wallMs, other.wallMs),
  };
}

export function least(one: Amount, other: Amount): Amount {
  return {
    microUsd: Math.min(one.microUsd, other.microUsd),
    tokensIn: Math.min(one.tokensIn, other.tokensIn),
    tokensOut: Math.min(one.tokensOut, other.tokensOut),
    calls: Math.min(one.calls, other.calls),
    wallMs: Math.min(one.wallMs, other.wallMs),
  };
}

export function within(amount: Amount, limit: Limit): boolean {
  return UNITS.every((unit) => amount[unit] <= (limit[unit] ?? Number.POSITIVE_INFINITY));
}

export function isNothing(amount: Amount): boolean {
  return UNITS.every((unit) => amount[unit] === 0);
}

/** Times a factor, rounded up. */
export function times(amount: Amount, factor: number): Amount {
  return each((unit) => Math.ceil(amount[unit] * factor));
}

/** The share of it, rounded down: of what must not be passed. What has no end keeps none. */
export function shareOf(amount: Amount, share: number): Amount {
  return each((unit) => (amount[unit] === Infinity ? Infinity : Math.floor(amount[unit] * share)));
}

function each(value: (unit: Unit) => number): Amount {
  return {
    microUsd: value("microUsd"),
    tokensIn: value("tokensIn"),
    tokensOut: value("tokensOut"),
    calls: value("calls"),
    wallMs: value("wallMs"),
  };
}
