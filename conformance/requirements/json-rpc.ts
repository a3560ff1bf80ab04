/** The JSON-RPC binding itself. (A2A 1.0.1, 9; JSON-RPC 2.0, 4 to 6) */
import { randomUUID } from "node:crypto";
import type { Json } from "../../shared/task/a2a-types.ts";
import { isObject, type Reply } from "../agent.ts";
import { described, hold } from "../expect.ts";
import type { Probe } from "../probe.ts";
import { Failure, requirements, type Written } from "../requirement.ts";

const unknownTask = () => ({ method: "GetTask", params: { id: randomUUID() } });

function post({ agent }: Probe, body: unknown, headers = {}): Promise<Reply> {
  return agent.raw("POST", "", typeof body === "string" ? body : JSON.stringify(body), headers);
}

function hasCode(reply: Reply, code: number, what: string): void {
  if (reply.error?.code !== code) throw new Failure(`${code} for ${what}`, described(reply));
}

const invalid = (id: string, what: string, body: unknown): Written => ({
  id: `json-rpc.refuses-${id}`,
  section: "9.5",
  level: "MUST",
  title: `${what} is no valid request: -32600`,
  run: async (probe) => hasCode(await post(probe, body), -32600, what),
});

export const JSON_RPC = requirements(
  "json-rpc",
  (
    [
      {
        id: "json-rpc.envelope",
        section: "9.3",
        level: "MUST",
        title: "Every answer says jsonrpc 2.0 and has exactly one of result and error",
        run: async (probe) => {
          const { id } = await probe.finished();
          const replies = [await post(probe, { jsonrpc: "2.0", id: 1, method: "GetTask", params: { id } })];
          replies.push(await post(probe, { jsonrpc: "2.0", id: 1, ...unknownTask() }));
          for (const { body } of replies)
            hold(
              isObject(body) && body["jsonrpc"] === "2.0" && "result" in body !== "error" in body,
              "jsonrpc 2.0 and one of result and error",
              body,
            );
        },
      },
      {
        id: "json-rpc.echoes-id",
        section: "9.3",
        level: "MUST",
        title: "An answer has the id of its request, text or number, with its type",
        run: async (probe) => {
          for (const id of ["a text", "7", 7, 0, ""] as const) {
            const { body } = await post(probe, { jsonrpc: "2.0", id, ...unknownTask() });
            hold(isObject(body) && body["id"] === id, `the id ${JSON.stringify(id)}`, body);
          }
        },
      },
      {
        id: "json-rpc.echoes-id-of-invalid",
        section: "9.5",
        level: "MUST",
        title: "An error has the id of its request, too, and null where no id could be read",
        run: async (probe) => {
          const cases: [unknown, Json][] = [
            [{ jsonrpc: "2.0", id: "mine", method: "NoSuchMethod" }, "mine"],
            [{ jsonrpc: "2.0", id: "mine", method: "SendMessage", params: {} }, "mine"],
            ['{"jsonrpc": "2.0", "id": "mine", ', null],
          ];
          for (const [body, id] of cases) {
            const reply = await post(probe, body);
            hold(isObject(reply.body) && (reply.body["id"] ?? null) === id, `the id ${JSON.stringify(id)}`, reply.body ?? reply.http.text);
          }
        },
      },
      {
        id: "json-rpc.content-type",
        section: "9.1",
        level: "MUST",
        title: "Answers are application/json",
        run: async (probe) => {
          const { http } = await post(probe, { jsonrpc: "2.0", id: 1, ...unknownTask() });
          const type = http.headers.get("Content-Type") ?? "none";
          hold(/^application\/json\b/.test(type), "application/json", type);
        },
      },
      {
        id: "json-rpc.parse-error",
        section: "9.5",
        level: "MUST",
        title: "A body that is no JSON is -32700",
        run: async (probe) => {
          for (const body of ['{"jsonrpc": "2.0", "id": 1, "method": ', "hello", ""])
            hasCode(await post(probe, body), -32700, JSON.stringify(body));
        },
      },
      invalid("wrong-version", 'a request with jsonrpc "1.0"', { jsonrpc: "1.0", id: 1, ...unknownTask() }),
      invalid("no-version", "a request without jsonrpc", { id: 1, ...unknownTask() }),
      invalid("no-method", "a request without method", { jsonrpc: "2.0", id: 1, params: {} }),
      invalid("method-number", "a request whose method is a number", { jsonrpc: "2.0", id: 1, method: 7 }),
      invalid("scalar", "a number in place of a request", "42"),
      invalid("text", "a text in place of a request", '"GetTask"'),
      invalid("null", "null in place of a request", "null"),
      invalid("empty-batch", "an empty list", "[]"),
      invalid("id-object", "a request whose id is an object", { jsonrpc: "2.0", id: {}, ...unknownTask() }),
      {
        id: "json-rpc.refuses-params-scalar",
        section: "9.5",
        level: "MUST",
        title: "Parameters that are no object are refused: -32600 or -32602",
        run: async (probe) => {
          for (const params of ["text", 7, true]) {
            const reply = await post(probe, { jsonrpc: "2.0", id: 1, method: "GetTask", params });
            const { code } = reply.error ?? {};
            if (code !== -32600 && code !== -32602)
              throw new Failure(`-32600 or -32602 for params ${JSON.stringify(params)}`, described(reply));
          }
        },
      },
      {
        id: "json-rpc.unknown-method",
        section: "9.5",
        level: "MUST",
        title: "A method that does not exist is -32601, also one of 0.3 or one in another case",
        run: async (probe) => {
          for (const method of ["NoSuchMethod", "message/send", "tasks/get", "sendMessage", "toString", "__proto__", "constructor"])
            hasCode(await post(probe, { jsonrpc: "2.0", id: 1, method, params: {} }), -32601, method);
        },
      },
      {
        id: "json-rpc.batch",
        section: "9.3",
        level: "MUST",
        title: "A batch is answered one by one or refused: never left without a word",
        run: async (probe) => {
          const reply = await post(probe, [
            { jsonrpc: "2.0", id: 1, ...unknownTask() },
            { jsonrpc: "2.0", id: 2, ...unknownTask() },
          ]);
          const isAnswered = Array.isArray(reply.body) && reply.body.length === 2;
          if (!isAnswered && !reply.error) throw new Failure("two answers, or one error", described(reply));
        },
      },
      {
        id: "json-rpc.without-params",
        section: "9.4.8",
        level: "MUST",
        title: "A method whose parameters are all optional works without params",
        run: async (probe) => {
          const reply = await post(probe, { jsonrpc: "2.0", id: 1, method: "ListTasks" });
          if (reply.result === undefined) throw new Failure("a list", described(reply));
        },
      },
      {
        id: "json-rpc.other-media-type",
        section: "9.1",
        level: "SHOULD",
        title: "A request that is not application/json is refused: ContentTypeNotSupportedError, or by HTTP",
        run: async (probe) => {
          const request = JSON.stringify({ jsonrpc: "2.0", id: 1, ...unknownTask() });
          const reply = await post(probe, request, { "Content-Type": "text/plain" });
          const isRefused = reply.error?.code === -32005 || (reply.http.status >= 400 && reply.http.status < 500);
          if (!isRefused) throw new Failure("-32005, or HTTP 415 or 400", described(reply));
        },
      },
      {
        id: "json-rpc.slash",
        section: "9.1",
        level: "SHOULD",
        title: "The address of the interface works with a slash at its end and without",
        run: async (probe) => {
          const request = JSON.stringify({ jsonrpc: "2.0", id: 1, ...unknownTask() });
          for (const path of ["/", ""]) {
            const { origin, pathname } = new URL(probe.agent.url);
            // The root of a server is one address, however it is written.
            if (pathname === "/" && path === "") continue;
            const target = `${origin}${pathname.replace(/\/$/, "")}${path}`;
            const reply = await probe.agent.raw("POST", target.slice(probe.agent.url.length), request);
            hasCode(reply, -32001, `a request to ${target}`);
          }
        },
      },
      {
        id: "json-rpc.http-method",
        section: "9.1",
        level: "SHOULD",
        title: "Another HTTP method than POST is refused as the caller's mistake",
        run: async (probe) => {
          const { http } = await probe.agent.raw("PUT", "", "{}");
          hold(http.status >= 400 && http.status < 500, "HTTP 405 or 404", `HTTP ${http.status}`);
        },
      },
    ] satisfies Written[]
  ).map((each) => ({ ...each, bindings: ["JSONRPC"] as const })),
);
