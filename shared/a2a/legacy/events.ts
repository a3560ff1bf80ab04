/**
 * A task's stream for a caller of 0.3: each event translated where it passes, in its place and with its position. Such a
 * stream ends when the task ends or asks for input, and says so in its last event. (A2A 0.3, 7.2 and its proto)
 */
import { mapEvents } from "../lines.ts";
import type { LegacyEvent, LegacyState } from "./objects.ts";
import { translateEvent } from "./translation.ts";

/** After these nothing comes until the caller does something. For 0.3 `auth-required` is none: who waits for it waits on. */
const FINAL = new Set<LegacyState>(["completed", "failed", "canceled", "rejected", "input-required"]);

/**
 * @param lines of `<sequence> <StreamResponse>`, see host/api.ts
 * @param answersMessage the stream answers a message: it ends at once when the task already waits for the next one. One that was
 *   subscribed to waits for whatever comes.
 * @returns lines of `<sequence> <event of 0.3>`
 */
export function toLegacyLines(
  lines: ReadableStream<Uint8Array>,
  { answersMessage }: { answersMessage: boolean },
): ReadableStream<Uint8Array> {
  return mapEvents(lines, (json, end) => {
    const event = JSON.parse(translateEvent(json)) as LegacyEvent;
    const isFinal = "status" in event && FINAL.has(event.status.state);
    if (isFinal && (event.kind === "status-update" || answersMessage)) end();
    return JSON.stringify(event.kind === "status-update" ? { ...event, final: isFinal } : event);
  });
}
