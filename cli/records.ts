/**
 * Reads what governance did in a task, and a tenant's budget, over HTTP: the paths below `/governance` that are no part of A2A.
 * Whatever goes wrong comes out as one line that says what to do.
 */
import type { RecordedCall, TaskRecord } from "../shared/task/record.ts";
import { askMesh } from "./ask-mesh.ts";
import type { Credentials } from "./credentials.ts";
import { CommandError } from "./terminal.ts";

/** No task that a person looks at is longer; a server that never comes to an end is left. */
const PAGES = 200;

/**
 * All of a task's record, its pages put together.
 * @param base address of the agent whose task it is
 * @param owner whose it is, as `<app>/<subject>`; absent for one's own
 */
export async function readRecord(base: string, id: string, credentials: Credentials | undefined, owner?: string): Promise<TaskRecord> {
  let record: TaskRecord | undefined;
  let after = 0;
  for (let page = 0; page < PAGES; page++) {
    const query = new URLSearchParams({ after: String(after), ...(owner !== undefined && { owner }) });
    const read = (await governance(base, `tasks/${encodeURIComponent(id)}?${query}`, credentials)) as TaskRecord;
    record = record
      ? {
          ...read,
          madeBy: [...(record.madeBy ?? []), ...(read.madeBy ?? [])],
          decisions: [...record.decisions, ...read.decisions],
          calls: merged(record.calls, read.calls),
        }
      : read;
    if (read.next === undefined) return record;
    after = read.next;
  }
  throw new CommandError(`the log of task ${id} has no end: what ${base} serves is no record of a task`);
}

/** A call that went out in one page may come to its end in another. */
function merged(before: readonly RecordedCall[], read: readonly RecordedCall[]): RecordedCall[] {
  const calls = new Map(before.map((call) => [call.name, call]));
  for (const call of read) calls.set(call.name, { ...calls.get(call.name), ...call });
  return [...calls.values()];
}

/**
 * @param path below `/governance/`
 * @param body is posted, where there is one
 * @throws CommandError in one line
 */
export function governance(base: string, path: string, credentials: Credentials | undefined, body?: object): Promise<unknown> {
  return askMesh(base, `governance/${path}`, credentials, body);
}
