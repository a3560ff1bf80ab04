/**
 * The load generator: a process of its own, so that what it costs is not on the runner's clock. A closed loop: each
 * connection sends its next request when the answer to the last one is there and right. Started by fork; takes one order
 * at a time.
 */
import { HttpConnection, type HttpRequest } from "./http-connection.ts";
import type { WorkloadSpec } from "./rows.ts";
import { type Session, type Workload, workloadOf } from "./workloads.ts";

export type Order =
  | { readonly order: "prepare"; readonly url: string; readonly spec: WorkloadSpec }
  | {
      readonly order: "round";
      readonly connections: number;
      readonly seconds: number;
      readonly warmUpSeconds: number;
      readonly mostRequests: number;
    };

export type Report = { readonly ok: true; readonly round?: Round } | { readonly ok: false; readonly error: string };

export interface Round {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
  readonly firstError?: string;
}

const PREPARING_CONNECTIONS = 16;

let target: { url: URL; workload: Workload; sessions: Session[] } | undefined;

process.on("message", (order: Order) => {
  carryOut(order).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ ok: false, error: error instanceof Error ? error.message : String(error) } satisfies Report),
  );
});

async function carryOut(order: Order): Promise<Report> {
  if (order.order === "prepare") {
    target = { url: new URL(order.url), workload: workloadOf(order.spec), sessions: [] };
    await target.workload.prepare?.((requests) => sendAll(new URL(order.url), requests));
    return { ok: true };
  }
  if (!target) return { ok: false, error: "a round came before its preparation" };
  const { url, workload, sessions } = target;
  while (sessions.length < order.connections) sessions.push(workload.session());
  // New connections each round: a server may close one that was idle while another had its turn.
  const connections = await Promise.all(sessions.slice(0, order.connections).map(() => HttpConnection.open(url)));
  const tally = new Tally(order);
  await Promise.all(connections.map((connection, index) => drive(connection, sessions[index] as Session, tally)));
  for (const connection of connections) connection.close();
  return { ok: true, round: tally.round() };
}

async function drive(connection: HttpConnection, session: Session, tally: Tally): Promise<void> {
  while (tally.goesOn()) {
    const sent = performance.now();
    try {
      const wrong = session.check(await connection.send(session.next()));
      if (wrong !== undefined) tally.error(wrong);
    } catch (error) {
      // A broken connection stays broken: its loop ends, and the round counts as invalid.
      tally.error(String(error));
      return;
    }
    tally.answered(sent);
  }
}

/** Counts one round. What was sent during the warm-up is checked, and not timed. */
class Tally {
  readonly #seconds: number;
  readonly #latencies: number[] = [];
  /** When the clock starts. */
  #from: number;
  #left: number;
  readonly #halfOfThem: number;
  #errors = 0;
  #firstError: string | undefined;
  #last = 0;

  constructor({ seconds, warmUpSeconds, mostRequests }: Order & { order: "round" }) {
    this.#seconds = seconds;
    this.#from = performance.now() + warmUpSeconds * 1_000;
    this.#left = mostRequests;
    this.#halfOfThem = mostRequests / 2;
  }

  goesOn(): boolean {
    this.#left -= 1;
    const now = performance.now();
    // Where a server is so fast that the warm-up would use all requests up, it is warm by half of them.
    if (this.#left < this.#halfOfThem) this.#from = Math.min(this.#from, now);
    return this.#left >= 0 && now < this.#from + this.#seconds * 1_000;
  }

  answered(sent: number): void {
    this.#last = performance.now();
    if (sent >= this.#from) this.#latencies.push(this.#last - sent);
  }

  error(what: string): void {
    this.#errors += 1;
    this.#firstError ??= what;
  }

  round(): Round {
    const sorted = this.#latencies.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const errors = this.#errors + (sorted.length === 0 ? 1 : 0);
    const firstError = this.#firstError ?? (sorted.length === 0 ? "no request was answered after the warm-up" : undefined);
    const seconds = (this.#last - this.#from) / 1_000;
    return {
      requests: sorted.length,
      requestsPerSecond: sorted.length === 0 ? 0 : sorted.length / seconds,
      p50: at(0.5),
      p99: at(0.99),
      errors,
      ...(firstError !== undefined && { firstError }),
    };
  }
}

async function sendAll(url: URL, requests: readonly HttpRequest[]): Promise<readonly string[]> {
  const bodies: string[] = new Array(requests.length).fill("");
  const queue = requests.entries();
  const work = async () => {
    const connection = await HttpConnection.open(url);
    for (const [index, request] of queue) bodies[index] = (await connection.send(request)).body;
    connection.close();
  };
  await Promise.all(Array.from({ length: Math.min(PREPARING_CONNECTIONS, requests.length) }, work));
  return bodies;
}
