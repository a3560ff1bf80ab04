/** Requests that mean harm, or were broken on the way: refused, and nobody else notices. (A2A 1.0.1, 13.4) */
import { randomUUID } from "node:crypto";
import type { Json } from "../../shared/task/a2a-types.ts";
import type { Reply } from "../agent.ts";
import { described, hold, refused, refusedSomehow, resultOf, tasksOf } from "../expect.ts";
import { message, type Probe, read, trigger } from "../probe.ts";
import { exchangeRaw } from "../raw-http.ts";
import { Failure, requirements } from "../requirement.ts";

const DEPTH = 20_000;
const LONG = 200_000;

/** Answered, whatever the answer is, as long as it is not the server that broke. */
function withstood({ http, error }: Reply, what: string, reply?: Reply): void {
  if (http.status >= 500 || error?.code === -32603)
    throw new Failure(
      `${what} answered without a failure of the server`,
      described(reply ?? { http, body: undefined, ...(error && { error }) }),
    );
}

/** Written by hand: a serialiser would not write it. */
function rawSend({ agent, binding }: Probe, messageJson: string): Promise<Reply> {
  const params = `{"message": ${messageJson}}`;
  if (binding === "HTTP+JSON") return agent.raw("POST", "/message:send", params);
  return agent.raw("POST", "", `{"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": ${params}}`);
}

async function standsUp(probe: Probe): Promise<void> {
  await read(probe, (await probe.finished()).id);
}

export const ROBUSTNESS = requirements("robustness", [
  {
    id: "robustness.deep",
    section: "13.4",
    level: "SHOULD",
    title: "JSON nested very deeply is refused, and the server goes on",
    run: async (probe) => {
      const deep = `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`;
      const reply = await rawSend(probe, `{"messageId": "${randomUUID()}", "role": "ROLE_USER", "parts": [{"data": ${deep}}]}`);
      withstood(reply, `JSON of ${DEPTH} levels`, reply);
      await standsUp(probe);
    },
  },
  {
    id: "robustness.strange-names",
    section: "13.4",
    level: "SHOULD",
    title: "Names such as __proto__ are names like others",
    run: async (probe) => {
      const strange = '{"__proto__": {"isAdmin": true}, "constructor": {"prototype": {"isAdmin": true}}, "toString": 1}';
      const text = JSON.stringify(trigger(probe, "text"));
      const reply = await rawSend(
        probe,
        `{"messageId": "${randomUUID()}", "role": "ROLE_USER", "parts": [{"text": ${text}}], "metadata": ${strange}, "__proto__": {"parts": []}}`,
      );
      withstood(reply, "strange names", reply);
      await standsUp(probe);
    },
  },
  {
    id: "robustness.surrogates",
    section: "13.4",
    level: "SHOULD",
    title: "Halves of characters, zero bytes and huge numbers break nothing",
    run: async (probe) => {
      for (const part of ['{"text": "\\ud800 \\u0000"}', '{"data": {"n": 1e999, "m": -0, "big": 123456789012345678901234567890}}']) {
        const reply = await rawSend(probe, `{"messageId": "${randomUUID()}", "role": "ROLE_USER", "parts": [${part}]}`);
        withstood(reply, part, reply);
      }
      await standsUp(probe);
    },
  },
  {
    id: "robustness.long-values",
    section: "13.4",
    level: "SHOULD",
    title: "Very long ids and tokens are refused as the caller's mistake, or found to lead nowhere",
    run: async ({ agent, binding }) => {
      // A path of such length is refused by servers before anybody reads it: how, is theirs.
      const long = "x".repeat(binding === "JSONRPC" ? LONG : 6_000);
      for (const reply of [await agent.call("GetTask", { id: long }), await agent.call("ListTasks", { pageToken: long })])
        hold(reply.http.status < 500 && (reply.error !== undefined || reply.http.status >= 400), "a refusal", described(reply));
    },
  },
  {
    id: "robustness.many-parts",
    section: "13.4",
    level: "SHOULD",
    title: "A message of 10,000 parts is taken or refused, and the server goes on",
    run: async (probe) => {
      const parts = Array.from({ length: 10_000 }, (_, n) => ({ text: `part ${n}` }));
      const reply = await probe.agent.call("SendMessage", { message: message(probe, "", { parts }) });
      withstood(reply, "10,000 parts", reply);
      await standsUp(probe);
    },
  },
  {
    id: "robustness.truncated",
    section: "13.4",
    level: "SHOULD",
    title: "A body that breaks off does nothing, and the server goes on",
    run: async (probe) => {
      const { agent, binding, usual } = probe;
      const contextId = randomUUID();
      const params = { message: message(probe, trigger(probe, "text"), { contextId }) };
      const isRpc = binding === "JSONRPC";
      const body = JSON.stringify(isRpc ? { jsonrpc: "2.0", id: 1, method: "SendMessage", params } : params);
      const url = isRpc ? agent.url : `${agent.url}/message:send`;
      // Whole JSON, so that only its length tells that something is missing.
      const headers = [
        ...Object.entries({ "A2A-Version": "1.0", "Content-Type": "application/json", ...usual }),
        ["Content-Length", String(body.length + 100)] as const,
      ];
      await exchangeRaw({ method: "POST", url: new URL(url).href, headers, body, breaksOff: true }, probe.trial.signal);
      await standsUp(probe);
      const tasks = tasksOf(await agent.call("ListTasks", { contextId }));
      hold(tasks.length === 0, "no task", tasks as never);
    },
  },
  {
    id: "robustness.version-twice",
    section: "3.6",
    level: "SHOULD",
    title: "Two different versions in one request are refused: none of them is chosen",
    run: async (probe) => {
      const { agent, binding, usual } = probe;
      const { id } = await probe.finished();
      const isRpc = binding === "JSONRPC";
      const body = isRpc ? JSON.stringify({ jsonrpc: "2.0", id: 1, method: "GetTask", params: { id } }) : "";
      const url = isRpc ? agent.url : `${agent.url}/tasks/${encodeURIComponent(id)}`;
      const headers = [
        ...Object.entries({ "Content-Type": "application/json", ...usual }),
        ...[["A2A-Version", "1.0"] as const, ["A2A-Version", "99.0"] as const],
        ["Content-Length", String(body.length)] as const,
      ];
      const answer = await exchangeRaw({ method: isRpc ? "POST" : "GET", url: new URL(url).href, headers, body }, probe.trial.signal);
      hold(/-32009|VERSION_NOT_SUPPORTED|HTTP\/1\.1 400/.test(answer), "VersionNotSupportedError", answer.slice(0, 400));
    },
  },
  {
    id: "robustness.foreign-ids",
    section: "13.1",
    level: "SHOULD",
    title: "Ids that look like queries, paths or patterns are ids of no task",
    run: async ({ agent, binding }) => {
      for (const id of ["' OR '1'='1", "../../etc/passwd", "*", "%", "\u{1F980}", "null", "undefined", "-1"])
        refused(await agent.call("GetTask", { id }), "TaskNotFoundError", binding);
    },
  },
  {
    id: "robustness.wrong-types",
    section: "13.4",
    level: "SHOULD",
    title: "Wrong types in every field of a request are the caller's mistake",
    run: async (probe) => {
      const wrong: readonly Json[] = [7, true, [], { a: 1 }];
      for (const field of ["messageId", "contextId", "taskId", "role", "extensions", "referenceTaskIds"])
        for (const value of wrong) {
          if (Array.isArray(value) && (field === "extensions" || field === "referenceTaskIds")) continue;
          const reply = await probe.agent.call("SendMessage", { message: { ...message(probe, "hello"), [field]: value } });
          refusedSomehow(reply, `${field}: ${JSON.stringify(value)}`);
        }
      resultOf(await probe.agent.call("ListTasks"), "a list afterwards");
    },
  },
]);
