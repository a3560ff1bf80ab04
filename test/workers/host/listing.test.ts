import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { type A2ARequestHandler, type HandlerEnv, requestHandler } from "../../../shared/a2a/handler.ts";
import { principalKey } from "../../../shared/auth/principal.ts";
import type { Listed, TaskHomeApi, TaskIndexApi } from "../../../shared/host/api.ts";
import { Listing } from "../../../shared/host/listing.ts";
import { LogStore } from "../../../shared/host/log-store.ts";
import type { Task } from "../../../shared/task/a2a-types.ts";
import { findTask } from "../../../shared/task/home.ts";
import probe from "../probe-agent.ts";

const handlerEnv = env as unknown as HandlerEnv;
let callers = 0;
let messages = 0;

/** A caller nobody else is, so that each test lists only what is its own. */
function newCaller() {
  callers += 1;
  const principal = { tenant: "tests", app: "listing", subject: String(callers), scopes: ["call" as const] };
  const handler: A2ARequestHandler = requestHandler({ card: probe.card, homes: "shared" }, handlerEnv);
  const send = async (skill: string, text: string, more: { contextId?: string } = {}): Promise<Task> => {
    messages += 1;
    const message = {
      messageId: `m-${messages}`,
      role: "ROLE_USER" as const,
      parts: [{ text }],
      metadata: { "urn:skein:ext:skill:v1": { skill } },
      ...more,
    };
    const reply = await handler.sendMessage({ message } as never, { principal });
    return (JSON.parse(reply) as { task: Task }).task;
  };
  const list = async (query: object = {}) =>
    JSON.parse(await handler.listTasks(query as never, { principal })) as {
      tasks: Task[];
      nextPageToken: string;
      pageSize: number;
      totalSize: number;
    };
  return { owner: principalKey(principal), send, list };
}

async function lose(owner: string, taskId: string): Promise<void> {
  const home = findTask(owner, taskId)?.home ?? "";
  await runInDurableObject(handlerEnv.TASK_HOME.getByName(home), (_home, state) => state.abort("lost")).catch(() => {});
}

describe("a list", () => {
  it("shows a task at once, newest status first", async () => {
    const { send, list } = newCaller();
    const ids: string[] = [];
    for (const text of ["a", "b", "c"]) ids.unshift((await send("echo", text)).id);
    const { tasks, totalSize, nextPageToken } = await list();
    expect(tasks.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(tasks.map(({ status }) => status.timestamp)).toEqual(
      tasks
        .map(({ status }) => status.timestamp)
        .sort()
        .reverse(),
    );
    expect({ totalSize, nextPageToken }).toEqual({ totalSize: 3, nextPageToken: "" });
  });

  it("shows only the caller's own", async () => {
    const [one, two] = [newCaller(), newCaller()];
    await one.send("echo", "mine");
    expect(await two.list()).toMatchObject({ tasks: [], totalSize: 0 });
  });

  it("goes through all pages without a gap or a repeat", async () => {
    const { send, list } = newCaller();
    const ids = new Set<string>();
    for (let index = 0; index < 7; index++) ids.add((await send("echo", String(index))).id);
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await list({ pageSize: 3, pageToken });
      seen.push(...page.tasks.map(({ id }) => id));
      pageToken = page.nextPageToken;
      expect(page.totalSize).toBe(7);
    } while (pageToken !== "");
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(ids);
  });

  it("filters by context, by state and by time, and counts what it filters", async () => {
    const { send, list } = newCaller();
    const first = await send("echo", "a", { contextId: "c1" });
    await scheduler.wait(5);
    const asking = await send("question", "b", { contextId: "c2" });
    expect((await list({ contextId: "c1" })).tasks.map(({ id }) => id)).toEqual([first.id]);
    expect(await list({ status: "TASK_STATE_INPUT_REQUIRED" })).toMatchObject({ tasks: [{ id: asking.id }], totalSize: 1 });
    expect(await list({ statusTimestampAfter: asking.status.timestamp })).toMatchObject({ tasks: [{ id: asking.id }], totalSize: 1 });
    expect(await list({ status: "TASK_STATE_FAILED" })).toMatchObject({ tasks: [], totalSize: 0 });
  });

  it("has artifacts only when asked for, and then always", async () => {
    const { send, list } = newCaller();
    await send("echo", "hello");
    expect((await list()).tasks[0]).not.toHaveProperty("artifacts");
    expect((await list({ includeArtifacts: true })).tasks[0]?.artifacts).toMatchObject([{ parts: [{ text: "hello" }] }]);
    await send("question", "x");
    expect((await list({ includeArtifacts: true, status: "TASK_STATE_INPUT_REQUIRED" })).tasks[0]?.artifacts).toEqual([]);
  });

  it("shows a task whose last words are long without them", async () => {
    const { send, list } = newCaller();
    const { id } = await send("wordy", "x");
    const { tasks } = await list();
    expect(tasks).toMatchObject([{ id, status: { state: "TASK_STATE_COMPLETED" } }]);
    expect(JSON.stringify(tasks).length).toBeLessThan(8_000);
  });

  it("has as much history as asked for", async () => {
    const { send, list } = newCaller();
    await send("question", "hello");
    expect((await list({ historyLength: 1 })).tasks[0]?.history).toHaveLength(1);
    expect((await list()).tasks[0]).not.toHaveProperty("history");
  });

  it("knows the tasks of a home that was lost before it told the index", async () => {
    const { owner, send, list } = newCaller();
    const tasks: Task[] = [];
    // The first marks the home as behind; the second is only in the batch that never leaves.
    for (const text of ["a", "b"]) tasks.push(await send("echo", text, { contextId: "lost" }));
    await lose(owner, tasks[0]?.id ?? "");
    const listed = await list();
    expect(listed.tasks.map(({ id }) => id).sort()).toEqual(tasks.map(({ id }) => id).sort());
    expect(listed.tasks.map(({ status }) => status.state)).toEqual(["TASK_STATE_COMPLETED", "TASK_STATE_COMPLETED"]);
  });

  it("knows a task again, once it is touched, of which the index was never told", async () => {
    const { owner, send, list } = newCaller();
    const { id } = await send("echo", "a", { contextId: "untold" });
    // What a crash leaves that comes after the log was stored and before the index heard of it.
    const home = findTask(owner, id)?.home ?? "";
    await runInDurableObject(handlerEnv.TASK_HOME.getByName(home), async (_home, state) => {
      // On a busy machine it may have been told meanwhile.
      state.storage.sql.exec("INSERT OR IGNORE INTO untold VALUES (?)", id);
      await state.storage.sync();
      state.abort("lost");
    }).catch(() => {});
    await runInDurableObject(handlerEnv.TASK_INDEX.getByName(owner), (_index, { storage }) => {
      storage.sql.exec("DELETE FROM tasks");
      storage.sql.exec("DELETE FROM behind");
    });
    await runInDurableObject(handlerEnv.TASK_INDEX.getByName(owner), (_index, state) => state.abort("lost")).catch(() => {});
    expect((await list()).tasks).toEqual([]);
    await (handlerEnv.TASK_HOME.getByName(home) as unknown as TaskHomeApi).cancel(id, { messageId: "m", role: "ROLE_USER", parts: [] });
    expect((await list()).tasks.map((task) => task.id)).toEqual([id]);
  });

  it("still knows them when the home's next life has told the index of something else first", async () => {
    const { owner, send, list } = newCaller();
    const tasks: Task[] = [];
    for (const text of ["a", "b"]) tasks.push(await send("echo", text, { contextId: "lost" }));
    await lose(owner, tasks[0]?.id ?? "");
    tasks.push(await send("echo", "c", { contextId: "lost" }));
    await scheduler.wait(700);
    expect((await list()).totalSize).toBe(3);
  });

  it("keeps the last word on a task, whichever of those before is on its way for long, and is lost or not", async () => {
    const { owner } = newCaller();
    const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
    for (const fails of [true, false])
      await runInDurableObject(handlerEnv.TASK_HOME.getByName(`${owner}:s0`), async (_home, { storage }) => {
        let now = { id: "s0-one", at: 1 } as Listed;
        let shown = 0;
        let puts = 0;
        const put = async (_from: string, rows: readonly Listed[]) => {
          puts += 1;
          if (puts === 1) await scheduler.wait(50);
          if (puts === 1 && fails) throw new Error("lost");
          for (const { at } of rows) shown = at;
        };
        const listing = new Listing({
          home: "home",
          index: () => ({ put }) as unknown as TaskIndexApi,
          store: new LogStore(storage.sql),
          render: () => now,
        });
        const first = listing.note(now, false);
        now = { ...now, at: 2 };
        void listing.note(now, true);
        await Promise.all([listing.flush(), first]);
        await listing.flush();
        expect(shown).toBe(2);
      });
    quiet.mockRestore();
  });

  it("knows a change soon of which an index that was lost did not take the first word", async () => {
    const { owner } = newCaller();
    const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
    await runInDurableObject(handlerEnv.TASK_HOME.getByName(`${owner}:s0`), async (_home, { storage }) => {
      const told: string[] = [];
      let losses = 2;
      const put = async (_from: string, rows: readonly Listed[]) => {
        if (losses-- > 0) throw new Error("lost");
        told.push(...rows.map(({ id }) => id));
      };
      const index = () => ({ put }) as unknown as TaskIndexApi;
      const row = { id: "s0-one" } as Listed;
      const listing = new Listing({ home: "home", index, store: new LogStore(storage.sql), render: () => row });
      await listing.note(row, true);
      await expect.poll(() => told, { timeout: 3_000 }).toEqual(["s0-one"]);
    });
    quiet.mockRestore();
  });
});
