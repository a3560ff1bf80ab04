/**
 * The task object: a home of one or many tasks. A shell that decides nothing: it loads, asks the pure core, stores, and
 * runs what the core asked for, at once; the alarm only picks up what a crash left. One task's failure, wait or long run
 * never holds up its neighbours.
 */
import { DurableObject } from "cloudflare:workers";
import type { Message } from "../task/a2a-types.ts";
import { RESUME_LIMIT } from "../task/advance.ts";
import type { Homes } from "../task/home.ts";
import type { TaskView } from "../task/render.ts";
import { ActiveRun, type Outbound } from "./active-run.ts";
import type {
  FollowUp,
  HomeRefusal,
  Listed,
  ReplyOptions,
  StartRequest,
  StreamReply,
  TaskHomeApi,
  TaskIndexApi,
  TaskReply,
} from "./api.ts";
import { Listing } from "./listing.ts";
import { LiveTask } from "./live-task.ts";
import { LogStore } from "./log-store.ts";
import type { Outcome, Program } from "./program.ts";
import { type SubscribeOptions, subscribe } from "./subscription.ts";

export interface HomeOptions<Env> {
  readonly program: Program<Env>;
  readonly outbound: Outbound<Env>;
  readonly homes: Homes;
  /** A run that takes longer, its waits for people not counted, fails its task. Milliseconds. */
  readonly runLimitMs: number;
}

export interface HomeEnv {
  TASK_INDEX: DurableObjectNamespace;
}

/** After a crash nothing touches, work goes on after this long. Milliseconds. */
const LEASE_MS = 10_000;
/** Tasks kept in memory; beyond it those that only wait go first. Their log has all of them. */
const MEMORY_LIMIT = 500;

/** Microtasks a skill that needs nothing from the world may take before a timer is set to see whether it does. */
const SYNCHRONOUS_TURNS = 32;

interface Running {
  readonly run: ActiveRun<never>;
  limit: number | null;
}

/** The class to export as `TaskHome` from an agent's Worker. */
export function defineTaskHome<Env extends HomeEnv>({ program, outbound, homes, runLimitMs }: HomeOptions<Env>) {
  return class TaskHome extends DurableObject<Env> implements TaskHomeApi {
    readonly #store = new LogStore(this.ctx.storage.sql);
    readonly #tasks = new Map<string, LiveTask>();
    readonly #runs = new Map<LiveTask, Running>();
    readonly #owing = new Set<LiveTask>();
    readonly #untold = new Map<LiveTask, Promise<unknown>>();
    readonly #listing = new Listing({
      home: this.#name,
      index: () => this.#index,
      store: this.#store,
      render: (id) => listed(this.#tasks.get(id) ?? LiveTask.load(id, this.#store, () => {})),
    });
    #alarmAt = Number.POSITIVE_INFINITY;

    async start(request: StartRequest, options: ReplyOptions): Promise<TaskReply> {
      const started = await this.#start(request);
      return "refusal" in started ? { ok: false, refusal: started.refusal } : this.#reply(started.task, options);
    }

    async startStream(request: StartRequest, { historyLength }: ReplyOptions): Promise<StreamReply> {
      const started = await this.#start(request);
      return "refusal" in started
        ? { ok: false, refusal: started.refusal }
        : this.#stream(started.task, { from: "creation", historyLength });
    }

    async message(followUp: FollowUp, options: ReplyOptions): Promise<TaskReply> {
      const taken = this.#message(followUp);
      return "refusal" in taken ? { ok: false, refusal: taken.refusal } : this.#reply(taken.task, options);
    }

    async messageStream(followUp: FollowUp, { historyLength }: ReplyOptions): Promise<StreamReply> {
      const taken = this.#message(followUp);
      return "refusal" in taken ? { ok: false, refusal: taken.refusal } : this.#stream(taken.task, { from: "now", historyLength });
    }

    async get(taskId: string, view: TaskView): Promise<TaskReply> {
      const task = this.#find(taskId);
      return task ? { ok: true, task: JSON.stringify(task.render(view)) } : NOT_FOUND;
    }

    async cancel(taskId: string, message: Message): Promise<TaskReply> {
      const task = this.#find(taskId);
      if (!task) return NOT_FOUND;
      if (!task.ended && !this.#runs.has(task)) {
        // Lost while it waited. Only a run knows what it has to let go of elsewhere, so it first gets back to its question.
        void this.#run(task);
        await new Promise<void>((resolve) => setTimeout(resolve, 0));
      }
      task.gather();
      const step = task.apply({ type: "cancel", message });
      if ("refusal" in step) {
        task.flush();
        return { ok: false, refusal: step.refusal };
      }
      this.#finish(task, "the task was canceled");
      return this.#reply(task, { blocking: false });
    }

    async subscribe(taskId: string, after?: number): Promise<StreamReply> {
      const task = this.#find(taskId);
      if (!task) return NOT_FOUND;
      if (task.ended && after === undefined) return { ok: false, refusal: { code: "task-ended", state: task.head.state } };
      return this.#stream(task, { from: after ?? "now" });
    }

    async flushListing(): Promise<void> {
      await this.#listing.flush();
    }

    override async alarm(): Promise<void> {
      this.#alarmAt = Number.POSITIVE_INFINITY;
      for (const { task: id } of this.#store.owed()) {
        try {
          const task = this.#find(id);
          if (task && this.#runs.has(task)) this.#owe(task);
          else this.#store.settle(id);
        } catch (error) {
          console.error(`task ${id} could not be taken up again`, error);
          this.#store.owe(id, Date.now() + LEASE_MS);
          this.#arm(Date.now() + LEASE_MS);
        }
      }
    }

    /** Makes the task, or finds it when its id comes from a key that was used before; lets the program begin. */
    async #start({ taskId, digest, ...request }: StartRequest): Promise<{ task: LiveTask } | { refusal: HomeRefusal }> {
      const known = digest === undefined ? undefined : this.#find(taskId);
      if (known) return known.head.digest === digest ? { task: known } : { refusal: { code: "key-reused" } };

      const task = LiveTask.create(
        taskId,
        { type: "created", ...request, ...(digest !== undefined && { digest }) },
        this.#store,
        (stored) => this.#note(stored),
      );
      this.#keep(task);
      const ended = this.#run(task);
      // A skill that needs nothing from the world is done within this turn: then everything is stored at once, and
      // there is no state in between from which it would have to be taken up again.
      // biome-ignore lint/nursery/useAwaitThenable: a turn of the queue is all that is waited for
      for (let turn = 0; turn < SYNCHRONOUS_TURNS && this.#runs.has(task) && !task.resting; turn++) await undefined;
      if (this.#runs.has(task) && !task.resting) await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 0))]);
      this.#hold(task);
      return { task };
    }

    #message({ taskId, message, key, digest }: FollowUp): { task: LiveTask } | { refusal: HomeRefusal } {
      const task = this.#find(taskId);
      if (!task) return { refusal: { code: "not-found" } };
      const question = task.head.questions[0];
      task.gather();
      const step = task.apply({ type: "message", message, ...(key !== undefined && { key }), ...(digest !== undefined && { digest }) });
      if ("refusal" in step) {
        task.flush();
        return { refusal: step.refusal };
      }
      if (step.effect === "run") {
        this.#owe(task);
        task.flush();
        // The run that asked goes on where it stands; if it is gone, a new one reads what was done from the log.
        const running = this.#runs.get(task);
        if (question !== undefined && running?.run.answer(question, message)) this.#limit(task, running);
        else if (!running) this.#run(task);
      }
      task.flush();
      return { task };
    }

    async #reply(task: LiveTask, { blocking, historyLength }: ReplyOptions): Promise<TaskReply> {
      if (blocking) await task.rest();
      else task.flush();
      await this.#untold.get(task);
      this.#forget(task);
      return { ok: true, task: JSON.stringify(task.render({ historyLength, artifacts: true })) };
    }

    async #stream(task: LiveTask, options: SubscribeOptions): Promise<StreamReply> {
      task.flush();
      await this.#untold.get(task);
      return { ok: true, stream: subscribe(task, options) };
    }

    /** Starts the program over a task. What a former run did is in the log. */
    #run(task: LiveTask): Promise<void> {
      const run: ActiveRun<Env> = new ActiveRun(task, this.env, outbound, { hold: () => this.#hold(task), park: () => this.#park(task) });
      const running: Running = { run: run as unknown as ActiveRun<never>, limit: null };
      this.#runs.set(task, running);
      return this.#settle(task, run, running);
    }

    async #settle(task: LiveTask, run: ActiveRun<Env>, running: Running): Promise<void> {
      let outcome: Outcome;
      try {
        outcome = checkOutcome(await program.run(run));
      } catch (error) {
        // Details stay here: an error's text may hold what the caller must not see.
        if (!run.aborted) console.error(`task ${task.id}: the program threw`, error);
        outcome = {
          outcome: "failed",
          reason: `the agent stopped with an internal error; its operator finds the cause under task ${task.id}. Sending the request again is safe.`,
        };
      }
      if (this.#runs.get(task) !== running) return;
      try {
        run.end(outcome);
      } catch (error) {
        console.error(`task ${task.id}: the outcome could not be stored`, error);
        run.end({ outcome: "failed", reason: "the agent's result could not be stored" });
      }
      this.#finish(task, "the task has ended");
    }

    /** Stops whatever still runs for a task that has ended, and lets go of it. */
    #finish(task: LiveTask, reason: string): void {
      const running = this.#runs.get(task);
      this.#runs.delete(task);
      if (running) {
        if (running.limit !== null) clearTimeout(running.limit);
        running.run.abort(reason);
      }
      this.#disown(task);
      task.flush();
      this.#forget(task);
    }

    /** The run waits for the world: from here on a crash must not lose it. */
    #hold(task: LiveTask): void {
      const running = this.#runs.get(task);
      if (!running || task.resting) return;
      this.#limit(task, running);
      task.apply({ type: "working" });
      this.#owe(task);
      task.flush();
    }

    /** Only people can bring the run further: nothing is owed until they do, and their time is not the run's. */
    #park(task: LiveTask): void {
      const running = this.#runs.get(task);
      clearTimeout(running?.limit ?? null);
      if (running) running.limit = null;
      this.#disown(task);
      task.flush();
    }

    #limit(task: LiveTask, running: Running): void {
      running.limit ??= setTimeout(() => {
        running.run.end({ outcome: "failed", reason: `the agent took longer than ${runLimitMs / 1000} s and was stopped` });
        this.#finish(task, "the agent took too long");
      }, runLimitMs);
    }

    #owe(task: LiveTask): void {
      const due = Date.now() + LEASE_MS;
      this.#owing.add(task);
      this.#store.owe(task.id, due);
      this.#arm(due);
    }

    #disown(task: LiveTask): void {
      if (!this.#owing.delete(task)) return;
      this.#store.settle(task.id);
      // A shared home soon needs its alarm again; a home of one task does not, and would be woken for nothing.
      if (homes === "own" && this.#alarmAt !== Number.POSITIVE_INFINITY) {
        this.#alarmAt = Number.POSITIVE_INFINITY;
        void this.ctx.storage.deleteAlarm();
      }
    }

    #arm(due: number): void {
      if (this.#alarmAt <= due) return;
      this.#alarmAt = due;
      void this.ctx.storage.setAlarm(due);
    }

    /** The task in memory or from its log. One whose run was lost is taken up again by whoever touches it first. */
    #find(id: string): LiveTask | undefined {
      const known = this.#tasks.get(id);
      if (known) return known;
      const task = LiveTask.load(id, this.#store, (stored) => this.#note(stored));
      if (!task || task.ended) return task;
      this.#keep(task);
      if (!task.resting) {
        if (task.head.resumes >= RESUME_LIMIT) {
          const run = new ActiveRun(task, this.env, outbound, { hold: () => {}, park: () => {} });
          run.end({
            outcome: "failed",
            reason: `the agent was stopped ${RESUME_LIMIT} times without getting any further, and was given up`,
          });
          this.#finish(task, "given up");
        } else {
          task.apply({ type: "lost" });
          void this.#run(task);
          this.#hold(task);
        }
      }
      return task;
    }

    #keep(task: LiveTask): void {
      this.#tasks.set(task.id, task);
      if (this.#tasks.size <= MEMORY_LIMIT) return;
      for (const each of this.#tasks.values()) {
        if (each.watched || each.stored !== each.head.seq || !each.resting) continue;
        this.#tasks.delete(each.id);
        this.#runs.delete(each);
        return;
      }
    }

    #forget(task: LiveTask): void {
      if (task.ended && !task.watched) {
        this.#tasks.delete(task.id);
        this.#untold.delete(task);
      }
    }

    /** Tells the index, once per store. Its answer is awaited before anybody is told of the task. */
    #note(task: LiveTask): void {
      const row = listed(task);
      if (row) this.#untold.set(task, this.#listing.note(row, homes === "own" && task.ended));
    }

    get #name(): string {
      return this.ctx.id.name ?? this.ctx.id.toString();
    }

    get #index(): TaskIndexApi {
      const owner = this.#name.slice(0, this.#name.indexOf(":"));
      return this.env.TASK_INDEX.getByName(owner) as unknown as TaskIndexApi;
    }
  };
}

const NOT_FOUND = { ok: false, refusal: { code: "not-found" } } as const;

/** Status messages longer than this are left out of lists. */
const LISTED_MESSAGE_CHARS = 8_000;

function listed(task: LiveTask | undefined): Listed | undefined {
  if (!task) return undefined;
  const { id, contextId, state, statusAt: at } = task.head;
  const whole = task.render({ historyLength: 0, artifacts: false });
  const { message, ...status } = whole.status;
  const short = message && JSON.stringify(message).length > LISTED_MESSAGE_CHARS ? { ...whole, status } : whole;
  return { id, contextId, state, at, task: JSON.stringify(short) };
}

/** A program written in plain JavaScript may return anything. */
function checkOutcome(outcome: Outcome): Outcome {
  if (outcome?.outcome === "completed" && Array.isArray(outcome.artifacts)) return outcome;
  if ((outcome?.outcome === "rejected" || outcome?.outcome === "failed") && typeof outcome.reason === "string") return outcome;
  return { outcome: "failed", reason: "the agent's skill returned no outcome: it must return completed(…), rejected(…) or failed(…)" };
}
