/**
 * Our extension for callers that lose answers: metadata `{ "<uri>": { "idempotencyKey": "…" } }` on a send gets the same
 * task again for the same key and content, `{ "<uri>": { "after": 12 } }` on a stream or subscription goes on after that
 * event. The headers `Idempotency-Key` and `Last-Event-ID` say the same.
 *
 * `{ "<uri>": { "idempotencyKey": "…", "cancel": true } }` on a send calls off what was or will be sent with that key, whatever the
 * message says: its task is canceled, or is made as a canceled one. The task in the answer says `{ "<uri>": { "arrived", "settled" } }`:
 * whether the key had made a task before, and whether all that was called for it has been told as well.
 */
import type { JsonObject } from "./a2a-types.ts";

export const RESUME_EXTENSION = "urn:skein:ext:resume:v1";

export interface ResumeWishes {
  readonly idempotencyKey?: unknown;
  readonly after?: unknown;
  readonly cancel?: unknown;
}

/** What a task says of itself that was called off by its key. */
export type CalledOff = { readonly arrived: boolean; readonly settled: boolean };

/** @returns undefined when the task's metadata says nothing of the sort */
export function calledOffIn(metadata: JsonObject | undefined): CalledOff | undefined {
  const said = metadata?.[RESUME_EXTENSION];
  if (typeof said !== "object" || said === null || Array.isArray(said)) return undefined;
  const { arrived, settled } = said;
  return typeof arrived === "boolean" && typeof settled === "boolean" ? { arrived, settled } : undefined;
}

/** @returns what the metadata of a request wishes for, unchecked; nothing when it speaks of something else */
export function resumeWishedIn(metadata: JsonObject | undefined): ResumeWishes {
  const wished = metadata?.[RESUME_EXTENSION];
  return typeof wished === "object" && wished !== null && !Array.isArray(wished) ? wished : {};
}
