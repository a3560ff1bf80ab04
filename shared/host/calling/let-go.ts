/**
 * Callees of a task that has ended while they worked for it: each is told to stop, however the task ended and whatever becomes of
 * its object meanwhile. Who is still to be told stands in the task's log, and that somebody must, in the home's agenda. Tells
 * nobody of a task that goes on.
 */
import { type Amount, least } from "../../budget/amount.ts";
import { isObject } from "../../task/a2a-types.ts";
import { callOf } from "../../task/account.ts";
import type { Outbound, OutboundCall, Released } from "../calls.ts";
import type { Governor } from "../governance/governor.ts";
import type { LiveTask } from "../live-task.ts";
import type { Rechecks } from "./rechecks.ts";
import { costOfReleased } from "./releasing.ts";

export interface LetGoOptions<Env> {
  readonly env: Env;
  readonly outbound: Outbound<Env>;
  readonly find: (task: string) => LiveTask | undefined;
  readonly rechecks: Rechecks;
  readonly governor: Governor | undefined;
  /** Keeps the object alive while callees are told. */
  readonly during: (work: Promise<unknown>) => void;
}

/** A callee is waited for so long. Milliseconds. */
const TELL_MS = 8_000;
/** A crash while callees are told is noticed after this long. Milliseconds. */
const NET_MS = TELL_MS + 2_000;
/** After this long nobody is told any more: the time of whatever runs there under our limits is over too. Milliseconds. */
const GIVE_UP_MS = 24 * 3_600_000;
const AGAIN = { firstMs: 500, longestMs: 10 * 60_000 };

/** A call that is out: how its callee is told, and under which names it stands. */
interface Out {
  readonly name: string;
  readonly key: string;
  readonly call: OutboundCall;
}

export class LetGo<Env> {
  readonly #options: LetGoOptions<Env>;
  readonly #telling = new Map<string, Promise<void>>();

  constructor(options: LetGoOptions<Env>) {
    this.#options = options;
  }

  /** Called in the turn in which entries of a task are stored. */
  stored({ ended, head: { id, delegating } }: LiveTask): void {
    if (!ended || this.#telling.has(id) || Object.keys(delegating).length === 0) return;
    this.#options.rechecks.set(id, Date.now() + NET_MS);
    this.tell(id);
  }

  /** Tells those that were not told yet; when some cannot be, they are told later. */
  tell(id: string): void {
    if (this.#telling.has(id)) return;
    const telling = this.#tellAll(id)
      .catch((error: unknown) => console.error(`task ${id}: its callees could not be told to stop, trying again`, error))
      .finally(() => {
        this.#telling.delete(id);
        this.#plan(id);
      });
    this.#telling.set(id, telling);
    this.#options.during(telling);
  }

  /** Resolves when nobody is being told any more, or after so many milliseconds. @returns whether all have been */
  async settled(id: string, ms: number): Promise<boolean> {
    await Promise.race([this.#telling.get(id), scheduler.wait(ms)]);
    return outOf(this.#options.find(id)).length === 0;
  }

  /** Each is told as soon as can be: one that does not answer must not keep the others working. */
  async #tellAll(id: string): Promise<void> {
    const task = this.#options.find(id);
    if (task) await Promise.all(outOf(task).map((out) => this.#tell(task, out)));
  }

  async #tell(task: LiveTask, out: Out): Promise<void> {
    const { outbound, env } = this.#options;
    const { principal, statusAt } = task.head;
    const options = { key: out.key, principal, signal: AbortSignal.timeout(TELL_MS) };
    const released = await outbound.cancel(env, out.call, options).catch(() => undefined);
    if (!released && Date.now() < statusAt + GIVE_UP_MS) return;
    const cost = released && (await this.#costOf(out, released));
    this.#note(task.id, out, cost);
  }

  async #costOf({ call }: Out, released: Released): Promise<Amount | undefined> {
    const { outbound, env } = this.#options;
    const peer = await outbound.describe(env, call.agent, call.card && { card: call.card });
    return costOfReleased(released, peer, call.skill);
  }

  /** In one turn: nobody else may hold this task's log meanwhile. */
  #note(id: string, { name }: Out, cost: Amount | undefined): void {
    const { find, governor } = this.#options;
    const task = find(id);
    if (!task || !outOf(task).some((out) => out.name === name)) return;
    const counted = task.head.account?.left?.[name];
    task.apply({ type: "let-go", name, ...(cost && { cost }) });
    if (counted) governor?.letGo(task, name, cost ? least(cost, counted) : counted);
    task.flush();
  }

  /** Who is left is told later, and ever more seldom. */
  #plan(id: string): void {
    const { find, rechecks } = this.#options;
    const task = find(id);
    if (!task || outOf(task).length === 0) rechecks.drop(id);
    else rechecks.set(id, Date.now() + Math.min(Math.max(Date.now() - task.head.statusAt, AGAIN.firstMs), AGAIN.longestMs));
  }
}

/** The calls of an ended task whose callees do not know of it yet. */
function outOf(task: LiveTask | undefined): Out[] {
  if (!task?.ended) return [];
  const calls = new Map<string, Out>();
  for (const [name, seq] of Object.entries(task.head.delegating)) {
    const [entry] = task.read(seq, seq);
    if (entry?.event.type !== "delegating") continue;
    const { agent, skill, key, card } = entry.event;
    const call = callOf(name);
    // The key of the first message is the one that the callee knows the task by.
    if (name === call || !calls.has(call)) {
      const taskId = taskIdIn(task, call);
      calls.set(call, { name: call, key, call: { agent, skill, parts: [], card, ...(taskId !== undefined && { taskId }) } });
    }
  }
  return [...calls.values()];
}

/** The callee's task, where it has asked something. */
function taskIdIn(task: LiveTask, call: string): string | undefined {
  const seq = task.head.memo[call];
  const event = seq === undefined ? undefined : task.read(seq, seq)[0]?.event;
  const asked = event?.type === "memo" && isObject(event.value) ? event.value["taskId"] : undefined;
  return typeof asked === "string" ? asked : undefined;
}
