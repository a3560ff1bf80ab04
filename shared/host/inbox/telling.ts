/**
 * A home's side of the inbox: tells it what waits in a task, in the background, at least once and in order. That something must be
 * told is stored with the change itself (a row of the agenda), so a crash on the way only delays it; and an inbox that does not
 * answer delays no caller and fails no task.
 */
import type { LogEntry } from "../../task/event.ts";
import type { Agenda } from "../agenda.ts";
import type { LiveTask } from "../live-task.ts";
import type { InboxApi } from "./api.ts";
import { changesWaits, waitsOf } from "./waits.ts";

/** After a crash, or an inbox that did not answer. Milliseconds. */
const AGAIN_MS = 10_000;
/** An inbox that is full is not soon empty. */
const FULL_AGAIN_MS = 10 * 60_000;

export interface TellingOptions {
  readonly agent: string;
  readonly agenda: Agenda;
  /** A new stub each time: one that saw an error is broken for good. Undefined where nobody keeps an inbox. */
  readonly inbox: () => InboxApi | undefined;
  /** The task as it is, without taking it up again. */
  readonly look: (id: string) => LiveTask | undefined;
  readonly during: (work: Promise<unknown>) => void;
}

export class Telling {
  readonly #options: TellingOptions;
  /** Tasks that are being told, and whether they have changed since. */
  readonly #busy = new Map<string, boolean>();

  constructor(options: TellingOptions) {
    this.#options = options;
    options.agenda.on("inbox", (task) => this.#begin(task));
  }

  /** Takes what is stored of a task, in the turn that stores it. What another agent gave is told by the task that it is for. */
  stored({ id, head }: LiveTask, entries: readonly LogEntry[]): void {
    if (head.chain || !changesWaits(entries, head) || this.#options.inbox() === undefined) return;
    this.#begin(id);
  }

  #begin(id: string): void {
    const { agenda, during } = this.#options;
    agenda.set("inbox", id, Date.now() + AGAIN_MS);
    if (this.#busy.has(id)) this.#busy.set(id, true);
    else {
      this.#busy.set(id, false);
      during(this.#tell(id));
    }
  }

  async #tell(id: string): Promise<void> {
    const { agent, agenda, inbox, look } = this.#options;
    try {
      for (;;) {
        // A turn of the loop: what else is stored in this one is told with it.
        await new Promise((resolve) => setTimeout(resolve, 0));
        this.#busy.set(id, false);
        const task = look(id);
        // One that is deleted has the last word.
        const waits = task ? waitsOf(task, agent) : { agent, task: id, version: Number.MAX_SAFE_INTEGER, waiting: [] };
        const answer = await inbox()?.tell(waits);
        if (this.#busy.get(id) === true) continue;
        if (answer === "full") agenda.set("inbox", id, Date.now() + FULL_AGAIN_MS);
        else agenda.drop("inbox", id);
        this.#busy.delete(id);
        return;
      }
    } catch (error) {
      this.#busy.delete(id);
      console.warn(`the inbox was not told of task ${id}, and is told again`, error);
    }
  }
}
