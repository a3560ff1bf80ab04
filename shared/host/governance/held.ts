/** What calls hold that are out or about to go out: by task, then by call. In memory; the log says the same of calls that are out. */
import { type Amount, minus, NOTHING, plus } from "../../budget/amount.ts";

export class Held {
  readonly #tasks = new Map<string, Map<string, Amount>>();
  #inAll: Amount = NOTHING;

  get inAll(): Amount {
    return this.#inAll;
  }

  get isEmpty(): boolean {
    return this.#tasks.size === 0;
  }

  get(task: string, call: string): Amount | undefined {
    return this.#tasks.get(task)?.get(call);
  }

  /** By all calls of a task. */
  by(task: string): Amount {
    return [...(this.#tasks.get(task)?.values() ?? [])].reduce(plus, NOTHING);
  }

  /** Other calls of the task than this one. */
  hasOther(task: string, call: string): boolean {
    const calls = this.#tasks.get(task);
    return calls !== undefined && calls.size > (calls.has(call) ? 1 : 0);
  }

  /** In place of what the call held before. */
  set(task: string, call: string, amount: Amount): void {
    const calls = this.#tasks.get(task) ?? new Map<string, Amount>();
    this.#inAll = plus(minus(this.#inAll, calls.get(call) ?? NOTHING), amount);
    this.#tasks.set(task, calls.set(call, amount));
  }

  drop(task: string, call: string): void {
    const calls = this.#tasks.get(task);
    const amount = calls?.get(call);
    if (!calls || !amount) return;
    this.#inAll = minus(this.#inAll, amount);
    calls.delete(call);
    if (calls.size === 0) this.#tasks.delete(task);
  }

  /** @param but calls that go on holding what they hold */
  dropAll(task: string, but: readonly string[] = []): void {
    for (const call of [...(this.#tasks.get(task)?.keys() ?? [])]) if (!but.includes(call)) this.drop(task, call);
  }
}
