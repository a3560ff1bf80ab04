import { describe, expect, it } from "vitest";
import type { A2ARequestHandler } from "../../shared/a2a/handler.ts";
import { httpJsonApp } from "../../shared/a2a/http-json.ts";
import { LOCAL_PRINCIPAL } from "../../shared/auth/principal.ts";
import { sendHttp, sendRpc, type Verdict, verdictOf } from "./fuzz/answers.ts";
import { Raw, toText } from "./fuzz/values.ts";
import { http, message, ORIGIN, rpc, type Sent, served, VERSION, value, worker } from "./wire.ts";

// What the hunts of the other fuzz files and reading beside them found, each with the request that showed it.

const UTF16 = new Uint8Array(new Uint16Array([...'\ufeff{"message":{}}'].map((character) => character.charCodeAt(0))).buffer);

async function both(method: string, params: Record<string, unknown>): Promise<Verdict> {
  const verdict = await sendRpc(method, toText(params));
  expect(await sendHttp({ method, params })).toEqual(verdict);
  return verdict;
}

describe("a body that would fill the memory", () => {
  it("is refused by the length of its arrays before each of their items is", async () => {
    const zeros = new Raw(`[${"0,".repeat(200_000)}0]`);
    for (const [field, max] of [
      ["parts", 1000],
      ["extensions", 100],
      ["referenceTaskIds", 1000],
    ] as const)
      expect(await both("SendMessage", { message: { ...message("x", "echo"), [field]: zeros } })).toMatchObject({
        fields: [`message.${field}`],
        message: expect.stringContaining(`at most ${max}`),
      });
    const configuration = { acceptedOutputModes: zeros };
    expect(await both("SendMessage", { message: message("x", "echo"), configuration })).toMatchObject({
      fields: ["configuration.acceptedOutputModes"],
    });
  });

  it("is refused by the number of its values before they are made", async () => {
    const data = new Raw(`[${"{},".repeat(250_000)}{}]`);
    expect(await both("SendMessage", { message: { ...message("x", "echo"), parts: [{ data }] } })).toMatchObject({ status: 413 });
    const text = ",".repeat(300_000);
    expect(await sendRpc("SendMessage", toText({ message: message(text, "echo") }))).toMatchObject({ ok: true });
  });
});

describe("a number that no double holds", () => {
  it.each(["1e400", "-1e400", "1E+309"])("is refused wherever it could not be given back: %s", async (number) => {
    const held = { deep: [new Raw(number)] };
    for (const [change, field] of [
      [{ parts: [{ data: held }] }, "message.parts.0.data"],
      [{ parts: [{ text: "x", metadata: held }] }, "message.parts.0.metadata"],
      [{ metadata: held }, "message.metadata"],
    ] as const)
      expect(await both("SendMessage", { message: { ...message("x", "echo"), ...change } })).toMatchObject({ fields: [field] });
  });
});

describe("a body that is no UTF-8", () => {
  it.each([
    [
      "a byte of another encoding",
      new Uint8Array([...new TextEncoder().encode('{"message":{"messageId":"'), 0xe4, ...new TextEncoder().encode('"}}')]),
    ],
    ["half a character", new Uint8Array([0x22, 0xf0, 0x9f, 0xa6, 0x22])],
    ["UTF-16", UTF16],
  ])("is refused, not guessed at: %s", async (_what, body) => {
    for (const path of ["/", "/message:send"])
      for (const sent of [body, new Blob([body]).stream()]) {
        const headers = { "Content-Type": "application/json", ...VERSION };
        const verdict = await verdictOf(await worker.fetch(`${ORIGIN}${path}`, { method: "POST", headers, body: sent }));
        expect(verdict).toMatchObject({ ok: false, status: 400, message: expect.stringMatching(/no valid JSON.*UTF-8/) });
      }
  });
});

describe("a body that breaks off", () => {
  it("is said to have, and is no failure of the agent's", async () => {
    for (const path of ["/", "/message:send", "/tasks/x:cancel", "/nowhere"]) {
      const broken = new ReadableStream({
        type: "bytes",
        pull(controller) {
          controller.enqueue(new TextEncoder().encode('{"message":'));
          controller.error(new Error("the connection was lost"));
        },
      });
      const headers = { "Content-Type": "application/json", ...VERSION };
      const verdict = await verdictOf(await served({}).fetch(`${ORIGIN}${path}`, { method: "POST", headers, body: broken }));
      const message = path === "/nowhere" ? /there is no/ : /broke off.*send all of it/;
      expect(verdict).toMatchObject({ ok: false, message: expect.stringMatching(message) });
    }
  });
});

describe("a filter of a list", () => {
  it("may not be longer than what it filters by, however large a text the database takes", async () => {
    for (const field of ["contextId", "pageToken"])
      expect(await both("ListTasks", { [field]: "c".repeat(3_000_000) })).toMatchObject({ ok: false });
    expect(await sendRpc("ListTasks", toText({ contextId: "c".repeat(3_000_000) }))).toMatchObject({ fields: ["contextId"] });
  });

  it.each(["1", "2020", "yesterday 1", "2020-01-01T00:00:00", "2020-13-01T00:00:00Z"])("by time needs a time: not %s", async (time) => {
    expect(await both("ListTasks", { statusTimestampAfter: time })).toMatchObject({ fields: ["statusTimestampAfter"] });
  });
});

describe("a stream that is asked to go on after an event", () => {
  it("which its task has not come to is refused before the message is taken", async () => {
    const { task } = (await value(await rpc("SendMessage", { message: message("x", "question") }))) as Sent;
    const answer = { message: message("Lisbon", "question", { taskId: task.id }) };
    const refused = await http("POST", "/message:stream", answer, { ...VERSION, "Last-Event-ID": "99" });
    expect(await value(refused)).toMatchObject({ fields: [{ field: "Last-Event-ID" }] });
    expect(await value(await http("GET", `/tasks/${task.id}`))).toMatchObject({ history: [{}, { parts: [{ text: "Which place?" }] }] });
  });

  it("begins with the task when the message makes a new one, whatever event another stream had", async () => {
    for (const last of ["2", "99"]) {
      const response = await http("POST", "/message:stream", { message: message("x", "echo") }, { ...VERSION, "Last-Event-ID": last });
      expect(await response.text()).toMatch(/^id: 1\ndata: {"task":/);
    }
  });
});

describe("a key that was used for another message", () => {
  it("is refused by its name", async () => {
    const headers = { ...VERSION, "Idempotency-Key": crypto.randomUUID() };
    await http("POST", "/message:send", { message: message("one", "echo") }, headers);
    expect(await value(await http("POST", "/message:send", { message: message("two", "echo") }, headers))).toMatchObject({
      fields: [{ field: "Idempotency-Key" }],
    });
  });
});

describe("a path", () => {
  it("is said back only as far as anybody needs it to know it again", async () => {
    for (const [verb, path] of [
      ["GET", `/${"p".repeat(5_000)}`],
      ["PUT", `/tasks/${"p".repeat(5_000)}`],
    ] as const) {
      const verdict = await verdictOf(await http(verb, path));
      expect(verdict).toMatchObject({ ok: false, message: expect.stringMatching(/p{100}…/) });
      expect(JSON.stringify(verdict).length).toBeLessThan(500);
    }
  });
});

describe("a stream's event", () => {
  it("is one line to every reader, also to those that split at Unicode's separators", async () => {
    const text = "a\u0085b\u2028c\u2029d";
    const params = { message: message(text, "echo") };
    const answers = [
      await http("POST", "/message:stream", params),
      await worker.fetch(`${ORIGIN}/`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...VERSION },
        body: JSON.stringify({ jsonrpc: "2.0", id: text, method: "SendStreamingMessage", params }),
      }),
    ];
    for (const answer of answers) {
      const said = await answer.text();
      expect(said).not.toMatch(/[\u0085\u2028\u2029]/);
      const first = JSON.parse(/^data: (.*)$/m.exec(said)?.[1] ?? "") as { id?: string; result?: Streamed } & Streamed;
      expect((first.result ?? first).task.history[0]?.parts[0]?.text).toBe(text);
      expect(first.id ?? text).toBe(text);
    }
  });
});

describe("a stream that is only asked for its head", () => {
  it("is let go at once: nobody will ever read it", async () => {
    let canceled = false;
    const stream = new ReadableStream<Uint8Array>({
      cancel: () => {
        canceled = true;
      },
    });
    const handler = { subscribeToTask: async () => stream } as unknown as A2ARequestHandler;
    const app = httpJsonApp(async () => ({ handler, context: { principal: LOCAL_PRINCIPAL } }), String);
    const answer = await app.request("/tasks/t-1:subscribe", { method: "HEAD" });
    expect([answer.status, answer.headers.get("Content-Type"), answer.body]).toEqual([200, "text/event-stream", null]);
    expect(canceled).toBe(true);
  });
});

type Streamed = { task: { history: { parts: { text: string }[] }[] } };
