import { describe, expect, it } from "vitest";
import type { Task } from "../../shared/task/a2a-types.ts";
import { http, message, ORIGIN, rpc, type Sent, served, VERSION, value, worker } from "./wire.ts";

async function newTask(skill: string): Promise<Sent["task"]> {
  return ((await value(await rpc("SendMessage", { message: message("hello", skill) }))) as Sent).task;
}

describe("both bindings", () => {
  it("give the same task", async () => {
    const { id } = await newTask("question");
    expect(await value(await http("GET", `/tasks/${id}?historyLength=1`))).toEqual(
      await value(await rpc("GetTask", { id, historyLength: 1 })),
    );
  });

  it("give the same list", async () => {
    await newTask("echo");
    const query = { pageSize: 2, status: "TASK_STATE_COMPLETED", includeArtifacts: true };
    const path = "/tasks?pageSize=2&status=TASK_STATE_COMPLETED&includeArtifacts=true";
    expect(await value(await http("GET", path))).toEqual(await value(await rpc("ListTasks", query)));
  });

  it.each<[string, string, unknown, string, string, unknown]>([
    ["an unknown task", "GetTask", { id: "s0-no-task" }, "GET", "/tasks/s0-no-task", undefined],
    ["an unknown task to cancel", "CancelTask", { id: "s0-no-task" }, "POST", "/tasks/s0-no-task:cancel", {}],
    ["an unknown task to subscribe to", "SubscribeToTask", { id: "s0-no-task" }, "POST", "/tasks/s0-no-task:subscribe", {}],
    [
      "a message without parts",
      "SendMessage",
      { message: { messageId: "m", role: "ROLE_USER", parts: [] } },
      "POST",
      "/message:send",
      { message: { messageId: "m", role: "ROLE_USER", parts: [] } },
    ],
    ["an empty request", "SendMessage", {}, "POST", "/message:send", {}],
    ["a page that is too large", "ListTasks", { pageSize: 101 }, "GET", "/tasks?pageSize=101", undefined],
    ["a token of nobody's", "ListTasks", { pageToken: "x" }, "GET", "/tasks?pageToken=x", undefined],
    ["a negative history", "GetTask", { id: "s0-no-task", historyLength: -1 }, "GET", "/tasks/s0-no-task?historyLength=-1", undefined],
    ["push configurations", "ListTaskPushNotificationConfigs", { taskId: "t" }, "GET", "/tasks/t/pushNotificationConfigs", undefined],
    ["the extended card", "GetExtendedAgentCard", {}, "GET", "/extendedAgentCard", undefined],
    [
      "an unsupported media type",
      "SendMessage",
      { message: { messageId: "m", role: "ROLE_USER", parts: [{ raw: "", mediaType: "video/mp4" }] } },
      "POST",
      "/message:send",
      { message: { messageId: "m", role: "ROLE_USER", parts: [{ raw: "", mediaType: "video/mp4" }] } },
    ],
  ])("refuse %s in the same words", async (_what, method, params, verb, path, body) => {
    const refused = await value(await rpc(method, params));
    expect(refused).not.toEqual({ reason: undefined, fields: [] });
    expect(await value(await http(verb, path, body))).toEqual(refused);
  });

  it("stream the same events", async () => {
    const events = async (response: Response) =>
      (await response.text())
        .split("\n")
        .filter((line) => line.startsWith("data: "))
        .map((line) => JSON.parse(line.slice(6)) as { result?: object })
        .map((data) => Object.keys(data.result ?? data)[0]);
    const order = ["task", "artifactUpdate", "artifactUpdate", "artifactUpdate", "statusUpdate"];
    expect(await events(await rpc("SendStreamingMessage", { message: message("x", "chunks") }))).toEqual(order);
    expect(await events(await http("POST", "/message:stream", { message: message("x", "chunks") }))).toEqual(order);
  });
});

describe("a message", () => {
  it("is one task for one Idempotency-Key, also under another messageId, and never with other content", async () => {
    const headers = { ...VERSION, "Idempotency-Key": "key-1" };
    const first = (await value(await rpc("SendMessage", { message: message("once", "echo") }, headers))) as Sent;
    const again = (await value(await http("POST", "/message:send", { message: message("once", "echo") }, headers))) as Sent;
    expect(again.task.id).toBe(first.task.id);
    expect(await (await rpc("SendMessage", { message: message("twice", "echo") }, headers)).text()).toContain(
      "Idempotency-Key was used for another message",
    );
  });

  it("is a task of its own without a key, whatever its messageId", async () => {
    const same = message("hello", "echo");
    const [one, two] = [await rpc("SendMessage", { message: same }), await rpc("SendMessage", { message: same })];
    expect(((await value(one)) as Sent).task.id).not.toBe(((await value(two)) as Sent).task.id);
  });

  it("counts once for one Idempotency-Key in a task it goes on with, also when the key is a name of every object", async () => {
    const { id } = await newTask("question");
    const answer = { message: message("Paris", "question", { taskId: id }) };
    for (const params of [answer, answer]) await rpc("SendMessage", params, { ...VERSION, "Idempotency-Key": "__proto__" });
    const { status, history } = (await value(await rpc("GetTask", { id }))) as Task;
    expect(history?.filter(({ parts }) => parts[0]?.text === "Paris")).toHaveLength(1);
    expect(status).toMatchObject({ state: "TASK_STATE_INPUT_REQUIRED", message: { parts: [{ text: "Which year?" }] } });
  });

  it.each<[string, object, object]>([
    ["a text, and no URL", { text: "1+1", url: null }, { text: "1+1" }],
    ["a text, and neither name nor type", { text: "1+1", filename: null, mediaType: null, metadata: null }, { text: "1+1" }],
    ["raw bytes, and no text", { raw: "AAAA", text: null, mediaType: "text/plain" }, { raw: "AAAA", mediaType: "text/plain" }],
    // The JSON of a google.protobuf.Value may be null, and that is a value.
    ["data that is null", { data: null }, { data: null }],
    ["data that is null, and no text", { data: null, text: null }, { data: null }],
  ])("has a part with null where a field is not set: %s", async (_what, part, kept) => {
    const sent = { ...message("", "echo"), parts: [part] };
    for (const answer of [await rpc("SendMessage", { message: sent }), await http("POST", "/message:send", { message: sent })]) {
      const { task } = (await value(answer)) as { task: Task };
      expect(task.history?.[0]?.parts).toEqual([kept]);
    }
  });

  it.each([{ text: "1+1", data: null }, { text: null }, { text: null, url: null, filename: "a.txt" }])(
    "is refused for a part that has not exactly one content: %j",
    async (part) => {
      const sent = { ...message("", "echo"), parts: [part] };
      expect(await value(await rpc("SendMessage", { message: sent }))).toMatchObject({ fields: [{ field: "message.parts.0" }] });
    },
  );

  it("keeps the context its client made", async () => {
    const { task } = (await value(await rpc("SendMessage", { message: message("hello", "echo", { contextId: "mine" }) }))) as Sent;
    expect(task.contextId).toBe("mine");
  });

  it("may be written with the proto's own names", async () => {
    const snake = {
      message: { message_id: "m", role: "ROLE_USER", parts: [{ text: "hi", media_type: "text/plain" }], context_id: "snake" },
    };
    expect(((await value(await rpc("SendMessage", snake))) as Sent).task.contextId).toBe("snake");
  });
});

describe("a list", () => {
  it("says which page size was used, however few tasks there are", async () => {
    const { contextId } = await newTask("echo");
    expect(await value(await rpc("ListTasks", { contextId, pageSize: 7 }))).toMatchObject({
      tasks: [{ contextId }],
      pageSize: 7,
      totalSize: 1,
    });
    expect(await value(await http("GET", "/tasks?contextId=nobody"))).toMatchObject({ tasks: [], pageSize: 50, totalSize: 0 });
  });
});

describe("an agent whose card declares no streaming", () => {
  it.each([{}, { streaming: false }])("neither streams nor takes subscribers, in both bindings: %j", async (capabilities) => {
    const silent = served({ capabilities });
    const { id } = await newTask("question");
    const sent = { message: message("x", "chunks") };
    for (const answer of [
      await rpc("SendStreamingMessage", sent, VERSION, silent),
      await rpc("SubscribeToTask", { id }, VERSION, silent),
      await http("POST", "/message:stream", sent, VERSION, silent),
      await http("POST", `/tasks/${id}:subscribe`, undefined, VERSION, silent),
      await http("GET", `/tasks/${id}:subscribe`, undefined, VERSION, silent),
    ])
      expect(await value(answer)).toMatchObject({ reason: "UNSUPPORTED_OPERATION" });
    expect(await value(await rpc("GetTask", { id }, VERSION, silent))).toMatchObject({ id });
  });
});

describe("a caller that is refused", () => {
  const stranger = "http://evil.example/";
  const closed = served({}, { SKEIN_LOCAL: "" });

  it("is told so in JSON-RPC under the id of its request, beside the HTTP status", async () => {
    const foreign = await rpc("ListTasks", {}, VERSION, worker, stranger);
    expect(foreign.status).toBe(401);
    expect(await foreign.json()).toMatchObject({
      jsonrpc: "2.0",
      id: "one",
      error: { code: -32000, message: expect.stringContaining("loopback") },
    });
    const unconfigured = await rpc("ListTasks", {}, VERSION, closed);
    expect(unconfigured.status).toBe(503);
    expect(await unconfigured.json()).toMatchObject({
      jsonrpc: "2.0",
      id: "one",
      error: { code: -32603, message: expect.stringContaining("authentication") },
    });
  });

  it("is challenged with every 401, in a scheme that is true, and only with that", async () => {
    const list = { headers: VERSION };
    for (const answer of [await rpc("ListTasks", {}, VERSION, worker, stranger), await worker.fetch(`${stranger}tasks`, list)]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get("WWW-Authenticate")).toBe('Loopback realm="skein"');
    }
    expect((await http("GET", "/tasks", undefined, VERSION, closed)).headers.has("WWW-Authenticate")).toBe(false);
  });
});

describe("a place", () => {
  it.each([
    ["PUT", "/message:send", "POST"],
    ["GET", "/message:stream", "POST"],
    ["DELETE", "/tasks", "GET, HEAD"],
    ["PATCH", "/tasks/t-1", "GET, HEAD, DELETE"],
    ["GET", "/tasks/t-1:cancel", "POST"],
    ["DELETE", "/tasks/t-1:subscribe", "POST, GET, HEAD"],
    ["PATCH", "/tasks/t-1/pushNotificationConfigs", "POST, GET, HEAD"],
    ["POST", "/.well-known/agent-card.json", "GET, HEAD"],
    ["PUT", "/", "POST"],
    ["GET", "/agents/probe", "POST"],
  ])("that is there for other methods says for which: %s %s", async (verb, path, allow) => {
    const answer = await http(verb, path);
    expect(answer.status).toBe(405);
    expect(answer.headers.get("Allow")).toBe(allow);
    expect(await answer.json()).toMatchObject({ error: { code: 405, message: expect.stringContaining(allow) } });
  });

  it.each([
    ["/nothing", `${ORIGIN}/.well-known/agent-card.json`],
    ["/agents/probe/nothing", `${ORIGIN}/agents/probe/.well-known/agent-card.json`],
  ])("that is not there names the agent's own card: %s", async (path, card) => {
    const answer = await http("GET", path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain(card);
    expect((await http("GET", new URL(card).pathname)).status).toBe(200);
  });
});

describe("an extension", () => {
  const skill = "urn:skein:ext:skill:v1";

  it("that was asked for and is supported is echoed; others are not", async () => {
    const asking = (uris: string) => rpc("ListTasks", {}, { ...VERSION, "A2A-Extensions": uris });
    expect((await asking(`https://example.com/x, ${skill}`)).headers.get("A2A-Extensions")).toBe(skill);
    expect((await asking("https://example.com/x")).headers.has("A2A-Extensions")).toBe(false);
    expect((await rpc("ListTasks", {})).headers.has("A2A-Extensions")).toBe(false);
  });
});

describe("a version", () => {
  it.each(["1.0", "1.0.1"])("of %s is spoken", async (version) => {
    expect((await rpc("ListTasks", {}, { "A2A-Version": version })).ok).toBe(true);
  });

  it.each([{}, { "A2A-Version": "2.0" }])("%o is refused, with what to send", async (headers) => {
    const body = await (await rpc("ListTasks", {}, headers)).text();
    expect(body).toContain('"code":-32009');
    expect(body).toContain("A2A-Version: 1.0");
  });
});
