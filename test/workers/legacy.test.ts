import { describe, expect, it } from "vitest";
import { RequestError } from "../../shared/a2a/errors.ts";
import type { LegacyEvent, LegacyTask } from "../../shared/a2a/legacy/objects.ts";
import { refuse } from "../../shared/a2a/refuse.ts";
import { opened, reached } from "./probe-agent.ts";
import * as current from "./wire.ts";
import { http, ORIGIN, rpc, served, worker } from "./wire.ts";

// A2A 0.3 on the URLs of 1.0: what a client of 0.3 sees, and what it is told when it is wrong.

const V03 = { "A2A-Version": "0.3" };
let sent = 0;

function message(text: string, skill: string, more: object = {}) {
  sent += 1;
  const metadata = { "urn:skein:ext:skill:v1": { skill } };
  return { kind: "message", messageId: `l-${sent}`, role: "user", parts: [{ kind: "text", text }], metadata, ...more };
}

interface Answer {
  readonly id: unknown;
  readonly result?: LegacyTask;
  readonly error?: { code: number; message: string; data?: { reason?: string; fieldViolations?: { field: string }[] }[] };
}

const call = async (method: string, params: unknown, headers: HeadersInit = V03) =>
  (await (await rpc(method, params, headers)).json()) as Answer;
const send = async (text: string, skill: string, more: object = {}) => {
  const { result } = await call("message/send", { message: message(text, skill, more) });
  if (!result) throw new Error("no task");
  return result;
};

/** The proto's JSON of the same message. */
const ofProto = ({ kind: _, role: __, parts, ...rest }: ReturnType<typeof message>) => ({
  ...rest,
  role: "ROLE_USER",
  content: parts.map(({ text }) => ({ text })),
});

interface SseEvent<T> {
  readonly id: number;
  readonly data: T;
}

async function* eventsOf<T>(response: Response): AsyncGenerator<SseEvent<T>> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      const parsed = JSON.parse(data) as { result?: T };
      yield { id: Number(/^id: (\d+)$/m.exec(block)?.[1]), data: parsed.result ?? (parsed as T) };
    }
  }
}

async function rest<T>(events: AsyncGenerator<SseEvent<T>>): Promise<SseEvent<T>[]> {
  const all: SseEvent<T>[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const all = <T>(response: Response) => rest(eventsOf<T>(response));

describe("a request of 0.3", () => {
  it.each<[string, HeadersInit]>([
    ["no version", {}],
    ["0.3", V03],
    ["0.3.0", { "A2A-Version": "0.3.0" }],
  ])("is one that says %s", async (_said, headers) => {
    const { id, result } = await call("message/send", { message: message("hello", "echo") }, headers);
    expect(id).toBe("one");
    expect(result).toMatchObject({
      kind: "task",
      status: { state: "completed" },
      artifacts: [{ parts: [{ kind: "text", text: "hello" }] }],
      history: [{ kind: "message", role: "user", parts: [{ kind: "text", text: "hello" }] }],
    });
  });

  it("may say its version in the query", async () => {
    const answer = await rpc("message/send", { message: message("hello", "echo") }, {}, worker, `${ORIGIN}/?A2A-Version=0.3`);
    expect(await answer.json()).toMatchObject({ result: { kind: "task" } });
  });

  it("sees the task that 1.0 sees, in both bindings", async () => {
    const { id } = await send("hello", "mixed");
    const task = (await current.value(await rpc("GetTask", { id }))) as { contextId: string; history: object[] };
    const { result } = await call("tasks/get", { id });
    expect(result).toMatchObject({
      contextId: task.contextId,
      artifacts: [
        {
          parts: [
            { kind: "text", text: "forty-two" },
            { kind: "data", data: { answer: 42 } },
          ],
        },
      ],
    });
    expect(result?.history).toHaveLength(task.history.length);
    expect(await (await http("GET", `/v1/tasks/${id}`, undefined, {})).json()).toMatchObject({
      id,
      status: { state: "TASK_STATE_COMPLETED" },
      artifacts: [{ parts: [{ text: "forty-two" }, { data: { data: { answer: 42 } } }] }],
    });
  });

  it("waits for the end of its task unless it says otherwise", async () => {
    const states = async (configuration: object | undefined) => {
      const params = { message: message("say", "steps"), ...(configuration && { configuration }) };
      return (await call("message/send", params)).result?.status.state;
    };
    opened.add("say");
    for (const configuration of [undefined, {}, { historyLength: 1 }, { blocking: null }, { blocking: true }])
      expect(await states(configuration)).toBe("completed");
    const { result } = await call("message/send", { message: message(crypto.randomUUID(), "wait"), configuration: { blocking: false } });
    expect(result?.status.state).toMatch(/submitted|working/);
  });

  it("in the proto's JSON waits when its configuration says so, or when it has none", async () => {
    const state = async (name: string, body: object) => {
      const answer = await http("POST", "/v1/message:send", { message: ofProto(message(name, "wait")), ...body }, {});
      expect(answer.status).toBe(201);
      return ((await answer.json()) as { task: { status: { state: string } } }).task.status.state;
    };
    opened.add("go");
    expect(await state("go", {})).toBe("TASK_STATE_COMPLETED");
    expect(await state("go", { configuration: { blocking: true } })).toBe("TASK_STATE_COMPLETED");
    // Clients that say `false` cannot be told from those that say nothing: the proto's JSON leaves both out.
    expect(await state(crypto.randomUUID(), { configuration: { acceptedOutputModes: ["text/plain"] } })).toMatch(/SUBMITTED|WORKING/);
  });

  it("may have JSON-RPC's shape in the other binding too", async () => {
    const answer = await http("POST", "/v1/message:send", { message: message("hello", "echo") }, {});
    expect(await answer.json()).toMatchObject({ task: { artifacts: [{ parts: [{ text: "hello" }] }] } });
  });

  it("goes on with a task, and is asked again", async () => {
    const { id, contextId, status } = await send("x", "question");
    expect(status).toMatchObject({
      state: "input-required",
      message: { kind: "message", role: "agent", parts: [{ text: "Which place?" }] },
    });
    const second = await send("Paris", "question", { taskId: id, contextId });
    expect(second.status).toMatchObject({ state: "input-required", message: { parts: [{ text: "Which year?" }] } });
    const last = await http("POST", "/v1/message:send", { message: ofProto(message("1969", "question", { taskId: id })) }, {});
    expect(await last.json()).toMatchObject({ task: { id, contextId, status: { state: "TASK_STATE_COMPLETED" } } });
  });

  it("shows as much history as it asks for", async () => {
    const { id } = await send("x", "question");
    const historyOf = async (historyLength?: number) => (await call("tasks/get", { id, historyLength })).result?.history;
    expect(await historyOf()).toHaveLength(2);
    expect(await historyOf(1)).toHaveLength(1);
    expect(await historyOf(0)).toBeUndefined();
    expect(await (await http("GET", `/v1/tasks/${id}?historyLength=1`, undefined, {})).json()).toMatchObject({
      history: [{ role: "ROLE_AGENT" }],
    });
  });

  it("cancels, once", async () => {
    const { id } = await send("x", "question");
    expect((await call("tasks/cancel", { id })).result?.status.state).toBe("canceled");
    expect(await call("tasks/cancel", { id })).toMatchObject({ error: { code: -32002 } });
    const other = await send("x", "question");
    const canceled = await http("POST", `/v1/tasks/${other.id}:cancel`, null, { ...V03, "Content-Type": "application/json" });
    // The proto of 0.3 writes it with two L.
    expect(await canceled.json()).toMatchObject({ status: { state: "TASK_STATE_CANCELLED" } });
  });

  it("is one task for one Idempotency-Key", async () => {
    const headers = { ...V03, "Idempotency-Key": crypto.randomUUID() };
    const first = await call("message/send", { message: message("once", "echo") }, headers);
    const again = await http("POST", "/v1/message:send", { message: ofProto(message("once", "echo")) }, headers);
    expect(await again.json()).toMatchObject({ task: { id: first.result?.id } });
  });

  it("may read what 1.0 can say and 0.3 cannot: data that is no object", async () => {
    const parts = [{ data: null }, { data: [1, 2] }];
    const { task } = (await current.value(await rpc("SendMessage", { message: { ...current.message("", "echo"), parts } }))) as {
      task: { id: string };
    };
    const wrapped = (value: unknown) => ({ kind: "data", data: { value }, metadata: { data_part_compat: true } });
    expect((await call("tasks/get", { id: task.id })).result?.history?.[0]?.parts).toEqual([wrapped(null), wrapped([1, 2])]);
    const back = await send("", "echo", { parts: [wrapped(null), wrapped([1, 2])] });
    const seen = (await current.value(await rpc("GetTask", { id: back.id }))) as { history: { parts: object[] }[] };
    expect(seen.history[0]?.parts).toEqual(parts);
  });

  it("gets the extensions it asked for named in the header that it asked in", async () => {
    const skill = "urn:skein:ext:skill:v1";
    const { headers } = await rpc("tasks/get", { id: "x" }, { ...V03, "X-A2A-Extensions": `https://example.com/x, ${skill}` });
    expect(headers.get("X-A2A-Extensions")).toBe(skill);
    expect(headers.has("A2A-Extensions")).toBe(false);
  });
});

describe("a stream of 0.3", () => {
  const bindings: [string, (message: object) => Promise<Response>, (id: string, headers?: HeadersInit) => Promise<Response>][] = [
    [
      "JSON-RPC",
      (message) => rpc("message/stream", { message }, V03),
      (id, headers = {}) => rpc("tasks/resubscribe", { id }, { ...V03, ...headers }),
    ],
    [
      "HTTP+JSON",
      (message) => http("POST", "/v1/message:stream", { message }, {}),
      (id, headers = {}) => http("GET", `/v1/tasks/${id}:subscribe`, undefined, headers),
    ],
  ];

  it("says in its last event that it is the last", async () => {
    const events = await all<LegacyEvent>(await rpc("message/stream", { message: message("x", "chunks") }, V03));
    expect(events.map(({ data }) => data.kind)).toEqual(["task", "artifact-update", "artifact-update", "artifact-update", "status-update"]);
    expect(events[1]?.data).toMatchObject({ artifact: { parts: [{ kind: "text", text: "one" }] }, append: false, lastChunk: false });
    expect(events.at(-1)?.data).toMatchObject({ status: { state: "completed" }, final: true });
  });

  it("has the same events in the proto's JSON, with the same positions", async () => {
    const events = await all<Record<string, object>>(
      await http("POST", "/v1/message:stream", { message: ofProto(message("x", "chunks")) }, {}),
    );
    expect(events.map(({ data }) => Object.keys(data)[0])).toEqual([
      "task",
      "artifactUpdate",
      "artifactUpdate",
      "artifactUpdate",
      "statusUpdate",
    ]);
    expect(events.at(-1)?.data).toMatchObject({ statusUpdate: { status: { state: "TASK_STATE_COMPLETED" }, final: true } });
    expect(events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).toSorted((a, b) => a - b));
  });

  it.each(bindings)("ends when the agent asks, and the next one when it asks again: %s", async (_binding, stream) => {
    const first = await all<object>(await stream(message("x", "question")));
    const asked = JSON.stringify(first.at(-1)?.data);
    expect(asked).toMatch(/"input-required"|"TASK_STATE_INPUT_REQUIRED"/);
    expect(asked).toContain('"final":true');
    const taskId = /"taskId":"([^"]+)"/.exec(asked)?.[1];
    const second = JSON.stringify(await all<object>(await stream(message("Paris", "question", { taskId }))));
    expect(second).toContain("Which year?");
    const last = JSON.stringify(await all<object>(await stream(message("1969", "question", { taskId }))));
    expect(last).toMatch(/"completed"|"TASK_STATE_COMPLETED"/);
  });

  it.each(bindings)("that somebody subscribes with waits through a question for what comes: %s", async (_binding, _stream, subscribe) => {
    const { id } = await send("x", "question");
    const events = eventsOf<object>(await subscribe(id));
    expect(JSON.stringify((await events.next()).value)).toMatch(/"input-required"|"TASK_STATE_INPUT_REQUIRED"/);
    await send("Paris", "question", { taskId: id });
    expect(JSON.stringify((await rest(events)).at(-1))).toMatch(/Which year\?.*"final":true|"final":true.*Which year\?/);
  });

  it.each(bindings)("goes on after the last event that was seen, also when the task has ended: %s", async (_binding, stream, subscribe) => {
    const whole = await all<{ id?: string; task?: { id: string } }>(await stream(message("5", "count")));
    const id = whole[0]?.data.task?.id ?? whole[0]?.data.id ?? "";
    for (const [index, { id: last }] of whole.entries()) {
      if (index === whole.length - 1) continue;
      expect(await all(await subscribe(id, { "Last-Event-ID": String(last) }))).toEqual(whole.slice(index + 1));
    }
    const after = { metadata: { "urn:skein:ext:resume:v1": { after: whole[1]?.id } } };
    expect(await all(await rpc("tasks/resubscribe", { id, ...after }, V03))).toHaveLength(whole.length - 2);
  });

  it("touches its task as little as one of 1.0 when its reader leaves", async () => {
    const name = crypto.randomUUID();
    const events = eventsOf<LegacyTask>(await rpc("message/stream", { message: message(name, "wait") }, V03));
    const { value } = await events.next();
    await events.return(undefined);
    await expect.poll(() => reached.has(name)).toBe(true);
    opened.add(name);
    const id = (value as SseEvent<LegacyTask>).data.id;
    await expect.poll(async () => (await call("tasks/get", { id })).result?.status.state).toBe("completed");
  });
});

describe("a request of 0.3 that is wrong", () => {
  const good = () => message("hello", "echo");
  const without = (field: string) => {
    const { [field]: _, ...rest } = good() as Record<string, unknown>;
    return rest;
  };

  it.each<[string, unknown, string]>([
    ["no message", {}, "message"],
    ["a message that is none", { message: "hello" }, "message"],
    ["another kind of object", { message: { ...good(), kind: "task" } }, "message.kind"],
    ["no messageId", { message: without("messageId") }, "message.messageId"],
    ["an empty messageId", { message: { ...good(), messageId: "" } }, "message.messageId"],
    ["no role", { message: without("role") }, "message.role"],
    ["a role of 1.0", { message: { ...good(), role: "ROLE_USER" } }, "message.role"],
    ["no parts", { message: without("parts") }, "message.parts"],
    ["an empty list of parts", { message: { ...good(), parts: [] } }, "message.parts"],
    ["parts that are no list", { message: { ...good(), parts: { kind: "text", text: "x" } } }, "message.parts"],
    ["a part without a kind", { message: { ...good(), parts: [{ text: "x" }] } }, "message.parts.0.kind"],
    ["a part of an unknown kind", { message: { ...good(), parts: [{ kind: "video" }] } }, "message.parts.0.kind"],
    ["a part that is a text", { message: { ...good(), parts: ["x"] } }, "message.parts.0"],
    ["a text that is none", { message: { ...good(), parts: [{ kind: "text", text: 1 }] } }, "message.parts.0.text"],
    ["a file without content", { message: { ...good(), parts: [{ kind: "file", file: {} }] } }, "message.parts.0.file"],
    [
      "a file with two",
      { message: { ...good(), parts: [{ kind: "file", file: { bytes: "", uri: "https://x.example" } }] } },
      "message.parts.0.file",
    ],
    [
      "a file whose bytes are no base64",
      { message: { ...good(), parts: [{ kind: "file", file: { bytes: "§" } }] } },
      "message.parts.0.file.bytes",
    ],
    ["data that is no object", { message: { ...good(), parts: [{ kind: "data", data: [] }] } }, "message.parts.0.data"],
    ["a negative history", { message: good(), configuration: { historyLength: -1 } }, "configuration.historyLength"],
    ["a blocking that is a text", { message: good(), configuration: { blocking: "yes" } }, "configuration.blocking"],
    [
      "a webhook without URL",
      { message: good(), configuration: { pushNotificationConfig: {} } },
      "configuration.pushNotificationConfig.url",
    ],
  ])("is told which field: %s", async (_what, params, field) => {
    for (const method of ["message/send", "message/stream"]) {
      const { error } = await call(method, params);
      expect(error?.code).toBe(-32602);
      expect(error?.data?.flatMap(({ fieldViolations = [] }) => fieldViolations.map((violation) => violation.field))).toContain(field);
    }
    const answer = await http("POST", "/v1/message:send", params, {});
    // There the proto's JSON is taken as well, in which roles and parts look like these.
    if (/role of 1.0|part without a kind/.test(_what)) return expect(answer.status).toBe(201);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: -32602, data: [{ fieldViolations: expect.anything() }] });
  });

  it.each<[string, string, number]>([
    ["no JSON", "{", -32700],
    ["a list of requests", "[]", -32600],
    ["a scalar", "1", -32600],
    ["null", "null", -32600],
    ["another jsonrpc", JSON.stringify({ jsonrpc: "1.0", id: 1, method: "tasks/get", params: { id: "x" } }), -32600],
    ["no method", JSON.stringify({ jsonrpc: "2.0", id: 1 }), -32600],
    ["an id that is an object", JSON.stringify({ jsonrpc: "2.0", id: {}, method: "tasks/get" }), -32600],
    ["no such method", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/list", params: {} }), -32601],
    ["a method that every object has", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "constructor", params: {} }), -32601],
    ["params that are a list", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/get", params: [] }), -32602],
    ["no params", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/get" }), -32602],
  ])("gets the code that JSON-RPC has for it: %s", async (_what, body, code) => {
    const init = { method: "POST", headers: { "Content-Type": "application/json", ...V03 }, body };
    const answer = await worker.fetch(`${ORIGIN}/`, init);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ jsonrpc: "2.0", error: { code, message: expect.any(String) } });
  });

  it.each<[string, unknown, string, string, number, number]>([
    ["tasks/get", { id: "s0-no-task" }, "GET", "/v1/tasks/s0-no-task", -32001, 404],
    ["tasks/cancel", { id: "s0-no-task" }, "POST", "/v1/tasks/s0-no-task:cancel", -32001, 404],
    ["tasks/resubscribe", { id: "s0-no-task" }, "POST", "/v1/tasks/s0-no-task:subscribe", -32001, 404],
    ["tasks/pushNotificationConfig/list", { id: "s0-no-task" }, "GET", "/v1/tasks/s0-no-task/pushNotificationConfigs", -32003, 400],
    ["agent/getAuthenticatedExtendedCard", undefined, "GET", "/v1/card", -32004, 400],
  ])("says in both bindings why it cannot be done: %s", async (method, params, verb, path, code, status) => {
    const closed = served({ capabilities: { streaming: true } });
    const { error } = (await (await rpc(method, params, V03, closed)).json()) as Answer;
    expect(error?.code).toBe(code);
    const answer = await http(verb, path, undefined, {}, closed);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual(error);
  });

  it("may have null where it has no params, as may one of 1.0", async () => {
    const declared = served({ capabilities: { streaming: true, pushNotifications: true } });
    for (const params of [null, undefined]) {
      const former = (await (await rpc("agent/getAuthenticatedExtendedCard", params, V03, declared)).json()) as Answer;
      const now = (await (await rpc("GetExtendedAgentCard", params, { "A2A-Version": "1.0" }, declared)).json()) as Answer;
      // That the agent has no such card is the answer to a request that was understood.
      expect([former.error?.code, now.error?.code]).toEqual([-32004, -32004]);
      expect((await call("tasks/get", params)).error).toMatchObject({ code: -32602, data: [{ fieldViolations: [{ field: "id" }] }] });
    }
  });

  it.each([
    ["another context", { contextId: "not-mine" }, -32602],
    ["a task that is there for nobody", { taskId: "s0-no-task" }, -32001],
  ])("is refused for a message to %s", async (_what, more, code) => {
    const { id } = await send("x", "question");
    expect(await call("message/send", { message: message("Paris", "question", { taskId: id, ...more }) })).toMatchObject({
      error: { code },
    });
  });

  it("cannot be about a task that has ended", async () => {
    const { id } = await send("x", "echo");
    expect(await call("message/send", { message: message("x", "echo", { taskId: id }) })).toMatchObject({ error: { code: -32004 } });
    expect(await call("tasks/resubscribe", { id })).toMatchObject({ error: { code: -32004 } });
  });

  it("finds the reason in the stream, when it waits for one", async () => {
    const refused = await rpc("tasks/resubscribe", { id: "s0-no-task" }, { ...V03, Accept: "text/event-stream" });
    expect(refused.headers.get("Content-Type")).toBe("text/event-stream");
    const data = /^event: error\ndata: (.*)\n\n$/.exec(await refused.text())?.[1] ?? "";
    expect(JSON.parse(data)).toMatchObject({ jsonrpc: "2.0", id: "one", error: { code: -32001 } });
    const malformed = await rpc("message/stream", {}, { ...V03, Accept: "application/json, text/event-stream" });
    expect(await malformed.text()).toMatch(/^event: error\ndata: .*-32602/);
    const unknown = await rpc("tasks/list", {}, { ...V03, Accept: "text/event-stream" });
    expect(await unknown.json()).toMatchObject({ error: { code: -32601 } });
  });

  it("is told of 1.0 when it looks like it", async () => {
    expect((await call("SendMessage", {}, {})).error).toMatchObject({ code: -32009, message: expect.stringContaining("A2A-Version: 1.0") });
    expect((await call("SendMessage", {})).error).toMatchObject({ code: -32601, message: expect.stringContaining("A2A-Version: 1.0") });
    expect((await call("message/send", {}, { "A2A-Version": "1.0" })).error).toMatchObject({
      code: -32601,
      message: expect.stringContaining("A2A-Version: 0.3"),
    });
  });

  it("keeps HTTP's own answers, with JSON-RPC's inside", async () => {
    const closed = served({}, { SKEIN_LOCAL: "" });
    const unconfigured = await rpc("tasks/get", { id: "x" }, V03, closed);
    expect(unconfigured.status).toBe(503);
    expect(await unconfigured.json()).toMatchObject({ id: "one", error: { code: -32603 } });
    const stranger = await worker.fetch("http://evil.example/v1/tasks/x", { headers: V03 });
    expect(stranger.status).toBe(401);
    expect(stranger.headers.get("WWW-Authenticate")).toBe('Loopback realm="skein"');
    expect(await stranger.json()).toMatchObject({ code: -32000 });
  });
});

describe("a path of 0.3", () => {
  it("is refused in 0.3 also by what stands in front of the agent", async () => {
    const error = new RequestError("method-not-found", "there is no such agent");
    const request = new Request(`${ORIGIN}/agents/nobody/v1/tasks/x`);
    expect(await (await refuse(request, "/v1/tasks/x", error)).json()).toEqual({ code: -32601, message: "there is no such agent" });
    const current = new Request(request, { headers: { "A2A-Version": "1.0" } });
    expect(await (await refuse(current, "/v1/tasks/x", error)).json()).toMatchObject({ error: { code: 404 } });
  });

  it("is a tenant's when the request is one of 1.0", async () => {
    const answer = await http("POST", "/v1/message:send", { message: current.message("hello", "echo") });
    expect(answer.status).toBe(200);
    const { task } = (await answer.json()) as { task: { id: string } };
    expect((await http("GET", `/v1/tasks/${task.id}`)).status).toBe(200);
    // To 0.3 the tenant's task is another caller's.
    expect((await http("GET", `/v1/tasks/${task.id}`, undefined, V03)).status).toBe(404);
  });

  it("that is there for other methods says for which, and one that is not there says of which version it could be", async () => {
    const wrong = await http("DELETE", "/v1/tasks/x", undefined, V03);
    expect([wrong.status, wrong.headers.get("Allow")]).toEqual([405, "GET, HEAD"]);
    const none = await http("GET", "/v1/tasks", undefined, V03);
    expect(none.status).toBe(404);
    expect(await none.json()).toMatchObject({ code: -32601, message: expect.stringContaining("A2A-Version: 1.0") });
  });
});
