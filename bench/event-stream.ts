/**
 * One subscriber: an open response whose events are handed on as they come. Over Node's own HTTP client, because these
 * streams are cut at any byte and a thousand of them have little to read each.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import type { HttpRequest } from "./http-connection.ts";
import type { Target } from "./workloads.ts";

export interface EventStream {
  /** Resolves when the server has closed it. */
  readonly ended: Promise<void>;
  close(): void;
}

/**
 * @param onEvent gets each event as text, without the blank line after it; comments are left out
 * @throws Error when it is not answered with a stream
 */
export function openStream({ url, headers }: Target, sent: HttpRequest, onEvent: (event: string) => void): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    // No connection is shared, so none of them waits for another.
    const call = request(new URL(sent.path, url), { method: sent.method, headers: { ...headers, ...sent.headers }, agent: new Agent() });
    call.once("error", reject);
    call.once("response", (response) => {
      if (response.statusCode !== 200 || !response.headers["content-type"]?.startsWith("text/event-stream")) {
        reject(new Error(`no stream, but HTTP ${response.statusCode}`));
        call.destroy();
        return;
      }
      const ended = readEvents(response, onEvent);
      // Closed by us, a stream ends with an error that is none.
      call.on("error", () => {});
      resolve({ ended, close: () => call.destroy() });
    });
    call.end(sent.body);
  });
}

function readEvents(response: IncomingMessage, onEvent: (event: string) => void): Promise<void> {
  let text = "";
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      if (!event.startsWith(":")) onEvent(event);
    }
  });
  return new Promise((resolve) => {
    response.once("error", () => resolve());
    response.once("close", resolve);
  });
}
