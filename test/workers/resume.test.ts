import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type HandlerEnv, requestHandler } from "../../shared/a2a/handler.ts";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import { findTask } from "../../shared/task/home.ts";
import probe, { opened, reached } from "./probe-agent.ts";
import { http, message, rpc, type Sent, VERSION, value } from "./wire.ts";

// Streams that go on where they stopped: without gap, without repeat.

interface Event {
  readonly id: number;
  readonly data: { task?: { id: string }; statusUpdate?: { status: { message?: { parts: { text: string }[] } } } };
}

/** Reads events until the stream ends, or until there are as many as wanted; then its reader is gone. */
async function read(response: Response, wanted = Number.POSITIVE_INFINITY): Promise<Event[]> {
  const events: Event[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (id === undefined || data === undefined) continue;
      const parsed = JSON.parse(data) as { result?: Event["data"] };
      events.push({ id: Number(id), data: parsed.result ?? (parsed as Event["data"]) });
    }
    if (events.length >= wanted) return events.slice(0, wanted);
  }
  return events;
}

const stream = (text: string, skill: string) => http("POST", "/message:stream", { message: message(text, skill) });
const since = (id: number) => ({ ...VERSION, "Last-Event-ID": String(id) });

const resumes: [string, (id: string, last: number) => Promise<Response>][] = [
  ["GET and a header", (id, last) => http("GET", `/tasks/${id}:subscribe`, undefined, since(last))],
  ["POST and a header", (id, last) => http("POST", `/tasks/${id}:subscribe`, undefined, since(last))],
  [
    "POST and the extension",
    (id, last) => http("POST", `/tasks/${id}:subscribe`, { metadata: { "urn:skein:ext:resume:v1": { after: last } } }),
  ],
  ["JSON-RPC and a header", (id, last) => rpc("SubscribeToTask", { id }, since(last))],
  ["JSON-RPC and the extension", (id, last) => rpc("SubscribeToTask", { id, metadata: { "urn:skein:ext:resume:v1": { after: last } } })],
];

const homeOf = (id: string) => {
  const address = findTask(principalKey(LOCAL_PRINCIPAL), id);
  return (env as unknown as { TASK_HOME: DurableObjectNamespace }).TASK_HOME.getByName(address?.home ?? "");
};

describe("a stream that broke", () => {
  it.each(resumes)("goes on from any event without gap or repeat, also when the task has ended since: %s", async (_how, resume) => {
    const whole = await read(await stream("20", "count"));
    const id = whole[0]?.data.task?.id ?? "";
    expect(whole.length).toBe(23);
    for (const [index, { id: last }] of whole.entries()) {
      if (index === whole.length - 1) continue;
      expect(await read(await resume(id, last))).toEqual(whole.slice(index + 1));
    }
  });

  it("goes on after its object was evicted, and after it was lost", async () => {
    const whole = await read(await stream("10", "count"));
    const id = whole[0]?.data.task?.id ?? "";
    await evictDurableObject(homeOf(id));
    expect(await read(await http("GET", `/tasks/${id}:subscribe`, undefined, since(whole[4]?.id ?? 0)))).toEqual(whole.slice(5));
    await runInDurableObject(homeOf(id), (_home, state) => state.abort("lost")).catch(() => {});
    expect(await read(await rpc("SubscribeToTask", { id }, since(whole[7]?.id ?? 0)))).toEqual(whole.slice(8));
  });

  it("goes on with a task that still works, and ends with it", async () => {
    const name = crypto.randomUUID();
    const [first] = await read(await stream(name, "wait"), 1);
    const id = first?.data.task?.id ?? "";
    const rest = http("GET", `/tasks/${id}:subscribe`, undefined, since(first?.id ?? 0)).then((response) => read(response));
    await expect.poll(() => reached.has(name)).toBe(true);
    opened.add(name);
    const events = await rest;
    expect(events.map((event) => event.id)).toEqual(events.map((_, index) => (first?.id ?? 0) + 1 + index));
    expect(JSON.stringify(events.at(-1))).toContain("TASK_STATE_COMPLETED");
  });

  it("begins a task only once when it is sent again with its key, and goes on after the event it names", async () => {
    const sent = { message: message("5", "count") };
    const headers = { ...VERSION, "Idempotency-Key": crypto.randomUUID() };
    const whole = await read(await http("POST", "/message:stream", sent, headers));
    expect(await read(await http("POST", "/message:stream", sent, headers))).toEqual(whole);
    const again = await http("POST", "/message:stream", sent, { ...headers, "Last-Event-ID": String(whole[2]?.id) });
    expect(await read(again)).toEqual(whole.slice(3));
  });
});

describe("a stream that nobody ends", () => {
  it("ends by itself, says how to go on, and leaves the task as it is", async () => {
    const home = (env as unknown as { OWN_TASK_HOME: DurableObjectNamespace }).OWN_TASK_HOME;
    const handler = requestHandler({ card: probe.card, homes: "own" }, { ...(env as unknown as HandlerEnv), TASK_HOME: home });
    const context = { principal: LOCAL_PRINCIPAL };
    const lines = await handler.sendStreamingMessage({ message: message("x", "question") as never }, context);
    const text = await new Response(lines).text();
    const [first, ...rest] = text.trim().split("\n");
    expect(rest.at(-1)).toMatch(/^#.*Last-Event-ID/);
    const { task } = JSON.parse(first?.replace(/^\d+ /, "") ?? "") as Sent;
    expect(JSON.parse(await handler.getTask({ id: task.id }, context))).toMatchObject({ status: { state: "TASK_STATE_INPUT_REQUIRED" } });
  });
});

describe("a place to go on from", () => {
  it("before the first event is the beginning: the task as it was made, then all that came", async () => {
    const whole = await read(await stream("3", "count"));
    const id = whole[0]?.data.task?.id;
    expect(await read(await http("GET", `/tasks/${id}:subscribe`, undefined, since(0)))).toEqual(whole);
  });

  it("is refused when the task has no such event, and the answer says what it has", async () => {
    const { task } = (await value(await rpc("SendMessage", { message: message("x", "question") }))) as Sent;
    for (const [last, says] of [
      ["9999", "must be the id of an event"],
      ["x", "must be the id"],
      ["-1", "must be the id"],
      ["1.5", "must be the id"],
    ])
      expect(
        await value(await http("GET", `/tasks/${task.id}:subscribe`, undefined, { ...VERSION, "Last-Event-ID": last ?? "" })),
      ).toMatchObject({
        fields: [{ field: "Last-Event-ID", description: expect.stringContaining(says ?? "") }],
      });
  });

  it("that is the end of an ended task is told that it is over, so that a browser stops asking", async () => {
    const whole = await read(await stream("x", "echo"));
    const answer = await http("GET", `/tasks/${whole[0]?.data.task?.id}:subscribe`, undefined, since(whole.at(-1)?.id ?? 0));
    expect(answer.status).toBe(400);
    expect(await value(answer)).toMatchObject({ reason: "UNSUPPORTED_OPERATION" });
  });

  it("of somebody else's task tells nothing of it", async () => {
    const { task } = (await value(await http("POST", "/acme/message:send", { message: message("x", "question") }))) as Sent;
    expect(await value(await http("GET", `/tasks/${task.id}:subscribe`, undefined, since(1)))).toMatchObject({ reason: "TASK_NOT_FOUND" });
  });
});

describe("many subscribers of one task", () => {
  it("all get all events in order, whenever they came", async () => {
    const name = crypto.randomUUID();
    const { task } = (await value(
      await rpc("SendMessage", { message: message(name, "wait"), configuration: { returnImmediately: true } }),
    )) as Sent;
    const streams = await Promise.all(Array.from({ length: 50 }, () => http("GET", `/tasks/${task.id}:subscribe`)));
    opened.add(name);
    const seen = await Promise.all(streams.map((response) => read(response)));
    for (const events of seen) expect(events).toEqual(seen[0]);
    expect(JSON.stringify(seen[0]?.at(-1))).toContain("TASK_STATE_COMPLETED");
  });
});
