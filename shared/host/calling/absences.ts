/**
 * Calls of a run whose callees take long: nothing is done for them until it is time to ask again. In memory only; the log says the
 * same to another run.
 */
export class Absences {
  readonly #away = new Map<() => void, number>();

  /** When the first of them is due; undefined when there is none. Milliseconds since the epoch. */
  get due(): number | undefined {
    return this.#away.size === 0 ? undefined : Math.min(...this.#away.values());
  }

  /** @returns what resolves when it is over, or the signal is aborted */
  begin(due: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const back = () => {
        this.#away.delete(back);
        signal.removeEventListener("abort", back);
        resolve();
      };
      this.#away.set(back, due);
      signal.addEventListener("abort", back);
      if (signal.aborted) back();
    });
  }

  /** All of them: to ask too early costs a request, to ask too late costs time. */
  end(): void {
    for (const back of [...this.#away.keys()]) back();
  }
}
