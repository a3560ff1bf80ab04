/**
 * One run of a program over a task: the durable helpers. Each is known by its name in the log; what a former run did is
 * read there and not done again. A helper that waits for the world first stores all that was said before it.
 */
import type { Principal } from "../auth/principal.ts";
import { type Amount, amountOf, NOTHING, plus } from "../budget/amount.ts";
import type { ContractVersions } from "../contract/shelf.ts";
import { type Json, type JsonObject, type Message, textOf } from "../task/a2a-types.ts";
import { costOf } from "../task/account.ts";
import { saidIn } from "../task/answering.ts";
import type { Approval } from "../task/approval.ts";
import { type Preferences, sayingCost } from "../task/governance-extension.ts";
import type { Within } from "../task/within.ts";
import { type ActingRun, act, approveAction } from "./acting.ts";
import { type AskingRun, Questions } from "./asking.ts";
import { toCalls } from "./calling/caller.ts";
import { delegate } from "./calling/delegate.ts";
import type { WaitSettings } from "./calling/wait-settings.ts";
import type { CallingRun, Outbound } from "./calls.ts";
import { type Governor, PREFERENCES } from "./governance/governor.ts";
import { coverSpent } from "./governance/spending.ts";
import type { LiveTask } from "./live-task.ts";
import { Memo } from "./memo.ts";
import type { Acted, Action, AskOptions, DelegateCall, DelegateResult, Effect, NewArtifact, Outcome, Run } from "./program.ts";
import { pursuing, underPursued } from "./pursuit.ts";
import { Rest } from "./rest.ts";
import { ended, named, say } from "./saying.ts";

/** Its limit ends a task that is not to spend more: with what there is, and no error of anybody's. */
export class Stopped extends Error {}

export interface RunOptions<Env> {
  readonly outbound: Outbound<Env>;
  /** Absent where nothing is limited. */
  readonly governor: Governor | undefined;
  /** Before the run waits for the world: what was said must be stored, and somebody must see that it goes on after a crash. */
  readonly hold: () => void;
  /** All that is left to the run is to wait for answers. */
  readonly park: () => void;
  readonly waits: WaitSettings;
}

export class ActiveRun<Env> implements Run<Env> {
  readonly env: Env;
  readonly message: Message;
  readonly #accepts: readonly string[] | undefined;
  readonly #task: LiveTask;
  readonly #governor: Governor | undefined;
  readonly #calling: CallingRun<Env>;
  readonly #hold: () => void;
  /** Made when somebody asks for the signal: most runs end before anybody does. */
  #abort: AbortController | undefined;
  #aborted: string | undefined;
  readonly #memo: Memo;
  readonly #questions: Questions;
  readonly #rest: Rest;

  constructor(task: LiveTask, env: Env, { outbound, governor, hold, park, waits }: RunOptions<Env>) {
    this.#task = task;
    this.env = env;
    this.#governor = governor;
    this.#memo = new Memo(task);
    this.#rest = new Rest({ asks: () => this.#questions.waiting, over: () => this.aborted || task.retired, park });
    this.#questions = new Questions(this.#asking());
    this.#calling = this.#toCalls(outbound, waits);
    this.#hold = hold;
    const [first] = task.read(1, 1);
    if (first?.event.type !== "created") throw new Error(`task ${task.id} has no beginning`);
    this.message = first.event.message;
    this.#accepts = first.event.accepts;
  }

  get taskId(): string {
    return this.#task.id;
  }
  get contextId(): string {
    return this.#task.head.contextId;
  }
  get principal(): Principal {
    return this.#task.head.principal;
  }
  get skill(): string | undefined {
    return this.#task.head.skill;
  }
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#aborted !== undefined) this.abort(this.#aborted);
    }
    return this.#abort.signal;
  }

  get aborted(): boolean {
    return this.#aborted !== undefined;
  }

  /** All that is left to the run is to wait for answers, of people or of callees that take long. */
  get waiting(): boolean {
    return this.#rest.waiting;
  }

  /** When a callee that takes long is to be asked again; undefined when none is waited for. Milliseconds since the epoch. */
  get dueBack(): number | undefined {
    return this.#rest.dueBack;
  }

  /** It may be time to ask callees again. */
  wake(): void {
    this.#rest.wake();
  }

  abort(reason: string): void {
    this.#aborted = reason;
    this.#abort?.abort(new DOMException(reason, "AbortError"));
  }

  /** Lets the question go on that has its answer in the log. */
  answer(name: string): void {
    this.#questions.answer(name);
    // Others may be open beside it that it does not go on without.
    this.#rest.parkWhenIdle();
  }

  progress(text: string, metadata?: JsonObject): void {
    this.#task.apply({ type: "progress", message: say(this.#task, text), ...(metadata && { metadata }) });
  }

  emit(artifact: NewArtifact, { append, lastChunk }: { append?: boolean; lastChunk?: boolean } = {}): void {
    this.#task.apply({
      type: "artifact",
      artifact: named(artifact, this.#accepts),
      ...(append && { append }),
      ...(lastChunk && { lastChunk }),
    });
  }

  async step<T extends Json>(name: string, fn: () => T | Promise<T>): Promise<T> {
    const known = this.#memo.recall(`step:${name}`);
    if (known !== undefined) return known as T;
    const value = await this.#during(async () => fn());
    this.#memo.remember(`step:${name}`, value ?? null);
    return value;
  }

  async ask(question: string, metadata?: JsonObject, options?: AskOptions): Promise<Message> {
    const answered = await this.#questions.ask(question, metadata, options);
    if ("expired" in answered) {
      if (answered.value === undefined) throw new Stopped(`nobody answered in time: ${question}`);
      return { ...say(this.#task, answered.value), role: "ROLE_USER" };
    }
    const { answer } = answered;
    const said = saidIn(answer, { kind: "question", ...options });
    // What was chosen by its number, or said in a form, is handed on in words.
    return "text" in said && said.text !== textOf(answer.parts) ? { ...answer, parts: [{ text: said.text }] } : answer;
  }

  decide<D extends Json>(name: string, signals: Json, decision: () => D): D {
    const known = this.#memo.recall(`decision:${name}`);
    if (known !== undefined) return known as D;
    const value = decision();
    this.#task.apply({ type: "decision", name: `decision:${name}`, signals, decision: value });
    return value;
  }

  delegate(name: string, call: DelegateCall): Promise<DelegateResult> {
    const within = underPursued(this, call.within);
    return delegate(this.#calling, name, within ? { ...call, within } : call);
  }

  within<T>(goal: Within, pursue: (goal: Within) => Promise<T>): Promise<T> {
    return pursuing(this, goal, pursue);
  }

  approve(action: Action): Promise<Approval> {
    return approveAction(this.#acting(), this.#governor, action);
  }

  act<T extends Json, A extends JsonObject>(name: string, action: Action & { readonly args: A }, effect: Effect<T, A>): Promise<Acted<T>> {
    return act(this.#acting(), this.#governor, name, action, effect as Effect<T>);
  }

  async spend(name: string, cost: Partial<Amount>): Promise<void> {
    const memo = `spend:${name}`;
    this.#memo.claim(memo);
    if (this.#task.head.memo[memo] === undefined) {
      this.#task.apply({ type: "spent", name: memo, cost: amountOf(cost) });
      this.#governor?.book(this.#task, undefined, amountOf(cost));
    }
    if (!this.#governor) return;
    const covered = await coverSpent(this.#calling, this.#governor, memo);
    if ("refused" in covered) throw new Stopped(covered.refused.message);
  }

  get contracts(): ContractVersions {
    return this.#task.head.contracts ?? {};
  }

  get preferences(): Preferences {
    return this.#governor?.preferences(this.#task) ?? PREFERENCES;
  }

  async #during<T>(work: () => Promise<T>): Promise<T> {
    // A run whose task has ended, or was taken over by another run, must do nothing more in the world.
    if (this.aborted || this.#task.retired) throw new DOMException(this.#aborted ?? "another run took over", "AbortError");
    if (this.#task.head.paused) throw new DOMException("the task was paused", "AbortError");
    return this.#rest.during(() => {
      this.#hold();
      return work();
    });
  }

  /** What questions see of this run. */
  #asking(): AskingRun {
    return {
      task: this.#task,
      governor: this.#governor,
      decide: (name, signals, decision) => this.decide(name, signals, decision),
      say: (text) => say(this.#task, text),
      cost: (limit, beyond = NOTHING) => sayingCost(plus(costOf(this.#task.head.account, Date.now()), { ...beyond, wallMs: 0 }), limit),
      waits: () => this.#rest.parkWhenIdle(),
    };
  }

  /** What calls and spending see of this run. */
  #toCalls(outbound: Outbound<Env>, waits: WaitSettings): CallingRun<Env> {
    return toCalls(this, {
      task: this.#task,
      governor: this.#governor,
      questions: this.#questions,
      memo: this.#memo,
      outbound,
      waits,
      during: (work) => this.#during(work),
      away: (due, signal) => this.#rest.away(due, signal),
    });
  }

  /** What actions see of this run. */
  #acting(): ActingRun {
    const run = this;
    return {
      task: this.#task,
      get signal() {
        return run.signal;
      },
      decide: (name, signals, decision) => this.decide(name, signals, decision),
      progress: (text, metadata) => this.progress(text, metadata),
      put: (name, question, metadata, about) => this.#questions.put(name, question, metadata, about),
      step: (name, fn) => this.step(name, fn),
      count: (what) => this.#questions.count(what),
    };
  }

  /** What a run's outcome means for its task. */
  end(outcome: Outcome): void {
    this.#task.apply(ended(this.#task, outcome, this.#accepts));
  }
}
