/**
 * The cards that were rendered lately, so that a card is signed once and not for every request. Callers choose the host they
 * ask for, and with it what is kept here: there is room for so many, and a card that nothing vouches for never takes the
 * room of a signed one.
 */
export interface Rendered {
  readonly json: string;
  /** Weak: the same for all renderings of the same card by the same keys, whatever their signatures are. */
  readonly etag: string;
}

const MOST_SIGNED = 16;
const MOST_UNSIGNED = 4;

export class RenderedCards {
  readonly #signed = new Map<string, Rendered>();
  readonly #unsigned = new Map<string, Rendered>();

  /** @param name of everything that the rendering depends on */
  async get(name: string, { signed }: { signed: boolean }, render: () => Promise<Rendered>): Promise<Rendered> {
    const kept = signed ? this.#signed : this.#unsigned;
    const card = kept.get(name) ?? (await render());
    // A map is in the order of its insertions: what is used goes to its end, and what was not for longest goes out.
    kept.delete(name);
    kept.set(name, card);
    const [oldest] = kept.keys();
    if (kept.size > (signed ? MOST_SIGNED : MOST_UNSIGNED) && oldest !== undefined) kept.delete(oldest);
    return card;
  }
}
