/**
 * Questions end: keeps the time by which an answer must have come, in storage, and settles what is over, also when nobody was
 * there as it passed. Silence never approves: what is settled so is a rejection, a default, or the end of its task.
 */
import type { LogEntry } from "../task/event.ts";
import type { Agenda } from "./agenda.ts";
import { nextExpiry, settleExpired } from "./answers.ts";
import type { LiveTask } from "./live-task.ts";

export interface ExpiryOptions {
  readonly agenda: Agenda;
  readonly find: (id: string) => LiveTask | undefined;
  /** Lets the task go on that has its question settled. */
  readonly goOn: (task: LiveTask, question: string) => Promise<void>;
  /** Lets work go on beyond the turn that begins it. */
  readonly during: (work: Promise<unknown>) => void;
}

/** Until what was settled is stored, the row stays: a crash in between must not lose it. Milliseconds. */
const AGAIN_MS = 30_000;

export class Expiry {
  readonly #options: ExpiryOptions;

  constructor(options: ExpiryOptions) {
    this.#options = options;
    options.agenda.on("expiry", (id) => this.#rang(id));
  }

  /** Called in the turn in which a task's entries are stored. */
  stored(task: LiveTask, entries: readonly LogEntry[]): void {
    if (entries.some((entry) => isAboutQuestions(entry, task))) this.#note(task);
  }

  /** Settles what is over now, and lets the task go on with it. */
  async settle(task: LiveTask): Promise<void> {
    task.gather();
    for (const name of settleExpired(task, Date.now())) if (!task.head.paused) await this.#options.goOn(task, name);
    task.flush();
  }

  #rang(id: string): void {
    const task = this.#options.find(id);
    if (!task || task.ended) return;
    this.#options.agenda.set("expiry", id, Date.now() + AGAIN_MS);
    const settled = this.settle(task).then(() => {
      // Another object may have taken its place meanwhile.
      const now = this.#options.find(id);
      if (now) this.#note(now);
    });
    this.#options.during(settled.catch((error: unknown) => console.error(`the expiry of a question of task ${id} failed`, error)));
  }

  #note(task: LiveTask): void {
    const due = nextExpiry(task);
    if (due === undefined) this.#options.agenda.drop("expiry", task.id);
    else this.#options.agenda.set("expiry", task.id, due);
  }
}

function isAboutQuestions({ event }: LogEntry, { ended, head }: LiveTask): boolean {
  switch (event.type) {
    case "asked":
    case "expired":
      return true;
    case "status":
      return event.ask !== undefined || (ended && head.questions.length > 0);
    case "message":
      return event.answers !== undefined;
    default:
      return false;
  }
}
