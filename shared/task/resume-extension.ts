/**
 * Our extension for callers that lose answers: metadata `{ "<uri>": { "idempotencyKey": "…" } }` on a send gets the same
 * task again for the same key and content, `{ "<uri>": { "after": 12 } }` on a stream or subscription goes on after that
 * event. The headers `Idempotency-Key` and `Last-Event-ID` say the same.
 */
import type { JsonObject } from "./a2a-types.ts";

export const RESUME_EXTENSION = "urn:skein:ext:resume:v1";

export interface ResumeWishes {
  readonly idempotencyKey?: unknown;
  readonly after?: unknown;
}

/** @returns what the metadata of a request wishes for, unchecked; nothing when it speaks of something else */
export function resumeWishedIn(metadata: JsonObject | undefined): ResumeWishes {
  const wished = metadata?.[RESUME_EXTENSION];
  return typeof wished === "object" && wished !== null && !Array.isArray(wished) ? wished : {};
}
