/** Listing tasks: order, pages, filters. (A2A 1.0.1, 3.1.4, 6.5, 11.5) */
import { randomUUID } from "node:crypto";
import type { JsonObject, Task } from "../../shared/task/a2a-types.ts";
import { hold, refusedAsInvalid, resultOf, tasksOf } from "../expect.ts";
import { asking, ended, leave, type Probe, sent, trigger, withArtifacts } from "../probe.ts";
import { requirements } from "../requirement.ts";
import { listResponse, violations } from "../schema.ts";

interface Page {
  readonly tasks: Task[];
  readonly nextPageToken: unknown;
  readonly totalSize: unknown;
}

async function list({ agent }: Probe, params: JsonObject = {}): Promise<Page> {
  const reply = await agent.call("ListTasks", params);
  const { nextPageToken, totalSize } = resultOf(reply, "a list of tasks");
  return { tasks: tasksOf(reply), nextPageToken, totalSize };
}

/** Tasks in a context of their own, the oldest first: what others do at the same time does not show there. */
async function family(probe: Probe, size: number): Promise<{ contextId: string; ids: string[] }> {
  const first = await ended(probe);
  const { contextId } = first;
  const ids = [first.id];
  while (ids.length < size) ids.push((await sent(probe, trigger(probe, "text"), { contextId })).id);
  return { contextId, ids };
}

const idsOf = (tasks: readonly Task[]) => tasks.map(({ id }) => id);

export const LIST = requirements("list", [
  {
    id: "list.valid",
    section: "3.1.4",
    level: "MUST",
    title: "A list has tasks, pageSize, totalSize and always a nextPageToken",
    run: async (probe) => {
      const { contextId } = await probe.finished();
      const wrong = violations(listResponse, resultOf(await probe.agent.call("ListTasks", { contextId })));
      hold(wrong.length === 0, "a valid ListTasksResponse", wrong.join("; "));
    },
  },
  {
    id: "list.newest-first",
    section: "3.1.4",
    level: "MUST",
    title: "The task whose status changed last comes first",
    run: async (probe) => {
      const { contextId, ids } = await family(probe, 3);
      const { tasks } = await list(probe, { contextId });
      hold(JSON.stringify(idsOf(tasks)) === JSON.stringify(ids.toReversed()), JSON.stringify(ids.toReversed()), idsOf(tasks));
    },
  },
  {
    id: "list.pages",
    section: "3.1.4",
    level: "MUST",
    title: "Pages follow each other by their tokens without gap or repeat, and the last one has an empty token",
    run: async (probe) => {
      const { contextId, ids } = await family(probe, 3);
      const seen: string[] = [];
      let pageToken = "";
      for (let page = 0; page < 5; page += 1) {
        const { tasks, nextPageToken } = await list(probe, { contextId, pageSize: 2, ...(pageToken && { pageToken }) });
        hold(tasks.length <= 2, "at most 2 tasks a page", idsOf(tasks));
        seen.push(...idsOf(tasks));
        hold(typeof nextPageToken === "string", "a nextPageToken", nextPageToken as never);
        pageToken = nextPageToken;
        if (pageToken === "") break;
      }
      hold(pageToken === "", "an empty token on the last page", pageToken);
      hold(JSON.stringify(seen) === JSON.stringify(ids.toReversed()), JSON.stringify(ids.toReversed()), seen);
    },
  },
  {
    id: "list.cursor",
    section: "3.1.4",
    level: "MUST",
    title: "A token marks a place, not a number: a task made since the first page does not shift the second",
    run: async (probe) => {
      const { contextId, ids } = await family(probe, 3);
      const first = await list(probe, { contextId, pageSize: 1 });
      await sent(probe, trigger(probe, "text"), { contextId });
      const second = await list(probe, { contextId, pageSize: 1, pageToken: String(first.nextPageToken) });
      hold(idsOf(second.tasks)[0] === ids[1], `the task after ${ids[2]}: ${ids[1]}`, idsOf(second.tasks));
    },
  },
  {
    id: "list.total-size",
    section: "3.1.4",
    level: "MUST",
    title: "totalSize counts every task that matches, whatever the page",
    run: async (probe) => {
      const { contextId } = await family(probe, 3);
      const { totalSize } = await list(probe, { contextId, pageSize: 1 });
      hold(totalSize === 3, "3", totalSize as never);
    },
  },
  {
    id: "list.no-artifacts",
    section: "3.1.4",
    level: "MUST",
    title: "Without includeArtifacts no task has the artifacts field",
    run: async (probe) => {
      const { contextId } = await withArtifacts(probe);
      for (const params of [{ contextId }, { contextId, includeArtifacts: false }]) {
        const { tasks } = await list(probe, params);
        hold(tasks.length > 0 && tasks.every((task) => !("artifacts" in task)), "tasks without artifacts", tasks as never);
      }
    },
  },
  {
    id: "list.artifacts",
    section: "3.1.4",
    level: "SHOULD",
    title: "With includeArtifacts tasks come with their artifacts",
    run: async (probe) => {
      const { contextId, artifacts } = await withArtifacts(probe);
      const { tasks } = await list(probe, { contextId, includeArtifacts: true });
      hold(JSON.stringify(tasks[0]?.artifacts) === JSON.stringify(artifacts), JSON.stringify(artifacts), tasks as never);
    },
  },
  {
    id: "list.by-context",
    section: "3.1.4",
    level: "MUST",
    title: "contextId keeps the tasks of one context, and none for a context nobody has",
    run: async (probe) => {
      const { contextId } = await probe.finished();
      const { tasks } = await list(probe, { contextId });
      hold(tasks.length > 0 && tasks.every((task) => task.contextId === contextId), `tasks of ${contextId}`, tasks as never);
      const nobodys = await list(probe, { contextId: randomUUID() });
      hold(nobodys.tasks.length === 0 && nobodys.nextPageToken === "", "no tasks and an empty token", nobodys as never);
    },
  },
  {
    id: "list.by-status",
    section: "3.1.4",
    level: "MUST",
    title: "status keeps the tasks that are in that state",
    run: async (probe) => {
      const asked = await asking(probe);
      const { contextId } = asked;
      const over = await ended(probe, { contextId });
      const waiting = await list(probe, { contextId, status: "TASK_STATE_INPUT_REQUIRED" });
      hold(JSON.stringify(idsOf(waiting.tasks)) === JSON.stringify([asked.id]), asked.id, idsOf(waiting.tasks));
      const done = await list(probe, { contextId, status: over.status.state });
      hold(JSON.stringify(idsOf(done.tasks)) === JSON.stringify([over.id]), over.id, idsOf(done.tasks));
      await leave(probe, asked.id);
    },
  },
  {
    id: "list.by-time",
    section: "3.1.4",
    level: "MUST",
    title: "statusTimestampAfter keeps the tasks whose status is not older",
    run: async (probe) => {
      const { contextId, status } = await ended(probe);
      const at = Date.parse(status.timestamp);
      const shift = (ms: number) => ({ contextId, statusTimestampAfter: new Date(at + ms).toISOString() });
      const [since, later] = [await list(probe, shift(-60_000)), await list(probe, shift(60_000))];
      hold(since.tasks.length === 1, "the task of a minute before", idsOf(since.tasks));
      hold(later.tasks.length === 0, "no task of a minute later", idsOf(later.tasks));
    },
  },
  {
    id: "list.history",
    section: "3.2.4",
    level: "MUST",
    title: "historyLength bounds the history of each task",
    run: async (probe) => {
      const { contextId } = await probe.finished();
      for (const historyLength of [0, 1]) {
        const { tasks } = await list(probe, { contextId, historyLength });
        const longest = Math.max(...tasks.map(({ history = [] }) => history.length));
        hold(longest <= historyLength, `at most ${historyLength} messages`, tasks as never);
      }
    },
  },
  ...(
    [
      ["page-size-too-large", "a pageSize above 100", { pageSize: 101 }],
      ["page-size-too-small", "a pageSize below 1", { pageSize: -1 }],
      ["status-unknown", "a status that is no TaskState", { status: "TASK_STATE_RUNNING" }],
      ["history-negative", "a negative historyLength", { historyLength: -5 }],
      ["page-token", "a pageToken that nobody gave", { pageToken: "of another server" }],
      ["timestamp", "a statusTimestampAfter that is no time", { statusTimestampAfter: "yesterday" }],
    ] as const
  ).map(([id, what, params]) => ({
    id: `list.refuses-${id}`,
    section: "6.5",
    level: "MUST" as const,
    title: `ListTasks with ${what} is refused as invalid`,
    run: async ({ agent, binding }: Probe) => refusedAsInvalid(await agent.call("ListTasks", params), binding, what),
  })),
]);
