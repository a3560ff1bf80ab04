/**
 * Runs the program over tasks: begins, holds, parks, resumes and ends runs, and gives up on those that take too long or
 * are lost again and again. A run that waits for the world has a lease, so that a crash does not lose it; one that only
 * waits for people has none.
 */
import { RESUME_LIMIT } from "../task/advance.ts";
import { ActiveRun, Stopped } from "./active-run.ts";
import type { Rechecks } from "./calling/rechecks.ts";
import type { WaitSettings } from "./calling/wait-settings.ts";
import type { Outbound } from "./calls.ts";
import type { Governor } from "./governance/governor.ts";
import type { Lease } from "./lease.ts";
import type { LiveTask } from "./live-task.ts";
import type { Outcome, Program } from "./program.ts";

export interface RunnerOptions<Env> {
  readonly program: Program<Env>;
  readonly outbound: Outbound<Env>;
  /** A run that takes longer, its waits for people not counted, fails its task. Milliseconds. */
  readonly runLimitMs: number;
  readonly waits: WaitSettings;
}

interface Running<Env> {
  readonly run: ActiveRun<Env>;
  ended: Promise<void>;
  limit: number | null;
}

/** Microtasks a program that needs nothing from the world may take before a timer is set to see whether it does. */
const SYNCHRONOUS_TURNS = 32;

export class Runner<Env> {
  readonly #options: RunnerOptions<Env>;
  readonly #env: Env;
  readonly #lease: Lease;
  readonly #rechecks: Rechecks;
  readonly #governor: Governor | undefined;
  readonly #running = new Map<LiveTask, Running<Env>>();
  /** Runs of paused tasks that may still say how what was under way has ended. */
  readonly #paused = new WeakMap<LiveTask, ActiveRun<Env>>();

  constructor(options: RunnerOptions<Env>, env: Env, lease: Lease, rechecks: Rechecks, governor: Governor | undefined) {
    this.#options = options;
    this.#env = env;
    this.#lease = lease;
    this.#rechecks = rechecks;
    this.#governor = governor;
  }

  /** Nobody but people can bring the task further. */
  isWaiting(task: LiveTask): boolean {
    return this.#running.get(task)?.run.waiting ?? task.resting;
  }

  has(task: LiveTask): boolean {
    return this.#running.has(task);
  }

  /** Begins the run of a new task. */
  async begin(task: LiveTask): Promise<void> {
    await this.#firstTurn(task, this.#start(task));
  }

  /** Takes up a task whose run was lost, or gives it up when that happens again and again. */
  resume(task: LiveTask): void {
    if (task.head.resumes >= RESUME_LIMIT) {
      const run = this.#run(task, { hold: () => {}, park: () => {} });
      run.end({
        outcome: "failed",
        reason: `the agent was stopped ${RESUME_LIMIT} times without getting any further, and was given up`,
      });
      this.end(task, "given up");
      return;
    }
    const seen = this.#lease.lastSeen(task.id);
    const idle = seen === undefined ? 0 : Date.now() - seen;
    task.apply({ type: "lost", ...(idle > 0 && { idle }) });
    void this.#start(task);
    this.#hold(task);
  }

  /** Lets a task go on whose question was answered: the run that asked where it stands, or a new one from the log. */
  async answer(task: LiveTask, question: string | undefined): Promise<void> {
    if (task.head.paused) return;
    const running = this.#running.get(task);
    // What was out while all that was left was to wait counts again, before anything else may be given away.
    this.#governor?.holdAgain(task);
    if (running && question !== undefined) running.run.answer(question);
    await this.#firstTurn(task, running?.ended ?? this.#start(task));
  }

  /** Callees that take long may have come to an end: the run asks them, or a new one from the log. Nothing was lost for that. */
  wake(task: LiveTask): void {
    if (task.ended || task.head.paused) return;
    const running = this.#running.get(task);
    this.#governor?.holdAgain(task);
    if (running) running.run.wake();
    else void this.#start(task);
    this.#hold(task);
  }

  /** Stops whatever still runs for a task that has ended. */
  end(task: LiveTask, reason: string): void {
    const running = this.#running.get(task);
    this.#running.delete(task);
    if (running) {
      stopClock(running);
      running.run.abort(reason);
    }
    this.#paused.get(task)?.abort(reason);
    this.#lease.release(task.id);
    this.#governor?.release(task);
    task.flush();
  }

  /** Forgets a run that waits for people, or was paused; the log knows how to begin another. */
  drop(task: LiveTask): void {
    this.#running.delete(task);
    task.retire();
    this.#paused.get(task)?.abort("another run takes over");
  }

  /** Nothing new begins in a paused task. What is under way may still say how it ended, so that it is not done again. */
  pause(task: LiveTask): void {
    const running = this.#running.get(task);
    this.#running.delete(task);
    if (running) {
      stopClock(running);
      this.#paused.set(task, running.run);
    }
    this.#lease.release(task.id);
    this.#governor?.release(task);
    task.flush();
  }

  #run(task: LiveTask, hooks: { hold: () => void; park: () => void }): ActiveRun<Env> {
    return new ActiveRun(task, this.#env, { ...this.#options, governor: this.#governor, ...hooks });
  }

  #start(task: LiveTask): Promise<void> {
    const hooks = { hold: () => this.#hold(task), park: () => this.#park(task) };
    const run = this.#run(task, hooks);
    const running: Running<Env> = { run, ended: Promise.resolve(), limit: null };
    this.#running.set(task, running);
    running.ended = this.#settle(task, running);
    return running.ended;
  }

  /**
   * Lets a program do what it can without the world. When that is all it does, everything is stored at once as this
   * resolves, and there is no state in between from which it would have to be taken up again.
   */
  async #firstTurn(task: LiveTask, ended: Promise<void>): Promise<void> {
    const atWork = () => this.has(task) && !this.isWaiting(task);
    // biome-ignore lint/nursery/useAwaitThenable: a turn of the queue is all that is waited for
    for (let turn = 0; turn < SYNCHRONOUS_TURNS && atWork(); turn++) await undefined;
    if (atWork()) await nextTurn(ended);
    this.#hold(task);
  }

  async #settle(task: LiveTask, running: Running<Env>): Promise<void> {
    const { run } = running;
    const outcome = await this.#outcome(task, run);
    if (this.#running.get(task) !== running) return;
    try {
      run.end(outcome);
    } catch (error) {
      console.error(`task ${task.id}: the outcome could not be stored`, error);
      run.end({ outcome: "failed", reason: "the agent's result could not be stored" });
    }
    this.end(task, "the task has ended");
  }

  async #outcome(task: LiveTask, run: ActiveRun<Env>): Promise<Outcome> {
    try {
      return checkOutcome(await this.#options.program.run(run));
    } catch (error) {
      // Its limit stopped it: that says nothing about how well the agent works, so it has not failed.
      if (error instanceof Stopped) return { outcome: "rejected", reason: error.message };
      // Details stay here: an error's text may hold what the caller must not see.
      if (!run.aborted && !task.head.paused) console.error(`task ${task.id}: the program threw`, error);
      const reason = `the agent stopped with an internal error; its operator finds the cause under task ${task.id}. Sending the request again is safe.`;
      return { outcome: "failed", reason };
    }
  }

  /** The run waits for the world, beside questions or not: from here on a crash must not lose it. */
  #hold(task: LiveTask): void {
    const running = this.#running.get(task);
    if (!running || running.run.waiting || task.ended) return;
    this.#limit(task, running);
    this.#rechecks.drop(task.id);
    task.apply({ type: "working" });
    this.#lease.take(task.id);
    this.#governor?.prepare(task);
    task.flush();
  }

  /** Only others can bring the run further: nothing is owed until they do, and their time is not the run's. */
  #park(task: LiveTask): void {
    const running = this.#running.get(task);
    // A run that still unwinds after its task has ended parks nothing.
    if (!running || task.ended) return;
    stopClock(running);
    const due = running.run.dueBack;
    if (due !== undefined) this.#rechecks.set(task.id, due);
    this.#lease.release(task.id);
    // Whoever waits for people holds nothing back from others.
    this.#governor?.release(task);
    task.flush();
  }

  #limit(task: LiveTask, running: Running<Env>): void {
    const { runLimitMs } = this.#options;
    running.limit ??= setTimeout(() => {
      running.run.end({ outcome: "failed", reason: `the agent took longer than ${runLimitMs / 1000} s and was stopped` });
      this.end(task, "the agent took too long");
    }, runLimitMs);
  }
}

function stopClock(running: { limit: number | null }): void {
  if (running.limit !== null) clearTimeout(running.limit);
  running.limit = null;
}

/** Resolves after whatever can be done without the world, or earlier when `ended` does. */
function nextTurn(ended: Promise<void>): Promise<unknown> {
  return Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 0))]);
}

/** A program written in plain JavaScript may return anything. */
function checkOutcome(outcome: Outcome): Outcome {
  if (outcome?.outcome === "completed" && Array.isArray(outcome.artifacts)) return outcome;
  if ((outcome?.outcome === "rejected" || outcome?.outcome === "failed") && typeof outcome.reason === "string") return outcome;
  return { outcome: "failed", reason: "the agent's skill returned no outcome: it must return completed(…), rejected(…) or failed(…)" };
}
