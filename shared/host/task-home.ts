/**
 * The task object: a home of one or many tasks. A shell that decides nothing: it loads, asks the pure core, stores, and
 * lets the runner do what the core asked for, at once; the alarm only picks up what a crash left. One task's failure,
 * wait or long run never holds up its neighbours.
 */
import { DurableObject } from "cloudflare:workers";
import type { Principal } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import type { PolicyName } from "../contract/contract.ts";
import type { Message, StreamResponse, TaskPushNotificationConfig } from "../task/a2a-types.ts";
import { costAtEnd } from "../task/account.ts";
import type { LogEntry } from "../task/event.ts";
import { sayingCost } from "../task/governance-extension.ts";
import type { Homes } from "../task/home.ts";
import type { TaskView } from "../task/render.ts";
import { Agenda } from "./agenda.ts";
import { Alarm } from "./alarm.ts";
import { answer, listed } from "./answer.ts";
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
  TaskIndexApi,
  TaskReply,
} from "./api.ts";
import { isLeftBy } from "./calling/callback.ts";
import { CALLED_OFF, calledOff } from "./calling/called-off.ts";
import { LetGo } from "./calling/let-go.ts";
import { Rechecks } from "./calling/rechecks.ts";
import { Deletion } from "./deletion.ts";
import { Expiry } from "./expiry.ts";
import type { GovernanceEnv } from "./governance/env.ts";
import type { Governance } from "./governance/governor.ts";
import { homeGovernor } from "./governance/home-governor.ts";
import { recordOf } from "./governance/record.ts";
import type { InboxApi, InboxEnv } from "./inbox/api.ts";
import { Telling } from "./inbox/telling.ts";
import { Lease } from "./lease.ts";
import { Listing } from "./listing.ts";
import { LiveTask } from "./live-task.ts";
import { LogStore } from "./log-store.ts";
import { type Operated, Operating } from "./operating.ts";
import { addressOf, type PushEnv } from "./push/notification.ts";
import { Outbox, type PushSettings } from "./push/outbox.ts";
import { PushStore } from "./push/store.ts";
import { Residents } from "./residents.ts";
import { Runner, type RunnerOptions } from "./runner.ts";
import { type SubscribeOptions, subscribe } from "./subscription.ts";
import { TaskLogs } from "./task-logs.ts";

export interface HomeOptions<Env> extends RunnerOptions<Env> {
  readonly homes: Homes;
  /** A stream ends after this long; its reader goes on where it stopped. Milliseconds. */
  readonly streamLimitMs: number;
  readonly push: PushSettings;
  /** Absent where nothing is limited. */
  readonly governance?: Governance | undefined;
  /** Writes an event as clients of 0.3 read it. */
  readonly toLegacy: (event: StreamResponse) => Promise<string>;
}

export interface HomeEnv extends PushEnv, GovernanceEnv, InboxEnv {
  TASK_INDEX: DurableObjectNamespace;
}

type Taken = { task: LiveTask; isNew?: true } | { refusal: HomeRefusal };

/** The class to export as `TaskHome` from an agent's Worker. */
export function defineTaskHome<Env extends HomeEnv>(options: HomeOptions<Env>) {
  return class TaskHome extends DurableObject<Env> implements TaskHomeApi {
    readonly #store = new LogStore(this.ctx.storage.sql);
    readonly #alarm = new Alarm(this.ctx.storage, options.homes);
    readonly #agenda = new Agenda(this.ctx.storage.sql, this.#alarm);
    readonly #lease = new Lease(this.#store, this.#alarm);
    readonly #governor =
      options.governance &&
      homeGovernor(options.governance, {
        name: this.#name,
        homes: options.homes,
        env: this.env,
        store: this.#store,
        alarm: this.#alarm,
        tasks: () => this.#tasks,
        during: (work) => this.ctx.waitUntil(work),
      });
    readonly #rechecks = new Rechecks(this.#agenda, (id) => this.#recheck(id));
    readonly #runner = new Runner(options, this.env, this.#lease, this.#rechecks, this.#governor);
    readonly #tasks: Residents = new Residents({
      store: this.#store,
      onStored: (task, entries) => this.#stored(task, entries),
      onLoaded: (task) => this.#loaded(task),
      resume: (task) => this.#runner.resume(task),
      isDueLater: (id) => this.#rechecks.isDueLater(id),
      isWaiting: (task) => this.#runner.isWaiting(task) || (!this.#runner.has(task) && this.#rechecks.isDueLater(task.id)),
      drop: (task) => this.#runner.drop(task),
    });
    readonly #letGo = new LetGo<Env>({
      env: this.env,
      outbound: options.outbound,
      find: (id) => this.#tasks.find(id),
      rechecks: this.#rechecks,
      governor: this.#governor,
      during: (work) => this.ctx.waitUntil(work),
    });
    #toldAgain = false;
    /** What the index is being told of a task; awaited before anybody else is. */
    readonly #telling = new WeakMap<LiveTask, Promise<unknown>>();
    readonly #listing = new Listing({
      home: this.#name,
      index: () => this.#index,
      store: this.#store,
      render: (id) => {
        const task = this.#look(id);
        return task && listed(task);
      },
    });
    readonly #inbox =
      options.governance &&
      new Telling({
        agent: options.governance.agent,
        agenda: this.#agenda,
        inbox: () => this.env.INBOX?.getByName(tenantOf(this.#name)) as unknown as InboxApi | undefined,
        look: (id) => this.#look(id),
        during: (work) => this.ctx.waitUntil(work),
      });

    readonly #operating = new Operating({
      agent: options.governance?.agent ?? "",
      tasks: this.#tasks,
      runner: this.#runner,
      message: (followUp) => this.#message(followUp),
    });
    readonly #expiry = new Expiry({
      agenda: this.#agenda,
      find: (id) => this.#tasks.find(id),
      goOn: (task, question) => this.#runner.answer(task, question),
      during: (work) => this.ctx.waitUntil(work),
    });

    readonly #configs = new PushStore(this.ctx.storage.sql);
    readonly #outbox = new Outbox({
      store: this.#configs,
      log: this.#store,
      alarm: this.#alarm,
      settings: options.push,
      find: (id) => this.#tasks.find(id),
      address: (row) => addressOf(row, this.env, options.toLegacy),
      during: (delivery) => this.ctx.waitUntil(delivery),
    });

    readonly #deletion = new Deletion<Env>({
      program: options.program,
      governance: options.governance,
      env: this.env,
      store: this.#store,
      agenda: this.#agenda,
      outbox: this.#outbox,
      listing: this.#listing,
      tasks: this.#tasks,
    });

    readonly #logs = new TaskLogs<Env>({
      agent: options.governance?.agent ?? "",
      tasks: this.#tasks,
      runner: this.#runner,
      message: (followUp) => this.#message(followUp),
    });

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
      const last = this.#tasks.find(followUp.taskId)?.head.seq;
      if (after !== undefined && last !== undefined && after > last) return unknownPosition(after, last);
      const taken = await this.#message(followUp);
      if ("refusal" in taken) return { ok: false, refusal: taken.refusal };
      return this.#stream(taken.task, { from: goingOn(after), historyLength, form });
    }

    async get(taskId: string, view: TaskView): Promise<TaskReply> {
      const task = this.#tasks.find(taskId);
      return task ? answer(task, view) : NOT_FOUND;
    }

    async record(taskId: string, after: number): Promise<RecordReply> {
      const task = this.#tasks.find(taskId);
      if (!task) return NOT_FOUND;
      task.flush();
      return { ok: true, record: recordOf(task, this.#governor, after) };
    }

    async history(taskId: string, after: number, limit: number): Promise<HistoryReply> {
      const task = this.#tasks.find(taskId);
      return task ? { ok: true, history: this.#logs.history(task, after, limit) } : NOT_FOUND;
    }

    async getAt(taskId: string, seq: number): Promise<TaskReply> {
      const task = this.#tasks.find(taskId);
      return task ? this.#logs.at(task, seq) : NOT_FOUND;
    }

    async log(taskId: string, cardVersion: string): Promise<LogReply> {
      const task = this.#tasks.find(taskId);
      return task ? { ok: true, log: this.#logs.stream(task, cardVersion) } : NOT_FOUND;
    }

    async adopt(taskId: string, entries: readonly LogEntry[], given?: AdoptedAnswer): Promise<AdoptReply> {
      const answered = await this.#logs.adopt(taskId, entries, given);
      const task = this.#tasks.at(taskId);
      if (task) await this.#telling.get(task);
      return { ok: true, ...(answered && { answer: answered }) };
    }

    async deployed(policy: string): Promise<number[]> {
      return (options.governance?.shelf.all(policy as PolicyName) ?? []).map(({ version }) => version);
    }

    async cancel(taskId: string, message: Message): Promise<TaskReply> {
      const task = this.#tasks.find(taskId);
      if (!task) return NOT_FOUND;
      const step = this.#cancel(task, message);
      if (!("refusal" in step)) return this.#reply(task, { blocking: false });
      await this.#telling.get(task);
      return { ok: false, refusal: step.refusal };
    }

    async pause(taskId: string, by: Principal, reason?: string): Promise<OperatedReply> {
      return this.#operated(taskId, (task) => this.#operating.pause(task, by, reason));
    }

    async unpause(taskId: string): Promise<OperatedReply> {
      return this.#operated(taskId, async (task) => {
        // What was over meanwhile is not asked again.
        await this.#expiry.settle(task);
        return this.#operating.resume(task);
      });
    }

    async raise(taskId: string, by: Principal, amounts: Partial<Amount>, key: string): Promise<OperatedReply> {
      return this.#operated(taskId, (task) => this.#operating.raise(task, by, amounts, key));
    }

    async #operated(taskId: string, operate: (task: LiveTask) => Operated | Promise<Operated>): Promise<OperatedReply> {
      const task = this.#tasks.find(taskId);
      if (!task) return NOT_FOUND;
      const operated = await operate(task);
      task.flush();
      if ("refusal" in operated) return { ok: false, refusal: operated.refusal };
      const reply = await this.#reply(operated.task, { blocking: false, historyLength: 0 });
      return reply.ok ? { ...reply, changed: operated.changed } : reply;
    }

    async callOff(request: StartRequest): Promise<TaskReply> {
      const known = this.#tasks.find(request.taskId);
      const task = known ?? this.#tasks.create(request.taskId, { type: "created", ...request, digest: CALLED_OFF });
      if (!task.ended) this.#cancel(task, { ...request.message, role: "ROLE_AGENT" });
      return calledOff(task.id, this.#letGo, (id) => this.#tasks.find(id));
    }

    async callback(taskId: string, token: string, goesOn: boolean): Promise<boolean> {
      const task = this.#tasks.find(taskId);
      if (!task || !isLeftBy(task, token)) return false;
      if (!goesOn) this.#runner.wake(task);
      return true;
    }

    async subscribe(taskId: string, after?: number, form?: StreamForm): Promise<StreamReply> {
      const task = this.#tasks.find(taskId);
      if (!task) return NOT_FOUND;
      // Whoever has missed something of an ended task may still have it; whoever has all of it is told that it is over.
      const complete = after === undefined || after === task.head.seq;
      if (task.ended && complete) return { ok: false, refusal: { code: "task-ended", state: task.head.state } };
      return this.#stream(task, { from: goingOn(after), form });
    }

    async setPush(taskId: string, config: SealedPushConfig): Promise<PushReply<{ config: JsonText<TaskPushNotificationConfig> }>> {
      const task = this.#tasks.find(taskId);
      if (!task) return NOT_FOUND;
      const refusal = this.#outbox.refusal(task, config);
      if (refusal) return { ok: false, refusal };
      task.flush();
      const id = this.#outbox.put(task, config, task.head.seq);
      task.flush();
      return { ok: true, config: shownConfig(taskId, id, config) };
    }

    async listPush(taskId: string, id?: string): Promise<PushReply<{ configs: JsonText<TaskPushNotificationConfig>[] }>> {
      if (!this.#tasks.find(taskId)) return NOT_FOUND;
      const rows = this.#configs.of(taskId).filter((row) => id === undefined || row.id === id);
      return { ok: true, configs: rows.map((row) => shownConfig(taskId, row.id, row.config)) };
    }

    async deletePush(taskId: string, id: string): Promise<PushReply<Record<never, never>>> {
      const task = this.#tasks.find(taskId);
      if (!task) return NOT_FOUND;
      this.#outbox.delete(task, id);
      task.flush();
      return { ok: true };
    }

    async delete(taskId: string): Promise<DeleteReply> {
      const task = this.#tasks.find(taskId);
      if (!task) return NOT_FOUND;
      await this.#telling.get(task);
      const reply = await this.#deletion.byOwner(task.head);
      await this.#tidy();
      return reply;
    }

    async retain(taskIds: readonly string[]): Promise<string[]> {
      const gone = await this.#deletion.overdue(taskIds, Date.now());
      await this.#tidy();
      return gone;
    }

    async flushListing(): Promise<void> {
      await this.#listing.flush();
      await this.#tidy();
    }

    override async alarm(): Promise<void> {
      this.#alarm.rang();
      this.#lease.renew((id) => {
        const task = this.#tasks.find(id);
        return task !== undefined && this.#runner.has(task);
      });
      this.#governor?.purse.rang();
      this.#outbox.rang();
      this.#agenda.rang(Date.now());
      await this.#tidy();
    }

    /** A home that holds nothing any more leaves nothing behind, its alarm neither. */
    async #tidy(): Promise<void> {
      const isEmptied = this.#tasks.isEmpty && this.#store.isEmptied && this.#agenda.isEmpty && this.#configs.isEmpty;
      if (!isEmptied) return;
      const wiped = Promise.all([this.ctx.storage.deleteAlarm(), this.ctx.storage.deleteAll()]);
      for (const each of [this.#store, this.#agenda, this.#configs, this.#alarm]) each.wiped();
      await wiped;
    }

    /** Makes the task, or finds it when its id comes from a key that was used before; lets the program begin. */
    async #start({ taskId, digest, push, ...request }: StartRequest): Promise<Taken> {
      const known = digest === undefined ? undefined : this.#tasks.find(taskId);
      if (known) return [digest, CALLED_OFF].includes(known.head.digest) ? { task: known } : { refusal: { code: "key-reused" } };
      const contracts = this.#governor?.versions(request.chain?.delegation.contracts);
      const created = { type: "created", ...request, ...(digest !== undefined && { digest }), ...(contracts && { contracts }) } as const;
      const task = this.#tasks.create(taskId, created);
      if (push) this.#outbox.begin(task, push);
      await this.#runner.begin(task);
      return { task, isNew: true };
    }

    async #message(followUp: FollowUp): Promise<Taken> {
      const { taskId, push } = followUp;
      const task = this.#tasks.find(taskId);
      if (!task) return { refusal: { code: "not-found" } };
      const forbidden = push && this.#outbox.refusal(task, push);
      if (forbidden) return { refusal: forbidden };
      const before = task.head.seq;
      task.gather();
      const took = takeMessage(task, followUp, Date.now());
      // A repeated message had its config the first time. Stored with the message, or neither of them.
      if (push && task.head.seq > before) {
        this.#outbox.put(task, push, before);
        task.flush();
      }
      if ("effect" in took && took.effect === "run") await this.#runner.answer(task, took.question);
      task.flush();
      if (!("refusal" in took)) return { task };
      // It came too late, and perhaps before the alarm.
      if (took.refusal.code === "question-expired") await this.#expiry.settle(task);
      return { refusal: took.refusal };
    }

    #cancel(task: LiveTask, message: Message) {
      task.gather();
      const metadata = sayingCost(costAtEnd(task.head.account, Date.now()));
      const step = task.apply({ type: "cancel", message: { ...message, contextId: task.head.contextId }, metadata });
      if ("effect" in step) this.#runner.end(task, "the task was canceled");
      task.flush();
      return step;
    }

    async #reply(task: LiveTask, { blocking, historyLength }: ReplyOptions): Promise<TaskReply> {
      if (blocking) await task.rest();
      else task.flush();
      await this.#telling.get(task);
      this.#tasks.forgetEnded(task);
      return answer(task, { historyLength, artifacts: true });
    }

    async #stream(task: LiveTask, { from, ...view }: Omit<SubscribeOptions, "limitMs">): Promise<StreamReply> {
      task.flush();
      await this.#telling.get(task);
      task.flush();
      const last = task.head.seq;
      if (typeof from === "number" && from > last) return unknownPosition(from, last);
      return { ok: true, stream: subscribe(task, { ...view, from, limitMs: options.streamLimitMs }) };
    }

    /** The time has come to ask again elsewhere. */
    #recheck(id: string): void {
      const task = this.#tasks.find(id);
      if (task?.ended) this.#letGo.tell(id);
      else if (task) this.#runner.wake(task);
    }

    /** A task from the log was this object's predecessor's, who may have been lost before the index knew of it. */
    #loaded(task: LiveTask): void {
      // A home of one task needs no list of the untold; telling again, once in this object's life, does the same.
      const told = options.homes === "shared" ? this.#listing.catchUp() : this.#toldAgain ? undefined : this.#tell(task);
      this.#toldAgain = true;
      if (told) this.#telling.set(task, told);
    }

    /** Called in the turn in which a task's entries are stored. */
    #stored(task: LiveTask, entries: readonly LogEntry[]): void {
      this.#governor?.purse.store();
      this.#outbox.stored(task, entries);
      this.#expiry.stored(task, entries);
      this.#inbox?.stored(task, entries);
      this.#letGo.stored(task);
      this.#telling.set(task, this.#tell(task));
      this.#tasks.forgetEnded(task);
    }

    #tell(task: LiveTask): Promise<unknown> {
      return this.#listing.note(listed(task), options.homes === "own" && task.ended);
    }

    /** The task as it is, not taken up again. */
    #look(id: string): LiveTask | undefined {
      return this.#tasks.at(id) ?? LiveTask.load(id, this.#store, () => {});
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

/** @param home whose name begins with its principal's key */
function tenantOf(home: string): string {
  return decodeURIComponent(home.slice(0, home.indexOf("/")));
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
