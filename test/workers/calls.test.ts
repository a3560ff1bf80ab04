import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import type { TaskHomeApi } from "../../shared/host/api.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import { digest } from "../../shared/task/digest.ts";
import { placeTask } from "../../shared/task/home.ts";
import { opened, reached, runs } from "./probe-agent.ts";
import { message, rpc } from "./wire.ts";

// Calls to another agent, with the caller or the callee lost in the middle. The callers have objects of their own.

const owner = principalKey(LOCAL_PRINCIPAL);
const { TASK_HOME, PATIENT_TASK_HOME } = env as unknown as Record<"TASK_HOME" | "PATIENT_TASK_HOME", DurableObjectNamespace>;
let made = 0;

/** A task that calls a skill of the peer once, and where both of them live. A patient one soon asks only when it is told to. */
async function calling(skill: string, { patient = true } = {}) {
  made += 1;
  const from = patient ? PATIENT_TASK_HOME : TASK_HOME;
  const place = patient ? ({ random: `calls${made}` } as const) : { random: `calls${made}`, contextId: `calls${made}` };
  const { taskId, home } = placeTask(owner, patient ? "own" : "shared", place);
  const key = `${taskId}/delegate:peer/${skill}:${digest(JSON.stringify([{ text: skill }]))}:1`;
  const child = placeTask(owner, "shared", { key, random: "" });
  const api = () => from.getByName(home) as unknown as TaskHomeApi;
  const callee = () => TASK_HOME.getByName(child.home) as unknown as TaskHomeApi;
  const request = { taskId, contextId: `context-${made}`, principal: LOCAL_PRINCIPAL, message: message(skill, "fan"), skill: "fan" };
  await api().start(request as never, { blocking: false });
  await vi.waitFor(() => expect(reached.has(skill)).toBe(true));
  const read = async (from: TaskHomeApi, id: string) => {
    const reply = await from.get(id, { artifacts: true });
    if (!reply.ok) throw new Error(`refused: ${JSON.stringify(reply.refusal)}`);
    return JSON.parse(reply.task) as Task;
  };
  return {
    taskId,
    name: home,
    child: child.home,
    cancel: () => api().cancel(taskId, message("stop", "fan") as never),
    task: () => read(api(), taskId),
    called: () => read(callee(), child.taskId),
  };
}

type Calling = Awaited<ReturnType<typeof calling>>;

const ended = (read: () => Promise<Task>) =>
  vi.waitFor(
    async () => {
      const task = await read();
      expect(task.status.state).toMatch(/COMPLETED|FAILED|CANCELED|REJECTED/);
      return task;
    },
    { timeout: 10_000 },
  );

const textOf = (task: Task) => task.artifacts?.[0]?.parts[0]?.text ?? "";

/** Ends an object as a crash does, whatever it is doing. */
async function lose(namespace: DurableObjectNamespace, name: string): Promise<void> {
  await runInDurableObject(namespace.getByName(name), (_home, state) => state.abort("lost")).catch(() => {});
}

function rows(name: string, sql: string) {
  return runInDurableObject(PATIENT_TASK_HOME.getByName(name), (_home, state) => state.storage.sql.exec(sql).toArray());
}

/** Resolves when nobody is at work for the task, and only a row says that somebody will be. */
async function parked({ name }: Calling): Promise<void> {
  await vi.waitFor(async () => {
    expect(await rows(name, "SELECT kind FROM agenda")).toEqual([{ kind: "recheck" }]);
    expect(await rows(name, "SELECT task FROM owed")).toEqual([]);
  });
}

/** As if the time had come. */
async function ring({ name }: Calling): Promise<void> {
  await rows(name, "UPDATE agenda SET due = 0");
  await runDurableObjectAlarm(PATIENT_TASK_HOME.getByName(name));
}

beforeEach(() => {
  runs.clear();
  opened.clear();
  reached.clear();
});

describe("an answer that is lost", () => {
  it("is asked for again by its key, when the callee's object is lost at work", async () => {
    const call = await calling("wait", { patient: false });
    reached.delete("wait");
    await lose(TASK_HOME, call.child);
    await vi.waitFor(() => expect(reached.has("wait")).toBe(true), { timeout: 5_000 });
    opened.add("wait");
    expect(textOf(await ended(call.task))).toBe('["waited"]');
    expect((await call.called()).status.state).toBe("TASK_STATE_COMPLETED");
  });

  it("is asked for again by its key, when the caller's object is lost after the callee has ended", async () => {
    const call = await calling("wait", { patient: false });
    await lose(TASK_HOME, call.name);
    opened.add("wait");
    await ended(call.called);
    reached.delete("wait");
    expect(textOf(await ended(call.task))).toBe('["waited"]');
    // Nobody was made to work again.
    expect(reached.has("wait")).toBe(false);
  });
});

describe("a callee that takes long", () => {
  it("is waited for without anything in memory, and asked when the time has come", async () => {
    const call = await calling("wait");
    await parked(call);
    await evictDurableObject(PATIENT_TASK_HOME.getByName(call.name));
    expect((await call.task()).status.state).toBe("TASK_STATE_WORKING");
    opened.add("wait");
    await ended(call.called);
    // Reading it does not begin it again: it was not lost.
    await evictDurableObject(PATIENT_TASK_HOME.getByName(call.name));
    await ring(call);
    expect(textOf(await ended(call.task))).toBe('["waited"]');
    const [log] = await rows(call.name, "SELECT group_concat(body) AS log FROM log");
    expect(String(log?.["log"])).not.toContain('"resumed"');
  });

  it("is asked again and again without counting as lost, however often that is", async () => {
    const call = await calling("wait");
    for (let times = 0; times < 8; times++) {
      await parked(call);
      if (times % 2 === 0) await evictDurableObject(PATIENT_TASK_HOME.getByName(call.name));
      await ring(call);
    }
    opened.add("wait");
    await ended(call.called);
    await parked(call).catch(() => {});
    await ring(call);
    expect(textOf(await ended(call.task))).toBe('["waited"]');
  });

  it("is told to stop when its caller is canceled that has no run in memory", async () => {
    const call = await calling("wait");
    await parked(call);
    await evictDurableObject(PATIENT_TASK_HOME.getByName(call.name));
    await call.cancel();
    expect((await ended(call.called)).status.state).toBe("TASK_STATE_CANCELED");
    await vi.waitFor(() => expect(runs.get("wait:aborted")).toBe(1));
  });
});

describe("a canceled task", () => {
  it("tells its callee, also when its object is lost in that moment", async () => {
    const call = await calling("wait");
    await runInDurableObject(PATIENT_TASK_HOME.getByName(call.name), async (home, state) => {
      await (home as unknown as TaskHomeApi).cancel(call.taskId, message("stop", "fan") as never);
      await state.storage.sync();
      state.abort("lost");
    }).catch(() => {});
    expect((await call.task()).status.state).toBe("TASK_STATE_CANCELED");
    await ring(call);
    expect((await ended(call.called)).status.state).toBe("TASK_STATE_CANCELED");
    await vi.waitFor(async () => {
      const [log] = await rows(call.name, "SELECT group_concat(body) AS log FROM log");
      expect(String(log?.["log"])).toContain('"let-go"');
      expect(await rows(call.name, "SELECT kind FROM agenda")).toEqual([]);
    });
  });
});

describe("what is called off by its key", () => {
  const RESUME = "urn:skein:ext:resume:v1";
  const callOff = async (key: string, more: object = { cancel: true }) => {
    const response = await rpc("SendMessage", {
      message: message("off", "wait"),
      metadata: { [RESUME]: { idempotencyKey: key, ...more } },
    });
    return (await response.json()) as { result?: { task: Task }; error?: { code: number } };
  };
  const sendKeyed = async (text: string, skill: string, key: string, returnImmediately = false) => {
    const params = { message: message(text, skill), configuration: { returnImmediately } };
    const response = await rpc("SendMessage", params, { "A2A-Version": "1.0", "Idempotency-Key": key });
    return ((await response.json()) as { result: { task: Task } }).result.task;
  };

  it("never begins when it comes later", async () => {
    const { result } = await callOff("early");
    expect(result?.task).toMatchObject({
      status: { state: "TASK_STATE_CANCELED" },
      metadata: { [RESUME]: { arrived: false, settled: true } },
    });
    const late = await sendKeyed("early", "wait", "early");
    expect(late).toMatchObject({ id: result?.task.id, status: { state: "TASK_STATE_CANCELED" } });
    expect(reached.has("early")).toBe(false);
  });

  it("is canceled while it works, and the same when it is said again", async () => {
    const { id } = await sendKeyed("at-work", "wait", "at-work", true);
    const said = [await callOff("at-work"), await callOff("at-work")];
    for (const { result } of said)
      expect(result?.task).toMatchObject({ id, status: { state: "TASK_STATE_CANCELED" }, metadata: { [RESUME]: { arrived: true } } });
    await vi.waitFor(() => expect(runs.get("at-work:aborted")).toBe(1));
  });

  it("stays as it ended, when it had ended", async () => {
    const { id } = await sendKeyed("over", "echo", "over");
    expect((await callOff("over")).result?.task).toMatchObject({ id, status: { state: "TASK_STATE_COMPLETED" } });
  });

  it.each<[string, object, string]>([
    ["another word than true", { cancel: "yes" }, "bad"],
    ["no key", { cancel: true, idempotencyKey: undefined }, "none"],
  ])("is refused with %s, and nothing is made", async (_what, more, key) => {
    expect((await callOff(key, more)).error?.code).toBe(-32602);
  });
});
