/** A task's stream as server-sent events. The event's id is its sequence in the task's log. */
import type { StreamForm } from "../host/api.ts";
import { oneLine } from "../task/one-line.ts";
import { mapLines } from "./lines.ts";

const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache",
  // Proxies that gather output would turn a stream into one late answer.
  "X-Accel-Buffering": "no",
};

/** What a binding puts around each event, as text before and after it. */
export interface Envelope {
  readonly before: string;
  readonly after: string;
}

export const NO_ENVELOPE: Envelope = { before: "", after: "" };

/** The form in which a task's object writes server-sent events by itself. */
export function sseForm({ before, after }: Envelope): StreamForm {
  // A comment is for whoever reads the stream by eye, and for proxies that close silent connections.
  return { event: ["id: ", `\ndata: ${oneLine(before)}`, `${after}\n\n`], alive: ": still here\n\n", remark: [": ", "\n\n"] };
}

/** @param events in the form of sseForm */
export function sseResponse(events: ReadableStream<Uint8Array>): Response {
  return new Response(events, { headers: HEADERS });
}

/** From lines to server-sent events, for streams that had to be looked at on their way. */
export function toEvents(lines: ReadableStream<Uint8Array>, envelope: Envelope): ReadableStream<Uint8Array> {
  const { event, alive, remark } = sseForm(envelope);
  const [before, between, after] = event;
  return mapLines(lines, (line) => {
    if (line === "") return alive;
    if (line.startsWith("#")) return remark.join(line.slice(1));
    const space = line.indexOf(" ");
    return `${before}${line.slice(0, space)}${between}${oneLine(line.slice(space + 1))}${after}`;
  });
}

/** A stream of one event, which says why there is no other. */
export function sseError(json: string): Response {
  return new Response(`event: error\ndata: ${oneLine(json)}\n\n`, { headers: HEADERS });
}
