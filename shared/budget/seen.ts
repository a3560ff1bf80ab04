/**
 * What the latest leases of one agent spent, kept so that how much the next one is likely to spend is known without looking at
 * all of them: a reservation must cost the same however many there were. Pure, and changed in place by whoever holds it.
 */
import { type Amount, UNITS, type Unit } from "./amount.ts";

export class Seen {
  readonly #most: number;
  /** In the order they came. */
  readonly #latest: Amount[] = [];
  /** Of each unit, in order of size. */
  readonly #sorted: Record<Unit, number[]> = { microUsd: [], tokensIn: [], tokensOut: [], calls: [], wallMs: [] };

  /** @param most that are kept; a new one takes the place of the oldest */
  constructor(most: number, amounts: Iterable<Amount> = []) {
    this.#most = most;
    for (const amount of amounts) this.add(amount);
  }

  get count(): number {
    return this.#latest.length;
  }

  add(amount: Amount): void {
    this.#latest.push(amount);
    const oldest = this.#latest.length > this.#most ? this.#latest.shift() : undefined;
    for (const unit of UNITS) {
      const sorted = this.#sorted[unit];
      if (oldest) sorted.splice(placeOf(sorted, oldest[unit]), 1);
      sorted.splice(placeOf(sorted, amount[unit]), 0, amount[unit]);
    }
  }

  /**
   * In each unit, the least amount that so large a share of them does not exceed (the nearest rank).
   *
   * @param quantile 0..1
   * @returns nothing where nothing was seen
   */
  quantile(quantile: number): Amount {
    const rank = Math.max(1, Math.ceil(quantile * this.count));
    const at = (unit: Unit) => this.#sorted[unit][rank - 1] ?? 0;
    return { microUsd: at("microUsd"), tokensIn: at("tokensIn"), tokensOut: at("tokensOut"), calls: at("calls"), wallMs: at("wallMs") };
  }
}

/** Of the first that is not smaller. */
function placeOf(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
