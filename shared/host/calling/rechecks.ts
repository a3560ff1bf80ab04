/**
 * Tasks that wait for something elsewhere that nobody may tell them of: their rows in the home's agenda. A task that is not
 * running and has a row is not lost: its time has not come. Decides nothing about what is asked then.
 */
import type { Agenda } from "../agenda.ts";

export class Rechecks {
  readonly #agenda: Agenda;
  /** The row is gone when it rings, and its task is not lost for that. */
  #ringing: string | undefined;

  /** @param ring the time has come to ask again */
  constructor(agenda: Agenda, ring: (task: string) => void) {
    this.#agenda = agenda;
    agenda.on("recheck", (task) => {
      this.#ringing = task;
      try {
        ring(task);
      } finally {
        this.#ringing = undefined;
      }
    });
  }

  /** It waits, and needs no run until its time comes. */
  isDueLater(task: string): boolean {
    return this.#ringing === task || this.#agenda.has("recheck", task);
  }

  /** @param due milliseconds since the epoch */
  set(task: string, due: number): void {
    this.#agenda.set("recheck", task, due);
  }

  drop(task: string): void {
    this.#agenda.drop("recheck", task);
  }
}
