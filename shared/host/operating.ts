/**
 * What an operator does to a task: pauses it, lets it go on, raises its limits. Decides nothing: it puts the operator's word to the
 * core, and lets the runner do what comes of it. What happens to a task stands in its log with who did it.
 */
import { ownerName } from "../auth/owner.ts";
import type { Principal } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import { amountOf, UNITS } from "../budget/amount.ts";
import type { Message } from "../task/a2a-types.ts";
import { costOf } from "../task/account.ts";
import { interruptOf, questionId } from "../task/answering.ts";
import { limitIn, sayingCost } from "../task/governance-extension.ts";
import { hitlResponse, withHitl } from "../task/hitl-extension.ts";
import { INTERRUPT_EXTENSION, type Interrupt } from "../task/interrupt-extension.ts";
import type { FollowUp, HomeRefusal } from "./api.ts";
import type { LiveTask } from "./live-task.ts";
import type { Residents } from "./residents.ts";
import type { Runner } from "./runner.ts";

/** `task`: the object that stands for the task from here on. */
export type Operated = { readonly task: LiveTask; readonly changed: boolean } | { readonly refusal: HomeRefusal };

export interface OperatingOptions<Env> {
  /** Whose tasks these are. */
  readonly agent: string;
  readonly tasks: Residents;
  readonly runner: Runner<Env>;
  /** Answers as a message does. */
  readonly message: (followUp: FollowUp) => Promise<unknown>;
}

export class Operating<Env> {
  readonly #options: OperatingOptions<Env>;

  constructor(options: OperatingOptions<Env>) {
    this.#options = options;
  }

  /** Nothing new begins in the task until it is let go on. To pause what is paused changes nothing. */
  pause(task: LiveTask, by: Principal, reason: string | undefined): Operated {
    const { agent, runner } = this.#options;
    if (task.head.paused) return { task, changed: false };
    const { id, head } = task;
    const name = ownerName(by);
    const interrupt = {
      id: questionId(id, `paused:${head.seq}`),
      kind: "paused",
      asker: { agent, skill: head.skill ?? "", task: id },
      path: [agent],
      since: new Date().toISOString(),
    } satisfies Interrupt;
    const why = reason === undefined ? "" : `: ${reason}`;
    const message = this.#say(task, `Paused by ${name}${why}. It goes on when an operator resumes it.`, "ROLE_AGENT");
    task.gather();
    const metadata = { ...sayingCost(costOf(head.account, Date.now())), [INTERRUPT_EXTENSION]: interrupt };
    const step = task.apply({ type: "pause", message, metadata });
    if ("refusal" in step) return step;
    runner.pause(task);
    return { task, changed: true };
  }

  /** The question that waited is put again; without one the program goes on. To resume what is not paused changes nothing. */
  async resume(paused: LiveTask): Promise<Operated> {
    const { tasks, runner } = this.#options;
    if (!paused.head.paused && !paused.ended) return { task: paused, changed: false };
    // What the run that was paused still does is not this task's any more.
    const task = paused.ended ? paused : tasks.renew(paused);
    const again = task.question(0);
    task.gather();
    const step = task.apply({ type: "unpause", ...(again && { again }) });
    if ("refusal" in step) return step;
    await runner.answer(task, undefined);
    task.flush();
    return { task, changed: true };
  }

  /**
   * Raises the task's own limits. Those of a task that another agent gave are not its own.
   * A task that waits at such a limit tries again.
   * @param key the same again raises nothing
   */
  async raise(task: LiveTask, by: Principal, amounts: Partial<Amount>, key: string): Promise<Operated> {
    const { head } = task;
    const name = `raised:operator:${key}`;
    if (head.chain) return { refusal: { code: "limits-given", root: head.chain.delegation.root } };
    const amount = amountOf(amounts);
    const seq = head.memo[name];
    const known = seq === undefined ? undefined : task.read(seq, seq)[0]?.event;
    const isKnown = known?.type === "raised";
    if (isKnown && UNITS.some((unit) => known.by[unit] !== amount[unit])) return { refusal: { code: "key-reused" } };
    if (!isKnown && task.ended) return { refusal: { code: "task-ended", state: head.state } };
    // Stored with the first question that goes on for it.
    task.gather();
    const step = isKnown ? undefined : task.apply({ type: "raised", name, by: amount });
    if (step && "refusal" in step) return step;
    // Also when the same was said before: what was raised may have been all that was stored of it.
    await this.#tryAgain(task, by);
    task.flush();
    return { task, changed: !isKnown };
  }

  /** Whatever waits at a limit of the task's own looks whether there is room now. */
  async #tryAgain(task: LiveTask, by: Principal): Promise<void> {
    const open = task.head.questions.flatMap((_, index) => task.question(index) ?? []);
    for (const { name, metadata } of open) {
      const limit = limitIn(metadata);
      const isMet = limit?.["policy"] === "budget" && Array.isArray(limit["choices"]) && limit["choices"].includes("again");
      const isOpen = task.head.questions.includes(name) && !task.head.paused && !task.ended;
      const { id } = interruptOf(task.id, name, metadata, "");
      const message = withHitl(this.#say(task, "again", "ROLE_USER"), hitlResponse(id, { text: "again" }));
      if (isMet && isOpen) await this.#options.message({ taskId: task.id, message, by: [by] });
    }
  }

  #say({ id, head }: LiveTask, text: string, role: Message["role"]): Message {
    return { messageId: `${id}-${head.seq + 1}`, role, parts: [{ text }], taskId: id, contextId: head.contextId };
  }
}
