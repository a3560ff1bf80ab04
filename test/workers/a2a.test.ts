import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

// One agent's whole HTTP surface, without a mesh around it.
const worker = (exports as unknown as { default: Fetcher }).default;
const ORIGIN = "http://127.0.0.1";
const VERSION = { "A2A-Version": "1.0" };
let sent = 0;

function message(text: string, skill: string, more: object = {}) {
  sent += 1;
  const metadata = { "urn:skein:ext:skill:v1": { skill } };
  return { messageId: `m-${sent}`, role: "ROLE_USER", parts: [{ text }], metadata, ...more };
}

async function rpc(method: string, params: unknown, headers: HeadersInit = VERSION): Promise<Response> {
  return worker.fetch(`${ORIGIN}/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: "one", method, params }),
  });
}

async function http(verb: string, path: string, body?: unknown, headers: HeadersInit = VERSION): Promise<Response> {
  return worker.fetch(`${ORIGIN}${path}`, {
    method: verb,
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/a2a+json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Both bindings' answers in one shape: the value, or the error's code in A2A's own words. */
async function value(response: Response): Promise<unknown> {
  const body = (await response.json()) as { result?: unknown; error?: { code: number; details?: Detail[]; data?: Detail[] } };
  if (!body.error) return "jsonrpc" in body ? body.result : body;
  const details = body.error.details ?? body.error.data ?? [];
  return { reason: details.find(({ reason }) => reason)?.reason, fields: details.flatMap(({ fieldViolations }) => fieldViolations ?? []) };
}

type Detail = { reason?: string; fieldViolations?: { field: string; description: string }[] };
type Sent = { task: { id: string; contextId: string; status: { state: string } } };

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

describe("the card", () => {
  it("needs no version and no caller, and is answered 304 when it is known", async () => {
    const card = await http("GET", "/.well-known/agent-card.json", undefined, {});
    expect(card.headers.get("Cache-Control")).toBe("public, max-age=60");
    expect(await card.json()).toMatchObject({ name: "probe", supportedInterfaces: [{ url: ORIGIN }] });
    const etag = card.headers.get("ETag") ?? "";
    expect((await http("GET", "/.well-known/agent-card.json", undefined, { "If-None-Match": etag })).status).toBe(304);
    expect((await http("GET", "/.well-known/agent-card.json", undefined, { "If-None-Match": '"other"' })).status).toBe(200);
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

  it.each([{}, { "A2A-Version": "0.3" }, { "A2A-Version": "2.0" }])("%o is refused, with what to send", async (headers) => {
    const body = await (await rpc("ListTasks", {}, headers)).text();
    expect(body).toContain('"code":-32009');
    expect(body).toContain("A2A-Version: 1.0");
  });
});
