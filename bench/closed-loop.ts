/**
 * One round of a workload whose connections each send their next request when the answer to the last one is there and
 * right. Counts and times; what a right answer is, the workload says.
 */
import { HttpConnection } from "./http-connection.ts";
import type { Round, RoundOrder } from "./load.ts";
import type { Session, Target } from "./workloads.ts";

export async function closedLoop({ url, headers }: Target, sessions: readonly Session[], order: RoundOrder): Promise<Round> {
  // New connections each round: a server may close one that was idle while another had its turn.
  const connections = await Promise.all(sessions.map(() => HttpConnection.open(url, headers)));
  const tally = new Tally(order);
  await Promise.all(connections.map((connection, index) => drive(connection, sessions[index] as Session, tally)));
  for (const connection of connections) connection.close();
  return tally.round();
}

async function drive(connection: HttpConnection, session: Session, tally: Tally): Promise<void> {
  while (tally.goesOn()) {
    const sent = performance.now();
    try {
      const response = await connection.send(session.next());
      const wrong = session.check(response);
      if (wrong !== undefined) tally.error(wrong);
      tally.answered(sent, (await session.timed?.(response, sent)) ?? performance.now() - sent);
    } catch (error) {
      // A broken connection stays broken: its loop ends, and the round counts as invalid.
      tally.error(String(error));
      return;
    }
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

  constructor({ seconds, warmUpSeconds, mostRequests }: RoundOrder) {
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

  answered(sent: number, milliseconds: number): void {
    this.#last = performance.now();
    if (sent >= this.#from) this.#latencies.push(milliseconds);
  }

  error(what: string): void {
    this.#errors += 1;
    this.#firstError ??= what;
  }

  round(): Round {
    const seconds = (this.#last - this.#from) / 1_000;
    const none = this.#latencies.length === 0;
    const firstError = this.#firstError ?? (none ? "no request was answered after the warm-up" : undefined);
    return {
      ...timesOf(this.#latencies),
      requestsPerSecond: none ? 0 : this.#latencies.length / seconds,
      errors: this.#errors + (none ? 1 : 0),
      ...(firstError !== undefined && { firstError }),
    };
  }
}

/** @param latencies milliseconds, in any order */
export function timesOf(latencies: readonly number[]): Pick<Round, "requests" | "p50" | "p99"> {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { requests: sorted.length, p50: at(0.5), p99: at(0.99) };
}
