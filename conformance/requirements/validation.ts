/** Parameters are validated before anything is done with them. (A2A 1.0.1, 3.3.2, 5.7, 13.4) */
import { randomUUID } from "node:crypto";
import type { Json, JsonObject } from "../../shared/task/a2a-types.ts";
import { hold, refusedAsInvalid, refusedSomehow, tasksOf } from "../expect.ts";
import { message, type Probe } from "../probe.ts";
import { requirements, type Written } from "../requirement.ts";

const good = (): JsonObject => ({ messageId: randomUUID(), role: "ROLE_USER", parts: [{ text: "hello" }] });

function without(name: string): JsonObject {
  const { [name]: _, ...rest } = good();
  return rest;
}

const refuses = (id: string, what: string, params: () => JsonObject): Written => ({
  id: `validation.${id}`,
  section: "3.3.2",
  level: "MUST",
  title: `A send with ${what} is refused as invalid`,
  run: async ({ agent, binding }) => refusedAsInvalid(await agent.call("SendMessage", params()), binding, what),
});

const withMessage = (change: JsonObject) => () => ({ message: { ...good(), ...change } });
const withPart = (part: Json) => withMessage({ parts: [part] });

export const VALIDATION = requirements("validation", [
  refuses("no-message", "no message", () => ({})),
  refuses("message-text", "a text in place of the message", () => ({ message: "hello" })),
  refuses("no-parts", "a message without parts", () => ({ message: without("parts") })),
  refuses("empty-parts", "a message with an empty list of parts", withMessage({ parts: [] })),
  refuses("parts-object", "parts that are no list", withMessage({ parts: { text: "hello" } })),
  refuses("no-role", "a message without a role", () => ({ message: without("role") })),
  refuses("unknown-role", "a role that is none", withMessage({ role: "ROLE_KING" })),
  refuses("role-unspecified", "the role ROLE_UNSPECIFIED", withMessage({ role: "ROLE_UNSPECIFIED" })),
  refuses("no-message-id", "a message without messageId", () => ({ message: without("messageId") })),
  refuses("empty-message-id", "an empty messageId", withMessage({ messageId: "" })),
  refuses("message-id-number", "a messageId that is a number", withMessage({ messageId: 7 })),
  refuses("empty-part", "a part without content", withPart({})),
  refuses("part-text-number", "a part whose text is a number", withPart({ text: 7 })),
  refuses("part-two-contents", "a part with two contents", withPart({ text: "hello", url: "https://example.com/" })),
  refuses("part-null", "null for a part", withPart(null)),
  refuses("raw-no-base64", "raw content that is no base64", withPart({ raw: "$$$", mediaType: "text/plain" })),
  refuses("metadata-text", "metadata that is no object", withMessage({ metadata: "text" })),
  refuses("history-negative", "a negative historyLength", () => ({ message: good(), configuration: { historyLength: -1 } })),
  refuses("history-text", "a historyLength that is no number", () => ({ message: good(), configuration: { historyLength: "many" } })),
  refuses("return-immediately-text", "a returnImmediately that is no boolean", () => ({
    message: good(),
    configuration: { returnImmediately: "yes" },
  })),
  {
    id: "validation.get-history-negative",
    section: "3.3.2",
    level: "MUST",
    title: "GetTask with a negative historyLength is refused as invalid",
    run: async (probe) => {
      const { id } = await probe.finished();
      refusedAsInvalid(await probe.agent.call("GetTask", { id, historyLength: -1 }), probe.binding, "a negative historyLength");
    },
  },
  {
    id: "validation.get-without-id",
    section: "3.3.2",
    level: "MUST",
    title: "GetTask without an id is refused as invalid",
    bindings: ["JSONRPC"],
    run: async ({ agent, binding }) => {
      for (const params of [{}, { id: "" }, { id: 7 }])
        refusedAsInvalid(await agent.call("GetTask", params as JsonObject), binding, JSON.stringify(params));
    },
  },
  {
    id: "validation.makes-nothing",
    section: "3.3.2",
    level: "MUST",
    title: "A message that is refused makes no task",
    run: async (probe: Probe) => {
      const contextId = randomUUID();
      refusedSomehow(
        await probe.agent.call("SendMessage", { message: message(probe, "", { contextId, parts: [] }) }),
        "a message without parts",
      );
      const tasks = tasksOf(await probe.agent.call("ListTasks", { contextId }));
      hold(tasks.length === 0, "no task", tasks as never);
    },
  },
]);
