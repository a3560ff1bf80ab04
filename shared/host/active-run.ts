/**
 * One run of a program over a task: the durable helpers. Each is known by its name in the log; what a former run did is
 * read there and not done again. A helper that waits for the world first stores all that was said before it.
 */
import type { Principal } from "../auth/principal.ts";
import type { Artifact, Json, JsonObject, Message } from "../task/a2a-types.ts";
import { digest } from "../task/digest.ts";
import { acceptedParts } from "../task/media-type.ts";
import type { LiveTask } from "./live-task.ts";
import type { DelegateCall, DelegateResult, NewArtifact, Outcome, Run } from "./program.ts";

/** How a run reaches other agents. Given to the host from outside, so that it knows nothing of the wire. */
export interface Outbound<Env> {
  /** Sends a message, or an answer to a question of `taskId`. The same key never makes a second task. */
  call(env: Env, call: OutboundCall, options: OutboundOptions): Promise<CallResult>;
  /** Cancels what the call with this key began, if anything. */
  cancel(env: Env, call: OutboundCall, options: OutboundOptions): Promise<void>;
}

export interface OutboundCall extends DelegateCall {
  readonly taskId?: string;
}

export interface OutboundOptions {
  readonly key: string;
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

export type CallResult = DelegateResult | { readonly ok: "asks"; readonly taskId: string; readonly question: string };

/** A name may be used once in a run: two helpers of one name could not be told apart later. */
class NameTaken extends Error {}

/** Results travel through the log: this many characters of JSON at most. */
const MEMO_CHARS = 8_000_000;

export class ActiveRun<Env> implements Run<Env> {
  readonly env: Env;
  readonly message: Message;
  readonly #accepts: readonly string[] | undefined;
  readonly #task: LiveTask;
  readonly #outbound: Outbound<Env>;
  readonly #hold: () => void;
  readonly #park: () => void;
  /** Made when somebody asks for the signal: most runs end before anybody does. */
  #abort: AbortController | undefined;
  #aborted: string | undefined;
  readonly #names = new Set<string>();
  readonly #answers = new Map<string, (message: Message) => void>();
  /** How often each question was asked in this run, by the digest of its words. */
  readonly #questions = new Map<string, number>();
  /** Helpers at work that are not questions; a run that only asks needs nobody to watch over it. */
  #busy = 0;

  /**
   * @param hold called before the run waits for the world: what was said must be stored, and somebody must see to it
   * that the run goes on after a crash
   * @param park called when all that is left to the run is to wait for answers
   */
  constructor(task: LiveTask, env: Env, outbound: Outbound<Env>, { hold, park }: { hold: () => void; park: () => void }) {
    this.#task = task;
    this.env = env;
    this.#outbound = outbound;
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

  /** All that is left to the run is to wait for answers. */
  get waiting(): boolean {
    return this.#busy === 0 && this.#answers.size > 0;
  }

  abort(reason: string): void {
    this.#aborted = reason;
    this.#abort?.abort(new DOMException(reason, "AbortError"));
  }

  /** Hands an answer to the question that waits for it. False when this run did not ask it. */
  answer(name: string, message: Message): boolean {
    const resolve = this.#answers.get(name);
    if (!resolve) return false;
    this.#answers.delete(name);
    resolve(message);
    return true;
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

  async ask(question: string, metadata?: JsonObject): Promise<Message> {
    // Named by its words, not by its turn: branches that run side by side may ask in another order after a crash.
    const words = digest(question);
    const times = (this.#questions.get(words) ?? 0) + 1;
    this.#questions.set(words, times);
    return this.#ask(`ask:${words}:${times}`, question, metadata);
  }

  decide<D extends Json>(name: string, signals: Json, decision: () => D): D {
    const known = this.#recall(`decision:${name}`);
    if (known !== undefined) return known as D;
    const value = decision();
    this.#task.apply({ type: "decision", name: `decision:${name}`, signals, decision: value });
    return value;
  }

  async delegate(name: string, call: DelegateCall): Promise<DelegateResult> {
    const memo = `delegate:${name}`;
    const known = this.#recall(memo) as CallResult | undefined;
    // A question of the callee's stands under the same name until the call has its result: it is no result yet.
    if (known !== undefined && known.ok !== "asks") return known;

    let result = await this.#call(memo, call);
    // A callee that asks makes this task ask; the answer goes down to exactly the task that asked.
    for (let round = 1; result.ok === "asks"; round++) {
      const { taskId, question } = result;
      // Canceled while it waits: nobody will answer, and the callee's question must not stay open for somebody else to answer.
      const release = () => void this.#release({ ...call, taskId }, `${this.taskId}/${memo}`);
      this.signal.addEventListener("abort", release, { once: true });
      const answer = await this.#ask(`${memo}:ask:${round}`, question, { nested: { agent: call.agent, skill: call.skill, taskId } });
      this.signal.removeEventListener("abort", release);
      result = await this.#call(`${memo}:answer:${round}`, { ...call, taskId, parts: answer.parts });
    }
    this.#remember(memo, JSON.parse(JSON.stringify(result)) as Json);
    return result;
  }

  async #call(name: string, call: OutboundCall): Promise<CallResult> {
    const known = this.#task.head.memo[name];
    if (known !== undefined) return this.#valueAt(known) as unknown as CallResult;
    // The key is made of the task and the name, so that a call repeated after a crash is the same call to its callee.
    const key = `${this.taskId}/${name}`;
    if (this.#task.head.delegating[name] === undefined)
      this.#task.apply({ type: "delegating", name, agent: call.agent, skill: call.skill, key });
    const deadline = call.deadlineMs === undefined ? undefined : AbortSignal.timeout(call.deadlineMs);
    const options = { key, principal: this.principal, signal: deadline ? AbortSignal.any([this.signal, deadline]) : this.signal };
    const result = await this.#during(() => this.#outbound.call(this.env, call, options));
    if (result.ok === false && options.signal.aborted) {
      // Nobody waits for it any more: the callee should not go on spending.
      await this.#release(call, key);
      if (deadline?.aborted && !this.signal.aborted) {
        return {
          ok: false,
          reason: "deadline",
          message: `${call.agent}/${call.skill} gave no answer within ${(call.deadlineMs ?? 0) / 1000} s`,
        };
      }
    }
    // A question is remembered too: its answer must go to the task that asked, also from a later run.
    if (result.ok === "asks") this.#remember(name, JSON.parse(JSON.stringify(result)) as Json);
    return result;
  }

  /** Cancels what the call with this key began. A callee that cannot be reached is left to its own deadline. */
  async #release(call: OutboundCall, key: string): Promise<void> {
    await this.#outbound.cancel(this.env, call, { key, principal: this.principal, signal: AbortSignal.timeout(5_000) }).catch(() => {});
  }

  async #ask(name: string, question: string, metadata?: JsonObject): Promise<Message> {
    const { head } = this.#task;
    const known = head.memo[name];
    if (known !== undefined) return this.#messageAt(known);
    // A former run may have asked already: then the question stands in the log and only its answer is missing.
    if (!head.questions.includes(name))
      this.#task.apply({ type: "question", name, message: this.#say(question), ...(metadata && { metadata }) });
    const answered = new Promise<Message>((resolve) => this.#answers.set(name, resolve));
    this.#parkWhenIdle();
    return answered;
  }

  async #during<T>(work: () => Promise<T>): Promise<T> {
    // A run whose task has ended, or was taken over by another run, must do nothing more in the world.
    if (this.aborted || this.#task.retired) throw new DOMException(this.#aborted ?? "another run took over", "AbortError");
    this.#busy += 1;
    this.#hold();
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      this.#parkWhenIdle();
    }
  }

  #parkWhenIdle(): void {
    if (this.waiting) this.#park();
  }

  #recall(name: string): Json | undefined {
    if (this.#names.has(name))
      throw new NameTaken(`"${name}" is used twice in one run: give each step, call and decision a name of its own`);
    this.#names.add(name);
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

  #messageAt(seq: number): Message {
    const [entry] = this.#task.read(seq, seq);
    if (entry?.event.type === "message") return entry.event.message;
    throw new Error(`entry ${seq} of task ${this.taskId} holds no answer`);
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
        ...(outcome.metadata && { metadata: outcome.metadata }),
      });
    } else {
      const state = outcome.outcome === "rejected" ? "TASK_STATE_REJECTED" : "TASK_STATE_FAILED";
      this.#task.apply({ type: "ended", state, artifacts: [], message: this.#say(outcome.reason) });
    }
  }
}
