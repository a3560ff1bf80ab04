/**
 * The task object: a home of one or many tasks. A shell that decides nothing: it loads, asks the pure core, stores, and
 * lets the runner do what the core asked for, at once; the alarm only picks up what a crash left. One task's failure,
 * wait or long run never holds up its neighbours.
 */
import { DurableObject } from "cloudflare:workers";
import type { Principal } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import type { PolicyName } from "../contract/contract.ts";
import type { Message, TaskPushNotificationConfig } from "../task/a2a-types.ts";
import { costAtEnd } from "../task/account.ts";
import type { LogEntry } from "../task/event.ts";
import { sayingCost } from "../task/governance-extension.ts";
import type { TaskView } from "../task/render.ts";
import { answer } from "./answer.ts";
import { takeMessage } from "./answers.ts";
import type {
  AdoptedAnswer,
  AdoptReply,
  DeleteReply,
  FollowUp,
  HistoryReply,
  HomeRefusal,
  JsonText,
  LogReply,
  OperatedReply,
  PushReply,
  RecordReply,
  ReplyOptions,
  SealedPushConfig,
  StartRequest,
  StreamForm,
  StreamReply,
  TaskHomeApi,
  TaskReply,
} from "./api.ts";
import { isLeftBy } from "./calling/callback.ts";
import { CALLED_OFF, calledOff } from "./calling/called-off.ts";
import { recordOf } from "./governance/record.ts";
import { type HomeEnv, type HomeOptions, homeParts } from "./home-parts.ts";
import type { LiveTask } from "./live-task.ts";
import type { Operated } from "./operating.ts";
import { type SubscribeOptions, subscribe } from "./subscription.ts";

type Taken = { task: LiveTask; isNew?: true } | { refusal: HomeRefusal };

/** The class to export as `TaskHome` from an agent's Worker. */
export function defineTaskHome<Env extends HomeEnv>(options: HomeOptions<Env>) {
  return class TaskHome extends DurableObject<Env> implements TaskHomeApi {
    readonly #home = homeParts<Env>(options, { ctx: this.ctx, env: this.env, message: (followUp) => this.#message(followUp) });

    async start(request: StartRequest, reply: ReplyOptions): Promise<TaskReply> {
      const taken = await this.#start(request);
      return "refusal" in taken ? { ok: false, refusal: taken.refusal } : this.#reply(taken.task, reply);
    }

    async startStream(request: StartRequest, { historyLength, after, form }: ReplyOptions): Promise<StreamReply> {
      const taken = await this.#start(request);
      if ("refusal" in taken) return { ok: false, refusal: taken.refusal };
      // Of a task that is new nobody can have had anything: a position is another task's, and would leave a gap.
      return this.#stream(taken.task, { from: taken.isNew ? "creation" : after || "creation", historyLength, form });
    }

    async message(followUp: FollowUp, reply: ReplyOptions): Promise<TaskReply> {
      const taken = await this.#message(followUp);
      return "refusal" in taken ? { ok: false, refusal: taken.refusal } : this.#reply(taken.task, reply);
    }

    async messageStream(followUp: FollowUp, { historyLength, after, form }: ReplyOptions): Promise<StreamReply> {
      // Before the message is taken: what is refused must not have happened.
      const last = this.#home.tasks.find(followUp.taskId)?.head.seq;
      if (after !== undefined && last !== undefined && after > last) return unknownPosition(after, last);
      const taken = await this.#message(followUp);
      if ("refusal" in taken) return { ok: false, refusal: taken.refusal };
      return this.#stream(taken.task, { from: goingOn(after), historyLength, form });
    }

    async get(taskId: string, view: TaskView): Promise<TaskReply> {
      const task = this.#home.tasks.find(taskId);
      return task ? answer(task, view) : NOT_FOUND;
    }

    async record(taskId: string, after: number): Promise<RecordReply> {
      const task = this.#home.tasks.find(taskId);
      if (!task) return NOT_FOUND;
      task.flush();
      return { ok: true, record: recordOf(task, this.#home.governor, after) };
    }

    async history(taskId: string, after: number, limit: number): Promise<HistoryReply> {
      const task = this.#home.tasks.find(taskId);
      return task ? { ok: true, history: this.#home.logs.history(task, after, limit) } : NOT_FOUND;
    }

    async getAt(taskId: string, seq: number): Promise<TaskReply> {
      const task = this.#home.tasks.find(taskId);
      return task ? this.#home.logs.at(task, seq) : NOT_FOUND;
    }

    async log(taskId: string, cardVersion: string): Promise<LogReply> {
      const task = this.#home.tasks.find(taskId);
      return task ? { ok: true, log: this.#home.logs.stream(task, cardVersion) } : NOT_FOUND;
    }

    async adopt(taskId: string, entries: readonly LogEntry[], given?: AdoptedAnswer): Promise<AdoptReply> {
      const answered = await this.#home.logs.adopt(taskId, entries, given);
      const task = this.#home.tasks.at(taskId);
      if (task) await this.#home.told(task);
      return { ok: true, ...(answered && { answer: answered }) };
    }

    async deployed(policy: string): Promise<number[]> {
      return (options.governance?.shelf.all(policy as PolicyName) ?? []).map(({ version }) => version);
    }

    async cancel(taskId: string, message: Message): Promise<TaskReply> {
      const task = this.#home.tasks.find(taskId);
      if (!task) return NOT_FOUND;
      const step = this.#cancel(task, message);
      if (!("refusal" in step)) return this.#reply(task, { blocking: false });
      await this.#home.told(task);
      return { ok: false, refusal: step.refusal };
    }

    async pause(taskId: string, by: Principal, reason?: string): Promise<OperatedReply> {
      return this.#operated(taskId, (task) => this.#home.operating.pause(task, by, reason));
    }

    async unpause(taskId: string): Promise<OperatedReply> {
      return this.#operated(taskId, async (task) => {
        // What was over meanwhile is not asked again.
        await this.#home.expiry.settle(task);
        return this.#home.operating.resume(task);
      });
    }

    async raise(taskId: string, by: Principal, amounts: Partial<Amount>, key: string): Promise<OperatedReply> {
      return this.#operated(taskId, (task) => this.#home.operating.raise(task, by, amounts, key));
    }

    async #operated(taskId: string, operate: (task: LiveTask) => Operated | Promise<Operated>): Promise<OperatedReply> {
      const task = this.#home.tasks.find(taskId);
      if (!task) return NOT_FOUND;
      const operated = await operate(task);
      task.flush();
      if ("refusal" in operated) return { ok: false, refusal: operated.refusal };
      const reply = await this.#reply(operated.task, { blocking: false, historyLength: 0 });
      return reply.ok ? { ...reply, changed: operated.changed } : reply;
    }

    async callOff(request: StartRequest): Promise<TaskReply> {
      const known = this.#home.tasks.find(request.taskId);
      const task = known ?? this.#home.tasks.create(request.taskId, { type: "created", ...request, digest: CALLED_OFF });
      if (!task.ended) this.#cancel(task, { ...request.message, role: "ROLE_AGENT" });
      return calledOff(task.id, this.#home.letGo, (id) => this.#home.tasks.find(id));
    }

    async callback(taskId: string, token: string, goesOn: boolean): Promise<boolean> {
      const task = this.#home.tasks.find(taskId);
      if (!task || !isLeftBy(task, token)) return false;
      if (!goesOn) this.#home.runner.wake(task);
      return true;
    }

    async subscribe(taskId: string, after?: number, form?: StreamForm): Promise<StreamReply> {
      const task = this.#home.tasks.find(taskId);
      if (!task) return NOT_FOUND;
      // Whoever has missed something of an ended task may still have it; whoever has all of it is told that it is over.
      const complete = after === undefined || after === task.head.seq;
      if (task.ended && complete) return { ok: false, refusal: { code: "task-ended", state: task.head.state } };
      return this.#stream(task, { from: goingOn(after), form });
    }

    async setPush(taskId: string, config: SealedPushConfig): Promise<PushReply<{ config: JsonText<TaskPushNotificationConfig> }>> {
      const task = this.#home.tasks.find(taskId);
      if (!task) return NOT_FOUND;
      const refusal = this.#home.outbox.refusal(task, config);
      if (refusal) return { ok: false, refusal };
      task.flush();
      const id = this.#home.outbox.put(task, config, task.head.seq);
      task.flush();
      return { ok: true, config: shownConfig(taskId, id, config) };
    }

    async listPush(taskId: string, id?: string): Promise<PushReply<{ configs: JsonText<TaskPushNotificationConfig>[] }>> {
      if (!this.#home.tasks.find(taskId)) return NOT_FOUND;
      const rows = this.#home.configs.of(taskId).filter((row) => id === undefined || row.id === id);
      return { ok: true, configs: rows.map((row) => shownConfig(taskId, row.id, row.config)) };
    }

    async deletePush(taskId: string, id: string): Promise<PushReply<Record<never, never>>> {
      const task = this.#home.tasks.find(taskId);
      if (!task) return NOT_FOUND;
      this.#home.outbox.delete(task, id);
      task.flush();
      return { ok: true };
    }

    async delete(taskId: string, root?: string): Promise<DeleteReply> {
      const task = this.#home.tasks.find(taskId);
      if (!task) return NOT_FOUND;
      await this.#home.told(task);
      const reply = await this.#home.deletion.byOwner(task.head, root);
      await this.#tidy();
      return reply;
    }

    async retain(taskIds: readonly string[]): Promise<string[]> {
      const gone = await this.#home.deletion.overdue(taskIds, Date.now());
      await this.#tidy();
      return gone;
    }

    async flushListing(): Promise<void> {
      await this.#home.listing.flush();
      await this.#tidy();
    }

    override async alarm(): Promise<void> {
      this.#home.alarm.rang();
      this.#home.lease.renew((id) => {
        const task = this.#home.tasks.find(id);
        return task !== undefined && this.#home.runner.has(task);
      });
      this.#home.governor?.purse.rang();
      this.#home.outbox.rang();
      this.#home.agenda.rang(Date.now());
      // Nobody may ever ask for the task that a lost object ended without a word to the index.
      await this.#home.listing.catchUp();
      await this.#tidy();
    }

    /** A home that holds nothing any more leaves nothing behind, its alarm neither. */
    async #tidy(): Promise<void> {
      if (!this.#home.isEmpty()) return;
      const wiped = Promise.all([this.ctx.storage.deleteAlarm(), this.ctx.storage.deleteAll()]);
      this.#home.wiped();
      await wiped;
    }

    /** Makes the task, or finds it when its id comes from a key that was used before; lets the program begin. */
    async #start({ taskId, digest, push, ...request }: StartRequest): Promise<Taken> {
      const known = digest === undefined ? undefined : this.#home.tasks.find(taskId);
      if (known && ![digest, CALLED_OFF].includes(known.head.digest)) return { refusal: { code: "key-reused" } };
      if (known) {
        if (request.chain) known.apply({ type: "granted", chain: request.chain });
        return { task: known };
      }
      const contracts = this.#home.governor?.versions(request.chain?.delegation.contracts);
      const created = { type: "created", ...request, ...(digest !== undefined && { digest }), ...(contracts && { contracts }) } as const;
      const task = this.#home.tasks.create(taskId, created);
      if (push) this.#home.outbox.begin(task, push);
      await this.#home.runner.begin(task);
      return { task, isNew: true };
    }

    async #message(followUp: FollowUp): Promise<Taken> {
      const { taskId, push } = followUp;
      const task = this.#home.tasks.find(taskId);
      if (!task) return { refusal: { code: "not-found" } };
      const forbidden = push && this.#home.outbox.refusal(task, push);
      if (forbidden) return { refusal: forbidden };
      const before = task.head.seq;
      task.gather();
      const took = takeMessage(task, followUp, Date.now());
      // A repeated message had its config the first time. Stored with the message, or neither of them.
      if (push && task.head.seq > before) {
        this.#home.outbox.put(task, push, before);
        task.flush();
      }
      if ("effect" in took && took.effect === "run") await this.#home.runner.answer(task, took.question);
      task.flush();
      if (!("refusal" in took)) return { task };
      // It came too late, and perhaps before the alarm.
      if (took.refusal.code === "question-expired") await this.#home.expiry.settle(task);
      return { refusal: took.refusal };
    }

    #cancel(task: LiveTask, message: Message) {
      task.gather();
      const metadata = sayingCost(costAtEnd(task.head.account, Date.now()));
      const step = task.apply({ type: "cancel", message: { ...message, contextId: task.head.contextId }, metadata });
      if ("effect" in step) this.#home.runner.end(task, "the task was canceled");
      task.flush();
      return step;
    }

    async #reply(task: LiveTask, { blocking, historyLength }: ReplyOptions): Promise<TaskReply> {
      if (blocking) await task.rest();
      else task.flush();
      await this.#home.told(task);
      this.#home.tasks.forgetEnded(task);
      return answer(task, { historyLength, artifacts: true });
    }

    async #stream(task: LiveTask, { from, ...view }: Omit<SubscribeOptions, "limitMs">): Promise<StreamReply> {
      task.flush();
      await this.#home.told(task);
      task.flush();
      const last = task.head.seq;
      if (typeof from === "number" && from > last) return unknownPosition(from, last);
      return { ok: true, stream: subscribe(task, { ...view, from, limitMs: options.streamLimitMs }) };
    }
  };
}

/** After nothing comes everything, and the first of it is the task as it was made. */
function goingOn(after: number | undefined): SubscribeOptions["from"] {
  if (after === undefined) return "now";
  return after === 0 ? "creation" : after;
}

function unknownPosition(after: number, last: number): StreamReply & { ok: false } {
  return { ok: false, refusal: { code: "position-unknown", after, last } };
}

/** What comes back of a config: everything but its secrets. */
function shownConfig(taskId: string, id: string, { url, scheme }: Pick<SealedPushConfig, "url" | "scheme">) {
  return JSON.stringify({ id, taskId, url, ...(scheme !== undefined && { authentication: { scheme } }) });
}

const NOT_FOUND = { ok: false, refusal: { code: "not-found" } } as const;
