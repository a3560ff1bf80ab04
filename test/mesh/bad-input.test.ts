import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import { isTerminal, type JsonObject, type Task } from "../../shared/task/a2a-types.ts";
import { placeTask } from "../../shared/task/home.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { type Answer, HEADERS, post, request, rpc } from "./wire.ts";

// Whatever a caller sends, it is told what to do about it, the mesh goes on, and every task says how it really stands.
// That no answer is a failure of the mesh's own or shows its inside is held in wire.ts, for each of them.

/** Each kind of refusal as both bindings show it. (A2A 1.0.1, 5.4) */
const REFUSED = {
  parse: { jsonRpc: -32700, http: 400, reason: undefined },
  invalidRequest: { jsonRpc: -32600, http: 400, reason: undefined },
  invalidParams: { jsonRpc: -32602, http: 400, reason: undefined },
  tooLarge: { jsonRpc: -32600, http: 413, reason: undefined },
  notFound: { jsonRpc: -32001, http: 404, reason: "TASK_NOT_FOUND" },
  push: { jsonRpc: -32003, http: 400, reason: "PUSH_NOTIFICATION_NOT_SUPPORTED" },
  unsupported: { jsonRpc: -32004, http: 400, reason: "UNSUPPORTED_OPERATION" },
  contentType: { jsonRpc: -32005, http: 400, reason: "CONTENT_TYPE_NOT_SUPPORTED" },
  version: { jsonRpc: -32009, http: 400, reason: "VERSION_NOT_SUPPORTED" },
} as const;

const SKILL = "urn:skein:ext:skill:v1";
const MB = 1024 * 1024;
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

let mesh: CopiedMesh;
let analyst: string;
let researcher: string;
/** Its card promises neither push notifications nor an extended card. */
let modest: string;

beforeAll(async () => {
  mesh = await copyMesh({ agents: ["faulty"] });
  await mesh.start();
  analyst = `${mesh.url}/agents/analyst`;
  researcher = `${mesh.url}/agents/researcher`;
  modest = `${mesh.url}/agents/faulty`;
});

afterAll(() => mesh.remove());

function message(change: JsonObject = {}): JsonObject {
  return { messageId: "m-1", role: "ROLE_USER", parts: [{ text: "calculate 6*7" }], ...change };
}

/** A message without one of its fields. */
function without(field: string): JsonObject {
  return Object.fromEntries(Object.entries(message()).filter(([name]) => name !== field));
}

function expectRefusal({ status, json, text }: Answer, kind: keyof typeof REFUSED, words?: RegExp): void {
  const { jsonRpc, http, reason } = REFUSED[kind];
  const error = json?.error;
  if (json !== undefined && "jsonrpc" in json) {
    expect(error?.code, text).toBe(jsonRpc);
    expect(status).toBe(http === 413 ? 413 : 200);
  } else {
    expect(status, text).toBe(http);
    expect(error?.code, text).toBe(http);
  }
  expect((error?.data ?? error?.details ?? [])[0]?.reason, text).toBe(reason);
  expect(error?.message).toMatch(words ?? /\w+ \w+/);
}

function fieldsOf({ json }: Answer): string[] {
  const details = json?.error?.data ?? json?.error?.details ?? [];
  return details.flatMap(({ fieldViolations = [] }) => fieldViolations.map(({ field }) => field));
}

function taskIn({ json, text }: Answer): Task {
  const task = json?.result?.task ?? json?.task;
  if (task === undefined) throw new Error(`no task: ${text}`);
  return task;
}

describe("a body that is no request", () => {
  it.each([
    ["nothing", "", "parse"],
    ["cut off", '{"jsonrpc":"2.0",', "parse"],
    ["a number with a comma", "4,2", "parse"],
    ["nested 500 deep", nested(500), "parse"],
    ["nested 500 deep behind a quotation", `{"a":"\\"[","b":${nested(500)}}`, "parse"],
    ["bytes that are no UTF-8", new Uint8Array([0xff, 0xfe, 0x00]), "parse"],
    ["null", "null", "invalidRequest"],
    ["a number", "42", "invalidRequest"],
    ["a text", '"SendMessage"', "invalidRequest"],
    ["an empty array", "[]", "invalidRequest"],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"GetTask"}]', "invalidRequest"],
    ["an empty object", "{}", "invalidRequest"],
    ["of JSON-RPC 1.0", '{"jsonrpc":"1.0","id":1,"method":"GetTask"}', "invalidRequest"],
    ["without a method", '{"jsonrpc":"2.0","id":1}', "invalidRequest"],
    ["with an object for an id", '{"jsonrpc":"2.0","id":{},"method":"GetTask"}', "invalidRequest"],
  ] as const)("is refused as such: %s", async (_what, body, kind) => {
    expectRefusal(await post(mesh.url, body), kind);
    // Over HTTP+JSON whatever is JSON is a request, and lacks its fields.
    expectRefusal(await post(`${mesh.url}/message:send`, body), kind === "parse" ? "parse" : "invalidParams");
  });

  it.each(["toString", "__proto__", "constructor", "message/send", ""])("names the methods there are: %j", async (method) => {
    const { json } = await rpc(mesh.url, method);
    expect(json?.error).toMatchObject({ code: -32601, message: expect.stringContaining("SendMessage") });
  });

  it.each(["no object", 7, ["x"], null])("refuses parameters that are %j", async (params) => {
    expectRefusal(await rpc(mesh.url, "SendMessage", params), "invalidParams");
  });

  it.each(["", "/agents/analyst"])("of 10 MB is told so, and its connection is not cut, at the mesh's %j", async (path) => {
    const params = { message: message({ parts: [{ text: "x".repeat(10 * MB) }] }) };
    const bodies = {
      "": JSON.stringify({ jsonrpc: "2.0", id: 1, method: "SendMessage", params }),
      "/message:send": JSON.stringify(params),
    };
    for (const [where, body] of Object.entries(bodies)) {
      expectRefusal(await post(mesh.url + path + where, body), "tooLarge", /larger than 8 MB; send/);
      // A body whose length nobody declared is counted on the way.
      const counted = { method: "POST", headers: HEADERS, body: new Blob([body]).stream(), duplex: "half" };
      expectRefusal(await request(mesh.url + path + where, counted), "tooLarge", /larger than 8 MB; send/);
    }
  });
});

describe("headers", () => {
  it.each(["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ""])("refuse the content type %j", async (type) => {
    const headers = { ...HEADERS, "Content-Type": type };
    const params = JSON.stringify({ message: message() });
    expectRefusal(await post(mesh.url, `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":${params}}`, headers), "contentType");
    expectRefusal(await post(`${mesh.url}/message:send`, params, headers), "contentType", /send application\/a2a\+json/);
  });

  it.each([undefined, "", "2.0", "1", "banana"])("refuse the version %j, and say which one is spoken", async (version) => {
    const headers = { "Content-Type": "application/json", ...(version !== undefined && { "A2A-Version": version }) };
    const body = '{"jsonrpc":"2.0","id":1,"method":"ListTasks"}';
    expectRefusal(await post(mesh.url, body, headers), "version", /A2A-Version: 1\.0/);
    expectRefusal(await request(`${mesh.url}/tasks`, { headers }), "version", /A2A-Version: 1\.0/);
  });

  it.each(["", "k".repeat(257)])("refuse an Idempotency-Key of no use", async (key) => {
    const headers = { ...HEADERS, "Idempotency-Key": key };
    expectRefusal(await post(`${analyst}/message:send`, JSON.stringify({ message: message() }), headers), "invalidRequest");
  });

  it("refuse a key that was used for other words, and give the same task for the same ones", async () => {
    const headers = { ...HEADERS, "Idempotency-Key": "bad-input" };
    const send = (text: string) => post(`${analyst}/message:send`, JSON.stringify({ message: message({ parts: [{ text }] }) }), headers);
    const first = taskIn(await send("calculate 1+1"));
    expect(taskIn(await send("calculate 1+1")).id).toBe(first.id);
    expectRefusal(await send("calculate 1+2"), "invalidParams", /new key/);
  });

  it.each(["", "/agents/analyst"])("that name another host are refused, with why and how to call, at the mesh's %j", async (path) => {
    const { hostname, port } = new URL(mesh.url);
    const call = get({ hostname, port, path: `${path}/tasks`, headers: { ...HEADERS, Host: "evil.example" } });
    const [response] = (await once(call, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(401);
    expect(response.headers["www-authenticate"]).toBe('Loopback realm="skein"');
    expect(await text(response)).toMatch(/only on loopback addresses such as/);
  });

  it("let nobody outside say for whom they call", async () => {
    const forged = { ...HEADERS, "Skein-Principal": encodeURIComponent(JSON.stringify({ ...LOCAL_PRINCIPAL, subject: "somebody else" })) };
    const { id } = taskIn(await post(`${analyst}/message:send`, JSON.stringify({ message: message() }), forged));
    expect((await request(`${analyst}/tasks/${id}`, { headers: HEADERS })).status).toBe(200);
  });
});

describe("a message that is none", () => {
  it.each<[string, unknown, string]>([
    ["no message", undefined, "message"],
    ["a text for a message", "hello", "message"],
    ["no messageId", without("messageId"), "message.messageId"],
    ["an empty messageId", message({ messageId: "" }), "message.messageId"],
    ["a number for a messageId", message({ messageId: 7 }), "message.messageId"],
    ["an endless messageId", message({ messageId: "m".repeat(1025) }), "message.messageId"],
    ["no role", without("role"), "message.role"],
    ["a role of version 0.3", message({ role: "user" }), "message.role"],
    ["no parts", without("parts"), "message.parts"],
    ["empty parts", message({ parts: [] }), "message.parts"],
    ["a text for parts", message({ parts: "hello" }), "message.parts"],
    ["1001 parts", message({ parts: Array.from({ length: 1001 }, () => ({ text: "x" })) }), "message.parts"],
    ["null for a part", message({ parts: [null] }), "message.parts.0"],
    ["a part without content", message({ parts: [{ mediaType: "text/plain" }] }), "message.parts.0"],
    ["a part with two contents", message({ parts: [{ text: "x", url: "https://example.com" }] }), "message.parts.0"],
    ["a number for a text", message({ parts: [{ text: "x" }, { text: 7 }] }), "message.parts.1.text"],
    ["raw bytes that are no base64", message({ parts: [{ raw: "§§§" }] }), "message.parts.0.raw"],
    ["a path for a URL", message({ parts: [{ url: "/etc/passwd" }] }), "message.parts.0.url"],
    ["a number for a contextId", message({ contextId: 7 }), "message.contextId"],
    ["an endless contextId", message({ contextId: "c".repeat(1025) }), "message.contextId"],
    ["an object for a taskId", message({ taskId: {} }), "message.taskId"],
    ["an array for metadata", message({ metadata: [] }), "message.metadata"],
  ])("is refused by the name of its field: %s", async (_what, sent, field) => {
    for (const answer of [
      await rpc(analyst, "SendMessage", { message: sent }),
      await rpc(analyst, "SendStreamingMessage", { message: sent }),
      await post(`${analyst}/message:send`, JSON.stringify({ message: sent })),
      await post(`${analyst}/message:stream`, JSON.stringify({ message: sent })),
    ]) {
      expectRefusal(answer, "invalidParams");
      expect(fieldsOf(answer)).toContain(field);
    }
  });

  it.each([
    ["historyLength", -1],
    ["historyLength", 1.5],
    ["historyLength", "all"],
    ["returnImmediately", "yes"],
  ])("is refused for its configuration: %s %j", async (name, value) => {
    const answer = await rpc(analyst, "SendMessage", { message: message(), configuration: { [name]: value } });
    expectRefusal(answer, "invalidParams");
    expect(fieldsOf(answer)).toEqual([`configuration.${name}`]);
  });

  it("is refused when the agent takes nothing of its media type, and told what it takes", async () => {
    const params = { message: message({ parts: [{ raw: "AAAA", mediaType: "video/mp4" }] }) };
    expectRefusal(await rpc(analyst, "SendMessage", params), "contentType", /it takes text\/plain/);
    expectRefusal(await post(`${analyst}/message:send`, JSON.stringify(params)), "contentType", /it takes text\/plain/);
  });
});

describe("a task that is not there", () => {
  // One that could be ours by its look, made for this caller and for another one.
  const unmade = (owner: string) => placeTask(owner, "shared", { random: "0".repeat(32) }).taskId;

  it.each([
    ["a word", "nothing"],
    ["a UUID", "6e4d3a1c-0b6f-4c53-9d0a-0d5f9f1c2b3a"],
    ["an id that was never given out", unmade(principalKey(LOCAL_PRINCIPAL))],
    ["an id of somebody else's", unmade(principalKey({ ...LOCAL_PRINCIPAL, subject: "somebody-else" }))],
    ["a path", "../../etc/passwd"],
    ["a property of every object", "__proto__"],
    ["half a character", "\ud800"],
    ["a zero byte", "\u0000"],
  ])("is not found, whatever its id looks like: %s", async (_what, id) => {
    for (const method of ["GetTask", "CancelTask", "SubscribeToTask"]) expectRefusal(await rpc(analyst, method, { id }), "notFound");
    expectRefusal(await rpc(analyst, "SendMessage", { message: message({ taskId: id }) }), "notFound");
    const path = `${analyst}/tasks/${encodeURIComponent(id.toWellFormed())}`;
    expectRefusal(await request(path, { headers: HEADERS }), "notFound");
    for (const verb of ["cancel", "subscribe"]) expectRefusal(await post(`${path}:${verb}`, ""), "notFound");
  });

  it.each(["", 7, null, "i".repeat(2000)])("is refused when its id is none: %j", async (id) => {
    expectRefusal(await rpc(analyst, "GetTask", { id }), "invalidParams");
  });

  it("is not found at an agent that did not make it", async () => {
    const task = taskIn(await rpc(analyst, "SendMessage", { message: message() }));
    expectRefusal(await rpc(researcher, "GetTask", { id: task.id }), "notFound");
    expectRefusal(await rpc(mesh.url, "GetTask", { id: task.id }), "notFound");
  });
});

describe("a list that cannot be given", () => {
  it.each<[string, JsonObject[string]]>([
    ["pageSize", 0],
    ["pageSize", -1],
    ["pageSize", 1000],
    ["pageSize", 1.5],
    ["pageSize", "many"],
    ["pageToken", "absurd"],
    ["pageToken", "🦆"],
    ["pageToken", Buffer.from("1 ' OR 1=1 --").toString("base64url")],
    ["pageToken", "A".repeat(10_000)],
    ["status", "DONE"],
    ["statusTimestampAfter", "yesterday"],
    ["historyLength", -1],
    ["includeArtifacts", "perhaps"],
  ])("is refused by the name of its field: %s %j", async (name, value) => {
    const query = new URLSearchParams({ [name]: String(value) });
    for (const answer of [
      await rpc(analyst, "ListTasks", { [name]: value }),
      await request(`${analyst}/tasks?${query}`, { headers: HEADERS }),
    ]) {
      expectRefusal(answer, "invalidParams");
      // A value may break two rules of one field.
      expect(new Set(fieldsOf(answer))).toEqual(new Set([name]));
    }
  });
});

describe("what a card does not promise", () => {
  it.each([
    ["CreateTaskPushNotificationConfig", "POST", ""],
    ["ListTaskPushNotificationConfigs", "GET", ""],
    ["GetTaskPushNotificationConfig", "GET", "/c-1"],
    ["DeleteTaskPushNotificationConfig", "DELETE", "/c-1"],
  ])("is refused as push notifications: %s", async (method, verb, path) => {
    const config = { id: "c-1", url: "https://example.com" };
    expectRefusal(await rpc(modest, method, { taskId: "t-1", ...config }), "push", /stream, subscribe or poll/);
    const init = { method: verb, headers: HEADERS, ...(verb === "POST" && { body: JSON.stringify(config) }) };
    expectRefusal(await request(`${modest}/tasks/t-1/pushNotificationConfigs${path}`, init), "push");
  });

  it("is refused as push notifications within a message", async () => {
    const configuration = { taskPushNotificationConfig: { url: "https://example.com" } };
    expectRefusal(await rpc(modest, "SendMessage", { message: message(), configuration }), "push");
  });

  it("is refused as an extended card", async () => {
    expectRefusal(await rpc(analyst, "GetExtendedAgentCard", {}), "unsupported");
    expectRefusal(await request(`${analyst}/extendedAgentCard`, { headers: HEADERS }), "unsupported");
  });

  it.each([
    ["", "analyst/juggle", /analyst\/calculate/],
    ["", "nobody/calculate", /analyst\/calculate/],
    ["/agents/analyst", "juggle", /It has: calculate, table/],
    ["/agents/analyst", "__proto__", /It has: calculate, table/],
  ])("is rejected as a skill, naming those there are: %s %s", async (path, skill, named) => {
    const { status } = taskIn(await rpc(mesh.url + path, "SendMessage", { message: message({ metadata: { [SKILL]: { skill } } }) }));
    expect(status.state).toBe("TASK_STATE_REJECTED");
    expect(status.message?.parts[0]?.text).toMatch(named);
  });

  it.each([
    ["GET", "/nothing"],
    ["GET", "/agents/nobody"],
    ["GET", "/agents/__proto__/tasks"],
    ["GET", "/agents/analyst/nothing"],
    ["GET", "/agents/%E0%A4%A/tasks"],
    ["GET", "/tasks/%E0%A4%A"],
  ])("is not found as a place: %s %s", async (method, path) => {
    const { status, json } = await request(mesh.url + path, { method, headers: HEADERS });
    expect(status).toBe(404);
    expect(json?.error).toMatchObject({ code: 404, message: expect.stringMatching(/^there is no/) });
  });
});

describe("a method that a place is not there for", () => {
  it.each([
    ["PUT", "", "GET, HEAD, POST"],
    ["POST", "/agents", "GET, HEAD"],
    ["PATCH", "/tasks/t-1", "GET, HEAD, DELETE"],
    ["PUT", "/message:send", "POST"],
    ["GET", "/agents/analyst", "POST"],
    ["GET", "/agents/analyst/tasks/t-1:cancel", "POST"],
  ])("is refused, and those it is there for are named: %s %s", async (method, path, allow) => {
    const response = await fetch(mesh.url + path, { method, headers: HEADERS });
    expect(response.status).toBe(405);
    expect(response.headers.get("Allow")).toBe(allow);
    expect(await response.json()).toMatchObject({ error: { code: 405, message: expect.stringContaining(`use ${allow}`) } });
  });
});

describe("contents that make no sense", () => {
  const rubbish = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919 + 13) % 256)).toString("base64");

  it.each(["application/pdf", "text/plain", "text/html", "application/octet-stream"])("are no document, sent as %s", async (mediaType) => {
    const parts = [{ raw: rubbish, filename: "rubbish.bin", mediaType }];
    const { status } = taskIn(
      await rpc(researcher, "SendMessage", { message: message({ parts, metadata: { [SKILL]: { skill: "ingest" } } }) }),
    );
    expect(status.state).toBe("TASK_STATE_REJECTED");
    expect(status.message?.parts[0]?.text).toMatch(/rubbish\.bin is .*(PDF|UTF-8).*: (open|save)/);
  });

  it.each(["9^9^9^9", "1000000!", "factorial(factorial(10))", `${"(".repeat(900)}1${")".repeat(900)}`, "1+".repeat(900)])(
    "are no formula that ends: %.20s",
    async (formula) => {
      const since = Date.now();
      const { status } = taskIn(await rpc(analyst, "SendMessage", { message: message({ parts: [{ text: `calculate ${formula}` }] }) }));
      expect(status.state).toMatch(/REJECTED|FAILED|COMPLETED/);
      expect(status.message?.parts[0]?.text).toBeTruthy();
      expect(Date.now() - since).toBeLessThan(5_000);
    },
  );

  it("change no object of ours by the names of their keys", async () => {
    const keys = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}';
    const sent = `{${keys},"messageId":"m-1","role":"ROLE_USER","metadata":{${keys}},"parts":[{"text":"calculate 6*7"},{"data":{${keys}}}]}`;
    for (const url of [analyst, mesh.url]) {
      const task = taskIn(await post(`${url}/message:send`, `{"message":${sent},${keys}}`));
      expect(isTerminal(task.status.state)).toBe(true);
      const clean = await request(`${url}/message:send`, {
        method: "POST",
        headers: HEADERS,
        body: JSON.stringify({ message: message() }),
      });
      expect(clean.text).not.toContain("polluted");
    }
  });

  it.each(["\\ud800", "\\udc00", "\\u0000", "\\ufffe"])("are kept as they are, down to half a character: %s", async (character) => {
    const sent = `{"messageId":"m${character}","role":"ROLE_USER","contextId":"c${character}","parts":[{"text":"calculate 6*7 ${character}"}]}`;
    for (const url of [analyst, mesh.url]) {
      const task = taskIn(await post(`${url}/message:send`, `{"message":${sent}}`));
      expect(isTerminal(task.status.state)).toBe(true);
      expect(task.contextId).toBe(JSON.parse(`"c${character}"`));
      const again = await request(`${url}/tasks?${new URLSearchParams({ contextId: task.contextId })}`, { headers: HEADERS });
      expect(again.status).toBe(200);
    }
  });
});

describe("after all of it", () => {
  it("the mesh answers a normal request, and no task is left open", async () => {
    const { status, artifacts } = taskIn(await rpc(mesh.url, "SendMessage", { message: message() }));
    expect(status.state).toBe("TASK_STATE_COMPLETED");
    expect(artifacts?.[0]?.parts[0]?.text).toMatch(/42/);
    for (const url of [mesh.url, analyst, researcher])
      for (const state of ["SUBMITTED", "WORKING", "INPUT_REQUIRED", "AUTH_REQUIRED"]) {
        const { json } = await rpc(url, "ListTasks", { status: `TASK_STATE_${state}` });
        expect(json?.result).toMatchObject({ tasks: [], totalSize: 0 });
      }
  });
});
