/** Who may call, and that nobody meets what is not theirs. (A2A 1.0.1, 3.3.2, 5.1, 7.4, 7.6, 13.1) */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../shared/task/a2a-types.ts";
import type { HeaderChanges, Reply } from "../agent.ts";
import { send } from "../exchange.ts";
import { described, hold, refusal, resultOf } from "../expect.ts";
import { OPERATION_NAMES, type OperationName } from "../operations.ts";
import { message, type Probe } from "../probe.ts";
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

export const AUTH = requirements("auth", [
  {
    id: "auth.every-operation",
    section: "7.4",
    level: "MUST",
    title: "Every operation turns away a caller without credentials",
    run: async (probe) => {
      demands(probe);
      for (const operation of OPERATION_NAMES)
        turnedAway(await refusal(probe.anonymous, operation, paramsOf(probe, operation)), probe, `${operation} without credentials`);
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
]);
