/** The HTTP+JSON binding itself. (A2A 1.0.1, 11) */
import { randomUUID } from "node:crypto";
import { isObject, type Reply } from "../agent.ts";
import { described, gotTask, hold, refused, resultOf, tasksOf } from "../expect.ts";
import { ended, message, type Probe, trigger } from "../probe.ts";
import { Failure, requirements, type Written } from "../requirement.ts";

const STATUS_NAMES: Readonly<Record<number, string>> = { 400: "INVALID_ARGUMENT|FAILED_PRECONDITION|OUT_OF_RANGE", 404: "NOT_FOUND" };

function post({ agent }: Probe, body: string, type: string | undefined): Promise<Reply> {
  return agent.raw("POST", "/message:send", body, { "Content-Type": type });
}

const aMessage = (probe: Probe) => JSON.stringify({ message: message(probe, trigger(probe, "text")) });

export const HTTP_JSON = requirements(
  "http-json",
  (
    [
      {
        id: "http-json.media-type",
        section: "11.1",
        level: "SHOULD",
        title: "Answers are application/a2a+json, errors too",
        run: async (probe) => {
          const { id } = await probe.finished();
          for (const reply of [await probe.agent.call("GetTask", { id }), await probe.agent.call("GetTask", { id: randomUUID() })]) {
            const type = reply.http.headers.get("Content-Type") ?? "none";
            hold(/^application\/a2a\+json\b/.test(type), "application/a2a+json", type);
          }
        },
      },
      {
        id: "http-json.json-answers",
        section: "11.4",
        level: "MUST",
        title: "Answers are JSON",
        run: async (probe) => {
          const { id } = await probe.finished();
          const { http, body } = await probe.agent.call("GetTask", { id });
          const type = http.headers.get("Content-Type") ?? "none";
          hold(
            /^application\/([\w.-]+\+)?json\b/.test(type) && isObject(body),
            "JSON under a JSON content type",
            `${type}: ${http.text.slice(0, 100)}`,
          );
        },
      },
      {
        id: "http-json.takes-a2a-json",
        section: "11.1",
        level: "MUST",
        title: "Requests may be application/a2a+json, also with parameters",
        run: async (probe) => {
          for (const type of ["application/a2a+json", "application/a2a+json; charset=utf-8"])
            resultOf(await post(probe, aMessage(probe), type), `a message as ${type} taken`);
        },
      },
      {
        id: "http-json.takes-json",
        section: "11.1",
        level: "SHOULD",
        title: "Requests may be application/json",
        run: async (probe) => {
          resultOf(await post(probe, aMessage(probe), "application/json"), "a message as application/json taken");
        },
      },
      {
        id: "http-json.other-media-type",
        section: "11.1",
        level: "SHOULD",
        title: "A request of another media type is refused",
        run: async (probe) => {
          const reply = await post(probe, aMessage(probe), "text/plain");
          hold([400, 415].includes(reply.http.status), "HTTP 400 or 415", described(reply));
        },
      },
      {
        id: "http-json.error-form",
        section: "11.6",
        level: "MUST",
        title: "An error is a google.rpc.Status: code as the HTTP status, status by its name, message, details as a list",
        run: async (probe) => {
          const { id } = await probe.finished();
          const replies = [await probe.agent.call("GetTask", { id: randomUUID() }), await probe.agent.call("CancelTask", { id })];
          for (const reply of replies) {
            const error = isObject(reply.body) && isObject(reply.body["error"]) ? reply.body["error"] : {};
            const named = new RegExp(`^(${STATUS_NAMES[reply.http.status] ?? "[A-Z_]+"})$`).test(String(error["status"]));
            const isStatus =
              error["code"] === reply.http.status && named && typeof error["message"] === "string" && Array.isArray(error["details"]);
            if (!isStatus) throw new Failure("error with code, status, message and details", described(reply));
          }
        },
      },
      {
        id: "http-json.no-json",
        section: "11.6",
        level: "MUST",
        title: "A body that is no JSON is HTTP 400 with an error",
        run: async (probe) => {
          for (const body of ['{"message": ', "hello"]) {
            const reply = await post(probe, body, "application/a2a+json");
            if (reply.http.status !== 400 || !reply.error) throw new Failure("HTTP 400 with an error object", described(reply));
          }
        },
      },
      {
        id: "http-json.no-object",
        section: "11.4",
        level: "MUST",
        title: "A body that is no object is HTTP 400",
        run: async (probe) => {
          for (const body of ["42", "[]", "null", '"text"']) {
            const reply = await post(probe, body, "application/a2a+json");
            hold(reply.http.status === 400, `HTTP 400 for ${body}`, described(reply));
          }
        },
      },
      {
        id: "http-json.unknown-path",
        section: "11.3",
        level: "MUST",
        title: "A path that does not exist is HTTP 404",
        run: async (probe) => {
          const { http } = await probe.agent.raw("GET", "/no/such/path", undefined);
          hold(http.status === 404, "HTTP 404", `HTTP ${http.status}`);
        },
      },
      {
        id: "http-json.other-method",
        section: "11.3",
        level: "SHOULD",
        title: "Another method than a path's own is HTTP 405 or 404",
        run: async (probe) => {
          const { http } = await probe.agent.raw("PUT", "/tasks", "{}");
          hold([404, 405].includes(http.status), "HTTP 405 or 404", `HTTP ${http.status}`);
        },
      },
      {
        id: "http-json.query-names",
        section: "11.5",
        level: "MUST",
        title: "Parameters of a GET are camelCase in its query, of their own types",
        run: async (probe) => {
          const { contextId, status } = await ended(probe);
          await ended(probe, { contextId });
          const query = new URLSearchParams({
            contextId,
            pageSize: "1",
            includeArtifacts: "true",
            status: status.state,
            historyLength: "0",
          });
          const tasks = tasksOf(await probe.agent.raw("GET", `/tasks?${query}`, undefined));
          hold(tasks.length === 1, "1 task", tasks as never);
          hold(
            tasks[0]?.contextId === contextId && tasks[0].history === undefined,
            `a task of ${contextId} without history`,
            tasks[0] as never,
          );
        },
      },
      {
        id: "http-json.query-timestamp",
        section: "11.5",
        level: "MUST",
        title: "A time in a query is ISO 8601, also without milliseconds",
        run: async (probe) => {
          const { contextId, status } = await ended(probe);
          const before = new Date(Date.parse(status.timestamp) - 60_000).toISOString().replace(/\.\d+Z$/, "Z");
          const query = new URLSearchParams({ contextId, statusTimestampAfter: before });
          const tasks = tasksOf(await probe.agent.raw("GET", `/tasks?${query}`, undefined));
          hold(tasks.length === 1, "1 task", tasks as never);
        },
      },
      {
        id: "http-json.encoded-ids",
        section: "11.5",
        level: "MUST",
        title: "Ids in paths are taken percent-encoded, and strange ones lead nowhere",
        run: async (probe) => {
          const { id } = await probe.finished();
          const encoded = [...id].map((character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
          const task = gotTask(await probe.agent.raw("GET", `/tasks/${encoded}`, undefined));
          hold(task.id === id, id, task.id);
          for (const strange of ["%2e%2e%2ftasks", "%00", "a%2Fb"])
            refused(await probe.agent.raw("GET", `/tasks/${strange}`, undefined), "TaskNotFoundError", "HTTP+JSON");
        },
      },
    ] satisfies Written[]
  ).map((each) => ({ ...each, bindings: ["HTTP+JSON"] as const })),
);
