/**
 * Whether the questions of a log hang together: what is answered was asked before and has no answer yet, and nothing is asked twice.
 * Otherwise a file could hold answers to questions that nobody was ever shown. Says nothing about who may answer. Pure.
 */
import type { TaskEvent } from "../task/event.ts";

export class LogQuestions {
  readonly #open = new Set<string>();
  readonly #settled = new Set<string>();

  /** Takes the next event. @returns what is wrong with it; undefined where nothing is */
  take(event: TaskEvent): string | undefined {
    switch (event.type) {
      case "asked":
        return this.#asks(event.name, this.#open.has(event.name));
      case "status":
        // Put once more, after a pause or when one of several has said yes, it is the same question.
        return event.ask === undefined ? undefined : this.#asks(event.ask, false);
      case "message":
        for (const name of [event.answers, event.approves]) if (name !== undefined && !this.#open.has(name)) return notOpen(name);
        return event.answers === undefined ? undefined : this.#settles(event.answers);
      case "expired":
        return this.#open.has(event.name) ? this.#settles(event.name) : notOpen(event.name);
      case "forked":
        // From here on it is another task's, which asks anew.
        this.#open.clear();
        for (const name of event.forgets) this.#settled.delete(name);
        return undefined;
      default:
        return undefined;
    }
  }

  #asks(name: string, again: boolean): string | undefined {
    if (again || this.#settled.has(name)) return `asks ${name} a second time: a question is asked once`;
    this.#open.add(name);
    return undefined;
  }

  #settles(name: string): undefined {
    this.#open.delete(name);
    this.#settled.add(name);
  }
}

function notOpen(name: string): string {
  return `is about the question ${name}, which no entry before it has asked and left open`;
}
