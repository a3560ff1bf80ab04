/**
 * A Durable Object that holds open streams and writes to each of them what it is told: what a subscriber costs on this
 * platform. It knows no log, so a stream that breaks cannot go on.
 */
import { DurableObject } from "cloudflare:workers";

/** As many as one answer to a task of ours makes. */
const EVENTS_A_TURN = 2;

export class StreamObject extends DurableObject {
  readonly #open = new Set<ReadableByteStreamController>();
  readonly #encoder = new TextEncoder();

  watch(): ReadableStream<Uint8Array> {
    let own: ReadableByteStreamController | undefined;
    return new ReadableStream(
      {
        type: "bytes",
        start: (controller) => {
          own = controller;
          this.#open.add(controller);
          controller.enqueue(this.#encoder.encode('data: {"watching":true}\n\n'));
        },
        cancel: () => {
          if (own) this.#open.delete(own);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** @returns how many streams were written to */
  tell(text: string): number {
    const events = Array.from({ length: EVENTS_A_TURN }, (_, index) => `data: ${JSON.stringify({ index, text })}\n\n`).join("");
    for (const controller of this.#open) controller.enqueue(this.#encoder.encode(events));
    return this.#open.size;
  }
}
