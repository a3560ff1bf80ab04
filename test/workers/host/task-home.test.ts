import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../../shared/auth/principal.ts";
import type { StartRequest, TaskHomeApi, TaskReply } from "../../../shared/host/api.ts";
import type { Message, Task } from "../../../shared/task/a2a-types.ts";
import { digest } from "../../../shared/task/digest.ts";
import { findTask, placeTask } from "../../../shared/task/home.ts";
import { opened, reached, runs } from "../probe-agent.ts";

const owner = principalKey(LOCAL_PRINCIPAL);
const { TASK_HOME, OWN_TASK_HOME } = env as unknown as Record<"TASK_HOME" | "OWN_TASK_HOME", DurableObjectNamespace>;
let made = 0;

function message(text: string, more: Partial<Message> = {}): Message {
  made += 1;
  return { messageId: `m-${made}`, role: "ROLE_USER", parts: [{ text }], ...more };
}

/** A home whose every call goes through a stub of its own: a stub is broken for good once its object was lost. */
function homeApi(namespace: DurableObjectNamespace, name: string): TaskHomeApi {
  const call =
    (method: string | symbol) =>
    (...values: unknown[]) => {
      const stub = namespace.getByName(name) as unknown as Record<string | symbol, (...values: unknown[]) => unknown>;
      return stub[method]?.(...values);
    };
  return new Proxy({} as TaskHomeApi, { get: (_target, method) => call(method) });
}

/** A new task's home and request. */
function newTask(skill: string, text: string): { home: TaskHomeApi; name: string; request: StartRequest } {
  made += 1;
  const { taskId, home } = placeTask(owner, "shared", { random: `random${made}` });
  const request = { taskId, contextId: `context-${made}`, principal: LOCAL_PRINCIPAL, message: message(text), skill };
  return { home: homeApi(TASK_HOME, home), name: home, request };
}

const BLOCKING = { blocking: true };
const AT_ONCE = { blocking: false };

function taskOf(reply: TaskReply): Task {
  if (!reply.ok) throw new Error(`refused: ${JSON.stringify(reply.refusal)}`);
  return JSON.parse(reply.task) as Task;
}

async function linesOf(stream: ReadableStream<Uint8Array>): Promise<{ seq: number; event: Record<string, never> }[]> {
  const text = await new Response(stream).text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ seq: Number(line.slice(0, line.indexOf(" "))), event: JSON.parse(line.slice(line.indexOf(" ") + 1)) }));
}

/** Ends an object as a crash does, whatever it is doing. An eviction would wait for it. */
async function lose(name: string): Promise<void> {
  await runInDurableObject(TASK_HOME.getByName(name), (_home, state) => state.abort("lost")).catch(() => {});
}

beforeEach(() => {
  runs.clear();
  opened.clear();
  reached.clear();
});

describe("a task", () => {
  it("completes within its request, with artifacts and history", async () => {
    const { home, request } = newTask("echo", "hello");
    const task = taskOf(await home.start(request, BLOCKING));
    expect(task).toMatchObject({
      id: request.taskId,
      status: { state: "TASK_STATE_COMPLETED" },
      artifacts: [{ parts: [{ text: "hello" }] }],
    });
    expect(task.history).toHaveLength(1);
  });

  it("is the same after an eviction", async () => {
    const { home, name, request } = newTask("chunks", "x");
    const before = taskOf(await home.start(request, BLOCKING));
    await evictDurableObject(TASK_HOME.getByName(name));
    expect(taskOf(await home.get(request.taskId, { artifacts: true }))).toEqual(before);
    expect(before.artifacts).toEqual([{ artifactId: "words", parts: [{ text: "one" }, { text: "two" }, { text: "three" }] }]);
  });

  it("leaves nothing owed and one row when it needs nothing from the world", async () => {
    const { home, name, request } = newTask("echo", "hello");
    await home.start(request, BLOCKING);
    await runInDurableObject(TASK_HOME.getByName(name), async (_home, state) => {
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'owed'").toArray()).toEqual([]);
      expect(state.storage.sql.exec("SELECT seq, part FROM log WHERE task = ?", request.taskId).toArray()).toEqual([{ seq: 3, part: 0 }]);
    });
  });

  it("goes on after its answer was given without waiting", async () => {
    const { home, request } = newTask("wait", "later");
    expect(taskOf(await home.start(request, AT_ONCE)).status.state).toBe("TASK_STATE_WORKING");
    opened.add("later");
    await vi.waitFor(async () =>
      expect(taskOf(await home.get(request.taskId, { artifacts: true })).status.state).toBe("TASK_STATE_COMPLETED"),
    );
  });

  it("stores a message larger than a row", async () => {
    const { home, name, request } = newTask("echo", "ä".repeat(3_000_000));
    await home.start(request, BLOCKING);
    await evictDurableObject(TASK_HOME.getByName(name));
    const task = taskOf(await home.get(request.taskId, { artifacts: true }));
    expect(task.artifacts?.[0]?.parts[0]?.text).toHaveLength(3_000_000);
  });

  it("loses no half of a character where a row ends", async () => {
    for (const before of ["", "x"]) {
      const { home, name, request } = newTask("echo", before + "\u{1F600}".repeat(300_000));
      await home.start(request, BLOCKING);
      await evictDurableObject(TASK_HOME.getByName(name));
      const task = taskOf(await home.get(request.taskId, { artifacts: true }));
      expect(task.artifacts?.[0]?.parts[0]?.text === request.message.parts[0]?.text).toBe(true);
    }
  });

  it("answers without the oldest messages when all of them are too many for one answer", async () => {
    const { home, request } = newTask("question", "long");
    await home.start(request, BLOCKING);
    await home.message({ taskId: request.taskId, message: message("a".repeat(5_000_000)) }, BLOCKING);
    const task = taskOf(await home.message({ taskId: request.taskId, message: message("1969") }, BLOCKING));
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
    expect(task.history?.map(({ parts }) => parts[0]?.text)).toEqual(["1969"]);
  });

  it("keeps its fold short: a head is stored every 64 entries", async () => {
    const { home, name, request } = newTask("count", "1000");
    const before = taskOf(await home.start(request, BLOCKING));
    await evictDurableObject(TASK_HOME.getByName(name));
    expect(taskOf(await home.get(request.taskId, { artifacts: true }))).toEqual(before);
    await runInDurableObject(TASK_HOME.getByName(name), async (_home, state) => {
      const { last, head } = state.storage.sql
        .exec<{ last: number; head: number }>(
          "SELECT MAX(seq) AS last, MAX(CASE WHEN part = -1 THEN seq END) AS head FROM log WHERE task = ?",
          request.taskId,
        )
        .one();
      expect(last - head).toBeLessThan(64);
    });
  });
});

describe("a failing skill", () => {
  it("fails its task without telling what it threw", async () => {
    const { home, request } = newTask("throws", "x");
    const task = taskOf(await home.start(request, BLOCKING));
    expect(task.status.state).toBe("TASK_STATE_FAILED");
    expect(JSON.stringify(task)).not.toContain("hunter2");
  });

  it("fails its task when it returns no outcome, and says what is missing", async () => {
    const { home, request } = newTask("nonsense", "x");
    expect(taskOf(await home.start(request, BLOCKING)).status).toMatchObject({
      state: "TASK_STATE_FAILED",
      message: { parts: [{ text: expect.stringContaining("must return completed") }] },
    });
  });

  it("is stopped when it takes longer than it may", async () => {
    const { request } = newTask("hang", "x");
    const home = homeApi(OWN_TASK_HOME, `${owner}:o-hang`);
    expect(taskOf(await home.start(request, BLOCKING)).status).toMatchObject({
      state: "TASK_STATE_FAILED",
      message: { parts: [{ text: expect.stringContaining("took longer than 0.4 s") }] },
    });
  });
});

describe("a question", () => {
  it("pauses the task and goes on with the answer", async () => {
    const { home, request } = newTask("question", "q1");
    expect(taskOf(await home.start(request, BLOCKING)).status).toMatchObject({
      state: "TASK_STATE_INPUT_REQUIRED",
      message: { parts: [{ text: "Which place?" }] },
    });
    const second = taskOf(await home.message({ taskId: request.taskId, message: message("Lisbon") }, BLOCKING));
    expect(second.status.message?.parts[0]?.text).toBe("Which year?");
    const last = taskOf(await home.message({ taskId: request.taskId, message: message("1969") }, BLOCKING));
    expect(last.artifacts?.[0]?.parts[0]?.text).toBe("1 Lisbon 1969");
    expect(last.history?.map(({ parts }) => parts[0]?.text)).toEqual(["q1", "Which place?", "Lisbon", "Which year?", "1969"]);
  });

  it("survives an eviction without repeating what was done before it", async () => {
    const { home, name, request } = newTask("question", "q2");
    await home.start(request, BLOCKING);
    await evictDurableObject(TASK_HOME.getByName(name));
    await home.message({ taskId: request.taskId, message: message("Lisbon") }, BLOCKING);
    await evictDurableObject(TASK_HOME.getByName(name));
    const task = taskOf(await home.message({ taskId: request.taskId, message: message("1969") }, BLOCKING));
    expect(task.artifacts?.[0]?.parts[0]?.text).toBe("1 Lisbon 1969");
    expect(runs.get("q2:before")).toBe(1);
  });

  it("does not count the wait for a person against the skill's time", async () => {
    const { request } = newTask("question", "q3");
    const home = homeApi(OWN_TASK_HOME, `${owner}:o-q3`);
    await home.start(request, BLOCKING);
    await scheduler.wait(600);
    expect(taskOf(await home.get(request.taskId, { artifacts: false })).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
  });

  it("takes one answer for one key, and refuses other content under it", async () => {
    const { home, request } = newTask("question", "q4");
    await home.start(request, BLOCKING);
    const answer = { taskId: request.taskId, message: message("Lisbon"), key: "k", digest: "d" };
    await home.message(answer, BLOCKING);
    expect(taskOf(await home.message(answer, BLOCKING)).status.message?.parts[0]?.text).toBe("Which year?");
    expect(await home.message({ ...answer, digest: "other" }, BLOCKING)).toMatchObject({ ok: false, refusal: { code: "key-reused" } });
  });
});

describe("several questions at a time", () => {
  const shown = (task: Task) => task.status.message?.parts[0]?.text;

  it("are put one after the other, and each answer settles the one that was shown", async () => {
    const { home, request } = newTask("both", "x");
    expect(shown(taskOf(await home.start(request, BLOCKING)))).toBe("First?");
    const second = taskOf(await home.message({ taskId: request.taskId, message: message("one") }, BLOCKING));
    expect([second.status.state, shown(second)]).toEqual(["TASK_STATE_INPUT_REQUIRED", "Second?"]);
    const last = taskOf(await home.message({ taskId: request.taskId, message: message("two") }, BLOCKING));
    expect(last.artifacts?.[0]?.parts[0]?.text).toBe("one and two");
  });

  it("keep their answers when the object is lost between them", async () => {
    const { home, name, request } = newTask("both", "x");
    await home.start(request, BLOCKING);
    await lose(name);
    await home.message({ taskId: request.taskId, message: message("one") }, BLOCKING);
    await lose(name);
    const last = taskOf(await home.message({ taskId: request.taskId, message: message("two") }, BLOCKING));
    expect(last.artifacts?.[0]?.parts[0]?.text).toBe("one and two");
  });

  it("get the answer to their own words, whatever the order in which a later run asks them", async () => {
    const { home, name, request } = newTask("branches", "x");
    expect(shown(taskOf(await home.start(request, BLOCKING)))).toBe("fast?");
    await vi.waitFor(() =>
      runInDurableObject(TASK_HOME.getByName(name), (_home, { storage }) =>
        expect(storage.sql.exec("SELECT 1 FROM log WHERE task = ? AND instr(body, 'slow?') > 0", request.taskId).toArray()).toHaveLength(1),
      ),
    );
    await home.message({ taskId: request.taskId, message: message("yes-to-fast") }, BLOCKING);
    await lose(name);
    const last = taskOf(await home.message({ taskId: request.taskId, message: message("no-to-slow") }, BLOCKING));
    expect(last.artifacts?.[0]?.parts[0]?.text).toBe("slow=no-to-slow fast=yes-to-fast");
  });

  it("leave a task at work in memory, however many others only wait beside it", async () => {
    const busy = newTask("crowd", "busy");
    await busy.home.start(busy.request, AT_ONCE);
    await vi.waitFor(() => expect(reached.has("busy")).toBe(true));
    for (let index = 0; index < 520; index++) {
      const { request } = newTask("question", "crowd");
      await busy.home.start(request, BLOCKING);
    }
    await busy.home.message({ taskId: busy.request.taskId, message: message("well") }, AT_ONCE);
    opened.add("busy");
    await vi.waitFor(async () =>
      expect(taskOf(await busy.home.get(busy.request.taskId, { artifacts: true })).artifacts?.[0]?.parts[0]?.text).toBe("well worked"),
    );
    expect(runs.get("busy:work")).toBe(1);
  });
});

describe("a lost object", () => {
  it("goes on from its last step when it is touched, and does no step twice", async () => {
    const { home, name, request } = newTask("steps", "s1");
    await home.start(request, AT_ONCE);
    await vi.waitFor(() => expect(reached.has("s1")).toBe(true));
    reached.delete("s1");
    await lose(name);
    await home.get(request.taskId, { artifacts: true });
    await vi.waitFor(() => expect(reached.has("s1")).toBe(true));
    opened.add("s1");
    await vi.waitFor(async () => {
      const task = taskOf(await home.get(request.taskId, { artifacts: true }));
      expect(task.artifacts?.[0]?.parts[0]?.text).toBe(`first of ${request.taskId}, then 1`);
    });
    expect(runs.get("s1:first")).toBe(1);
  });

  it("goes on by its alarm when nobody touches it", async () => {
    const { home, name, request } = newTask("steps", "s2");
    await home.start(request, AT_ONCE);
    await vi.waitFor(() => expect(reached.has("s2")).toBe(true));
    reached.delete("s2");
    await lose(name);
    expect(await runDurableObjectAlarm(TASK_HOME.getByName(name))).toBe(true);
    await vi.waitFor(() => expect(reached.has("s2")).toBe(true));
  });

  it("gives a task up that loses its object again and again without getting further", async () => {
    const { home, name, request } = newTask("doomed", "d1");
    await home.start(request, AT_ONCE);
    for (let times = 0; times < 5; times++) {
      await lose(name);
      await home.get(request.taskId, { artifacts: false });
    }
    await lose(name);
    expect(taskOf(await home.get(request.taskId, { artifacts: false })).status).toMatchObject({
      state: "TASK_STATE_FAILED",
      message: { parts: [{ text: expect.stringContaining("stopped 5 times") }] },
    });
    expect(runs.get("d1:began")).toBe(6);
  });
});

describe("cancel", () => {
  it("aborts the run and cannot be done twice", async () => {
    const { home, request } = newTask("wait", "c1");
    await home.start(request, AT_ONCE);
    expect(taskOf(await home.cancel(request.taskId, message("stop"))).status.state).toBe("TASK_STATE_CANCELED");
    await vi.waitFor(() => expect(runs.get("c1:aborted")).toBe(1));
    expect(await home.cancel(request.taskId, message("stop"))).toMatchObject({ ok: false, refusal: { code: "not-cancelable" } });
    await scheduler.wait(20);
    expect(taskOf(await home.get(request.taskId, { artifacts: true })).status.state).toBe("TASK_STATE_CANCELED");
  });

  it("leaves the neighbours in the same home alone", async () => {
    const one = newTask("wait", "n1");
    const two = { ...newTask("wait", "n2"), home: one.home };
    await one.home.start(one.request, AT_ONCE);
    await two.home.start(two.request, AT_ONCE);
    await one.home.cancel(one.request.taskId, message("stop"));
    opened.add("n2");
    await vi.waitFor(async () =>
      expect(taskOf(await two.home.get(two.request.taskId, { artifacts: true })).status.state).toBe("TASK_STATE_COMPLETED"),
    );
  });
});

describe("a stream", () => {
  it("begins with the task as it was made and carries every event in order, for every subscriber alike", async () => {
    const { home, request } = newTask("chunks", "x");
    const reply = await home.startStream(request, BLOCKING);
    if (!reply.ok) throw new Error("refused");
    const lines = await linesOf(reply.stream);
    expect(lines.map(({ event }) => Object.keys(event)[0])).toEqual([
      "task",
      "artifactUpdate",
      "artifactUpdate",
      "artifactUpdate",
      "statusUpdate",
    ]);
    const replay = await home.subscribe(request.taskId, 1);
    if (!replay.ok) throw new Error("refused");
    expect(await linesOf(replay.stream)).toEqual(lines.slice(1));
  });

  it("stays open through a question and closes at the end", async () => {
    const { home, request } = newTask("question", "st");
    await home.start(request, BLOCKING);
    const reply = await home.subscribe(request.taskId);
    if (!reply.ok) throw new Error("refused");
    const reading = linesOf(reply.stream);
    await home.message({ taskId: request.taskId, message: message("Lisbon") }, BLOCKING);
    await home.message({ taskId: request.taskId, message: message("1969") }, BLOCKING);
    const states = (await reading).map(
      ({ event }) => (event as never as { statusUpdate?: { status: { state: string } } }).statusUpdate?.status.state,
    );
    expect(states.at(-1)).toBe("TASK_STATE_COMPLETED");
  });

  it("may be closed without touching the task", async () => {
    const { home, request } = newTask("wait", "closing");
    const reply = await home.startStream(request, BLOCKING);
    if (!reply.ok) throw new Error("refused");
    await reply.stream.cancel();
    opened.add("closing");
    await vi.waitFor(async () =>
      expect(taskOf(await home.get(request.taskId, { artifacts: true })).status.state).toBe("TASK_STATE_COMPLETED"),
    );
  });
});

describe("a delegate call", () => {
  it("goes over the wire and is a value when it fails", async () => {
    const { home, request } = newTask("fan", "echo,throws,chunks");
    const task = taskOf(await home.start(request, BLOCKING));
    expect(JSON.parse(task.artifacts?.[0]?.parts[0]?.text ?? "")).toEqual(["echo", "failed", "one\n\ntwo\n\nthree"]);
  });

  it("is made once, however often its caller is started again", async () => {
    const { home, name, request } = newTask("fan", "wait");
    await home.start(request, AT_ONCE);
    await vi.waitFor(() => expect(reached.has("wait")).toBe(true));
    await lose(name);
    await home.get(request.taskId, { artifacts: true });
    await scheduler.wait(50);
    opened.add("wait");
    await vi.waitFor(async () =>
      expect(taskOf(await home.get(request.taskId, { artifacts: true })).status.state).toBe("TASK_STATE_COMPLETED"),
    );
    const call = `peer/wait:${digest(JSON.stringify([{ text: "wait" }]))}:1`;
    const key = `${request.taskId}/delegate:${call}`;
    const { home: child } = placeTask(owner, "shared", { key, random: "" });
    await runInDurableObject(TASK_HOME.getByName(child), async (_home, state) => {
      const rows = state.storage.sql
        .exec("SELECT COUNT(DISTINCT task) AS tasks FROM log WHERE instr(body, ?) > 0", `"messageId":"${key}"`)
        .one();
      expect(rows).toEqual({ tasks: 1 });
    });
  });

  it("carries the callee's question up and the answer down to exactly the task that asked", async () => {
    const { home, request } = newTask("fan", "question");
    const asked = taskOf(await home.start(request, BLOCKING));
    expect(asked.status).toMatchObject({ state: "TASK_STATE_INPUT_REQUIRED", message: { parts: [{ text: "Which place?" }] } });
    await home.message({ taskId: request.taskId, message: message("Lisbon") }, BLOCKING);
    const task = taskOf(await home.message({ taskId: request.taskId, message: message("1969") }, BLOCKING));
    expect(task.artifacts?.[0]?.parts[0]?.text).toContain("Lisbon 1969");
  });

  it("begins nothing once its caller is canceled", async () => {
    const { home, request } = newTask("fan", "wait");
    await home.start(request, AT_ONCE);
    await vi.waitFor(() => expect(reached.has("wait")).toBe(true));
    reached.clear();
    const other = newTask("late", "x");
    await other.home.start(other.request, AT_ONCE);
    await other.home.cancel(other.request.taskId, message("stop"));
    opened.add("late");
    await scheduler.wait(50);
    expect(reached.has("wait")).toBe(false);
    await home.cancel(request.taskId, message("stop"));
  });

  it("is canceled with its caller", async () => {
    const { home, request } = newTask("fan", "wait");
    reached.delete("wait");
    await home.start(request, AT_ONCE);
    await vi.waitFor(() => expect(reached.has("wait")).toBe(true));
    await home.cancel(request.taskId, message("stop"));
    await vi.waitFor(() => expect(runs.get("wait:aborted")).toBe(1));
  });
});

it("finds nothing under an id that is made up or another's", () => {
  const { taskId } = placeTask(owner, "shared", { random: "abc" });
  expect(findTask(owner, taskId)).toBeDefined();
  expect(findTask("someone/else/entirely", taskId)).toBeUndefined();
  expect(findTask(owner, `${taskId}x`)).toBeUndefined();
});
