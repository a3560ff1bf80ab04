/** From a task's stream of lines to server-sent events. The event's id is its sequence in the task's log. */
import { mapLines } from "./lines.ts";

const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache",
  // Proxies that gather output would turn a stream into one late answer.
  "X-Accel-Buffering": "no",
};

/** @param envelope what the binding puts around each event, as text before and after it */
export function sseResponse(lines: ReadableStream<Uint8Array>, envelope: { before: string; after: string }): Response {
  return new Response(
    mapLines(lines, (line) => toEvent(line, envelope)),
    { headers: HEADERS },
  );
}

/** A stream of one event, which says why there is no other. */
export function sseError(json: string): Response {
  return new Response(`event: error\ndata: ${json}\n\n`, { headers: HEADERS });
}

function toEvent(line: string, { before, after }: { before: string; after: string }): string {
  // A line without a position is for whoever reads the stream by eye, and for proxies that close silent connections.
  if (line === "") return ": still here\n\n";
  if (line.startsWith("#")) return `: ${line.slice(1)}\n\n`;
  const space = line.indexOf(" ");
  return `id: ${line.slice(0, space)}\ndata: ${before}${line.slice(space + 1)}${after}\n\n`;
}
