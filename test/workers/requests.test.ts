import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { readJson } from "../../shared/a2a/body.ts";
import { requestHandler } from "../../shared/a2a/handler.ts";
import type { Scope } from "../../shared/auth/principal.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import probe from "./probe-agent.ts";
import { http, message, rpc, type Sent, type Served, served, VERSION, value, worker } from "./wire.ts";

// What a request may say beside its message: for whom, with which extensions, what it takes, under which key.

type Params = { tenant?: string; id?: string; message?: object; configuration?: object; metadata?: object };

/** One call through either binding; the answer in one shape. */
interface Binding {
  readonly name: string;
  send(params: Params, headers?: Record<string, string>, at?: Served): Promise<unknown>;
  get(params: Params): Promise<unknown>;
  list(params: Params): Promise<unknown>;
  cancel(params: Params): Promise<unknown>;
}

const below = (tenant: string | undefined) => (tenant === undefined ? "" : `/${encodeURIComponent(tenant)}`);

const bindings: Binding[] = [
  {
    name: "JSON-RPC",
    send: async (params, headers = {}, at = worker) => value(await rpc("SendMessage", params, { ...VERSION, ...headers }, at)),
    get: async (params) => value(await rpc("GetTask", params)),
    list: async (params) => value(await rpc("ListTasks", params)),
    cancel: async (params) => value(await rpc("CancelTask", params)),
  },
  {
    name: "HTTP+JSON",
    send: async ({ tenant, ...body }, headers = {}, at = worker) =>
      value(await http("POST", `${below(tenant)}/message:send`, body, { ...VERSION, ...headers }, at)),
    get: async ({ tenant, id }) => value(await http("GET", `${below(tenant)}/tasks/${id}`)),
    list: async ({ tenant }) => value(await http("GET", `${below(tenant)}/tasks`)),
    cancel: async ({ tenant, id }) => value(await http("POST", `${below(tenant)}/tasks/${id}:cancel`)),
  },
];

const NOT_FOUND = { reason: "TASK_NOT_FOUND" };
const taskOf = (sent: unknown) => (sent as Sent).task as unknown as Task;

describe.each(bindings)("a tenant in $name", ({ send, get, list, cancel }) => {
  it("has its own tasks, which no other tenant and nobody without one sees", async () => {
    const tenant = crypto.randomUUID();
    const { id } = taskOf(await send({ tenant, message: message("hello", "question") }));
    expect(await get({ tenant, id })).toMatchObject({ id });
    expect(await list({ tenant })).toMatchObject({ tasks: [{ id }], totalSize: 1 });
    for (const other of [{}, { tenant: "another" }]) {
      expect(await get({ ...other, id })).toMatchObject(NOT_FOUND);
      expect(await cancel({ ...other, id })).toMatchObject(NOT_FOUND);
      expect(await send({ ...other, message: message("Paris", "question", { taskId: id }) })).toMatchObject(NOT_FOUND);
      expect(JSON.stringify(await list(other))).not.toContain(id);
    }
    expect(await cancel({ tenant, id })).toMatchObject({ status: { state: "TASK_STATE_CANCELED" } });
  });

  it("may have any name", async () => {
    for (const tenant of ["Müller & Söhne", "a/b", "tasks%2F", "__proto__", "..%2f"]) {
      const { id } = taskOf(await send({ tenant, message: message("hello", "echo") }));
      expect(await get({ tenant, id })).toMatchObject({ id });
    }
  });
});

describe("a tenant", () => {
  it("of a query counts in every operation, also those on push configs", async () => {
    const pushing = served({ capabilities: { streaming: true, pushNotifications: true } });
    const { id } = taskOf(await value(await http("POST", "/q/message:send", { message: message("hello", "question") })));
    for (const [verb, path] of [
      ["GET", `/tasks/${id}`],
      ["GET", `/tasks/${id}/pushNotificationConfigs`],
      ["DELETE", `/tasks/${id}/pushNotificationConfigs/x`],
    ] as const) {
      expect((await http(verb, path, undefined, VERSION, pushing)).status).toBe(404);
      expect((await http(verb, `${path}?tenant=q`, undefined, VERSION, pushing)).status).toBe(200);
    }
  });

  it("that a caller may not act for is refused before anything is said about the request", async () => {
    const principal = { tenant: "own", app: "a", subject: "s", scopes: ["call" as const] };
    const at = served({}, {}, () => ({ ok: true, principal }));
    for (const answer of [
      await http("POST", "/other/message:send", { x: 1 }, VERSION, at),
      await http("GET", "/tasks?tenant=other&pageSize=x", undefined, VERSION, at),
      await rpc("SendMessage", { tenant: "other", x: 1 }, VERSION, at),
    ]) {
      expect(answer.status).toBe(403);
      expect(await value(answer)).toMatchObject({ reason: "PERMISSION_DENIED", fields: [] });
    }
  });

  it("is the same in both bindings", async () => {
    const [rpcBinding, httpBinding] = bindings as [Binding, Binding];
    const { id } = taskOf(await rpcBinding.send({ tenant: "acme", message: message("hello", "echo") }));
    expect(await httpBinding.get({ tenant: "acme", id })).toMatchObject({ id });
  });

  it("of a path counts, whatever the body says", async () => {
    const sent = await value(await http("POST", "/acme/message:send", { tenant: "other", message: message("hello", "echo") }));
    expect(await value(await http("GET", `/acme/tasks/${taskOf(sent).id}`))).toMatchObject({ id: taskOf(sent).id });
  });
});

describe.each(bindings)("an extension that the card requires, in $name", ({ send }) => {
  const uri = "urn:example:needed";
  const strict = served({ capabilities: { streaming: true, extensions: [{ uri, required: true }] } });

  it("must be asked for", async () => {
    const sent = { message: message("hello", "echo") };
    expect(await send(sent, {}, strict)).toMatchObject({ reason: "EXTENSION_SUPPORT_REQUIRED" });
    expect(await send(sent, { "A2A-Extensions": "urn:example:other" }, strict)).toMatchObject({ reason: "EXTENSION_SUPPORT_REQUIRED" });
    expect(await send(sent, { "A2A-Extensions": `urn:example:other,${uri}` }, strict)).toMatchObject({ task: {} });
  });
});

describe.each(bindings)("media types in $name", ({ send }) => {
  const skills = probe.card.skills.map((skill) =>
    skill.id === "echo" ? { ...skill, inputModes: ["text/csv"], outputModes: ["text/csv"] } : skill,
  );
  const choosy = served({ skills });

  it("of a message are those of the skill it names", async () => {
    expect(await send({ message: message("a,b", "echo") }, {}, choosy)).toMatchObject({ reason: "CONTENT_TYPE_NOT_SUPPORTED" });
    const csv = { ...message("", "echo"), parts: [{ text: "a,b", mediaType: "Text/CSV; charset=utf-8" }] };
    expect(await send({ message: csv }, {}, choosy)).toMatchObject({ task: {} });
    expect(await send({ message: message("a", "chunks") }, {}, choosy)).toMatchObject({ task: {} });
  });

  it("that are accepted must be some that the skill gives", async () => {
    const accepting = (...acceptedOutputModes: string[]) =>
      send({ message: message("x", "mixed"), configuration: { acceptedOutputModes } });
    expect(await accepting("video/mp4")).toMatchObject({ reason: "CONTENT_TYPE_NOT_SUPPORTED" });
    for (const mode of ["text/plain", "text/*", "*/*", "TEXT/PLAIN"])
      expect(await accepting("video/mp4", mode)).toMatchObject({ task: {} });
  });

  it("that are not accepted are left out of the result", async () => {
    const accepting = async (...acceptedOutputModes: string[]) =>
      taskOf(await send({ message: message("x", "mixed"), configuration: { acceptedOutputModes } })).artifacts?.[0]?.parts;
    expect(await accepting()).toEqual([{ text: "forty-two" }, { data: { answer: 42 } }]);
    expect(await accepting("text/plain")).toEqual([{ text: "forty-two" }]);
  });
});

describe.each(bindings)("a key in $name", ({ send }) => {
  const uri = "urn:skein:ext:resume:v1";
  const under = (idempotencyKey: unknown) => ({ metadata: { [uri]: { idempotencyKey } } });

  it("may come by the extension, and is the same as in the header", async () => {
    const key = crypto.randomUUID();
    const first = taskOf(await send({ message: message("once", "echo"), ...under(key) }));
    expect(taskOf(await send({ message: message("once", "echo"), ...under(key) })).id).toBe(first.id);
    expect(taskOf(await send({ message: message("once", "echo") }, { "Idempotency-Key": key })).id).toBe(first.id);
    expect(await send({ message: message("twice", "echo"), ...under(key) })).toMatchObject({ reason: undefined });
  });

  it("leads to the task that still runs", async () => {
    const key = crypto.randomUUID();
    const configuration = { returnImmediately: true };
    const both = await Promise.all(
      [1, 2].map(async () => taskOf(await send({ message: message("x", "hang"), configuration, ...under(key) }))),
    );
    expect(both[0]?.id).toBe(both[1]?.id);
    expect(both[1]?.status.state).not.toBe("TASK_STATE_COMPLETED");
  });

  it.each<[unknown]>([[""], ["k".repeat(257)], [7], [{}], ["\ud800"]])("is a text of 1 to 256 characters: not %j", async (key) => {
    const field = `metadata["${uri}"].idempotencyKey`;
    expect(await send({ message: message("once", "echo"), ...under(key) })).toMatchObject({ fields: [{ field }] });
  });

  it("is refused when header and extension differ", async () => {
    const sent = { message: message("once", "echo"), ...under("one") };
    expect(await send(sent, { "Idempotency-Key": "two" })).toMatchObject({ fields: [{ field: "Idempotency-Key" }] });
  });
});

describe("an approval", () => {
  const asCaller = (scopes: Scope[]) => {
    const principal = { tenant: "tests", app: "approvals", subject: "one", scopes };
    const handler = requestHandler({ card: probe.card, homes: "shared" }, env as unknown as AgentWorkerEnv);
    return async (text: string, taskId?: string) => {
      const sent = message(text, "approval", taskId === undefined ? {} : { taskId });
      return (JSON.parse(await handler.sendMessage({ message: sent as never }, { principal, scheme: "ApiKey" })) as { task: Task }).task;
    };
  };

  it("counts only from somebody with the scope for it; others are told which, and leave the question open", async () => {
    const { id, status } = await asCaller(["call"])("a letter");
    expect(status.state).toBe("TASK_STATE_AUTH_REQUIRED");
    await expect(asCaller(["call"])("yes", id)).rejects.toMatchObject({
      code: "permission-denied",
      message: expect.stringContaining('"approve"'),
      headers: { "WWW-Authenticate": expect.stringMatching(/^ApiKey .*scope="approve"/) },
    });
    const { artifacts } = await asCaller(["call", "approve"])("yes", id);
    expect(artifacts?.[0]?.parts).toEqual([{ text: "sent" }]);
  });

  it("is asked of nobody for a question that approves nothing", async () => {
    const handler = requestHandler({ card: probe.card, homes: "shared" }, env as unknown as AgentWorkerEnv);
    const principal = { tenant: "tests", app: "approvals", subject: "two", scopes: ["call" as const] };
    const ask = async (more: object) =>
      JSON.parse(await handler.sendMessage({ message: message("Paris", "question", more) as never }, { principal })) as Sent;
    const { task } = await ask({});
    expect((await ask({ taskId: task.id })).task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
  });
});

describe("a body that does not come", () => {
  it("is not waited for without end", async () => {
    const silent = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
    const headers = { "Content-Type": "application/json" };
    const request = new Request("http://127.0.0.1/", { method: "POST", headers, body: silent });
    await expect(readJson(request, ["application/json"], { ms: 50 })).rejects.toMatchObject({ code: "too-slow", http: 408 });
  });
});

describe("what means the same", () => {
  it("is the same content to a key, in whatever order its members come", async () => {
    const headers = { ...VERSION, "Idempotency-Key": crypto.randomUUID() };
    const sent = (data: object, metadata: object) => ({ ...message("", "echo"), parts: [{ data }, { text: "x" }], metadata });
    const skill = { "urn:skein:ext:skill:v1": { skill: "echo" } };
    const first = await value(await rpc("SendMessage", { message: sent({ a: 1, b: { c: 2, d: 3 } }, { x: 1, ...skill }) }, headers));
    const again = await value(await rpc("SendMessage", { message: sent({ b: { d: 3, c: 2 }, a: 1 }, { ...skill, x: 1 }) }, headers));
    expect(taskOf(again).id).toBe(taskOf(first).id);
  });

  it.each([
    [{ "A2A-Version": "1.0, 1.0" }, ""],
    [{}, "?a2a-version=1.0"],
    [{ "A2A-Version": "" }, "?A2A-VERSION=1.0"],
  ])("is the same version: %j %s", async (headers, query) => {
    expect((await http("GET", `/tasks${query}`, undefined, headers)).status).toBe(200);
  });

  it("is the same path, with its colon written either way", async () => {
    const { id } = taskOf(await value(await http("POST", "/message%3Asend", { message: message("x", "question") })));
    expect((await http("GET", `/tasks/${id}%3Acancel`)).status).toBe(405);
    expect(await value(await http("POST", `/tasks/${id}%3acancel`))).toMatchObject({ status: { state: "TASK_STATE_CANCELED" } });
  });

  it("is null for parameters that are not set", async () => {
    expect(await value(await rpc("ListTasks", null))).toMatchObject({ tasks: expect.any(Array) });
  });
});

describe("bytes", () => {
  const sending = async (raw: string) =>
    value(await rpc("SendMessage", { message: { ...message("", "echo"), parts: [{ raw, mediaType: "text/plain" }] } }));

  it.each(["A", "AAAAA", "AA=", "AAA==", "A===", "####"])("that are no base64 are refused: %s", async (raw) => {
    expect(await sending(raw)).toMatchObject({ fields: [{ field: "message.parts.0.raw", description: "must be base64" }] });
  });

  it.each(["", "AA", "AA==", "AAA", "AAA=", "AA-/_+"])("are taken with and without padding, in either alphabet: %s", async (raw) => {
    expect(await sending(raw)).toMatchObject({ task: {} });
  });
});
