/** Builders for logs: entries one second apart from a fixed beginning. */
import { LOCAL_PRINCIPAL } from "../../../shared/auth/principal.ts";
import type { Message } from "../../../shared/task/a2a-types.ts";
import type { LogEntry, TaskEvent } from "../../../shared/task/event.ts";
import { evolve, type TaskHead } from "../../../shared/task/head.ts";

export const T0 = Date.UTC(2026, 0, 1);

export function user(text: string, more: Partial<Message> = {}): Message {
  return { messageId: `user-${text}`, role: "ROLE_USER", parts: [{ text }], ...more };
}

export function agent(text: string): Message {
  return { messageId: `agent-${text}`, role: "ROLE_AGENT", parts: [{ text }] };
}

const created: TaskEvent & { type: "created" } = {
  type: "created",
  contextId: "c",
  principal: LOCAL_PRINCIPAL,
  message: user("hello"),
};

export function logOf(...events: TaskEvent[]): LogEntry[] {
  return [created, ...events].map((event, index) => ({ seq: index + 1, at: T0 + index * 1000, event }));
}

export function headOf(entries: readonly LogEntry[]): TaskHead {
  let head: TaskHead | undefined;
  for (const entry of entries) head = evolve(head, entry, "t");
  if (!head) throw new Error("a log has at least its creation");
  return head;
}

export function readerOf(entries: readonly LogEntry[]) {
  return (first: number, last: number) => entries.filter(({ seq }) => seq >= first && seq <= last);
}
