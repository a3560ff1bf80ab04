/**
 * What a home is made of: its stores, its one alarm and all that asks to be woken by it, the tasks in memory and what runs them, and
 * whom it tells of their changes. It puts the parts together, and decides nothing.
 */
import type { StreamResponse } from "../task/a2a-types.ts";
import type { LogEntry } from "../task/event.ts";
import type { Homes } from "../task/home.ts";
import { madeBy, type WorkerVersion } from "../task/made-by.ts";
import { Agenda } from "./agenda.ts";
import { Alarm } from "./alarm.ts";
import { listed } from "./answer.ts";
import type { FollowUp, HomeRefusal, TaskIndexApi } from "./api.ts";
import { LetGo } from "./calling/let-go.ts";
import { Rechecks } from "./calling/rechecks.ts";
import { Deletion } from "./deletion.ts";
import { Expiry } from "./expiry.ts";
import type { GovernanceEnv } from "./governance/env.ts";
import type { Governance } from "./governance/governor.ts";
import { homeGovernor } from "./governance/home-governor.ts";
import type { InboxApi, InboxEnv } from "./inbox/api.ts";
import { Telling } from "./inbox/telling.ts";
import { Lease } from "./lease.ts";
import { Listing } from "./listing.ts";
import { LiveTask } from "./live-task.ts";
import { LogStore } from "./log-store.ts";
import { Operating } from "./operating.ts";
import { addressOf, type PushEnv } from "./push/notification.ts";
import { Outbox, type PushSettings } from "./push/outbox.ts";
import { PushStore } from "./push/store.ts";
import { Residents } from "./residents.ts";
import { Runner, type RunnerOptions } from "./runner.ts";
import { TaskLogs } from "./task-logs.ts";

export interface HomeOptions<Env> extends RunnerOptions<Env> {
  /** Of the agent's card. */
  readonly version: string;
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
  /** Which version of the Worker this is; absent where the platform does not say. */
  CF_VERSION_METADATA?: WorkerVersion;
}

/** The object that the parts are of. */
export interface HomeObject<Env> {
  readonly ctx: DurableObjectState;
  readonly env: Env;
  /** Takes a message as a caller's is taken. */
  readonly message: (followUp: FollowUp) => Promise<{ task: LiveTask } | { refusal: HomeRefusal }>;
}

export function homeParts<Env extends HomeEnv>(options: HomeOptions<Env>, { ctx, env, message }: HomeObject<Env>) {
  /** Begins with its principal's key. */
  const name = ctx.id.name ?? ctx.id.toString();
  const { sql } = ctx.storage;
  const during = (work: Promise<unknown>) => ctx.waitUntil(work);
  const find = (id: string) => tasks.find(id);
  /** The task as it is, not taken up again. */
  const look = (id: string) => tasks.at(id) ?? LiveTask.load(id, { store, onStored: () => {} });

  const store = new LogStore(sql);
  const alarm = new Alarm(ctx.storage, options.homes);
  const agenda = new Agenda(sql, alarm);
  const lease = new Lease(store, alarm);
  const governor =
    options.governance && homeGovernor(options.governance, { name, homes: options.homes, env, store, alarm, tasks: () => tasks, during });
  const rechecks = new Rechecks(agenda, (id) => recheck(id));
  const runner = new Runner(options, env, lease, rechecks, governor);
  const tasks: Residents = new Residents({
    store,
    madeBy: madeBy(options.version, env.CF_VERSION_METADATA),
    onStored: (task, entries) => stored(task, entries),
    onLoaded: (task) => loaded(task),
    resume: (task) => runner.resume(task),
    isDueLater: (id) => rechecks.isDueLater(id),
    isWaiting: (task) => runner.isWaiting(task) || (!runner.has(task) && rechecks.isDueLater(task.id)),
    drop: (task) => runner.drop(task),
  });
  const letGo = new LetGo<Env>({ env, outbound: options.outbound, find, rechecks, governor, during });

  const index = () => env.TASK_INDEX.getByName(name.slice(0, name.indexOf(":"))) as unknown as TaskIndexApi;
  const listing = new Listing({
    home: name,
    index,
    store,
    render: (id) => {
      const task = look(id);
      return task && listed(task);
    },
  });
  /** What the index is being told of a task. */
  const telling = new WeakMap<LiveTask, Promise<unknown>>();
  let toldAgain = false;
  const tell = (task: LiveTask) => listing.note(listed(task), options.homes === "own" && task.ended);

  const agent = options.governance?.agent ?? "";
  const tenant = decodeURIComponent(name.slice(0, name.indexOf("/")));
  const inbox =
    options.governance &&
    new Telling({ agent, agenda, inbox: () => env.INBOX?.getByName(tenant) as unknown as InboxApi | undefined, look, during });
  const operating = new Operating({ agent, tasks, runner, message });
  const expiry = new Expiry({ agenda, find, goOn: (task, question) => runner.answer(task, question), during });
  const configs = new PushStore(sql);
  const address: ConstructorParameters<typeof Outbox>[0]["address"] = (row) => addressOf(row, env, options.toLegacy);
  const outbox = new Outbox({ store: configs, log: store, alarm, settings: options.push, find, address, during });
  const { program, governance } = options;
  const deletion = new Deletion<Env>({ program, governance, env, store, agenda, outbox, listing, tasks });
  const logs = new TaskLogs<Env>({ agent, tasks, runner, message });

  /** The time has come to ask again elsewhere. */
  function recheck(id: string): void {
    const task = tasks.find(id);
    if (task?.ended) letGo.tell(id);
    else if (task) runner.wake(task);
  }

  /** A task from the log was this object's predecessor's, who may have been lost before the index knew of it. */
  function loaded(task: LiveTask): void {
    // A home of one task needs no list of the untold; telling again, once in this object's life, does the same.
    const told = options.homes === "shared" ? listing.catchUp() : toldAgain ? undefined : tell(task);
    toldAgain = true;
    if (told !== undefined) telling.set(task, told);
  }

  /** Called in the turn in which a task's entries are stored. */
  function stored(task: LiveTask, entries: readonly LogEntry[]): void {
    governor?.purse.store();
    outbox.stored(task, entries);
    expiry.stored(task, entries);
    inbox?.stored(task, entries);
    letGo.stored(task);
    telling.set(task, tell(task));
    tasks.forgetEnded(task);
  }

  /** Whether there is nothing in any part. */
  const isEmpty = () => tasks.isEmpty && store.isEmptied && agenda.isEmpty && configs.isEmpty;
  /** All storage was deleted. */
  const wiped = () => {
    for (const each of [store, agenda, configs, alarm]) each.wiped();
  };
  /** Resolves when the index knows at least that it must ask for the task: awaited before anybody else is told. */
  const told = async (task: LiveTask) => telling.get(task);

  return {
    alarm,
    agenda,
    lease,
    governor,
    runner,
    tasks,
    letGo,
    listing,
    operating,
    expiry,
    configs,
    outbox,
    deletion,
    logs,
    told,
    isEmpty,
    wiped,
  };
}
