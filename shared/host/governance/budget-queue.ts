/**
 * Who waits for others to give something back: in the order they came, and for so long as each may. What is free goes to the
 * first who waits for it; nobody who came later is let past, except where they wait for another account. Decides nothing else.
 */
import type { Answer } from "../../budget/book.ts";

export interface Waiter {
  readonly app: string;
  /** Asks again, and takes what is given. */
  readonly attempt: () => Answer;
}

type Waiting = Waiter & { readonly done: (answer: Answer) => void; account: "tenant" | "app" };

/** More than so many are not kept waiting: they are told at once. */
const LONGEST = 10_000;

export class BudgetQueue {
  readonly #waiting = new Set<Waiting>();

  /** What somebody waits for already that an app's next lease would take. */
  aheadOf(app: string): "tenant" | "app" | undefined {
    for (const { account, app: other } of this.#waiting) if (account === "tenant" || other === app) return account;
    return undefined;
  }

  /**
   * @param account that others hold
   * @param ms after which the last answer stands
   */
  wait(waiter: Waiter, account: "tenant" | "app", ms: number): Promise<Answer> {
    if (this.#waiting.size >= LONGEST) return Promise.resolve(waiter.attempt());
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#leave(waiting, waiter.attempt()), ms);
      const done = (answer: Answer) => {
        clearTimeout(late);
        resolve(answer);
      };
      const waiting: Waiting = { ...waiter, account, done };
      this.#waiting.add(waiting);
    });
  }

  /** Something was given back, or will not come any more. */
  wake(): void {
    const blocked = new Set<string>();
    for (const waiting of this.#waiting) {
      if (blocked.has(waiting.app)) continue;
      const answer = waiting.attempt();
      if (answer.ok || answer.reason !== "held") {
        this.#leave(waiting, answer);
        continue;
      }
      waiting.account = answer.account;
      // Everybody needs the tenant's.
      if (answer.account === "tenant") return;
      blocked.add(waiting.app);
    }
  }

  #leave(waiting: Waiting, answer: Answer): void {
    this.#waiting.delete(waiting);
    waiting.done(answer);
  }
}
