/**
 * Server-sent events as the two bindings use them: read as strictly as a browser would, and handed on one by one.
 * (WHATWG HTML, 9.2; A2A 9.4.2, 11.7)
 */
import type { Json } from "../shared/task/a2a-types.ts";
import { bounded } from "./bounded.ts";
import { Failure } from "./requirement.ts";

export interface ServerEvent {
  /** The last `id` field seen so far. */
  readonly id: string | undefined;
  readonly data: Json;
}

/** @throws Failure when an event's data is no JSON, or the stream is too large to be read */
export async function* serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void, undefined> {
  let id: string | undefined;
  let data: string[] = [];
  for await (const line of lines(body)) {
    if (line === "") {
      if (data.length > 0) yield { id, data: parsed(data.join("\n")) };
      data = [];
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    if (field === "id" && !value.includes("\0")) id = value;
  }
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  // The line that has not ended yet, in pieces: joined once, so that a long line costs no more than its length.
  let rest: string[] = [];
  const decoder = new TextDecoder();
  for await (const bytes of bounded(body)) {
    const text = decoder.decode(bytes, { stream: true });
    if (text === "") continue;
    const isHalf = rest.at(-1)?.endsWith("\r") === true;
    rest.push(text);
    if (!isHalf && !/[\r\n]/.test(text)) continue;
    // A carriage return at the end may be half of a line's end.
    const complete = rest.join("").split(/\r\n|\n|\r(?!$)/);
    rest = [complete.pop() ?? ""];
    yield* complete;
  }
  const last = rest.join("");
  if (last.endsWith("\r")) yield last.slice(0, -1);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Failure("JSON in each event's data", text.slice(0, 200));
  }
}
