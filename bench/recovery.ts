/**
 * What becomes of tasks whose runtime was killed: brought into their state before, looked at afterwards. Every task has to end as
 * it would have, and the round takes as long as the last of them. The runner does the killing (measure.ts).
 */
import type { Task } from "../shared/task/a2a-types.ts";
import { timesOf } from "./closed-loop.ts";
import type { HttpRequest } from "./http-connection.ts";
import type { Round } from "./load.ts";
import { call, complaint, messageFor, resultOf, sendAll, taskOf } from "./requests.ts";
import type { Target, Workload } from "./workloads.ts";

const TEXT = "the quick brown fox";
/** A task that has not ended by then is lost. Milliseconds. */
const PATIENCE_MS = 60_000;
const AGAIN_MS = 20;

/** Tasks that work when their runtime is killed. @param asked each is asked for afterwards, or nobody touches any of them */
export function recovering(tasks: number, asked: boolean): Workload {
  let ids: string[] = [];
  return {
    async prepare(target) {
      ids = await begin(target, tasks);
    },
    round: (target) => timed(target.killedAt ?? Date.now(), tasks, () => (asked ? endOfEach(target, ids) : endOfAll(target, tasks))),
  };
}

/** The same tasks with nothing killed. */
export function finishing(tasks: number): Workload {
  return { round: (target) => timed(Date.now(), tasks, async () => endOfEach(target, await begin(target, tasks))) };
}

/** Plain objects that held a row when their runtime was killed. */
export function recoveringObjects(objects: number): Workload {
  const inserts = insertsFor(objects);
  return {
    prepare: async (target) => void (await sendAll(target, inserts)),
    round: (target) => timed(target.killedAt ?? Date.now(), objects, () => insertAll(target, inserts)),
  };
}

/** The same objects with nothing killed. */
export function insertingOnce(objects: number): Workload {
  const inserts = insertsFor(objects);
  return {
    async round(target) {
      await insertAll(target, inserts);
      return timed(Date.now(), objects, () => insertAll(target, inserts));
    },
  };
}

/** @returns the answers that are wrong */
async function insertAll(target: Target, inserts: readonly HttpRequest[]): Promise<string[]> {
  return (await sendAll(target, inserts)).filter(({ body }) => body !== '{"rows":1}').map(complaint);
}

/** One insert for each of so many objects. */
export function insertsFor(objects: number): HttpRequest[] {
  return Array.from({ length: objects }, (_, index) => ({ method: "POST", path: `/rows/${index}`, body: TEXT }));
}

/** Tasks at work. @returns their ids */
async function begin(target: Target, tasks: number): Promise<string[]> {
  const request = () => call("SendMessage", { message: messageFor("long", TEXT), configuration: { returnImmediately: true } });
  const answers = await sendAll(target, Array.from({ length: tasks }, request));
  return answers.map((answer) => {
    const task = taskOf(answer);
    if (task?.status.state !== "TASK_STATE_WORKING") throw new Error(`no running task came about: ${complaint(answer)}`);
    return task.id;
  });
}

/** @returns what is wrong with those that did not end as they should */
async function endOfEach(target: Target, ids: readonly string[]): Promise<string[]> {
  const late = Date.now() + PATIENCE_MS;
  const wrong: string[] = [];
  let open = ids;
  while (open.length > 0 && Date.now() < late) {
    const answers = await sendAll(
      target,
      open.map((id) => call("GetTask", { id, historyLength: 0 })),
    );
    const still: string[] = [];
    for (const [index, answer] of answers.entries()) {
      const task: Task | undefined = resultOf(answer);
      if (task?.status.state === "TASK_STATE_WORKING") still.push(open[index] ?? "");
      else if (task?.status.state !== "TASK_STATE_COMPLETED" || task.artifacts?.[0]?.parts[0]?.text !== TEXT) wrong.push(complaint(answer));
    }
    open = still;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  return [...wrong, ...open.map((id) => `task ${id} had not ended after ${PATIENCE_MS / 1_000} s`)];
}

/** Looks at the list only: no task is woken by that. */
async function endOfAll(target: Target, tasks: number): Promise<string[]> {
  const late = Date.now() + PATIENCE_MS;
  for (;;) {
    const [answer] = await sendAll(target, [call("ListTasks", { status: "TASK_STATE_COMPLETED", pageSize: 1 })]);
    const page: { totalSize: number } | undefined = answer && resultOf(answer);
    if (page?.totalSize === tasks) return [];
    if (Date.now() > late) return [`${page?.totalSize} of ${tasks} tasks had ended after ${PATIENCE_MS / 1_000} s`];
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function timed(began: number, requests: number, work: () => Promise<readonly string[]>): Promise<Round> {
  const wrong = await work();
  const took = Date.now() - began;
  return {
    ...timesOf([took]),
    requests,
    requestsPerSecond: (requests / took) * 1_000,
    errors: wrong.length,
    ...(wrong[0] !== undefined && { firstError: wrong[0] }),
  };
}
