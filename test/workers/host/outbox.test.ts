import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../../shared/auth/principal.ts";
import type { SealedPushConfig, StartRequest, TaskHomeApi, TaskReply } from "../../../shared/host/api.ts";
import type { Message, StreamResponse, Task } from "../../../shared/task/a2a-types.ts";
import { placeTask } from "../../../shared/task/home.ts";
import { type Hook, newHook } from "../hook.ts";
import { opened, reached } from "../probe-agent.ts";

// Deliveries from a real object to a real server. The homes of the tests give a config up after three failures, within a second.

const owner = principalKey(LOCAL_PRINCIPAL);
const { TASK_HOME, OWN_TASK_HOME } = env as unknown as Record<"TASK_HOME" | "OWN_TASK_HOME", DurableObjectNamespace>;
const BLOCKING = { blocking: true };
const AT_ONCE = { blocking: false };
const PUSH = "urn:skein:ext:push:v1";
let made = 0;

beforeEach(() => {
  opened.clear();
  reached.clear();
});

interface Begun {
  readonly home: TaskHomeApi;
  readonly stub: DurableObjectStub;
  readonly request: StartRequest;
}

/** A new task in a home of its own, or in that of another task. */
function newTask(skill: string, text: string, { push, beside }: { push?: SealedPushConfig; beside?: Begun } = {}): Begun {
  made += 1;
  const contextId = beside?.request.contextId ?? `push-${made}`;
  const { taskId, home: name } = placeTask(owner, "shared", { contextId, random: `push${made}` });
  const message: Message = { messageId: `m-${made}`, role: "ROLE_USER", parts: [{ text }] };
  const request = { taskId, contextId, principal: LOCAL_PRINCIPAL, message, skill, ...(push && { push }) };
  const stub = TASK_HOME.getByName(name);
  // A stub is broken for good once its object was lost, so each call has its own.
  const call =
    (method: string | symbol) =>
    (...values: unknown[]) =>
      (TASK_HOME.getByName(name) as unknown as Record<string | symbol, (...values: unknown[]) => unknown>)[method]?.(...values);
  return { home: new Proxy({} as TaskHomeApi, { get: (_target, method) => call(method) }), stub, request };
}

function taskOf(reply: TaskReply): Task {
  if (!reply.ok) throw new Error(`refused: ${JSON.stringify(reply.refusal)}`);
  return JSON.parse(reply.task) as Task;
}

async function begin(hook: Hook, skill: string, text: string, options: typeof BLOCKING = BLOCKING): Promise<Begun & { task: Task }> {
  const begun = newTask(skill, text, { push: { id: "one", url: hook.url } });
  return { ...begun, task: taskOf(await begun.home.start(begun.request, options)) };
}

async function eventsOf(stream: ReadableStream<Uint8Array>): Promise<StreamResponse[]> {
  const lines = (await new Response(stream).text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line.slice(line.indexOf(" ") + 1)) as StreamResponse);
}

async function lose({ request }: Begun): Promise<void> {
  const name = placeTask(owner, "shared", { contextId: request.contextId, random: "" }).home;
  await runInDurableObject(TASK_HOME.getByName(name), (_home, state) => state.abort("lost")).catch(() => {});
}

function stubOf({ request }: Begun): DurableObjectStub {
  return TASK_HOME.getByName(placeTask(owner, "shared", { contextId: request.contextId, random: "" }).home);
}

async function rowsOf(begun: Begun): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(stubOf(begun), (_home, { storage }) =>
    storage.sql.exec("SELECT * FROM push WHERE task = ?", begun.request.taskId).toArray(),
  );
}

async function getTask({ home, request }: Begun): Promise<Task> {
  return taskOf(await home.get(request.taskId, { artifacts: true }));
}

/** Nothing is left to be delivered for the task. */
function settled(begun: Begun): Promise<void> {
  return vi.waitFor(async () => expect((await rowsOf(begun)).filter(({ due }) => due !== null)).toEqual([]), { timeout: 8_000 });
}

const keys = (all: { headers: Record<string, string> }[]) => all.map(({ headers }) => headers["idempotency-key"]);

describe("a webhook", () => {
  it("is sent what a stream shows, in the same order, one event each", async () => {
    const hook = newHook();
    const begun = newTask("chunks", "x", { push: { url: hook.url } });
    const reply = await begun.home.startStream(begun.request, AT_ONCE);
    if (!reply.ok) throw new Error("refused");
    const [, ...shown] = await eventsOf(reply.stream);
    const delivered = await hook.received(shown.length);
    expect(delivered.map(({ body }) => body)).toEqual(shown);
    expect(new Set(keys(delivered)).size).toBe(shown.length);
    expect(delivered[0]?.headers).toMatchObject({ "content-type": "application/a2a+json", "a2a-version": "1.0" });
    await settled(begun);
  });

  it("hears of progress while the task goes on, and of its end when nobody waits for it", async () => {
    const hook = newHook();
    const begun = await begin(hook, "wait", "later", AT_ONCE);
    await hook.received(1);
    opened.add("later");
    const states = (await hook.received(3)).flatMap(({ body }) =>
      "statusUpdate" in body ? [(body["statusUpdate"] as never as { status: { state: string } }).status.state] : [],
    );
    expect(states).toEqual(["TASK_STATE_WORKING", "TASK_STATE_COMPLETED"]);
    await settled(begun);
  });

  it("hears only of what comes after its config was made", async () => {
    const hook = newHook();
    const begun = newTask("question", "later");
    await begun.home.start(begun.request, BLOCKING);
    await begun.home.setPush(begun.request.taskId, { url: hook.url });
    await begun.home.message(
      { taskId: begun.request.taskId, message: { messageId: "a", role: "ROLE_USER", parts: [{ text: "Lisbon" }] } },
      BLOCKING,
    );
    const [first] = await hook.received(1);
    expect(first?.body).toMatchObject({ statusUpdate: { status: { state: "TASK_STATE_WORKING" } } });
    const words = (await hook.received(2)).map(({ body }) => JSON.stringify(body)).join();
    expect(words).toContain("Which year?");
    expect(words).not.toContain("Which place?");
  });

  it("hears what follows the message its config came with, and a repeat of that message makes no second config", async () => {
    const hook = newHook();
    const begun = newTask("question", "inline");
    await begun.home.start(begun.request, BLOCKING);
    const answer = {
      taskId: begun.request.taskId,
      message: { messageId: "a", role: "ROLE_USER" as const, parts: [{ text: "Lisbon" }] },
      key: "k",
      digest: "d",
      push: { url: hook.url },
    };
    await begun.home.message(answer, BLOCKING);
    await begun.home.message(answer, BLOCKING);
    await hook.received(2);
    expect(await rowsOf(begun)).toHaveLength(1);
  });

  it("costs a task without one nothing: no table, no alarm", async () => {
    const begun = newTask("echo", "x");
    await begun.home.start(begun.request, BLOCKING);
    await runInDurableObject(stubOf(begun), async (_home, { storage }) => {
      expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'push%'").toArray()).toEqual([]);
      expect(await storage.getAlarm()).toBeNull();
    });
  });

  it("of an older protocol is sent the whole task, as that protocol writes it", async () => {
    const hook = newHook();
    const begun = newTask("echo", "hello", { push: { url: hook.url, protocolVersion: "0.3" } });
    await begun.home.start(begun.request, BLOCKING);
    await settled(begun);
    const delivered = await hook.received(1);
    expect(delivered.at(-1)?.headers["content-type"]).toBe("application/json");
    expect(delivered.at(-1)?.body).toMatchObject({
      kind: "task",
      id: begun.request.taskId,
      status: { state: "completed" },
      artifacts: [{ parts: [{ kind: "text", text: "hello" }] }],
    });
  });
});

describe("a webhook that fails", () => {
  it("is tried again, in order, and then told the rest", async () => {
    const hook = newHook();
    await hook.answers(500, 503, 204);
    const begun = await begin(hook, "chunks", "x");
    await settled(begun);
    const all = keys(await hook.delivered());
    expect(all.slice(0, 3)).toEqual([all[0], all[0], all[0]]);
    expect(new Set(all).size).toBe(all.length - 2);
    expect([...all].sort(bySequence)).toEqual(all);
    expect((await getTask(begun)).metadata?.[PUSH]).toBeUndefined();
  });

  it("is given up after so many failures in a row, and the task says so, also when it has ended", async () => {
    const hook = newHook();
    await hook.answers(500);
    const begun = await begin(hook, "echo", "x");
    await settled(begun);
    expect(keys(await hook.delivered())).toHaveLength(3);
    const { status, metadata } = await getTask(begun);
    expect(status.state).toBe("TASK_STATE_COMPLETED");
    expect(metadata).toMatchObject({
      [PUSH]: { stopped: [{ id: "one", attempts: 3, reason: "the webhook answered HTTP 500", at: expect.any(String) }] },
    });
    await evictDurableObject(stubOf(begun));
    expect((await getTask(begun)).metadata).toEqual(metadata);
  });

  it("is given up while the task goes on, and then left alone", async () => {
    const hook = newHook();
    await hook.answers(500);
    const begun = await begin(hook, "question", "x");
    await settled(begun);
    const { taskId } = begun.request;
    await begun.home.message({ taskId, message: { messageId: "a", role: "ROLE_USER", parts: [{ text: "Lisbon" }] } }, BLOCKING);
    await begun.home.message({ taskId, message: { messageId: "b", role: "ROLE_USER", parts: [{ text: "1969" }] } }, BLOCKING);
    const { status, metadata } = await getTask(begun);
    expect([status.state, metadata?.[PUSH]]).toEqual(["TASK_STATE_COMPLETED", expect.objectContaining({ stopped: expect.any(Array) })]);
    expect(await rowsOf(begun)).toMatchObject([{ stopped: 1, due: null }]);
    expect(keys(await hook.delivered())).toHaveLength(3);
  });

  it("and is set anew is told what comes from then on, and the task says no more that it was given up", async () => {
    const hook = newHook();
    await hook.answers(500);
    const begun = await begin(hook, "question", "x");
    await settled(begun);
    await hook.answers(200);
    await begun.home.setPush(begun.request.taskId, { id: "one", url: hook.url });
    await begun.home.message(
      { taskId: begun.request.taskId, message: { messageId: "a", role: "ROLE_USER", parts: [{ text: "Lisbon" }] } },
      BLOCKING,
    );
    expect(JSON.stringify((await hook.received(5)).slice(3))).toContain("Which year?");
    expect((await getTask(begun)).metadata?.[PUSH]).toBeUndefined();
  });

  it("says that it is gone for good, and is not asked twice", async () => {
    const hook = newHook();
    await hook.answers(410);
    const begun = await begin(hook, "echo", "x");
    await settled(begun);
    expect(await hook.delivered()).toHaveLength(1);
    expect(JSON.stringify((await getTask(begun)).metadata)).toContain("gone for good");
  });

  it("redirects, and nobody goes there", async () => {
    const [hook, elsewhere] = [newHook(), newHook()];
    await hook.answers({ status: 307, headers: { Location: elsewhere.url } });
    const begun = await begin(hook, "echo", "x");
    await settled(begun);
    expect(await elsewhere.delivered()).toEqual([]);
    expect(JSON.stringify((await getTask(begun)).metadata)).toContain("redirects are not followed");
  });

  it("asks for time, and is given it", async () => {
    const hook = newHook();
    await hook.answers({ status: 429, headers: { "Retry-After": "3600" } }, 204);
    const begun = await begin(hook, "echo", "x");
    await settled(begun);
    const [first, second] = await hook.received(2);
    // An hour was asked for, and these homes grant 400 ms.
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(350);
  });

  it("never answers, and holds up neither the task nor another webhook, nor those of its neighbours", async () => {
    const [mute, ready] = [newHook(), newHook()];
    await mute.answers(0);
    const begun = newTask("chunks", "x", { push: { id: "mute", url: mute.url } });
    const other = newTask("echo", "y", { beside: begun, push: { url: ready.url } });
    await begun.home.start(begun.request, AT_ONCE);
    for (const id of ["b", "c", "d", "e"]) await begun.home.setPush(begun.request.taskId, { id, url: mute.url });
    await other.home.start(other.request, BLOCKING);
    await ready.received(2);
    expect((await getTask(begun)).status.state).toBe("TASK_STATE_COMPLETED");
    await settled(begun);
    expect(JSON.stringify((await getTask(begun)).metadata)).toContain("gave no answer within 0.25 s");
  });

  it.each<[string, (begun: Begun, url: string) => Promise<unknown>]>([
    ["deleted", ({ home, request: { taskId } }) => home.deletePush(taskId, "one")],
    [
      "replaced by one that comes with a message",
      ({ home, request: { taskId } }, url) => {
        const message: Message = { messageId: "a", role: "ROLE_USER", parts: [{ text: "Lisbon" }] };
        return home.message({ taskId, message, push: { id: "one", url } }, BLOCKING);
      },
    ],
  ])("and is %s is no more said to be given up", async (_how, change) => {
    const hook = newHook();
    await hook.answers(500);
    const begun = await begin(hook, "question", "x");
    await settled(begun);
    expect((await getTask(begun)).metadata?.[PUSH]).toBeDefined();
    await hook.answers(200);
    await change(begun, hook.url);
    expect((await getTask(begun)).metadata?.[PUSH]).toBeUndefined();
  });
});

describe("a receiver with very many webhooks", () => {
  it("that answers none of them keeps nobody else from theirs", async () => {
    const [mute, ready] = [newHook(), newHook()];
    await mute.answers(0);
    // Another name of the same server is another origin.
    const url = mute.url.replace("127.0.0.1", "localhost");
    const first = newTask("echo", "0", { push: { url } });
    await first.home.start(first.request, BLOCKING);
    for (let index = 1; index < 30; index++) {
      const { home, request } = newTask("echo", `${index}`, { beside: first, push: { url } });
      await home.start(request, AT_ONCE);
    }
    const other = newTask("echo", "y", { beside: first, push: { url: ready.url } });
    await other.home.start(other.request, BLOCKING);
    await ready.received(2);
    expect((await mute.delivered()).length).toBeLessThan(30);
  });
});

describe("what is to be delivered", () => {
  it("outlives the object: one lost between a delivery and its record delivers again, and nothing is left out", async () => {
    const hook = newHook();
    await hook.answers(0, 204);
    const begun = await begin(hook, "chunks", "x");
    await hook.received(1);
    // The receiver has it, and nobody here knows that yet.
    await lose(begun);
    expect(await runDurableObjectAlarm(stubOf(begun))).toBe(true);
    await settled(begun);
    const all = keys(await hook.delivered());
    expect(all[1]).toBe(all[0]);
    expect(new Set(all).size).toBe(4);
    expect([...all].sort(bySequence)).toEqual(all);
  });

  it("is delivered by the alarm alone, after the task has ended and left memory", async () => {
    const hook = newHook();
    await hook.answers({ status: 503, headers: { "Retry-After": "1" } }, 204);
    const begun = await begin(hook, "echo", "x");
    await hook.received(1);
    await evictDurableObject(stubOf(begun));
    expect(await hook.received(3)).toHaveLength(3);
    await settled(begun);
  });

  it("shares its object's alarm with the work that is owed: neither puts off the other", async () => {
    const hook = newHook();
    await hook.answers({ status: 503, headers: { "Retry-After": "1" } }, 204);
    const begun = await begin(hook, "echo", "x");
    await hook.received(1);
    await lose(begun);
    const working = newTask("wait", "alarm", { beside: begun });
    await working.home.start(working.request, AT_ONCE);
    const at = await runInDurableObject(stubOf(begun), (_home, { storage }) => storage.getAlarm());
    const [{ due = 0 } = {}] = await rowsOf(begun);
    expect(Number(at)).toBeLessThanOrEqual(Number(due));
    opened.add("alarm");
    await settled(begun);
  });

  it("leaves no alarm behind in a home of one task", async () => {
    const hook = newHook();
    made += 1;
    const stub = OWN_TASK_HOME.getByName(`${owner}:o-push${made}`);
    const { request } = newTask("echo", "x", { push: { url: hook.url } });
    await (stub as unknown as TaskHomeApi).start(request, BLOCKING);
    await hook.received(2);
    await vi.waitFor(() => runInDurableObject(stub, async (_home, { storage }) => expect(await storage.getAlarm()).toBeNull()));
  });
});

describe("a config", () => {
  it("that is deleted is sent nothing more, not even what waits for it, and may be deleted again", async () => {
    const hook = newHook();
    await hook.answers({ status: 503, headers: { "Retry-After": "1" } });
    const begun = await begin(hook, "chunks", "x");
    await hook.received(1);
    const { taskId } = begun.request;
    expect(await begun.home.deletePush(taskId, "one")).toEqual({ ok: true });
    expect(await begun.home.deletePush(taskId, "one")).toEqual({ ok: true });
    expect(await begun.home.listPush(taskId)).toEqual({ ok: true, configs: [] });
    await runDurableObjectAlarm(stubOf(begun));
    expect(await hook.delivered()).toHaveLength(1);
  });

  it("that is deleted while a delivery is under way is not brought back by its end", async () => {
    const hook = newHook();
    await hook.answers(0);
    const begun = await begin(hook, "echo", "x");
    await hook.received(1);
    await begun.home.deletePush(begun.request.taskId, "one");
    await begun.home.setPush(begun.request.taskId, { id: "one", url: hook.url });
    await scheduler.wait(400);
    expect(await rowsOf(begun)).toMatchObject([{ attempts: 0, due: null, stopped: 0 }]);
  });

  it("takes the place of the one with its id, and sends to the new address", async () => {
    const [before, after] = [newHook(), newHook()];
    const begun = await begin(before, "question", "x");
    await before.received(1);
    await begun.home.setPush(begun.request.taskId, { id: "one", url: after.url });
    await begun.home.message(
      { taskId: begun.request.taskId, message: { messageId: "a", role: "ROLE_USER", parts: [{ text: "Lisbon" }] } },
      BLOCKING,
    );
    await after.received(2);
    await settled(begun);
    expect(await rowsOf(begun)).toHaveLength(1);
    expect((await before.delivered()).map(({ body }) => JSON.stringify(body)).join()).not.toContain("Which year?");
  });

  it("is one of at most ten of its task; the refusal says what to do, and an inline one leaves the message out", async () => {
    const begun = newTask("question", "x");
    const { taskId } = begun.request;
    await begun.home.start(begun.request, BLOCKING);
    const url = "http://127.0.0.1:9/";
    for (let n = 0; n < 10; n++) expect(await begun.home.setPush(taskId, { id: `${n}`, url })).toMatchObject({ ok: true });
    const refusal = { code: "config-invalid", description: expect.stringContaining("delete one") };
    expect(await begun.home.setPush(taskId, { url })).toMatchObject({ ok: false, refusal });
    expect(await begun.home.setPush(taskId, { id: "3", url })).toMatchObject({ ok: true });
    const message = { messageId: "a", role: "ROLE_USER" as const, parts: [{ text: "Lisbon" }] };
    expect(await begun.home.message({ taskId, message, push: { url } }, BLOCKING)).toMatchObject({ ok: false, refusal });
    expect((await getTask(begun)).status.message?.parts[0]?.text).toBe("Which place?");
  });

  it("whose address is not allowed any more is given up before anything is sent", async () => {
    const begun = newTask("echo", "x", { push: { id: "one", url: "https://192.168.0.1/hook" } });
    await begun.home.start(begun.request, BLOCKING);
    await settled(begun);
    expect(JSON.stringify((await getTask(begun)).metadata)).toContain("is at an address that must be");
  });

  it("whose secrets no key opens is given up, and says that, not what they are", async () => {
    const hook = newHook();
    const begun = newTask("echo", "x", { push: { id: "one", url: hook.url, scheme: "Bearer", secrets: "e30.e30.e30.e30.e30" } });
    await begun.home.start(begun.request, BLOCKING);
    await settled(begun);
    expect(await hook.delivered()).toEqual([]);
    expect(JSON.stringify((await getTask(begun)).metadata)).toContain("cannot be decrypted with the present SKEIN_SECRETS_KEY");
  });
});

function bySequence(one: string | undefined, other: string | undefined): number {
  return Number(one?.split("/")[1]) - Number(other?.split("/")[1]);
}
