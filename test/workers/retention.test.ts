/** Tasks whose time is over: what is deleted, what is kept, and what is left of it. Only the calendar is moved on; alarms are run by hand. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type A2ARequestHandler, type HandlerEnv, requestHandler } from "../../shared/a2a/handler.ts";
import { principalKey } from "../../shared/auth/principal.ts";
import type { TaskHomeApi } from "../../shared/host/api.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import type { LogEntry } from "../../shared/task/event.ts";
import { importedFrom } from "../../shared/task/fork.ts";
import { findTask, placeTask } from "../../shared/task/home.ts";
import probe, { forgets, forgotten } from "./probe-agent.ts";

const { TASK_HOME, TASK_INDEX, OWN_TASK_HOME } = env as unknown as HandlerEnv & { OWN_TASK_HOME: DurableObjectNamespace };
const DAY_MS = 24 * 3_600_000;
let callers = 0;
let messages = 0;

afterEach(() => {
  vi.useRealTimers();
  forgets.clear();
  forgotten.length = 0;
});

/** A caller nobody else is, whose tasks live in homes of one kind. */
function newCaller(homes: "shared" | "own" = "shared") {
  callers += 1;
  const principal = { tenant: "tests", app: "retention", subject: String(callers), scopes: ["call" as const] };
  const owner = principalKey(principal);
  const namespace = homes === "own" ? OWN_TASK_HOME : TASK_HOME;
  const handler: A2ARequestHandler = requestHandler({ card: probe.card, homes }, { ...env, TASK_HOME: namespace } as unknown as HandlerEnv);
  const send = async (skill: string, text: string, more: object = {}): Promise<Task> => {
    messages += 1;
    const metadata = { "urn:skein:ext:skill:v1": { skill } };
    const message = { messageId: `m-${messages}`, role: "ROLE_USER" as const, parts: [{ text }], metadata, ...more };
    return (JSON.parse(await handler.sendMessage({ message } as never, { principal })) as { task: Task }).task;
  };
  const list = async () => JSON.parse(await handler.listTasks({} as never, { principal })) as { tasks: Task[]; totalSize: number };
  const get = async (id: string) => JSON.parse(await handler.getTask({ id }, { principal })) as Task;
  const homeOf = (id: string) => namespace.getByName(findTask(owner, id)?.home ?? "");
  const index = TASK_INDEX.getByName(owner);
  return { principal, owner, send, list, get, homeOf, index };
}

function daysPass(days: number): void {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ["Date"], now: now + days * DAY_MS });
}

/** The names of what an object has stored, and when its alarm rings. */
async function storedIn(stub: DurableObjectStub): Promise<{ tables: string[]; alarm: number | null }> {
  return runInDurableObject(stub, async (_object, { storage }) => {
    const rows = storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray();
    return { tables: rows.map(({ name }) => name), alarm: await storage.getAlarm() };
  });
}

async function logOf(stub: DurableObjectStub, id: string): Promise<number> {
  return runInDurableObject(
    stub,
    async (_object, { storage: { sql } }) => sql.exec("SELECT 1 FROM log WHERE task = ?", id).toArray().length,
  );
}

describe("a task that has ended", () => {
  it("is there for the contract's time, and then it is gone: from its home, and from the list and its count", async () => {
    const { send, list, get, homeOf, index } = newCaller();
    const { id } = await send("echo", "hello", { contextId: "c" });
    const kept = await send("question", "where?", { contextId: "c" });
    await list();
    daysPass(29);
    await runDurableObjectAlarm(index);
    expect((await get(id)).status.state).toBe("TASK_STATE_COMPLETED");
    daysPass(2);
    await runDurableObjectAlarm(index);
    await expect(get(id)).rejects.toThrow("there is no task");
    expect(await logOf(homeOf(kept.id), id)).toBe(0);
    expect((await list()).tasks.map((task) => task.id)).toEqual([kept.id]);
    expect((await list()).totalSize).toBe(1);
  });

  it("elsewhere, and whose log was taken in here, is there for the contract's time from then on", async () => {
    const { principal, owner, get } = newCaller();
    const { taskId, home } = placeTask(owner, "shared", { contextId: "old", random: "takenin" });
    const at = Date.now() - 100 * DAY_MS;
    const message = { messageId: "m", role: "ROLE_USER" as const, parts: [{ text: "old" }] };
    const log: LogEntry[] = [
      { seq: 1, at, event: { type: "created", contextId: "old", principal, message, skill: "echo" } },
      { seq: 2, at, event: { type: "status", state: "TASK_STATE_COMPLETED" } },
    ];
    const taken = importedFrom(log, { id: taskId, principal, from: "elsewhere", now: Date.now() });
    if (!taken.ok) throw new Error(taken.refusal.code);
    const there = () => TASK_HOME.getByName(home) as unknown as TaskHomeApi;
    await there().adopt(taskId, taken.entries);
    expect(await there().retain([taskId])).toEqual([]);
    expect((await get(taskId)).status.state).toBe("TASK_STATE_COMPLETED");
    daysPass(31);
    expect(await there().retain([taskId])).toEqual([taskId]);
  });

  it("leaves nothing at all when it was its home's last, and none of the index when that has no other", async () => {
    for (const homes of ["shared", "own"] as const) {
      const { send, list, homeOf, index } = newCaller(homes);
      const { id } = await send("chunks", "x");
      await list();
      daysPass(31);
      // An index asks the homes of its own Worker; the other kind of home is asked as it would.
      if (homes === "own") expect(await (homeOf(id) as unknown as TaskHomeApi).retain([id])).toEqual([id]);
      await runDurableObjectAlarm(index);
      expect(await storedIn(homeOf(id))).toEqual({ tables: [], alarm: null });
      expect((await list()).tasks).toEqual([]);
      if (homes === "shared") expect(await storedIn(index)).toEqual({ tables: [], alarm: null });
      // Both can be begun anew.
      vi.useRealTimers();
      const again = await send("echo", "again");
      expect((await list()).tasks.map((task) => task.id)).toEqual([again.id]);
    }
  });

  it("is kept as long as its agent cannot forget what it keeps for it, and is asked for again", async () => {
    const { send, list, get, homeOf, index } = newCaller();
    const { id, contextId } = await send("echo", "hello");
    const { id: other } = await send("echo", "other", { contextId });
    await list();
    forgets.set(id, () => Promise.reject(new Error("not today")));
    daysPass(31);
    await runDurableObjectAlarm(index);
    expect((await get(id)).id).toBe(id);
    await expect(get(other)).rejects.toThrow("there is no task");
    forgets.clear();
    await runDurableObjectAlarm(index);
    await expect(get(id)).rejects.toThrow("there is no task");
    expect(forgotten.filter(({ taskId }) => taskId === id)).toHaveLength(2);
    expect(forgotten.at(-1)).toMatchObject({ taskId: id, contextId, principal: { app: "retention" } });
    expect((await storedIn(homeOf(id))).tables).toEqual([]);
  });

  it("of which the index was never told, because its object was lost, is found all the same", async () => {
    const { owner, send, get, index } = newCaller();
    const ids = [(await send("echo", "a", { contextId: "lost" })).id, (await send("echo", "b", { contextId: "lost" })).id];
    const home = () => TASK_HOME.getByName(findTask(owner, ids[0] ?? "")?.home ?? "");
    await runInDurableObject(home(), (_home, state) => state.abort("lost")).catch(() => {});
    daysPass(31);
    await runDurableObjectAlarm(index);
    for (const id of ids) await expect(get(id)).rejects.toThrow("there is no task");
  });
});

describe("a sweep", () => {
  it("deletes no task that waits or works, however long it does", async () => {
    const { send, list, index } = newCaller();
    const ids = [(await send("question", "where?")).id, (await send("question", "when?")).id];
    await list();
    daysPass(400);
    await runDurableObjectAlarm(index);
    expect((await list()).tasks.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect((await storedIn(index)).alarm).toBeGreaterThan(Date.now());
  });

  it("goes on where it stopped when there is more than it looks at, and comes to the end", async () => {
    const { owner, send, list, index } = newCaller();
    const { contextId } = await send("question", "where?");
    await list();
    // A row of a task that is not there, as a crash in the middle of a deletion leaves it, behind a thousand that wait.
    await runInDurableObject(index, async (_index, { storage: { sql } }) => {
      const insert = (from: number, to: number, name: string, state: string) =>
        sql.exec(
          `WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
           INSERT INTO tasks SELECT replace(?3, '#', i), ?5, ?4, i, '{}' FROM n`,
          from,
          to,
          name,
          state,
          contextId,
        );
      insert(1, 1_000, "waits-#-elsewhere", "TASK_STATE_INPUT_REQUIRED");
    });
    const lost = placeTask(owner, "shared", { contextId, random: "lost" });
    await runInDurableObject(index, async (_index, { storage: { sql } }) => {
      sql.exec("INSERT INTO tasks VALUES (?, ?, 'TASK_STATE_COMPLETED', 2000, '{}')", lost.taskId, contextId);
    });
    daysPass(31);
    await runDurableObjectAlarm(index);
    const ids = () =>
      runInDurableObject(index, async (_index, { storage: { sql } }) =>
        sql.exec<{ id: string }>("SELECT id FROM tasks WHERE at = 2000").toArray(),
      );
    expect(await ids()).toHaveLength(1);
    await evictDurableObject(index);
    await runDurableObjectAlarm(index);
    expect(await ids()).toEqual([]);
    expect((await storedIn(index)).tables).not.toContain("sweep");
  });

  it("believes the home, and not what the index has of a task: one that is not over stays in the list", async () => {
    const { send, list, index } = newCaller();
    const { id } = await send("echo", "hello");
    await list();
    await runInDurableObject(index, async (_index, { storage: { sql } }) => {
      sql.exec("UPDATE tasks SET at = 1 WHERE id = ?", id);
    });
    // The row is a month old, the task is not: what the home has counts.
    await runDurableObjectAlarm(index);
    expect((await list()).tasks.map((task) => task.id)).toEqual([id]);
  });
});

describe("a contract", () => {
  it("that only watches deletes nothing, and says what it would", async () => {
    const said = vi.spyOn(console, "info").mockImplementation(() => {});
    const { owner } = newCaller();
    const { WATCHED_TASK_HOME } = env as unknown as { WATCHED_TASK_HOME: DurableObjectNamespace };
    const { taskId, home } = placeTask(owner, "shared", { random: "watched" });
    const api = () => WATCHED_TASK_HOME.getByName(home) as unknown as TaskHomeApi;
    const principal = { tenant: "tests", app: "retention", subject: String(callers), scopes: ["call" as const] };
    const message = { messageId: "m", role: "ROLE_USER" as const, parts: [{ text: "hello" }] };
    await api().start({ taskId, contextId: "c", principal, message, skill: "echo" }, { blocking: true });
    daysPass(31);
    expect(await api().retain([taskId])).toEqual([]);
    expect(said.mock.calls.flat().join()).toContain(`task ${taskId} would be deleted`);
    said.mockRestore();
  });
});

describe("a fresh task", () => {
  it("costs no more rows for being deleted one day: its home has its log, and nothing for retention", async () => {
    for (const homes of ["shared", "own"] as const) {
      const { send, homeOf } = newCaller(homes);
      const { id } = await send("echo", "hello");
      const { tables, alarm } = await storedIn(homeOf(id));
      expect(tables.filter((name) => name !== "untold")).toEqual(["log"]);
      expect(alarm).toBeNull();
    }
  });
});
