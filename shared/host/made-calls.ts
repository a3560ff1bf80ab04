/**
 * Which tasks at other agents were made for a task, as far as its log can say: what a deletion has to look for elsewhere. Reads
 * the log piece by piece, because it may be long, and changes nothing.
 */
import { isObject } from "../task/a2a-types.ts";
import { callOf } from "../task/account.ts";
import type { MadeCall } from "./api.ts";
import type { LogStore } from "./log-store.ts";

const ENTRIES_PER_READ = 500;

export function callsIn(store: Pick<LogStore, "read">, task: string): MadeCall[] {
  const agents = new Map<string, string>();
  const found = new Map<string, MadeCall>();
  for (let from = 1; ; ) {
    const entries = store.read(task, from, from + ENTRIES_PER_READ - 1);
    for (const { event } of entries) {
      if (event.type === "delegating") agents.set(event.name, event.agent);
      // What stands before a fork was done for another task, and is that one's.
      if (event.type === "forked") found.clear();
      if (event.type !== "memo" || !isObject(event.value)) continue;
      const taskId = event.value["taskId"];
      // Of a call that two agents were asked for, the log does not say whose answer it took: an id is unknown to all but one.
      for (const agent of new Set([agents.get(callOf(event.name)), agents.get(`${event.name}:hedge`)]))
        if (typeof taskId === "string" && taskId !== "" && agent !== undefined) found.set(`${agent} ${taskId}`, { agent, taskId });
    }
    const last = entries.at(-1);
    if (!last) return [...found.values()];
    from = last.seq + 1;
  }
}
