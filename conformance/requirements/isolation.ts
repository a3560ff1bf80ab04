/** Nobody meets what is not theirs. (A2A 1.0.1, 3.3.2 and 13.1) */
import type { JsonObject } from "../../shared/task/a2a-types.ts";
import type { Reply } from "../agent.ts";
import { hold, refusal, refused, resultOf, tasksOf } from "../expect.ts";
import type { OperationName } from "../operations.ts";
import { leave, message, needsCapability, unfinished } from "../probe.ts";
import { requirements } from "../requirement.ts";

export const ISOLATION = requirements("isolation", [
  {
    id: "isolation.tasks-not-found",
    section: "13.1",
    level: "MUST",
    title: "Another caller's task is not found, by any operation, as if it were not there",
    run: async (probe) => {
      const other = probe.other();
      const { id, contextId } = await unfinished(probe);
      const operations: readonly (readonly [OperationName, JsonObject])[] = [
        ["GetTask", { id }],
        ["CancelTask", { id }],
        ["SendMessage", { message: message(probe, "mine?", { taskId: id, contextId }) }],
        ...(probe.card.capabilities.streaming ? ([["SubscribeToTask", { id }]] as const) : []),
        ...(probe.card.capabilities.pushNotifications
          ? ([
              ["ListTaskPushNotificationConfigs", { taskId: id }],
              ["CreateTaskPushNotificationConfig", { taskId: id, url: "https://example.com/hook" }],
            ] as const)
          : []),
      ];
      for (const [operation, params] of operations) {
        const theirs = await refusal(other, operation, params);
        refused(theirs, "TaskNotFoundError", probe.binding);
      }
      await leave(probe, id);
    },
  },
  {
    id: "isolation.no-difference",
    section: "3.3.2",
    level: "SHOULD",
    title: "Another caller's task is refused in the same words as one that does not exist",
    run: async (probe) => {
      const other = probe.other();
      const { id } = await probe.finished();
      const none = [...id].map((character, at) => (at === id.length - 1 ? (character === "0" ? "1" : "0") : character)).join("");
      const [theirs, nobodys] = [await other.call("GetTask", { id }), await other.call("GetTask", { id: none })];
      const plain = ({ error }: Reply, named: string) => String(error?.message).replaceAll(named, "<id>");
      hold(plain(theirs, id) === plain(nobodys, none), plain(nobodys, none), plain(theirs, id));
    },
  },
  {
    id: "isolation.own-list",
    section: "13.1",
    level: "MUST",
    title: "A list holds only the caller's own tasks, with a filter and without",
    run: async (probe) => {
      const other = probe.other();
      const { id, contextId } = await probe.finished();
      for (const params of [{}, { contextId }]) {
        const ids = tasksOf(await other.call("ListTasks", params)).map((task) => task.id);
        hold(!ids.includes(id), `a list without ${id}`, ids);
      }
    },
  },
  {
    id: "isolation.push-configs",
    section: "13.1",
    level: "MUST",
    title: "Another caller's push configuration can neither be read nor deleted",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const other = probe.other();
      const { id: taskId } = await unfinished(probe);
      const { url } = await probe.inbox();
      const made = resultOf(await probe.agent.call("CreateTaskPushNotificationConfig", { taskId, url }));
      const params = { taskId, id: made["id"] ?? "" };
      refused(await other.call("GetTaskPushNotificationConfig", params), "TaskNotFoundError", probe.binding);
      await other.call("DeleteTaskPushNotificationConfig", params);
      resultOf(await probe.agent.call("GetTaskPushNotificationConfig", params), "the configuration still there");
      await leave(probe, taskId);
    },
  },
]);
