/**
 * A stream of one task's events, as bytes, because only byte streams cross RPC, in the form that its reader wants. Live events and replay are the same code: a subscription reads the log from its position on, whenever there is more.
 */
import type { LogEntry } from "../task/event.ts";
import { oneLine } from "../task/one-line.ts";
import { renderEvent } from "../task/render.ts";
import type { StreamForm } from "./api.ts";
import type { LiveTask } from "./live-task.ts";

/** A disconnected client is noticed only by a write. */
const HEARTBEAT_MS = 15_000;
/** What waits for a reader; the rest stays in the log until it has taken this. */
const AHEAD_BYTES = 32_000;
const ENTRIES_PER_READ = 64;

const LINES: StreamForm = { event: ["", " ", "\n"], alive: "\n", remark: ["#", "\n"] };

const encoder = new TextEncoder();

export interface SubscribeOptions {
  /** `now`: the task as it stands, then what comes. `creation`: the task as it was made, then all of it. Or a position to go on after. */
  readonly from: "now" | "creation" | number;
  readonly historyLength?: number | undefined;
  /** An open stream keeps its object in memory, so no stream stays open for ever. Milliseconds. */
  readonly limitMs: number;
  readonly form?: StreamForm | undefined;
}

/** Of entries in memory: a task with many readers shows each of them the same. */
const jsonByEntry = new WeakMap<LogEntry, string>();

/** Empty for an entry that concerns only the program. */
function jsonOf(task: LiveTask, entry: LogEntry): string {
  const known = jsonByEntry.get(entry);
  if (known !== undefined) return known;
  const event = renderEvent(task.head, entry);
  const json = event ? oneLine(JSON.stringify(event)) : "";
  jsonByEntry.set(entry, json);
  return json;
}

export function subscribe(begun: LiveTask, { from, historyLength, limitMs, form = LINES }: SubscribeOptions): ReadableStream<Uint8Array> {
  let task = begun;
  let position = from === "now" ? task.stored : from === "creation" ? 1 : from;
  const [before, between, after] = form.event;
  let pump = () => {};
  let unwatch = () => {};
  let heartbeat: number | null = null;
  let limit: number | null = null;
  const stop = () => {
    unwatch();
    clearInterval(heartbeat);
    clearTimeout(limit);
  };

  return new ReadableStream(
    {
      type: "bytes",
      start(controller) {
        const write = (line: string) => controller.enqueue(encoder.encode(line));
        pump = () => {
          try {
            task = task.current;
            while (position < task.stored && (controller.desiredSize ?? 0) > -AHEAD_BYTES) {
              const entries = task.read(position + 1, Math.min(position + ENTRIES_PER_READ, task.stored));
              // Before the write: it may bring a reader at once, who asks for more.
              position = entries.at(-1)?.seq ?? task.stored;
              // At once, because a chunk costs more on its way than what is in it.
              const events = entries.map((entry) => written(entry.seq, jsonOf(task, entry))).join("");
              if (events !== "") write(events);
            }
            if (task.ended && position === task.head.seq) {
              stop();
              controller.close();
            }
          } catch (error) {
            stop();
            controller.error(error);
          }
        };
        const written = (seq: number, json: string) => (json === "" ? "" : `${before}${seq}${between}${json}${after}`);
        const view = { artifacts: true, historyLength };
        if (from === "now") write(written(position, oneLine(JSON.stringify({ task: task.render(view) }))));
        if (from === "creation") write(written(position, oneLine(JSON.stringify({ task: task.renderAsCreated(view) }))));
        unwatch = task.watch(pump);
        heartbeat = setInterval(() => {
          try {
            write(form.alive);
          } catch {
            // The reader has gone: there is nobody left to tell.
            stop();
          }
        }, HEARTBEAT_MS);
        limit = setTimeout(() => {
          stop();
          write(form.remark.join("the time of this stream is over; subscribe again, with the last id as Last-Event-ID"));
          controller.close();
        }, limitMs);
        pump();
      },
      pull: () => pump(),
      cancel: stop,
    },
    { highWaterMark: 0 },
  );
}
