/**
 * A question that is read piece by piece: what one reader understood is taken out, so that no other reads it again, and
 * what nobody understood is left to be told.
 */
export class Sentence {
  #rest: string;

  constructor(text: string) {
    const plain = text
      .replace(/\s+/g, " ")
      .trim()
      .replace(/[?!.]+$/, "");
    this.#rest = ` ${plain} `;
  }

  get rest(): string {
    return this.#rest;
  }

  has(pattern: RegExp): boolean {
    return pattern.test(this.#rest);
  }

  /** Takes out what matches. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.#rest);
    if (!match) return undefined;
    this.#rest = `${this.#rest.slice(0, match.index)} ${this.#rest.slice(match.index + match[0].length)}`;
    return match;
  }
}
