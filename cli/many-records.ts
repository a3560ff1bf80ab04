/**
 * The records of many tasks, one after the other: those that are named, or all of one's own, the newest first. Nothing is kept of a
 * record but what its reader makes of it.
 */
import type { TaskRecord } from "../shared/task/record.ts";
import { connect } from "./client.ts";
import type { Credentials } from "./credentials.ts";
import { readRecord } from "./records.ts";
import { terminal, UsageError } from "./terminal.ts";

/** Records read at the same time. */
const AT_ONCE = 4;

/** @param text what somebody typed behind `--most` @throws UsageError */
export function mostFrom(text: string): number {
  const most = Number(text);
  if (!Number.isInteger(most) || most < 1 || most > 100_000) throw new UsageError("--most must be a whole number from 1 to 100000");
  return most;
}

/** @param base address of the agent whose tasks they are @returns ids of one's own tasks, the newest first */
export async function ownTasks(base: string, credentials: Credentials | undefined, most: number): Promise<string[]> {
  const client = await connect(base, credentials);
  const ids: string[] = [];
  for await (const task of client.listAll()) {
    ids.push(task.id);
    if (ids.length >= most) break;
  }
  return ids;
}

/** @param read what is wanted of a record @returns that of each task, in the order of the ids */
export async function ofRecords<T>(
  base: string,
  ids: readonly string[],
  credentials: Credentials | undefined,
  read: (record: TaskRecord) => T,
): Promise<T[]> {
  const all: T[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const records = await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => readRecord(base, id, credentials)));
    all.push(...records.map(read));
    if (from % 100 === 0 && from > 0) terminal.note(`${from} of ${ids.length} tasks …`);
  }
  return all;
}
