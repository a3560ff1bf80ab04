/**
 * Random programs over nothing but a log: what a run asks of it and says to it is what the host does, with the core's own `advance`
 * and fold. Such a program gives the same result for the same answers, however often it is begun again.
 */
import fc from "fast-check";
import { LOCAL_PRINCIPAL } from "../../../shared/auth/principal.ts";
import { amountOf } from "../../../shared/budget/amount.ts";
import { isObject, isTerminal, type Json } from "../../../shared/task/a2a-types.ts";
import { advance, type TaskInput } from "../../../shared/task/advance.ts";
import type { LogEntry, TaskEvent } from "../../../shared/task/event.ts";
import { evolve, type TaskHead } from "../../../shared/task/head.ts";
import { agent, T0, user } from "./log.ts";

export type Op =
  | { readonly do: "step" | "ask" | "delegate" | "decide"; readonly name: string }
  /** A callee that asks so often before it answers. */
  | { readonly do: "nested"; readonly name: string; readonly asks: number }
  | { readonly do: "side-by-side"; readonly branches: readonly (readonly Op[])[] };

const name = fc.stringMatching(/^[a-d]$/);
const plain = fc.record({ do: fc.constantFrom("step", "ask", "delegate", "decide"), name });
const nested = fc.record({ do: fc.constant("nested" as const), name, asks: fc.integer({ min: 1, max: 2 }) });
const ops = fc.array(fc.oneof(plain, nested) as fc.Arbitrary<Op>, { maxLength: 4 });

export const program: fc.Arbitrary<readonly Op[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.oneof(plain, nested) as fc.Arbitrary<Op> },
    { weight: 1, arbitrary: ops.map((one): Op => ({ do: "side-by-side", branches: [one, [{ do: "ask", name: "z" }]] })) },
  ),
  { minLength: 1, maxLength: 6 },
);

/** A task in memory: its log, and how often each callee was reached. */
export class ModelTask {
  readonly id: string;
  readonly entries: LogEntry[] = [];
  head: TaskHead;
  readonly #callees: Map<string, number>;

  constructor(id: string, callees: Map<string, number>, entries?: readonly LogEntry[]) {
    this.id = id;
    this.#callees = callees;
    const created: TaskEvent = { type: "created", contextId: "c", principal: LOCAL_PRINCIPAL, message: user("go") };
    const begun = entries ?? [{ seq: 1, at: T0, event: created }];
    let head: TaskHead | undefined;
    for (const entry of begun) head = evolve(head, entry, id);
    this.entries.push(...begun);
    this.head = head as TaskHead;
  }

  apply(input: TaskInput): void {
    const step = advance(this.head, input);
    if (!step.ok) throw new Error(step.refusal.code);
    for (const event of step.events) {
      const entry = { seq: this.head.seq + 1, at: T0 + this.head.seq * 1000, event };
      this.head = evolve(this.head, entry, this.id);
      this.entries.push(entry);
    }
  }

  /** Runs the program as far as it gets: to its end, or until all that is left waits for answers. */
  run(ops: readonly Op[]): void {
    const said = this.#sequence(ops, "");
    if (said === undefined || isTerminal(this.head.state)) return;
    const artifact = { artifactId: "result", parts: [{ text: said.join(" ") }] };
    this.apply({ type: "ended", state: "TASK_STATE_COMPLETED", artifacts: [artifact], message: agent("done") });
  }

  /** Answers the question that is put, in words that depend on nothing but the question. */
  answer(ops: readonly Op[], text = (question: string) => `answer to ${question}`): void {
    const put = this.head.questions[0];
    if (put === undefined) throw new Error("nothing is asked");
    const behind = this.head.questions[1];
    const next = behind === undefined ? {} : { next: { name: behind, message: agent(behind) } };
    const judged = { means: "settles", name: put, by: [LOCAL_PRINCIPAL] } as const;
    this.apply({ type: "message", message: user(text(put)), judged, ...next });
    this.run(ops);
  }

  get waits(): boolean {
    return this.head.questions.length > 0 && !isTerminal(this.head.state);
  }

  get result(): string | undefined {
    const [last] = this.entries.filter(({ event }) => event.type === "artifact").slice(-1);
    return last?.event.type === "artifact" ? last.event.artifact.parts[0]?.text : undefined;
  }

  /** @returns what each gave; undefined while one of them waits */
  #sequence(ops: readonly Op[], path: string): string[] | undefined {
    const said: string[] = [];
    for (const [index, op] of ops.entries()) {
      const gave = this.#one(op, `${path}${index}`);
      if (gave === undefined) return undefined;
      said.push(gave);
    }
    return said;
  }

  #one(op: Op, place: string): string | undefined {
    if (op.do === "side-by-side") {
      const all = op.branches.map((branch, index) => this.#sequence(branch, `${place}.${index}.`));
      return all.some((each) => each === undefined) ? undefined : all.flat().join("+");
    }
    const own = `${op.name}:${place}`;
    if (op.do === "nested") return this.#call(`delegate:${own}`, op.asks);
    if (op.do === "delegate") return this.#call(`delegate:${own}`, 0);
    if (op.do === "ask") return this.#ask(`ask:${own}:1`);
    if (op.do === "step") return String(this.#memo(`step:${own}`, () => `did ${own}`));
    const decided = `decision:dispatch:${own}`;
    if (this.head.memo[decided] === undefined)
      this.apply({ type: "decision", name: decided, signals: {}, decision: { policy: "dispatch", outcome: own } });
    return own;
  }

  #call(call: string, asks: number): string | undefined {
    const known = this.#valueOf(call);
    if (isObject(known) && known["ok"] === true) return String(known["text"]);
    // An answer goes to the task that asked, whoever remembers that it did.
    const asking = isObject(known) && known["ok"] === "asks" ? String(known["taskId"]) : undefined;
    if (asking === undefined) this.#send(call, `${this.id}/${call}`);
    const taskId = asking ?? `${this.id}/${call}`;
    for (let round = 1; round <= asks; round++) {
      if (this.#valueOf(call) === undefined) this.apply({ type: "memo", name: call, value: { ok: "asks", taskId, question: "?" } });
      if (this.#ask(`${call}:ask:${round}`) === undefined) return undefined;
      this.#send(`${call}:answer:${round}`, `${taskId}:answer:${round}`);
    }
    this.apply({ type: "called", name: call, agent: "other", skill: "work", cost: amountOf({ calls: 1 }) });
    this.apply({ type: "memo", name: call, value: { ok: true, taskId, text: `result of ${call}` } });
    return `result of ${call}`;
  }

  /** @param to what it reaches, of which each is reached once */
  #send(name: string, to: string): void {
    if (this.head.delegating[name] !== undefined) return;
    this.#callees.set(to, (this.#callees.get(to) ?? 0) + 1);
    const key = `${this.id}/${name}`;
    this.apply({ type: "delegating", name, agent: "other", skill: "work", key, lease: amountOf({ calls: 4 }) });
  }

  #ask(question: string): string | undefined {
    const seq = this.head.memo[question];
    const event = seq === undefined ? undefined : this.entries[seq - 1]?.event;
    if (event?.type === "message") return event.message.parts[0]?.text;
    if (!this.head.questions.includes(question)) this.apply({ type: "question", name: question, message: agent(question) });
    return undefined;
  }

  #memo(memo: string, make: () => Json): Json {
    const known = this.#valueOf(memo);
    if (known !== undefined) return known;
    const value = make();
    this.apply({ type: "memo", name: memo, value });
    return value;
  }

  #valueOf(memo: string): Json | undefined {
    const seq = this.head.memo[memo];
    const event = seq === undefined ? undefined : this.entries[seq - 1]?.event;
    return event?.type === "memo" ? event.value : undefined;
  }
}
