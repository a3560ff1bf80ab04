/**
 * ListTasks: a page of the caller's tasks from the index, brought up to date with the homes that are ahead of it. What the
 * index does not hold (history, artifacts) comes from the tasks' own homes. (A2A 1.0, 3.1.4)
 */
import type { JsonText, ListPage, TaskHomeApi, TaskIndexApi } from "../host/api.ts";
import type { HomeEnv } from "../host/home-parts.ts";
import type { Task, TaskState } from "../task/a2a-types.ts";
import { findTask } from "../task/home.ts";
import type { TaskView } from "../task/render.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import type { ListRequest } from "./request.ts";

export interface ListTasksResponse {
  readonly tasks: readonly Task[];
  readonly nextPageToken: string;
  /** The one that was used; the last page has fewer tasks. */
  readonly pageSize: number;
  readonly totalSize: number;
}

/** How many homes a list asks at a time; the platform has six connections. */
const HOMES_AT_ONCE = 6;
const PAGE_SIZE = 50;

type HomeOf = (name: string) => TaskHomeApi;

/** @throws RequestError when the page token is none of ours */
export async function listTasks(request: ListRequest, owner: string, env: HomeEnv, homeOf: HomeOf): Promise<JsonText<ListTasksResponse>> {
  const index = env.TASK_INDEX.getByName(owner) as unknown as TaskIndexApi;
  const pageSize = request.pageSize ?? PAGE_SIZE;
  const state = request.status === "TASK_STATE_UNSPECIFIED" ? undefined : (request.status as TaskState | undefined);
  const after = request.statusTimestampAfter === undefined ? undefined : Date.parse(request.statusTimestampAfter);
  const query = { contextId: request.contextId || undefined, state, after, pageSize, cursor: decodePageToken(request.pageToken) };

  let page: ListPage = await index.list(query);
  if (page.behind.length > 0) {
    await inBatches(page.behind, HOMES_AT_ONCE, (home) => homeOf(home).flushListing());
    page = await index.list(query);
  }
  // Lists show no history unless it is asked for: each task's home would have to be woken for it.
  const view = {
    historyLength: request.historyLength ?? 0,
    artifacts: request.includeArtifacts === true ? ("present" as const) : false,
  };
  const listed = page.tasks;
  const tasks =
    view.historyLength > 0 || view.artifacts
      ? await inBatches(listed, HOMES_AT_ONCE, (each) => withContents(homeOf, owner, each, view))
      : listed.map(({ task }) => task);
  const rest = { nextPageToken: page.next ? encodePageToken(page.next) : "", pageSize, totalSize: page.total };
  return `{"tasks":[${tasks.join()}],${JSON.stringify(rest).slice(1)}`;
}

/** The task from its own home, with what the list leaves out. */
async function withContents(
  homeOf: HomeOf,
  owner: string,
  { id, task }: ListPage["tasks"][number],
  view: TaskView,
): Promise<JsonText<Task>> {
  const address = findTask(owner, id);
  const reply = address && (await homeOf(address.home).get(id, view));
  return reply?.ok ? reply.task : task;
}

async function inBatches<T, R>(items: readonly T[], size: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += size) results.push(...(await Promise.all(items.slice(from, from + size).map(work))));
  return results;
}
