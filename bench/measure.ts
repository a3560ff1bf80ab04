/**
 * Runs one group on one storage: its servers, one load process for each subject, and the rounds in turn. Measures only;
 * what the figures are worth is said in report.ts.
 */

import type { Group, Storage, Subject } from "./group.ts";
import type { Order, Report, Round } from "./load.ts";
import { nextMessage, type Running, startModule } from "./processes.ts";
import { type Server, startServer } from "./servers.ts";

export interface Settings {
  readonly seconds: Readonly<Record<Storage, number>>;
  readonly rounds: Readonly<Record<Storage, number>>;
  readonly progress: (text: string) => void;
}

/** The rounds of each subject, by its key in the group, in the order they were run. */
export type Rounds = Readonly<Record<string, readonly Round[]>>;

const CONNECTIONS = 32;
/** For the just-in-time compilers, which need it once in the life of a process. */
const FIRST_WARM_UP_SECONDS = 1;
/** Each round has a process of its own there, and only so many requests. */
const FRESH_WARM_UP_SECONDS = 1;
/** For the new connections of a round. */
const WARM_UP_SECONDS = 0.2;

/** @throws Error when a server does not start, or cannot be brought into the state the row is about */
export async function measure(group: Group, storage: Storage, { seconds, rounds, progress }: Settings): Promise<Rounds> {
  const results: Record<string, Round[]> = Object.fromEntries(Object.keys(group.subjects).map((key) => [key, []]));
  const total = Math.ceil(rounds[storage] * (group.timesRounds ?? 1));
  // Servers live through all rounds, or through one where their objects are to be fresh.
  const lifetimes = group.fresh ? Array.from({ length: total }, () => 1) : [total];
  let done = 0;
  for (const lifetime of lifetimes) {
    const stand = await Stand.open(group, storage);
    try {
      for (let round = 0; round < lifetime; round += 1, done += 1) {
        progress(`${group.id}, ${storage}: round ${done + 1} of ${total}`);
        // Every other round goes the other way, so that a machine that slows down slows both sides.
        const order = done % 2 === 0 ? stand.drivers : [...stand.drivers].reverse();
        const warmUpSeconds = group.fresh ? FRESH_WARM_UP_SECONDS : round === 0 ? FIRST_WARM_UP_SECONDS : WARM_UP_SECONDS;
        const mostRequests = group.fresh?.mostRequests ?? Number.MAX_SAFE_INTEGER;
        for (const driver of order) {
          const { key, subject, process } = driver;
          if (group.killed) await stand.prepareAndKill(driver);
          const connections = subject.connections ?? CONNECTIONS;
          const report = await ask(process, { order: "round", connections, seconds: seconds[storage], warmUpSeconds, mostRequests });
          if (report.round) results[key]?.push(report.round);
        }
      }
    } finally {
      await stand.close();
    }
  }
  return results;
}

interface Driver {
  readonly key: string;
  readonly subject: Subject;
  readonly process: Running;
  readonly server: Server;
  /** Brings the server into the state the row is about. */
  readonly prepare: () => Promise<unknown>;
}

/** Everything a group needs running at the same time. */
class Stand {
  readonly drivers: Driver[] = [];
  readonly #servers = new Map<string, Server>();

  static async open(group: Group, storage: Storage): Promise<Stand> {
    const stand = new Stand();
    try {
      for (const [key, subject] of Object.entries(group.subjects)) {
        const server = await stand.#server(group.apart || group.killed ? key : subject.server, subject, storage);
        const process = startModule(new URL("./load.ts", import.meta.url));
        const headers = subject.credential === undefined ? [] : server.headers(subject.credential);
        const prepare = () =>
          ask(process, { order: "prepare", url: server.url(subject.worker).href, headers, pid: server.pid, spec: subject.load });
        stand.drivers.push({ key, subject, process, server, prepare });
        if (!group.killed) await prepare();
      }
      return stand;
    } catch (error) {
      await stand.close();
      throw error;
    }
  }

  /** In one go, and right before the round: what was at work is still so when it is killed. */
  async prepareAndKill({ server, subject, process, prepare }: Driver): Promise<void> {
    await prepare();
    const killedAt = await server.restart();
    await ask(process, { order: "moved", url: server.url(subject.worker).href, pid: server.pid, killedAt });
  }

  async close(): Promise<void> {
    await Promise.all([
      ...this.drivers.map(({ process }) => process.stop()),
      ...[...this.#servers.values()].map((server) => server.stop()),
    ]);
  }

  async #server(name: string, { server: kind }: Subject, storage: Storage): Promise<Server> {
    const known = this.#servers.get(name);
    if (known) return known;
    const started = await startServer(kind, storage);
    this.#servers.set(name, started);
    return started;
  }
}

async function ask(load: Running, order: Order): Promise<Report & { ok: true }> {
  const answer = nextMessage<Report>(load);
  load.child.send(order);
  const report = await answer;
  if (!report.ok) throw new Error(report.error);
  return report;
}
