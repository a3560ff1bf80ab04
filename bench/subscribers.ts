/**
 * Many streams open on one thing at the same time: whether each of them gets everything, in one order and byte for byte
 * alike, how long it takes until the last one has it, and what the server holds for each open stream.
 */
import { timesOf } from "./closed-loop.ts";
import { type EventStream, openStream } from "./event-stream.ts";
import { HttpConnection, type HttpRequest, type HttpResponse } from "./http-connection.ts";
import type { Round } from "./load.ts";
import { residentBytes } from "./resident-memory.ts";
import type { Target, Workload } from "./workloads.ts";

/** Something that can be watched, and that says so many events each time it is told to. */
export interface Watched {
  readonly eventsATurn: number;
  /** How a stream on it is opened; its first event stands for all that was before. */
  watch(): HttpRequest;
  say(turn: number): HttpRequest;
  /** @returns what is wrong with the answer to a turn, or nothing */
  check(response: HttpResponse, turn: number): string | undefined;
  /** @returns what is wrong with the events of a turn, or nothing */
  checkEvents(events: readonly string[], turn: number): string | undefined;
}

/** Opened at once, they would only wait for each other. */
const OPENED_TOGETHER = 50;
/** For compilers and caches, which are no part of a stream's memory. */
const WARM_UP_STREAMS = 100;
const WARM_UP_TURNS = 20;
/** A turn that takes longer counts as a loss: some stream has not got what it should. */
const PATIENCE_MS = 10_000;

export function watching(begin: (target: Target) => Promise<Watched>): Workload {
  return {
    async round(target, { connections, seconds, mostRequests }) {
      const watched = await begin(target);
      const connection = await HttpConnection.open(target.url, target.headers);
      const audience = new Audience(target, watched, connection);
      try {
        await audience.grow(WARM_UP_STREAMS);
        for (let turn = 0; turn < WARM_UP_TURNS; turn += 1) await audience.turn();
        audience.leave();
        const before = residentBytes(target.pid);
        await audience.grow(connections);
        const bytesEach = (residentBytes(target.pid) - before) / connections;
        const latencies: number[] = [];
        const began = performance.now();
        while (latencies.length < mostRequests && performance.now() < began + seconds * 1_000) latencies.push(await audience.turn());
        const took = performance.now() - began;
        return { ...timesOf(latencies), requestsPerSecond: (latencies.length / took) * 1_000, bytesEach, errors: 0 };
      } catch (error) {
        return failed(error);
      } finally {
        audience.leave();
        connection.close();
      }
    },
  };
}

class Audience {
  readonly #target: Target;
  readonly #watched: Watched;
  readonly #connection: HttpConnection;
  #streams: EventStream[] = [];
  /** What the first stream to hear an event heard, since the current streams were opened: the others must hear the same. */
  #heard: string[] = [];
  #expected = 0;
  /** Streams that have all that is expected. */
  #complete = 0;
  #turns = 0;
  #onComplete = () => {};
  #onWrong: (error: Error) => void = () => {};

  constructor(target: Target, watched: Watched, connection: HttpConnection) {
    this.#target = target;
    this.#watched = watched;
    this.#connection = connection;
  }

  /** Opens streams, and waits until each has its first event. */
  async grow(count: number): Promise<void> {
    const all = this.#allComplete(1, count);
    const opening = async () => {
      for (let left = count; left > 0; left -= OPENED_TOGETHER)
        this.#streams.push(...(await Promise.all(Array.from({ length: Math.min(OPENED_TOGETHER, left) }, () => this.#open()))));
    };
    await Promise.all([all, opening()]);
  }

  /** @returns milliseconds from the request until the last stream has the last of its events */
  async turn(): Promise<number> {
    const { eventsATurn } = this.#watched;
    this.#turns += 1;
    const turn = this.#turns;
    const all = this.#allComplete(this.#expected + eventsATurn, this.#streams.length);
    const sent = performance.now();
    const last = all.then(() => performance.now());
    const [answer, at] = await Promise.all([this.#connection.send(this.#watched.say(turn)), last]);
    const wrong = this.#watched.check(answer, turn) ?? this.#watched.checkEvents(this.#heard.slice(-eventsATurn), turn);
    if (wrong !== undefined) throw new Error(wrong);
    return at - sent;
  }

  leave(): void {
    this.#onWrong = () => {};
    for (const stream of this.#streams) stream.close();
    this.#streams = [];
    this.#heard = [];
    this.#expected = 0;
  }

  async #open(): Promise<EventStream> {
    let count = 0;
    const stream = await openStream(this.#target, this.#watched.watch(), (event) => {
      const first = this.#heard[count];
      if (first === undefined) this.#heard.push(event);
      else if (first !== event)
        this.#onWrong(new Error(`a stream's event ${count + 1} is not what another one got: ${event.slice(0, 300)}`));
      count += 1;
      if (count > this.#expected) this.#onWrong(new Error(`a stream got an event too many: ${event.slice(0, 300)}`));
      if (count === this.#expected) this.#arrived();
    });
    void stream.ended.then(() => {
      if (this.#streams.includes(stream)) this.#onWrong(new Error("a stream was closed by the server"));
    });
    return stream;
  }

  #arrived(): void {
    this.#complete -= 1;
    if (this.#complete === 0) this.#onComplete();
  }

  #allComplete(events: number, streams: number): Promise<void> {
    this.#expected = events;
    this.#complete = streams;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.#complete} of ${streams} streams miss events`)), PATIENCE_MS);
      this.#onComplete = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#onWrong = (error) => {
        clearTimeout(timer);
        reject(error);
      };
    });
  }
}

function failed(error: unknown): Round {
  const firstError = error instanceof Error ? error.message : String(error);
  return { requests: 0, requestsPerSecond: 0, p50: Number.NaN, p99: Number.NaN, errors: 1, firstError };
}
