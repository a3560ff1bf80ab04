/** Who may call, and that nobody meets what is not theirs. (A2A 1.0.1, 3.3.2, 5.1, 7.4, 7.6, 13.1) */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../shared/task/a2a-types.ts";
import type { Agent, HeaderChanges, Reply } from "../agent.ts";
import { send } from "../exchange.ts";
import { described, hold, refused, resultOf, tasksOf } from "../expect.ts";
import { OPERATION_NAMES, type OperationName } from "../operations.ts";
import { leave, message, needsCapability, type Probe, sent, trigger, unfinished } from "../probe.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";

const WRONG: readonly HeaderChanges[] = [
  { Authorization: "Bearer not.a.token" },
  { Authorization: "Bearer" },
  { Authorization: "Basic bm9ib2R5Om5vdGhpbmc=" },
];

function demands({ card }: Probe): void {
  if ((card.securityRequirements ?? []).length === 0) throw new NotShown("the card demands no authentication");
}

/** Refused because of who is calling: 401, which JSON-RPC may also say in an error of its own. (3.3.2) */
function turnedAway(reply: Reply, { binding }: Probe, what: string): void {
  const isRefused =
    reply.http.status === 401 ||
    (binding === "JSONRPC" && reply.http.status === 200 && reply.error !== undefined && reply.result === undefined);
  if (!isRefused) throw new Failure(`HTTP 401 for ${what}`, described(reply));
}

function paramsOf(probe: Probe, operation: OperationName): JsonObject {
  const id = randomUUID();
  if (operation === "SendMessage" || operation === "SendStreamingMessage") return { message: message(probe, "hello") };
  if (operation === "ListTasks" || operation === "GetExtendedAgentCard") return {};
  if (operation.includes("Config"))
    return {
      taskId: id,
      ...(!operation.startsWith("List") && { id }),
      ...(operation.startsWith("Create") && { url: "https://example.com/hook" }),
    };
  return { id };
}

async function reply(agent: Agent, operation: OperationName, params: JsonObject, headers: HeaderChanges = {}): Promise<Reply> {
  if (operation !== "SendStreamingMessage" && operation !== "SubscribeToTask") return agent.call(operation, params, headers);
  const stream = await agent.stream(operation, params, headers);
  stream.close();
  if (!stream.refusal) throw new Failure("a refusal", `HTTP ${stream.status}, a stream of events`);
  return stream.refusal;
}

export const AUTH = requirements("auth", [
  {
    id: "auth.every-operation",
    section: "7.4",
    level: "MUST",
    title: "Every operation turns away a caller without credentials",
    run: async (probe) => {
      demands(probe);
      for (const operation of OPERATION_NAMES)
        turnedAway(await reply(probe.anonymous, operation, paramsOf(probe, operation)), probe, `${operation} without credentials`);
    },
  },
  {
    id: "auth.wrong-credentials",
    section: "3.3.2",
    level: "MUST",
    title: "Credentials that are wrong are turned away",
    run: async (probe) => {
      demands(probe);
      for (const headers of WRONG) turnedAway(await probe.anonymous.call("ListTasks", {}, headers), probe, JSON.stringify(headers));
      const changed = Object.fromEntries(Object.entries(probe.credentials).map(([name, value]) => [name, `${value.slice(0, -2)}zz`]));
      if (Object.keys(changed).length > 0)
        turnedAway(await probe.anonymous.call("ListTasks", {}, changed), probe, "credentials with another end");
    },
  },
  {
    id: "auth.challenge",
    section: "7.4",
    level: "SHOULD",
    title: "Whoever is turned away is told how to come in: WWW-Authenticate",
    run: async (probe) => {
      demands(probe);
      const { http } = await probe.anonymous.call("ListTasks");
      hold(http.headers.has("WWW-Authenticate"), "WWW-Authenticate", [...http.headers.keys()]);
    },
  },
  {
    id: "auth.lacks-permission",
    section: "3.3.2",
    level: "MUST",
    title: "A caller who is known but lacks a permission is refused: 403, which is not 401",
    run: async (probe) => {
      const { http, error, ...reply } = await probe.weak().call("SendMessage", { message: message(probe, "hello") });
      const isRefused = error !== undefined && (http.status === 403 || (probe.binding === "JSONRPC" && http.status === 200));
      if (!isRefused) throw new Failure("HTTP 403 with an error", described({ http, ...reply, ...(error && { error }) }));
    },
  },
  {
    id: "auth.names-permission",
    section: "3.3.2",
    level: "SHOULD",
    title: "Who lacks a permission is told which one",
    run: async (probe) => {
      const { http, error } = await probe.weak().call("SendMessage", { message: message(probe, "hello") });
      const told = `${String(error?.message)} ${http.headers.get("WWW-Authenticate") ?? ""}`;
      hold(/scope|permission|role/i.test(told), "words that name the scope or permission", told);
    },
  },
  {
    id: "auth.lets-in",
    section: "7.4",
    level: "MUST",
    title: "A caller with the credentials that the card asks for is let in",
    run: async (probe) => {
      demands(probe);
      if (Object.keys(probe.credentials).length === 0) throw new NotShown("needs credentials: --token or --key");
      resultOf(await probe.agent.call("ListTasks"), "a list of tasks");
    },
  },
  {
    id: "auth.open-as-declared",
    section: "7.4",
    level: "MUST",
    title: "Where the card asks for no authentication, a caller without credentials is let in",
    run: async (probe) => {
      if ((probe.card.securityRequirements ?? []).length > 0) throw new NotShown("the card demands authentication");
      resultOf(await probe.anonymous.call("ListTasks"), "a list of tasks");
    },
  },
  {
    id: "auth.public-card",
    section: "8.2",
    level: "MUST",
    title: "The card is for everybody, also where operations are not",
    bindings: [],
    run: async (probe) => {
      demands(probe);
      const { status } = await send({ method: "GET", url: probe.seen.url, headers: {} }, probe.trial);
      hold(status === 200, "HTTP 200", `HTTP ${status}`);
    },
  },
  {
    id: "auth.others-tasks-not-found",
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
        const theirs = await reply(other, operation, params);
        refused(theirs, "TaskNotFoundError", probe.binding);
      }
      await leave(probe, id);
    },
  },
  {
    id: "auth.no-difference",
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
    id: "auth.own-list",
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
    id: "auth.asks-in-task",
    section: "7.6.1",
    level: "MUST",
    title: "A task that waits for an authorization says so in its state, and says what it waits for",
    run: async (probe) => {
      const { id, status } = await sent(probe, trigger(probe, "auth"));
      hold(status.state === "TASK_STATE_AUTH_REQUIRED", "TASK_STATE_AUTH_REQUIRED", status.state);
      hold((status.message?.parts ?? []).length > 0, "a status message that explains it", status as never);
      await leave(probe, id);
    },
  },
  {
    id: "auth.talks-in-task",
    section: "7.6.1",
    level: "SHOULD",
    title: "A task that waits for an authorization takes messages",
    run: async (probe) => {
      const { id, status } = await sent(probe, trigger(probe, "auth"));
      if (status.state !== "TASK_STATE_AUTH_REQUIRED")
        throw new NotShown(`needs a text that leads to AUTH_REQUIRED, not to ${status.state}`);
      resultOf(await probe.agent.call("SendMessage", { message: message(probe, "What is it for?", { taskId: id }) }), "the message taken");
      await leave(probe, id);
    },
  },
  {
    id: "auth.push-config-others",
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
