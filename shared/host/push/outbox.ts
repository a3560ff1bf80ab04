/**
 * Delivers what a task's log says to its webhooks. The log is the outbox: a config is a cursor into it, moved on after the
 * receiver has taken an entry and not before. So every entry is delivered at least once and in order, to each config by
 * itself. A delivery that is due is stored with the entry it is for, behind the object's alarm; a crash delays it.
 */
import { principalKey } from "../../auth/principal.ts";
import type { LogEntry } from "../../task/event.ts";
import { renderEvent } from "../../task/render.ts";
import type { Alarm, Sleeper } from "../alarm.ts";
import type { HomeRefusal, SealedPushConfig } from "../api.ts";
import type { LiveTask } from "../live-task.ts";
import type { LogStore } from "../log-store.ts";
import { deliver } from "./delivery.ts";
import { type AddressedConfig, type Payload, toNotification } from "./notification.ts";
import { decideRetry, type Failure, type PushRetryPolicy } from "./retry.ts";
import type { PushRow, PushStore } from "./store.ts";

export interface PushSettings extends PushRetryPolicy {
  /** How long a receiver may take to answer. Milliseconds. */
  readonly timeoutMs: number;
}

export interface OutboxOptions {
  readonly store: PushStore;
  readonly log: LogStore;
  readonly alarm: Alarm;
  readonly settings: PushSettings;
  /** The task as it stands; undefined when there is none. */
  readonly find: (task: string) => LiveTask | undefined;
  /** What a config's deliveries are made of; see notification.ts. */
  readonly address: (row: PushRow) => Promise<AddressedConfig | Failure>;
  /** Keeps the object alive while a delivery is under way. */
  readonly during: (delivery: Promise<void>) => void;
}

const CONFIGS_LIMIT = 10;
/** The platform has six connections, and the program needs some of them. */
const AT_ONCE = 4;
/** One receiver that never answers must not hold all of them, nor all those together that did not take the last delivery. */
const AT_ONCE_TO_ONE = 2;
const AT_ONCE_AGAIN = 2;
/** After so many entries in a row a config lets others go first. */
const ENTRIES_IN_A_ROW = 50;
const ENTRIES_PER_READ = 16;
/** Deliveries that a crash cut off go on after this long. Milliseconds. */
const NET_MS = 10_000;

interface Flight {
  readonly origin: string;
  /** The last delivery of its config failed. */
  readonly again: boolean;
  readonly abort: AbortController;
}

export class Outbox implements Sleeper {
  readonly #options: OutboxOptions;
  /** Configs with a delivery under way, by task and id; a config that is deleted or replaced meanwhile is not among them any more. */
  readonly #flights = new Map<string, Flight>();
  /** Tasks known to have configs, or none. */
  readonly #has = new WeakMap<LiveTask, boolean>();
  /** Configs that came with a new task: stored together with its first entries. */
  readonly #first = new WeakMap<LiveTask, SealedPushConfig>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.alarm.register(this);
  }

  earliest(): number | undefined {
    return this.#options.store.earliest();
  }

  /** A config that comes with a new task hears of everything but its creation. */
  begin(task: LiveTask, config: SealedPushConfig): void {
    this.#first.set(task, config);
  }

  /** Why the task may not have this config, if it may not. */
  refusal({ id: task }: LiveTask, { id }: SealedPushConfig): HomeRefusal | undefined {
    const ids = this.#options.store.of(task).map((row) => row.id);
    if (ids.length < CONFIGS_LIMIT || (id && ids.includes(id))) return undefined;
    const description = `would be one more than the ${CONFIGS_LIMIT} that a task may have: delete one, or give the id of the one to replace`;
    return { code: "config-invalid", field: "id", description };
  }

  /** @param after the position in the log from which the config hears of what comes @returns the config's id */
  put(task: LiveTask, { id: given, ...config }: SealedPushConfig, after: number): string {
    const id = given || crypto.randomUUID();
    const { contextId, principal } = task.head;
    this.#options.store.put(task.id, id, after, { ...config, contextId, owner: principalKey(principal) });
    this.#has.set(task, true);
    this.#cut(task, id);
    return id;
  }

  delete(task: LiveTask, id: string): void {
    this.#options.store.delete(task.id, id);
    this.#cut(task, id);
  }

  /** The task is gone: what is under way for it ends, and nothing more is delivered. */
  forget(task: string): void {
    for (const { id } of this.#options.store.of(task)) {
      const key = keyOf({ task, id });
      this.#flights.get(key)?.abort.abort();
      this.#flights.delete(key);
    }
    this.#options.store.deleteAll(task);
  }

  /** Called in the turn in which a task's entries are stored. */
  stored(task: LiveTask, entries: readonly LogEntry[]): void {
    const first = this.#first.get(task);
    if (first) {
      this.#first.delete(task);
      this.put(task, first, 1);
    }
    if (!this.#hasConfigs(task, entries)) return;
    if (!entries.some((entry) => renderEvent(task.head, entry))) return;
    const now = Date.now();
    // Before the row is written, as the alarm looks for what a lost predecessor left.
    this.#options.alarm.wish(this, now + NET_MS);
    if (this.#options.store.wake(task.id, now)) this.#send();
  }

  /** The alarm went off. */
  rang(): void {
    if (!this.#options.store.made) return;
    this.#ask();
    this.#send();
  }

  #hasConfigs(task: LiveTask, entries: readonly LogEntry[]): boolean {
    const { store } = this.#options;
    if (!store.made) return false;
    const known = this.#has.get(task);
    if (known !== undefined) return known;
    const has = entries[0]?.seq !== 1 && store.of(task.id).length > 0;
    this.#has.set(task, has);
    return has;
  }

  /** Ends what is under way for a config that is no more, and what the task says of it. */
  #cut(task: LiveTask, id: string): void {
    const key = keyOf({ task: task.id, id });
    this.#flights.get(key)?.abort.abort();
    this.#flights.delete(key);
    task.apply({ type: "push-changed", config: id });
  }

  /** Asks to be woken for what is due next; for what is due already a crash is all that could make it necessary. */
  #ask(): void {
    const { store, alarm } = this.#options;
    const now = Date.now();
    const [overdue, next] = [store.due(now, 1).length > 0, store.earliest(now)];
    if (next !== undefined) alarm.wish(this, next);
    if (overdue) alarm.wish(this, now + NET_MS);
    if (next === undefined && !overdue) alarm.settle(this);
  }

  /** Begins as many deliveries as there may be at once. */
  #send(): void {
    const { store, during } = this.#options;
    while (this.#flights.size < AT_ONCE) {
      const row = this.#next(store);
      if (!row) return;
      const { origin } = new URL(row.config.url);
      const flight = { origin, again: row.attempts > 0, abort: new AbortController() };
      this.#flights.set(keyOf(row), flight);
      during(this.#fly(row, flight.abort));
    }
  }

  /** The next config whose time has come, whose receiver is free, and which is not under way. */
  #next(store: PushStore): PushRow | undefined {
    const flights = [...this.#flights.values()];
    const to = (origin: string) => flights.filter((flight) => flight.origin === origin).length;
    const busy = [...new Set(flights.map(({ origin }) => origin))].filter((origin) => to(origin) >= AT_ONCE_TO_ONE);
    const mayTryAgain = flights.filter(({ again }) => again).length < AT_ONCE_AGAIN;
    // Those under way are due as well, so one more than them is enough to find another.
    const rows = store.due(Date.now(), AT_ONCE, busy);
    return rows.find((row) => !this.#flights.has(keyOf(row)) && (row.attempts === 0 || mayTryAgain));
  }

  async #fly(row: PushRow, abort: AbortController): Promise<void> {
    const key = keyOf(row);
    const isCut = () => this.#flights.get(key)?.abort !== abort;
    let failure: Failure | undefined;
    try {
      failure = await this.#deliverAll(row, abort.signal, isCut);
    } catch (error) {
      console.error(`task ${row.task}: a notification could not be made`, error);
      failure = { reason: "could not be sent anything, because of an error inside the mesh" };
    }
    if (!isCut()) {
      this.#flights.delete(key);
      if (failure) this.#failed(row, failure);
    }
    this.#ask();
    this.#send();
  }

  /** Delivers entry after entry. @returns why it did not get to the end */
  async #deliverAll(row: PushRow, signal: AbortSignal, isCut: () => boolean): Promise<Failure | undefined> {
    const { store, settings, address } = this.#options;
    const addressed = await address(row);
    if ("reason" in addressed) return addressed;
    let payload = this.#payloadAfter(row, row.cursor);
    for (let sent = 1; ; sent++) {
      if (isCut()) return undefined;
      if (!payload) {
        store.advance(row, row.cursor, null);
        return undefined;
      }
      const failure = await deliver(await toNotification(addressed, payload), { timeoutMs: settings.timeoutMs, signal });
      if (isCut() || failure) return failure;
      row.cursor = payload.upTo;
      row.attempts = 0;
      payload = this.#payloadAfter(row, row.cursor);
      store.advance(row, row.cursor, payload ? Date.now() : null);
      if (!payload || sent >= ENTRIES_IN_A_ROW) return undefined;
    }
  }

  /** What comes next for a config; nothing when it has been told everything that is stored. */
  #payloadAfter({ task: id, config }: PushRow, cursor: number): Payload | undefined {
    const { log, find } = this.#options;
    const ids = { id, contextId: config.contextId };
    for (let from = cursor + 1; ; ) {
      const entries = log.read(id, from, from + ENTRIES_PER_READ - 1);
      for (const entry of entries) {
        const event = renderEvent(ids, entry);
        if (!event) continue;
        if (config.protocolVersion !== "0.3") return { event, task: id, upTo: entry.seq };
        const task = find(id);
        if (!task) return undefined;
        task.flush();
        return { event: { task: task.render({ artifacts: true }) }, task: id, upTo: task.stored };
      }
      const last = entries.at(-1);
      if (!last) return undefined;
      from = last.seq + 1;
    }
  }

  #failed(row: PushRow, failure: Failure): void {
    const { store, settings, find } = this.#options;
    const failures = row.attempts + 1;
    const decision = decideRetry(settings, { failure, failures, chance: Math.random() });
    if (decision.outcome === "retry") {
      store.postpone(row, failures, Date.now() + decision.afterMs);
      return;
    }
    store.stop(row, failures);
    const task = find(row.task);
    task?.apply({ type: "push-stopped", config: row.id, attempts: failures, reason: `the webhook ${failure.reason}` });
    task?.flush();
  }
}

function keyOf({ task, id }: { task: string; id: string }): string {
  return `${task} ${id}`;
}
