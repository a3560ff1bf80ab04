/**
 * Whether a run is at work or only waits, for answers of people or for callees that take long. When all that is left to it is to
 * wait, it says so, once. In memory only; the log says the same to another run.
 */
import { Absences } from "./calling/absences.ts";

export interface Resting {
  /** A question is open. */
  readonly asks: () => boolean;
  /** The run is over, or another one has taken its place. */
  readonly over: () => boolean;
  /** All that is left to the run is to wait. */
  readonly park: () => void;
}

export class Rest {
  readonly #run: Resting;
  readonly #absences = new Absences();
  /** Helpers at work that are not questions; a run that only asks needs nobody to watch over it. */
  #busy = 0;
  #parking = false;

  constructor(run: Resting) {
    this.#run = run;
  }

  get waiting(): boolean {
    return this.#busy === 0 && (this.#run.asks() || this.dueBack !== undefined);
  }

  /** When a callee that takes long is to be asked again; undefined when none is waited for. Milliseconds since the epoch. */
  get dueBack(): number | undefined {
    return this.#absences.due;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      this.parkWhenIdle();
    }
  }

  away(due: number, signal: AbortSignal): Promise<void> {
    const back = this.#absences.begin(due, signal);
    this.parkWhenIdle();
    return back;
  }

  /** It may be time to ask callees again. */
  wake(): void {
    this.#absences.end();
  }

  /** Not in the same turn: what has just been waited for goes on in it, and may be about to call somebody. */
  parkWhenIdle(): void {
    if (!this.waiting || this.#parking) return;
    this.#parking = true;
    setTimeout(() => {
      this.#parking = false;
      if (this.waiting && !this.#run.over()) this.#run.park();
    }, 0);
  }
}
