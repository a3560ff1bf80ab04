/**
 * Callers that lose answers: the key of a request and the event it goes on after, from headers or from our extension.
 * Checked here, once; what is absent stays absent.
 */
import type { JsonObject, Message } from "../task/a2a-types.ts";
import { RESUME_EXTENSION, resumeWishedIn } from "../task/resume-extension.ts";
import { RequestError } from "./errors.ts";

/** What the headers of a request say. */
export interface ResumeHeaders {
  /** Content of `Idempotency-Key`. */
  readonly idempotencyKey?: string;
  /** Content of `Last-Event-ID`. */
  readonly lastEventId?: string;
}

/** Longer keys are refused: they are kept with their task. */
const KEY_CHARS = 256;

/** @throws RequestError when the key is no key, or header and extension say different things */
export function requestKey(metadata: JsonObject | undefined, { idempotencyKey: header }: ResumeHeaders): string | undefined {
  const { idempotencyKey: wished } = resumeWishedIn(metadata);
  const key = header ?? wished;
  if (key === undefined) return undefined;
  const field = header === undefined ? `metadata["${RESUME_EXTENSION}"].idempotencyKey` : "Idempotency-Key";
  if (typeof key !== "string" || key === "" || key.length > KEY_CHARS || !key.isWellFormed())
    throw invalid(field, `must be a text of 1 to ${KEY_CHARS} characters`);
  if (wished !== undefined && wished !== key) throw invalid(field, "differs from the key in the extension; send one of them");
  return key;
}

/**
 * Whether the request calls off what was sent with its key.
 * @throws RequestError when it says so in another way than by `true`, or without a key
 */
export function isCalledOff(metadata: JsonObject | undefined, headers: ResumeHeaders): boolean {
  const { cancel } = resumeWishedIn(metadata);
  if (cancel === undefined) return false;
  const field = `metadata["${RESUME_EXTENSION}"].cancel`;
  if (cancel !== true) throw invalid(field, "must be true, or left out");
  if (requestKey(metadata, headers) === undefined) throw invalid(field, "needs the idempotency key of what is called off");
  return true;
}

/** The event that a stream goes on after. @throws RequestError when it is no number of an event */
export function positionIn(metadata: JsonObject | undefined, { lastEventId }: ResumeHeaders): number | undefined {
  const { after: wished } = resumeWishedIn(metadata);
  if (lastEventId === undefined && wished === undefined) return undefined;
  const field = lastEventId === undefined ? `metadata["${RESUME_EXTENSION}"].after` : "Last-Event-ID";
  const after = lastEventId === undefined ? wished : /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : undefined;
  if (typeof after !== "number" || !Number.isSafeInteger(after) || after < 0)
    throw invalid(field, "must be the id of an event that was received");
  return after;
}

/**
 * Equal for equal contents, in whatever order their members come. The message's own id does not count, because a retry may
 * make a new one.
 */
export async function contentDigest({ messageId: _, ...content }: Message): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(content, inOrder)));
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

function invalid(field: string, description: string): RequestError {
  return new RequestError("invalid-params", `${field} ${description}`, [{ field, description }]);
}

/** RFC 8785 would refuse what is no Unicode; a message may hold it, and is then still the same as itself. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
