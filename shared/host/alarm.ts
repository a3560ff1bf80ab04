/**
 * The one alarm of an object, for all who need to be woken: it rings at the earliest of the times they asked for. It decides
 * nothing about what is done then.
 */
import type { Homes } from "../task/home.ts";

/** Somebody who needs to be woken, and knows from storage when a lost predecessor wanted to be. */
export interface Sleeper {
  /** Milliseconds since the epoch; undefined when nothing is owed. */
  earliest(): number | undefined;
}

/** A year. Milliseconds. */
const FARTHEST_MS = 365 * 24 * 3_600_000;

export class Alarm {
  readonly #storage: DurableObjectStorage;
  readonly #homes: Homes;
  readonly #wishes = new Map<Sleeper, number>();
  readonly #sleepers: Sleeper[] = [];
  #inherited = false;
  #at = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage, homes: Homes) {
    this.#storage = storage;
    this.#homes = homes;
  }

  register(sleeper: Sleeper): void {
    this.#sleepers.push(sleeper);
  }

  /** Rings at this time or earlier. Stored in the same turn as what the caller stores, which it stores afterwards. */
  wish(sleeper: Sleeper, at: number): void {
    this.#inherit();
    this.#wishes.set(sleeper, Math.min(at, this.#wishes.get(sleeper) ?? at));
    const earliest = Math.min(...this.#wishes.values());
    if (earliest >= this.#at) return;
    this.#at = earliest;
    this.#set();
  }

  /** A shared home soon needs its alarm again; a home of one task does not, and would be woken for nothing. */
  settle(sleeper: Sleeper): void {
    this.#wishes.delete(sleeper);
    if (this.#homes === "shared" || this.#at === Number.POSITIVE_INFINITY) return;
    this.#at = Math.min(...this.#wishes.values());
    if (this.#at === Number.POSITIVE_INFINITY) void this.#storage.deleteAlarm();
    else this.#set();
  }

  /** It went off, and is not set any more: whoever still needs it asks again. */
  rang(): void {
    this.#inherited = true;
    this.#wishes.clear();
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** All storage was deleted, the alarm too. */
  wiped(): void {
    this.rang();
  }

  /** The platform takes no time before its own, nor one too far: rung too early, whoever is to be woken later asks again. */
  #set(): void {
    const now = Date.now();
    void this.#storage.setAlarm(Math.min(Math.max(this.#at, now), now + FARTHEST_MS));
  }

  /** The alarm of a lost predecessor is still set: a later one must not take its place. */
  #inherit(): void {
    if (this.#inherited) return;
    this.#inherited = true;
    for (const sleeper of this.#sleepers) {
      const at = sleeper.earliest();
      if (at !== undefined) this.#wishes.set(sleeper, at);
    }
  }
}
