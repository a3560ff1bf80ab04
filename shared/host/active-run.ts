/**
 * One run of a program over a task: the durable helpers. Each is known by its name in the log; what a former run did is
 * read there and not done again. A helper that waits for the world first stores all that was said before it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Principal } from "../auth/principal.ts";
import { type Amount, amountOf, NOTHING, plus } from "../budget/amount.ts";
import type { ContractVersions } from "../contract/shelf.ts";
import { type Artifact, type Json, type JsonObject, type Message, textOf } from "../task/a2a-types.ts";
import { costAtEnd, costOf } from "../task/account.ts";
import { saidIn } from "../task/answering.ts";
import type { Approval } from "../task/approval.ts";
import { type Preferences, sayingCost } from "../task/governance-extension.ts";
import { acceptedParts } from "../task/media-type.ts";
import { under, type Within } from "../task/within.ts";
import { type ActingRun, act, approveAction } from "./acting.ts";
import { withdraw } from "./answers.ts";
import { type AskingRun, Questions } from "./asking.ts";
import { Absences } from "./calling/absences.ts";
import { delegate } from "./calling/delegate.ts";
import type { WaitSettings } from "./calling/wait-settings.ts";
import type { CallingRun, Outbound } from "./calls.ts";
import { type Governor, PREFERENCES } from "./governance/governor.ts";
import { coverSpent } from "./governance/spending.ts";
import type { LiveTask } from "./live-task.ts";
import type { Acted, Action, AskOptions, DelegateCall, DelegateResult, Effect, NewArtifact, Outcome, Run } from "./program.ts";

/** Which goal is pursued, by which run: what a goal's body does goes on in it, whatever it reaches its run by. */
const pursued = new AsyncLocalStorage<{ readonly run: unknown; readonly within: Within }>();

/** A name may be used once in a run: two helpers of one name could not be told apart later. */
class NameTaken extends Error {}

/** Results travel through the log: this many characters of JSON at most. */
const MEMO_CHARS = 8_000_000;

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
  readonly #park: () => void;
  /** Made when somebody asks for the signal: most runs end before anybody does. */
  #abort: AbortController | undefined;
  #aborted: string | undefined;
  readonly #names = new Set<string>();
  readonly #questions: Questions;
  /** Helpers at work that are not questions; a run that only asks needs nobody to watch over it. */
  #busy = 0;
  readonly #absences = new Absences();
  #parking = false;

  constructor(task: LiveTask, env: Env, { outbound, governor, hold, park, waits }: RunOptions<Env>) {
    this.#task = task;
    this.env = env;
    this.#governor = governor;
    this.#questions = new Questions(this.#asking());
    this.#calling = this.#toCalls(outbound, waits);
    this.#hold = hold;
    this.#park = park;
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
    return this.#busy === 0 && (this.#questions.waiting || this.dueBack !== undefined);
  }

  /** When a callee that takes long is to be asked again; undefined when none is waited for. Milliseconds since the epoch. */
  get dueBack(): number | undefined {
    return this.#absences.due;
  }

  /** It may be time to ask callees again. */
  wake(): void {
    this.#absences.end();
  }

  abort(reason: string): void {
    this.#aborted = reason;
    this.#abort?.abort(new DOMException(reason, "AbortError"));
  }

  /** Lets the question go on that has its answer in the log. */
  answer(name: string): void {
    this.#questions.answer(name);
    // Others may be open beside it that it does not go on without.
    this.#parkWhenIdle();
  }

  progress(text: string, metadata?: JsonObject): void {
    this.#task.apply({ type: "progress", message: this.#say(text), ...(metadata && { metadata }) });
  }

  emit(artifact: NewArtifact, { append, lastChunk }: { append?: boolean; lastChunk?: boolean } = {}): void {
    this.#task.apply({ type: "artifact", artifact: this.artifact(artifact), ...(append && { append }), ...(lastChunk && { lastChunk }) });
  }

  /** An artifact with the id it has in this task, and of its parts those that the caller accepts. */
  artifact({ artifactId, ...artifact }: NewArtifact, index = 0): Artifact {
    const id = artifactId ?? (artifact.name ? artifact.name : `artifact-${index + 1}`);
    return { ...artifact, artifactId: id, parts: acceptedParts(artifact.parts, this.#accepts) };
  }

  async step<T extends Json>(name: string, fn: () => T | Promise<T>): Promise<T> {
    const known = this.#recall(`step:${name}`);
    if (known !== undefined) return known as T;
    const value = await this.#during(async () => fn());
    this.#remember(`step:${name}`, value ?? null);
    return value;
  }

  async ask(question: string, metadata?: JsonObject, options?: AskOptions): Promise<Message> {
    const answered = await this.#questions.ask(question, metadata, options);
    if ("expired" in answered) {
      if (answered.value === undefined) throw new Stopped(`nobody answered in time: ${question}`);
      return { ...this.#say(answered.value), role: "ROLE_USER" };
    }
    const { answer } = answered;
    const said = saidIn(answer, { kind: "question", ...options });
    // What was chosen by its number, or said in a form, is handed on in words.
    return "text" in said && said.text !== textOf(answer.parts) ? { ...answer, parts: [{ text: said.text }] } : answer;
  }

  decide<D extends Json>(name: string, signals: Json, decision: () => D): D {
    const known = this.#recall(`decision:${name}`);
    if (known !== undefined) return known as D;
    const value = decision();
    this.#task.apply({ type: "decision", name: `decision:${name}`, signals, decision: value });
    return value;
  }

  delegate(name: string, call: DelegateCall): Promise<DelegateResult> {
    const within = under(call.within, this.#pursued());
    return delegate(this.#calling, name, within ? { ...call, within } : call);
  }

  within<T>(goal: Within, pursue: (goal: Within) => Promise<T>): Promise<T> {
    const within = under(goal, this.#pursued()) ?? goal;
    return pursued.run({ run: this, within }, () => pursue(within));
  }

  /** Of this run: one run may wake another, which then goes on in the first one's turn. */
  #pursued(): Within | undefined {
    const goal = pursued.getStore();
    return goal?.run === this ? goal.within : undefined;
  }

  approve(action: Action): Promise<Approval> {
    return approveAction(this.#acting(), this.#governor, action);
  }

  act<T extends Json, A extends JsonObject>(name: string, action: Action & { readonly args: A }, effect: Effect<T, A>): Promise<Acted<T>> {
    return act(this.#acting(), this.#governor, name, action, effect as Effect<T>);
  }

  async spend(name: string, cost: Partial<Amount>): Promise<void> {
    const memo = `spend:${name}`;
    this.#claim(memo);
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
    this.#busy += 1;
    this.#hold();
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      this.#parkWhenIdle();
    }
  }

  /** What questions see of this run. */
  #asking(): AskingRun {
    return {
      task: this.#task,
      governor: this.#governor,
      decide: (name, signals, decision) => this.decide(name, signals, decision),
      say: (text) => this.#say(text),
      cost: (limit, beyond = NOTHING) => sayingCost(plus(costOf(this.#task.head.account, Date.now()), { ...beyond, wallMs: 0 }), limit),
      waits: () => this.#parkWhenIdle(),
    };
  }

  /** What calls and spending see of this run. */
  #toCalls(outbound: Outbound<Env>, waits: WaitSettings): CallingRun<Env> {
    const run = this;
    return {
      env: this.env,
      outbound,
      governor: this.#governor,
      waits,
      away: (due, signal) => {
        const back = this.#absences.begin(due, signal);
        this.#parkWhenIdle();
        return back;
      },
      task: this.#task,
      get signal() {
        return run.signal;
      },
      out: new Set(),
      budgetQuestion: { count: 0, open: undefined, waiting: new Map() },
      promised: new Map(),
      decide: (name, signals, decision) => this.decide(name, signals, decision),
      during: (work) => this.#during(work),
      emit: (artifact) => this.emit(artifact),
      progress: (text, metadata) => this.progress(text, metadata),
      ask: (question, metadata) => this.#questions.ask(question, metadata),
      put: (name, question, metadata, about) => this.#questions.put(name, question, metadata, about),
      withdraw: (name) => {
        withdraw(this.#task, name);
        this.#questions.answer(name);
      },
      recall: (name) => this.#recall(name),
      known: (name) => {
        const seq = this.#task.head.memo[name];
        return seq === undefined ? undefined : this.#valueAt(seq);
      },
      remember: (name, value) => this.#remember(name, value),
    };
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

  #costAtEnd(): JsonObject {
    return sayingCost(costAtEnd(this.#task.head.account, Date.now()));
  }

  /** Not in the same turn: what has just been waited for goes on in it, and may be about to call somebody. */
  #parkWhenIdle(): void {
    if (!this.waiting || this.#parking) return;
    this.#parking = true;
    setTimeout(() => {
      this.#parking = false;
      if (this.waiting && !this.aborted && !this.#task.retired) this.#park();
    }, 0);
  }

  #claim(name: string): void {
    if (this.#names.has(name))
      throw new NameTaken(`"${name}" is used twice in one run: give each step, call and decision a name of its own`);
    this.#names.add(name);
  }

  #recall(name: string): Json | undefined {
    this.#claim(name);
    const seq = this.#task.head.memo[name];
    return seq === undefined ? undefined : this.#valueAt(seq);
  }

  #remember(name: string, value: Json): void {
    const chars = JSON.stringify(value).length;
    if (chars > MEMO_CHARS)
      throw new Error(`"${name}" gave ${chars} characters, more than the ${MEMO_CHARS} a log entry may hold: return a reference instead`);
    this.#task.apply({ type: "memo", name, value });
  }

  #valueAt(seq: number): Json {
    const [entry] = this.#task.read(seq, seq);
    if (entry?.event.type === "memo") return entry.event.value;
    if (entry?.event.type === "decision") return entry.event.decision;
    throw new Error(`entry ${seq} of task ${this.taskId} holds no value`);
  }

  /**
   * Words of the agent. Their id is their task's with their place in the log.
   * @param before how many entries come first that are appended with them
   */
  #say(text: string, before = 0): Message {
    const { id, contextId, seq } = this.#task.head;
    return { messageId: `${id}-${seq + before + 1}`, role: "ROLE_AGENT", parts: [{ text }], taskId: id, contextId };
  }

  /** What a run's outcome means for its task. */
  end(outcome: Outcome): void {
    if (outcome.outcome === "completed") {
      const artifacts = outcome.artifacts.map((artifact, index) => this.artifact(artifact, index));
      this.#task.apply({
        type: "ended",
        state: "TASK_STATE_COMPLETED",
        artifacts,
        ...(outcome.text !== undefined && { message: this.#say(outcome.text, artifacts.length) }),
        metadata: { ...outcome.metadata, ...this.#costAtEnd() },
      });
    } else {
      const state = outcome.outcome === "rejected" ? "TASK_STATE_REJECTED" : "TASK_STATE_FAILED";
      this.#task.apply({ type: "ended", state, artifacts: [], message: this.#say(outcome.reason), metadata: this.#costAtEnd() });
    }
  }
}
