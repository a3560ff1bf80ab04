/**
 * The open questions of one callee that speaks of them as this mesh does: all of them are put here at once, so that each can be
 * answered by whom it is for, in any order, and its answer goes down by itself. One that the callee asks no more is withdrawn.
 * Keeps nothing that a later run would not come to know again from the log.
 */
import type { Json, JsonObject } from "../../task/a2a-types.ts";
import { callOf } from "../../task/account.ts";
import { questionId, saidIn } from "../../task/answering.ts";
import { approvalQuestion } from "../../task/approval.ts";
import { digest } from "../../task/digest.ts";
import { hitlResponse } from "../../task/hitl-extension.ts";
import { INTERRUPT_EXTENSION, type Interrupt, interruptIn } from "../../task/interrupt-extension.ts";
import type { AsksBack, CallingRun, CallResult } from "../calls.ts";
import { afterRefusal, declinedIn, inParts, type Reply } from "./reply.ts";

/** After a question has expired at the callee: by then its own alarm has rung. Milliseconds. */
const LATER_MS = 2_000;

export class OpenQuestions<Env> {
  readonly #run: CallingRun<Env>;
  /** Names under which they are put here, by the callee's ids. */
  readonly #put = new Map<string, string>();
  /** How often each was answered: what is asked again was not taken. */
  readonly #answered = new Map<string, number>();

  constructor(run: CallingRun<Env>) {
    this.#run = run;
  }

  timesAnswered(id: string | undefined): number {
    return (id !== undefined && this.#answered.get(id)) || 0;
  }

  /**
   * Resolves with what came of one of them.
   * @param name of what is asked now, the same in every run
   * @param over what they have in common here: through whom they came
   * @param metadata of the one that the callee puts
   */
  async next(name: string, asks: AsksBack, over: Pick<Interrupt, "path" | "callee">, metadata: JsonObject): Promise<Reply> {
    const { head } = this.#run.task;
    const all = questionsIn(asks).map((asked, index) => ({ asked, put: this.#nameOf(name, asked.id, index) }));
    const answers = all.map(({ asked, put }, index) => {
      const words = wordsOf(asked);
      // Why the last answer was not taken stands where it is asked next.
      const isNext = index === 0 || this.timesAnswered(asked.id) > 0;
      return this.#putOne(put, asked, isNext ? afterRefusal(asks, words) : words, over, index === 0 ? metadata : {});
    });
    await Promise.race(answers);
    // The first in the log: a later run must send the same answers in the same order, under the same keys.
    const place = ({ put }: { put: string }) => head.memo[put] ?? Number.POSITIVE_INFINITY;
    const [first] = all.toSorted((a, b) => place(a) - place(b));
    if (!first) throw new Error("a callee that asks has a question");
    this.#answered.set(first.asked.id, this.timesAnswered(first.asked.id) + 1);
    return (await answers[all.indexOf(first)]) ?? { expired: "here" };
  }

  /** What the callee has come to by now: what it asks no more needs no answer. */
  keepOnly(result: CallResult): void {
    const still = new Set(result.ok === "asks" ? questionsIn(result).map(({ id }) => id) : []);
    for (const [id, put] of this.#put) {
      if (still.has(id)) continue;
      this.#put.delete(id);
      if (this.#run.task.head.questions.includes(put)) this.#run.withdraw(put);
    }
  }

  async #putOne(
    name: string,
    { words: _, waiting: __, ...asked }: Interrupt,
    words: string,
    { path, callee }: Pick<Interrupt, "path" | "callee">,
    metadata: JsonObject,
  ): Promise<Reply> {
    const { action, expires, id } = asked;
    const up = {
      ...asked,
      // Two agents that name their questions alike must not get each other's answers.
      id: isTaken(this.#run, name, id) ? questionId(this.#run.task.id, name) : id,
      path: [...path, ...asked.path],
      ...(callee && { callee }),
      ...(expires !== undefined && { expires: laterThan(expires) }),
    };
    const answered = await this.#run.put(name, words, { ...metadata, [INTERRUPT_EXTENSION]: up as unknown as Json });
    if ("expired" in answered) return { expired: expires === undefined ? "here" : "there", past: id };
    const said = saidIn(answered.answer, up);
    return { parts: inParts(said, action?.digest), answer: hitlResponse(id, said), by: answered.by, ...declinedIn(said) };
  }

  /** A question keeps its name while others of its callee are answered; one that is asked again is another one. */
  #nameOf(name: string, id: string, index: number): string {
    const { head } = this.#run.task;
    // As an earlier version put it, which knew only of the first.
    if (index === 0 && (head.memo[name] !== undefined || head.questions.includes(name))) return name;
    const times = this.timesAnswered(id);
    const put = `${callOf(name)}:ask:${digest(id)}${times === 0 ? "" : `:${times + 1}`}`;
    this.#put.set(id, put);
    return put;
  }
}

function wordsOf({ action, words = "" }: Interrupt): string {
  return action ? approvalQuestion(action.description, action.args, action.digest) : words;
}

/** The last time that there is has none after it, and one that is none stays as it is. */
function laterThan(expires: string): string {
  const later = new Date(Date.parse(expires) + LATER_MS);
  return Number.isNaN(later.getTime()) ? expires : later.toISOString();
}

/** What it puts, and what waits behind that. At a limit its words are not all: that is passed up when it is put. */
function questionsIn({ asks, question }: AsksBack): readonly Interrupt[] {
  if (asks?.form !== "interrupt") return [];
  const { interrupt } = asks;
  const behind = (interrupt.waiting ?? []).filter(({ kind, id }) => (kind === "question" || kind === "approval") && id !== interrupt.id);
  return [{ ...interrupt, words: question }, ...behind];
}

/** Whether another open question of the task has this id. */
function isTaken<Env>({ task }: CallingRun<Env>, name: string, id: string): boolean {
  return task.head.questions.some((other, index) => other !== name && interruptIn(task.question(index)?.metadata)?.id === id);
}
