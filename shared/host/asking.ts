/**
 * The questions of one run. Each is put once under its name, whatever crashes, and says what it is about, who may answer and until
 * when; it goes on when its answer, or the end of its time, stands in the log. How answers are judged is said elsewhere.
 */
import type { Amount } from "../budget/amount.ts";
import { decideInterrupt } from "../policy/interrupt.ts";
import type { JsonObject, Message } from "../task/a2a-types.ts";
import { questionId } from "../task/answering.ts";
import { digest } from "../task/digest.ts";
import { costClaimedIn, limitIn } from "../task/governance-extension.ts";
import { hitlRequest, withHitl } from "../task/hitl-extension.ts";
import { INTERRUPT_EXTENSION, type Interrupt, type InterruptKind, interruptIn, type ProposedAction } from "../task/interrupt-extension.ts";
import { decideOn, type Record } from "./governance/decision.ts";
import type { Governor } from "./governance/governor.ts";
import type { Answered } from "./governance/limit.ts";
import type { LiveTask } from "./live-task.ts";

/** What a question is about, as far as whoever asks it knows. */
export interface About {
  readonly kind: Exclude<InterruptKind, "paused">;
  readonly choices?: readonly string[];
  /** What answers it when its time is over. */
  readonly default?: string;
  readonly action?: Pick<ProposedAction, "description" | "args" | "digest">;
  /** Of a question that a callee asked, which says nothing of this itself. */
  readonly passed?: Pick<Interrupt, "asker" | "path" | "callee">;
}

/** What the questions need of their run. */
export interface AskingRun {
  readonly task: LiveTask;
  readonly governor: Governor | undefined;
  decide: Record;
  say(text: string): Message;
  /**
   * Metadata that says what the task has cost so far, and the limit it waits at.
   * @param beyond what its account does not hold yet
   */
  cost(limit: JsonObject | undefined, beyond: Amount | undefined): JsonObject;
  /** There is something to wait for now. */
  waits(): void;
}

const HOUR_MS = 3_600_000;

export class Questions {
  readonly #run: AskingRun;
  readonly #waiting = new Map<string, () => void>();
  /** How often each question was asked and each action put in this run. */
  readonly #times = new Map<string, number>();

  constructor(run: AskingRun) {
    this.#run = run;
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Lets the question go on that has its answer in the log. */
  answer(name: string): void {
    const resolve = this.#waiting.get(name);
    this.#waiting.delete(name);
    resolve?.();
  }

  /** @returns how often this came in the run, with this time */
  count(what: string): number {
    const times = (this.#times.get(what) ?? 0) + 1;
    this.#times.set(what, times);
    return times;
  }

  ask(question: string, metadata: JsonObject = {}, about: Omit<About, "kind"> = {}): Promise<Answered> {
    // Named by its words, not by its turn: branches that run side by side may ask in another order after a crash.
    const words = digest(question);
    const kind = limitIn(metadata) ? "limit" : "question";
    return this.put(`ask:${words}:${this.count(words)}`, question, metadata, { kind, ...about });
  }

  /** @param metadata where it holds an Interrupt, the question is passed up from a callee, and nothing is decided about it here */
  async put(name: string, question: string, metadata: JsonObject = {}, about?: About): Promise<Answered> {
    const { task } = this.#run;
    const known = task.head.memo[name];
    if (known !== undefined) return this.#answerAt(known);
    // A former run may have asked already: then the question stands in the log and only its answer is missing.
    if (!task.head.questions.includes(name)) this.#apply(name, question, metadata, about);
    const answered = new Promise<void>((resolve) => this.#waiting.set(name, resolve));
    this.#run.waits();
    await answered;
    const seq = task.head.memo[name];
    if (seq === undefined) throw new Error(`question ${name} of task ${task.id} went on without an answer`);
    return this.#answerAt(seq);
  }

  #apply(name: string, question: string, metadata: JsonObject, about?: About): void {
    const { task, say, cost } = this.#run;
    const limit = limitIn(metadata);
    const interrupt = interruptIn(metadata) ?? this.#interrupt(name, about ?? { kind: limit ? "limit" : "question" }, limit);
    const words = about && about.kind !== "limit" ? worded(question, interrupt) : question;
    const message = task.head.hitl ? withHitl(say(words), hitlRequest(words, interrupt)) : say(words);
    // What a callee that asks has spent is booked when it has ended, and belongs to what this has cost so far.
    const said = { ...metadata, ...cost(limit, costClaimedIn(metadata)), [INTERRUPT_EXTENSION]: JSON.parse(JSON.stringify(interrupt)) };
    task.apply({ type: "question", name, message, metadata: said });
  }

  #interrupt(name: string, { kind, passed, action, default: answer, choices }: About, limit: JsonObject | undefined): Interrupt {
    const { task, governor, decide } = this.#run;
    const agent = governor?.governance.agent ?? "";
    const skill = task.head.skill ?? governor?.governance.mainSkill ?? "";
    const asks = passed ?? { asker: { agent, skill, task: task.id }, path: [agent] };
    const signals = { kind: kind === "approval" ? kind : "question", skill: `${asks.asker.agent}/${asks.asker.skill}` } as const;
    const decision = governor && decideOn(decide, `interrupt:${name}`, governor.rule("interrupt", task), signals, decideInterrupt);
    // In shadow mode nothing binds: one person is enough, whoever it is, and there is all the time in the world.
    const binding = decision?.mode === "enforce" ? decision : undefined;
    const now = Date.now();
    const offered = choices ?? (limit?.["choices"] as readonly string[] | undefined);
    return {
      id: questionId(task.id, name),
      kind,
      ...asks,
      ...(offered && { choices: offered }),
      ...(action && { action: { ...action, approvers: binding?.approvers ?? 1, others: binding?.others ?? 0 } }),
      since: new Date(now).toISOString(),
      ...(binding && { expires: new Date(now + binding.hours * HOUR_MS).toISOString() }),
      ...(answer !== undefined && { default: answer }),
    };
  }

  #answerAt(seq: number): Answered {
    const { task } = this.#run;
    const [entry] = task.read(seq, seq);
    if (entry?.event.type === "message") return { answer: entry.event.message, by: entry.event.by ?? [task.head.principal] };
    if (entry?.event.type === "expired") return { expired: true, ...(entry.event.value !== undefined && { value: entry.event.value }) };
    throw new Error(`entry ${seq} of task ${task.id} holds no answer`);
  }
}

/** The question as a person reads it, with what there is to choose from and what happens when nobody does. */
function worded(question: string, { kind, choices, expires, default: answer, action }: Interrupt): string {
  const several = action && action.approvers > 1 ? [`${action.approvers} people have to approve it.`] : [];
  const other = action && action.others > 0 ? ["It takes somebody else than the one whose task this is."] : [];
  const list = choices && kind === "question" ? [choices.map((choice, index) => `${index + 1}. ${choice}`).join("\n")] : [];
  const how = list.length > 0 ? ["Answer with a number or its words."] : [];
  const silence = expires !== undefined && answer !== undefined ? [`Without an answer until ${expires} it is "${answer}".`] : [];
  return [question, ...list, ...how, ...several, ...other, ...silence].join("\n\n");
}
