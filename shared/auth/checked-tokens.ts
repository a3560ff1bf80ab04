/**
 * Tokens found good a moment ago. A caller sends the same one with every request, and checking its signature costs more than
 * all else that is asked about it. Kept under their hash, so that memory holds nobody's credential; only good ones are
 * kept, so that nobody can fill it with others. Pure but for its memory: `now` is passed in.
 */
import type { Principal } from "./principal.ts";

/** So long is a token believed whose issuer took its key back, on top of what the keys themselves are kept for. Milliseconds. */
export const KEPT_MS = 60_000;
/** Beyond it the oldest go: they are checked again when they come again. */
export const MOST_TOKENS = 1_000;

interface Checked {
  readonly principal: Principal;
  readonly checkedAt: number;
  /** The token's own end. */
  readonly expires: number;
}

export class CheckedTokens {
  readonly #byHash = new Map<string, Checked>();

  /**
   * @param now milliseconds since the epoch
   * @returns whose token it is; undefined when it has to be checked
   */
  find(hash: string, now: number): Principal | undefined {
    const checked = this.#byHash.get(hash);
    if (checked === undefined) return undefined;
    const { principal, checkedAt, expires } = checked;
    // A clock that was set back says nothing about how long ago that was. The skew that a full check allows is not asked for here.
    if (now >= checkedAt && now < checkedAt + KEPT_MS && now < expires) return principal;
    this.#byHash.delete(hash);
    return undefined;
  }

  /** @param expires the token's `exp`; with `now`, milliseconds since the epoch */
  keep(hash: string, principal: Principal, { now, expires }: { now: number; expires: number }): void {
    // Out and in again, so that the order of the map stays the order of the checks.
    this.#byHash.delete(hash);
    this.#byHash.set(hash, { principal, checkedAt: now, expires });
    if (this.#byHash.size <= MOST_TOKENS) return;
    const [oldest] = this.#byHash.keys();
    if (oldest !== undefined) this.#byHash.delete(oldest);
  }
}
