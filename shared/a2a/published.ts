/**
 * The agents that were published to this mesh, as an isolate knows them: the latest snapshot of the registry, which it reads again
 * in the background while it is used. A call waits for the registry only where nothing is known, or nothing new, and then a
 * moment: longer only a new one where nothing is known. That nothing is known is no word about any agent. Values only, never promises of them: a request must not wait for what another one began, because that one may be canceled.
 */
import type { RegistryEnv } from "../registry/api.ts";
import { type ChosenVersion, chosenVersion, type Which } from "../registry/chosen-version.ts";
import type { Snapshot, SnapshotEntry } from "../registry/entry.ts";
import { upToDate } from "../registry/snapshot.ts";

/** Milliseconds. */
export const PUBLISHED = {
  /** In use, it is read again after so long. */
  againMs: 2_000,
  /** Younger than this nobody waits for it. */
  freshMs: 10_000,
  /** A registry that does not answer leaves what it said last in use for so long. */
  lastMs: 10 * 60_000,
  /** A call waits so long for a registry. */
  waitMs: 500,
  /** A new call waits so long in all where nothing is known, and asks again so soon of one that fails. */
  firstMs: 5_000,
  retryMs: 250,
} as const;

type Registry = NonNullable<RegistryEnv["REGISTRY"]>;
type Entries = ReadonlyMap<string, SnapshotEntry>;
/** `unread`: the registry has said nothing yet, or nothing for so long that it does not count any more. */
type Read = Entries | "unread";

export class PublishedAgents {
  #snapshot: Snapshot | undefined;
  #entries: Entries = new Map();
  /** When the reading began that brought it, when the last one did, and when one did not come in time. Milliseconds since the epoch. */
  #readAt = 0;
  #askedAt = 0;
  #silentAt = 0;
  /** What was read before is known to be old. */
  #changedAt = 0;

  /** By name: at once where that is fresh enough; none where nothing could be read. Never rejects. */
  entries(registry: Registry | undefined, againMs?: number): Entries | Promise<Entries> {
    const read = this.read(registry, againMs);
    return read instanceof Promise ? read.then(entriesOf) : entriesOf(read);
  }

  /** The same, told apart from what could not be read. @param firstMs how long it is waited where nothing is known */
  read(registry: Registry | undefined, againMs: number = PUBLISHED.againMs, firstMs: number = PUBLISHED.waitMs): Read | Promise<Read> {
    if (!registry) return NONE;
    const now = Date.now();
    // For a while nobody waits for one that has just kept somebody waiting.
    const isOld = now - this.#readAt >= PUBLISHED.freshMs || this.#readAt <= this.#changedAt;
    const isWaited = isOld && now - this.#silentAt >= PUBLISHED.freshMs;
    const isNew = this.#known() === "unread" && firstMs > PUBLISHED.waitMs;
    if (isWaited || isNew) return this.#soon(registry, isNew ? firstMs : PUBLISHED.waitMs, isNew);
    if (now - this.#askedAt >= againMs) void this.#read(registry);
    return this.#known();
  }

  /** The next one who asks waits a moment for what has changed, and makes do with what was read where that does not come. */
  changed(): void {
    this.#changedAt = Date.now();
    this.#silentAt = 0;
  }

  #known(): Read {
    return Date.now() - this.#readAt < PUBLISHED.lastMs ? this.#entries : "unread";
  }

  /** @param again asked as often as the time allows, where it fails before */
  async #soon(registry: Registry, waitMs: number, again: boolean): Promise<Read> {
    const late = Promise.withResolvers<"late">();
    let isOver = false;
    const timer = setTimeout(() => late.resolve("late"), waitMs);
    let isRead = await Promise.race([this.#read(registry), late.promise]);
    while (again && isRead === false) {
      const passed = new Promise<false>((resolve) => setTimeout(resolve, PUBLISHED.retryMs, false));
      isRead = await Promise.race([passed.then(() => !isOver && this.#read(registry)), late.promise]);
    }
    isOver = true;
    clearTimeout(timer);
    if (isRead !== true) this.#silentAt = Date.now();
    return this.#known();
  }

  /** @returns whether the registry answered */
  async #read(registry: Registry): Promise<boolean> {
    const begun = Date.now();
    this.#askedAt = begun;
    try {
      const read = await registry.snapshot(this.#snapshot?.revision);
      // Another one that began later has answered before.
      if (begun < this.#readAt) return true;
      this.#readAt = begun;
      if (read) this.#take(read);
      return true;
    } catch (error) {
      console.warn("the registry could not be read; published agents count as they were last seen", error);
      return false;
    }
  }

  #take(read: Snapshot): void {
    this.#snapshot = upToDate(this.#snapshot, read);
    this.#entries = new Map(this.#snapshot.entries.map((entry) => [entry.name, entry]));
  }
}

const NONE: Entries = new Map();

function entriesOf(read: Read): Entries {
  return read === "unread" ? NONE : read;
}

const ISOLATE = new PublishedAgents();

/** All of them, by name, whatever their status; none where the mesh has no registry. Never rejects. */
export function publishedAgents(env: object): Entries | Promise<Entries> {
  return ISOLATE.entries((env as RegistryEnv).REGISTRY);
}

/** Agents have names of their own: a bound agent is looked for first, and never here. @param againMs for how long what was read is good */
export function published(env: object, agent: string, againMs?: number): SnapshotEntry | undefined | Promise<SnapshotEntry | undefined> {
  const entries = ISOLATE.entries((env as RegistryEnv).REGISTRY, againMs);
  return entries instanceof Promise ? entries.then((read) => read.get(agent)) : entries.get(agent);
}

export type PublishedVersion = ChosenVersion | "unread" | undefined;

/**
 * The version of it that a call goes to. One that is out is asked again whatever is known, so that it waits no longer than a moment.
 *
 * @param which absent where nothing is called
 * @returns `unread` where the registry could not be asked whether there is such an agent
 */
export function publishedVersion(env: object, agent: string, which: Which | undefined): PublishedVersion | Promise<PublishedVersion> {
  const isOut = which !== undefined && "card" in which;
  const chosen = (read: Read): PublishedVersion => {
    if (read === "unread") return read;
    const entry = read.get(agent);
    return entry && chosenVersion(entry, which);
  };
  const read = ISOLATE.read((env as RegistryEnv).REGISTRY, PUBLISHED.againMs, isOut ? PUBLISHED.waitMs : PUBLISHED.firstMs);
  return read instanceof Promise ? read.then(chosen) : chosen(read);
}

/** As a sentence: no word about the agent. */
export function unreadFor(agent: string): string {
  return `the registry of this mesh could not be read, so nobody knows here where ${agent} is: ask again in a minute`;
}

type Standing = Pick<SnapshotEntry, "name" | "status" | "reason">;

/** Why it gets no call, as a sentence; undefined when it may be called. @param name with its version, where that one alone is meant */
export function whyNotCalled({ name, status, reason = "no reason was given" }: Standing): string | undefined {
  if (status === "revoked") return `${name} was revoked by its mesh: ${reason}`;
  return status === "quarantined" ? `${name} is held in quarantine by its mesh: ${reason}` : undefined;
}

/** After a change that was made through this isolate: whoever made it must find it in what they do next. */
export function forgetPublished(): void {
  ISOLATE.changed();
}
