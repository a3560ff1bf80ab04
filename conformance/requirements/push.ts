/** Push notification configurations. (A2A 1.0.1, 3.1.7 to 3.1.10) */
import { randomUUID } from "node:crypto";
import type { Json, JsonObject } from "../../shared/task/a2a-types.ts";
import { isObject, type Reply } from "../agent.ts";
import { described, done, hold, refused, refusedAsInvalid, resultOf } from "../expect.ts";
import type { OperationName } from "../operations.ts";
import { ended, leave, needsCapability, type Probe, unfinished } from "../probe.ts";
import { Failure, requirements } from "../requirement.ts";
import { pushConfig, violations } from "../schema.ts";

/** An open task, and the configuration that was made for it. */
async function configured(probe: Probe): Promise<{ taskId: string; id: string; url: string; made: JsonObject }> {
  needsCapability(probe, "pushNotifications");
  const { id: taskId } = await unfinished(probe);
  const { url } = await probe.inbox();
  const made = resultOf(await probe.agent.call("CreateTaskPushNotificationConfig", { taskId, url }), "the configuration that was made");
  return { taskId, id: String(made["id"]), url, made };
}

function configsIn(reply: Reply): JsonObject[] {
  const configs: Json = resultOf(reply, "a list of configurations")["configs"] ?? [];
  if (!Array.isArray(configs)) throw new Failure("configs as a list", described(reply));
  return configs.filter(isObject);
}

const GONE: readonly OperationName[] = [
  "CreateTaskPushNotificationConfig",
  "GetTaskPushNotificationConfig",
  "ListTaskPushNotificationConfigs",
  "DeleteTaskPushNotificationConfig",
];

export const PUSH = requirements("push", [
  {
    id: "push.create",
    section: "3.1.7",
    level: "MUST",
    title: "A configuration that is made gets an id, and keeps its URL",
    run: async (probe) => {
      const { made, taskId, url } = await configured(probe);
      const wrong = violations(pushConfig, made);
      hold(wrong.length === 0 && made["url"] === url, `a configuration with an id and the URL ${url}`, made);
      await leave(probe, taskId);
    },
  },
  {
    id: "push.get",
    section: "3.1.8",
    level: "MUST",
    title: "A configuration can be read, with its URL and settings",
    run: async (probe) => {
      const { taskId, id, url } = await configured(probe);
      const got = resultOf(await probe.agent.call("GetTaskPushNotificationConfig", { taskId, id }));
      hold(got["id"] === id && got["url"] === url && violations(pushConfig, got).length === 0, `the configuration ${id} for ${url}`, got);
      await leave(probe, taskId);
    },
  },
  {
    id: "push.list",
    section: "3.1.9",
    level: "MUST",
    title: "All configurations of a task are listed",
    run: async (probe) => {
      const { taskId, id } = await configured(probe);
      const { url } = await probe.inbox();
      const second = resultOf(await probe.agent.call("CreateTaskPushNotificationConfig", { taskId, url, id: randomUUID() }));
      const ids = configsIn(await probe.agent.call("ListTaskPushNotificationConfigs", { taskId })).map((each) => each["id"]);
      hold(ids.includes(id) && ids.includes(second["id"] ?? ""), `${id} and ${second["id"]}`, ids as Json);
      await leave(probe, taskId);
    },
  },
  {
    id: "push.list-empty",
    section: "3.1.9",
    level: "MUST",
    title: "A task without configurations has an empty list",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const { id } = await probe.finished();
      const configs = configsIn(await probe.agent.call("ListTaskPushNotificationConfigs", { taskId: id }));
      hold(configs.length === 0, "no configurations", configs);
    },
  },
  {
    id: "push.ended-task",
    section: "3.1.7",
    level: "SHOULD",
    title: "A task that has ended takes configurations, too, and keeps them until they are deleted",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const { id: taskId } = await ended(probe);
      const wanted = { taskId, url: "https://example.com/hook", id: randomUUID() };
      const { id } = resultOf(await probe.agent.call("CreateTaskPushNotificationConfig", wanted), "the configuration that was made");
      const named = { taskId, id: id ?? "" };
      resultOf(await probe.agent.call("GetTaskPushNotificationConfig", named), "the configuration");
      done(await probe.agent.call("DeleteTaskPushNotificationConfig", named), "the deletion confirmed");
    },
  },
  {
    id: "push.own-id",
    section: "4.3.1",
    level: "SHOULD",
    title: "A configuration that comes with an id is known by it",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const { id: taskId } = await unfinished(probe);
      const wanted = { taskId, url: (await probe.inbox()).url, id: randomUUID() };
      const made = resultOf(await probe.agent.call("CreateTaskPushNotificationConfig", wanted), "the configuration that was made");
      hold(made["id"] === wanted.id, wanted.id, made["id"]);
      await leave(probe, taskId);
    },
  },
  {
    id: "push.inline",
    section: "3.2.2",
    level: "MUST",
    title: "A configuration that comes with the message is the new task's",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const { url } = await probe.inbox();
      const { id: taskId } = await unfinished(probe, { taskPushNotificationConfig: { url } });
      const urls = configsIn(await probe.agent.call("ListTaskPushNotificationConfigs", { taskId })).map((each) => each["url"]);
      hold(urls.includes(url), url, urls as Json);
      await leave(probe, taskId);
    },
  },
  {
    id: "push.delete",
    section: "3.1.10",
    level: "MUST",
    title: "A configuration that is deleted is gone",
    run: async (probe) => {
      const { taskId, id } = await configured(probe);
      done(await probe.agent.call("DeleteTaskPushNotificationConfig", { taskId, id }), "the deletion confirmed");
      refused(await probe.agent.call("GetTaskPushNotificationConfig", { taskId, id }), "TaskNotFoundError", probe.binding);
      const ids = configsIn(await probe.agent.call("ListTaskPushNotificationConfigs", { taskId })).map((each) => each["id"]);
      hold(!ids.includes(id), `no ${id}`, ids as Json);
      await leave(probe, taskId);
    },
  },
  {
    id: "push.delete-twice",
    section: "3.1.10",
    level: "MUST",
    title: "Deleting twice is like deleting once",
    run: async (probe) => {
      const { taskId, id } = await configured(probe);
      done(await probe.agent.call("DeleteTaskPushNotificationConfig", { taskId, id }), "the deletion confirmed");
      done(await probe.agent.call("DeleteTaskPushNotificationConfig", { taskId, id }), "the second deletion confirmed like the first");
      await leave(probe, taskId);
    },
  },
  {
    id: "push.unknown-config",
    section: "3.1.8",
    level: "MUST",
    title: "Reading a configuration that does not exist is TaskNotFoundError",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const { id: taskId } = await probe.finished();
      refused(await probe.agent.call("GetTaskPushNotificationConfig", { taskId, id: randomUUID() }), "TaskNotFoundError", probe.binding);
    },
  },
  ...GONE.map((operation) => ({
    id: `push.unknown-task-${operation.split("Task")[0]?.toLowerCase()}`,
    section: "3.1.7",
    level: "MUST" as const,
    title: `${operation} for a task that does not exist is TaskNotFoundError`,
    run: async (probe: Probe) => {
      needsCapability(probe, "pushNotifications");
      const params = { taskId: randomUUID(), id: randomUUID(), url: (await probe.inbox()).url };
      const { url: _, ...named } = params;
      const { id: __, ...plain } = operation.startsWith("Create") ? params : named;
      refused(
        await probe.agent.call(operation, operation.startsWith("List") ? plain : operation.startsWith("Create") ? params : named),
        "TaskNotFoundError",
        probe.binding,
      );
    },
  })),
  {
    id: "push.url-required",
    section: "5.7",
    level: "MUST",
    title: "A configuration without a URL, or with something that is none, is refused as invalid",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const { id: taskId } = await unfinished(probe);
      for (const wrong of [{}, { url: "" }, { url: "no address" }, { url: "file:///etc/hosts" }]) {
        const reply = await probe.agent.call("CreateTaskPushNotificationConfig", { taskId, ...wrong });
        refusedAsInvalid(reply, probe.binding, `a configuration with ${JSON.stringify(wrong)}`);
      }
      await leave(probe, taskId);
    },
  },
  {
    id: "push.private-addresses",
    section: "13.2",
    level: "SHOULD",
    title: "Webhooks at private and link-local addresses are refused",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const { id: taskId } = await unfinished(probe);
      for (const host of [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00::1]",
        "0xa9fea9fe",
        "[::ffff:10.0.0.1]",
      ]) {
        const url = `http://${host}/hook`;
        const reply = await probe.agent.call("CreateTaskPushNotificationConfig", { taskId, url });
        refusedAsInvalid(reply, probe.binding, `a webhook at ${url}`);
      }
      await leave(probe, taskId);
    },
  },
]);
