/** Request bodies: bounded, then parsed. What arrives here may be anything. */
import { RequestError } from "./errors.ts";

/** Larger documents go in several messages, or as a URL. */
const BODY_BYTES = 8 * 1024 * 1024;
/** A sender that has stopped sending would be waited for until it goes. Milliseconds. */
const BODY_MS = 60_000;
/** What is sent beyond it, or for nothing, is still read so far, and so long, and dropped; see drain. */
const DRAINED_BYTES = 64 * 1024 * 1024;
const DRAINED_MS = 5_000;
/** No A2A object comes near it; a parser or a copy of deeper JSON may overflow the stack. */
const DEPTH = 100;
/** Two characters of JSON can become an object of a hundred bytes: this many fit into an isolate's memory, twice. */
const VALUES = 250_000;

export interface BodyLimits {
  readonly bytes?: number;
  /** Milliseconds. */
  readonly ms?: number;
}

/** @throws RequestError `content-type-not-supported`, `too-large`, `too-slow` or `parse-error` */
export async function readJson(
  request: Request,
  types: readonly string[],
  { bytes = BODY_BYTES, ms = BODY_MS }: BodyLimits = {},
): Promise<unknown> {
  checkContentType(request, types);
  return parse(await within(readText(request, bytes), ms));
}

/**
 * @returns undefined when the request has no body
 * @throws RequestError as readJson does, when it has one
 */
export async function readOptionalJson(request: Request, types: readonly string[]): Promise<unknown> {
  const text = await within(readText(request, BODY_BYTES), BODY_MS);
  if (text.trim() === "") return undefined;
  checkContentType(request, types);
  return parse(text);
}

/**
 * JSON Lines: a value a line; empty lines are passed over. Each line is bounded as a whole body is.
 * @returns each value with the number of its line, from 1
 * @throws RequestError as readJson does, naming the line
 */
export async function readJsonLines(
  request: Request,
  types: readonly string[],
  { bytes = BODY_BYTES, ms = BODY_MS }: BodyLimits = {},
): Promise<{ line: number; value: unknown }[]> {
  checkContentType(request, types);
  const lines = (await within(readText(request, bytes), ms)).split("\n");
  return lines.flatMap((text, index) => (text.trim() === "" ? [] : [{ line: index + 1, value: parseLine(text, index + 1) }]));
}

function parseLine(text: string, line: number): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof RequestError) throw new RequestError(error.code, error.message.replace(/^the body/, `line ${line}`));
    throw error;
  }
}

async function within<T>(reading: Promise<T>, ms: number): Promise<T> {
  let timer: number | null = null;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RequestError("too-slow", `the body did not come within ${ms / 1000} s; send all of it`)), ms);
  });
  try {
    return await Promise.race([reading, over]);
  } finally {
    clearTimeout(timer);
  }
}

function checkContentType(request: Request, types: readonly string[]): void {
  const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (types.includes(type)) return;
  const said = type.slice(0, 100) || "missing";
  throw new RequestError("content-type-not-supported", `the request's Content-Type is ${said}; send ${types.join(" or ")}`);
}

function parse(text: string): unknown {
  checkShape(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new RequestError("parse-error", "the body is no valid JSON");
  }
}

async function readText(request: Request, limit: number): Promise<string> {
  const tooLarge = () =>
    new RequestError("too-large", `the body is larger than ${limit / 1024 / 1024} MB; send a document in several messages, or by its URL`);
  const declared = Number(request.headers.get("Content-Length") ?? Number.NaN);
  if (declared > limit) throw tooLarge();
  // A body that says its length is held to it by the platform; one that does not is counted as it comes.
  if (!Number.isNaN(declared)) return decode([await request.arrayBuffer().catch(brokenOff)]);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > DRAINED_BYTES) break;
      if (bytes <= limit) chunks.push(chunk);
    }
  } catch {
    brokenOff();
  }
  if (bytes > limit) throw tooLarge();
  return decode(chunks);
}

/** Not what half a reader makes of it: of bytes that are no text two different bodies could become one. (RFC 8259, 8.1) */
function decode(chunks: readonly (ArrayBuffer | Uint8Array)[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  try {
    return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  } catch {
    throw new RequestError("parse-error", "the body is no valid JSON: it is not in UTF-8");
  }
}

function brokenOff(): never {
  throw new RequestError("parse-error", "the body broke off before its end; send all of it");
}

/** Reads a body that nobody read: a caller that is still sending would see its connection break instead of the answer. */
export async function drain(request: Request): Promise<void> {
  if (request.bodyUsed || request.body === null) return;
  try {
    await within(dropped(request.body), DRAINED_MS);
  } catch {
    // The caller broke off, or sends no more; the answer is made, and whether anybody still reads it is not ours to know.
  }
}

async function dropped(body: ReadableStream<Uint8Array>): Promise<void> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > DRAINED_BYTES) return;
  }
}

/** @throws RequestError `parse-error` or `too-large`, before a parser makes objects of the text */
function checkShape(text: string): void {
  if (text.length < 2 * DEPTH) return;
  let depth = 0;
  let values = 1;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (quoted) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === COMMA) values += 1;
    else if (code === BRACKET || code === BRACE) {
      depth += 1;
      if (depth > DEPTH) throw new RequestError("parse-error", `the body is nested deeper than ${DEPTH} levels`);
    } else if (code === BRACKET + 2 || code === BRACE + 2) depth -= 1;
  }
  if (values > VALUES)
    throw new RequestError("too-large", `the body has more than ${VALUES} values; send a document as one text, as bytes, or by its URL`);
}

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const BRACKET = 91;
const BRACE = 123;
