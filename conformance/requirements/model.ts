/** The data model on the wire: what every answer must look like. (A2A 1.0.1, 4.1, 5.5, 5.6, 5.7, A.2.1) */
import type { Json } from "../../shared/task/a2a-types.ts";
import { isObject } from "../agent.ts";
import { hold, resultOf } from "../expect.ts";
import { asking, leave, message, trigger, withArtifacts } from "../probe.ts";
import { NotShown, requirements } from "../requirement.ts";
import { sendResponse, violations } from "../schema.ts";

/** Their inside is the agent's own. */
const OPAQUE = new Set(["metadata", "data"]);

export const MODEL = requirements("model", [
  {
    id: "model.send-response",
    section: "4.1",
    level: "MUST",
    title: "Task, status, message, part and artifact have their required fields, enum names and one-ofs",
    run: async (probe) => {
      const texts = [trigger(probe, "text"), probe.triggers.artifact, probe.triggers.fail].filter((text) => text !== undefined);
      for (const text of texts) {
        const result = resultOf(await probe.agent.call("SendMessage", { message: message(probe, text) }));
        const wrong = violations(sendResponse, result);
        hold(wrong.length === 0, "a valid SendMessageResponse", `${wrong.join("; ")} in ${JSON.stringify(result)}`);
      }
    },
  },
  {
    id: "model.camel-case",
    section: "5.5",
    level: "MUST",
    title: "Field names are camelCase",
    run: async (probe) => {
      const names = fieldsOf((await probe.finished()) as never).map(([name]) => name);
      const snake = names.filter((name) => name.includes("_"));
      hold(snake.length === 0, "no name with an underscore", snake);
    },
  },
  {
    id: "model.no-kind",
    section: "A.2.1",
    level: "MUST",
    title: "Nothing carries kind: 1.0 tells objects apart by the field they are in",
    run: async (probe) => {
      const kinds = fieldsOf((await probe.finished()) as never).filter(([name]) => name === "kind");
      hold(kinds.length === 0, "no field called kind", kinds as never);
    },
  },
  {
    id: "model.milliseconds",
    section: "5.6.1",
    level: "SHOULD",
    title: "Timestamps have milliseconds",
    run: async (probe) => {
      const { timestamp } = (await probe.finished()).status;
      hold(/T\d\d:\d\d:\d\d\.\d{3}Z$/.test(timestamp ?? ""), "a time such as 2025-10-28T10:30:00.000Z", timestamp ?? "none");
    },
  },
  {
    id: "model.timestamp-is-now",
    section: "4.1.2",
    level: "SHOULD",
    title: "A status says when it came about",
    run: async (probe) => {
      const { timestamp } = (await probe.finished()).status;
      // A day, because nobody has set the two clocks by each other.
      const away = Math.abs(Date.now() - Date.parse(timestamp ?? ""));
      hold(away < 24 * 3_600_000, "a time of today", timestamp ?? "none");
    },
  },
  {
    id: "model.artifact-ids",
    section: "4.1.7",
    level: "MUST",
    title: "Artifacts of one task have different ids",
    run: async (probe) => {
      const ids = ((await withArtifacts(probe)).artifacts ?? []).map(({ artifactId }) => artifactId);
      if (ids.length < 2) throw new NotShown('needs a text that leads to two artifacts or more: --artifact "…"');
      hold(new Set(ids).size === ids.length, "different ids", ids);
    },
  },
  {
    id: "model.agent-role",
    section: "4.1.5",
    level: "MUST",
    title: "What the agent says in a status has the role ROLE_AGENT, and names its task and context rightly",
    run: async (probe) => {
      const { id, contextId, status } = await asking(probe);
      const said = status.message;
      if (said !== undefined) {
        hold(said.role === "ROLE_AGENT", "ROLE_AGENT", said.role);
        hold(said.taskId === undefined || said.taskId === id, id, said.taskId);
        hold(said.contextId === undefined || said.contextId === contextId, contextId, said.contextId);
      }
      await leave(probe, id);
    },
  },
  {
    id: "model.own-message",
    section: "3.7",
    level: "SHOULD",
    title: "The message that began a task is in its history as it was sent",
    run: async (probe) => {
      const began = message(probe, trigger(probe, "text"), { metadata: { "urn:example:note": { kept: [1, "two", null] } } });
      const result = resultOf(await probe.agent.call("SendMessage", { message: began }));
      const task = isObject(result["task"]) ? result["task"] : {};
      const history = Array.isArray(task["history"]) ? task["history"].filter(isObject) : [];
      const found = history.find(({ messageId }) => messageId === began["messageId"]);
      hold(found !== undefined, "the message that was sent in the history", history as Json);
      hold(JSON.stringify(found["parts"]) === JSON.stringify(began["parts"]), JSON.stringify(began["parts"]), found["parts"]);
      hold(JSON.stringify(found["metadata"]) === JSON.stringify(began["metadata"]), JSON.stringify(began["metadata"]), found["metadata"]);
    },
  },
]);

function fieldsOf(value: Json): [name: string, value: Json][] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [[name, inner] as [string, Json], ...(OPAQUE.has(name) ? [] : fieldsOf(inner))]);
}
