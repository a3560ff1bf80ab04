/** A caller deletes a task: over HTTP, for good, and with what other agents had for it. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, principalKey, type Scope } from "../../shared/auth/principal.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import { findTask } from "../../shared/task/home.ts";
import type { TaskRecord } from "../../shared/task/record.ts";
import { forgets, forgotten } from "./probe-agent.ts";
import { http, message, rpc, type Sent, served, VERSION, value } from "./wire.ts";

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };
const owner = principalKey(LOCAL_PRINCIPAL);

afterEach(() => {
  vi.useRealTimers();
  forgets.clear();
  forgotten.length = 0;
});

async function newTask(skill: string, text = "hello", more: object = {}, headers: Record<string, string> = {}): Promise<Task> {
  const sent = (await value(await rpc("SendMessage", { message: message(text, skill, more) }, { ...VERSION, ...headers }))) as {
    task: Task;
  };
  return sent.task;
}

const remove = (id: string) => http("DELETE", `/tasks/${id}`);
const NOT_FOUND = { reason: "TASK_NOT_FOUND", fields: [] };

async function listed(): Promise<string[]> {
  const { tasks } = (await value(await rpc("ListTasks", { pageSize: 100 }))) as { tasks: Task[] };
  return tasks.map(({ id }) => id);
}

/** What its home has of a task, in any of its tables. */
async function tracesOf(id: string): Promise<string[]> {
  return runInDurableObject(TASK_HOME.getByName(findTask(owner, id)?.home ?? ""), async (_home, { storage: { sql } }) => {
    const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%task TEXT%'").toArray();
    return tables.map(({ name }) => name).filter((name) => sql.exec(`SELECT 1 FROM ${name} WHERE task = ?`, id).toArray().length > 0);
  });
}

describe("a task that was deleted", () => {
  it("is gone for every operation, and deleting it again says so", async () => {
    const { id } = await newTask("chunks");
    expect(await value(await remove(id))).toEqual({ deleted: id, elsewhere: [] });
    const gone = [
      await rpc("GetTask", { id }),
      await rpc("CancelTask", { id }),
      await rpc("SubscribeToTask", { id }),
      await rpc("SubscribeToTask", { id }, { ...VERSION, "Last-Event-ID": "1" }),
      await rpc("SendMessage", { message: message("more", "chunks", { taskId: id }) }),
      await remove(id),
    ];
    for (const answer of gone) expect(await value(answer)).toEqual(NOT_FOUND);
    expect((await http("GET", `/governance/tasks/${id}`)).status).toBe(404);
    expect((await remove(id)).status).toBe(404);
    expect(await listed()).not.toContain(id);
    expect(await tracesOf(id)).toEqual([]);
  });

  it("makes a new task when its Idempotency-Key is used again, whatever is sent with it", async () => {
    const key = { "Idempotency-Key": "used-again" };
    const first = await newTask("echo", "one", {}, key);
    await remove(first.id);
    const second = await newTask("echo", "two", {}, key);
    expect(second.artifacts?.[0]?.parts[0]?.text).toBe("two");
    expect(await listed()).toContain(second.id);
  });

  it("has left its neighbours in the same object alone", async () => {
    const [one, two] = [await newTask("echo", "1", { contextId: "near" }), await newTask("question", "2", { contextId: "near" })];
    await remove(one?.id ?? "");
    expect(await value(await rpc("GetTask", { id: two?.id }))).toMatchObject({
      id: two?.id,
      status: { state: "TASK_STATE_INPUT_REQUIRED" },
    });
    const { status } = await newTask("echo", "3", { contextId: "near" });
    expect(status.state).toBe("TASK_STATE_COMPLETED");
  });

  it("takes with it the tasks that other agents had for it", async () => {
    const { id, artifacts } = await newTask("fan", "echo,chunks");
    expect(artifacts?.[0]?.parts[0]?.text).toContain("echo");
    const before = await listed();
    const { elsewhere } = (await value(await remove(id))) as { elsewhere: { agent: string; taskId: string; outcome: string }[] };
    expect(elsewhere.map(({ agent, outcome }) => [agent, outcome])).toEqual([
      ["peer", "deleted"],
      ["peer", "deleted"],
    ]);
    expect(before).toEqual(expect.arrayContaining(elsewhere.map(({ taskId }) => taskId)));
    const after = await listed();
    for (const { taskId } of elsewhere) expect(after).not.toContain(taskId);
  });

  it("takes with it also those that were made for these, at the end of the chain too", async () => {
    const others = await listed();
    // Each calls the next, until the chain is as long as one may be.
    const { id } = await newTask("fan", "fan");
    await newTask("fan", "partial", { taskId: id });
    const made = (await listed()).length - others.length - 1;
    expect(made).toBeGreaterThan(1);
    expect(await value(await remove(id))).toMatchObject({ deleted: id, elsewhere: [{ outcome: "deleted" }] });
    expect((await listed()).sort()).toEqual(others.sort());
  });

  it("is what its agent was told to forget", async () => {
    const { id, contextId } = await newTask("echo");
    await remove(id);
    expect(forgotten).toMatchObject([{ taskId: id, contextId, principal: LOCAL_PRINCIPAL }]);
  });
});

describe("an operator", () => {
  /** Callers are who they say they are: `app scope`. */
  const at = served({}, {}, (request) => {
    const [tenant = "", app = "", scope = ""] = (request.headers.get("As") ?? "").split(" ");
    return { ok: true, principal: { tenant, app, subject: app, scopes: [scope as Scope] } };
  });

  it("deletes a task of somebody else's of the tenant, and nobody does without the scope", async () => {
    const caller = { ...VERSION, As: "operated desk call" };
    const { task } = (await value(await rpc("SendMessage", { message: message("x", "echo") }, caller, at))) as Sent;
    const path = `/operate/tasks/${task.id}?owner=desk/desk`;
    expect((await http("DELETE", path, undefined, { As: "operated olaf call" }, at)).status).toBe(403);
    expect((await http("DELETE", path, undefined, { As: "elsewhere olaf operate" }, at)).status).toBe(404);
    expect(await value(await http("DELETE", path, undefined, { As: "operated olaf operate" }, at))).toEqual({
      deleted: task.id,
      elsewhere: [],
    });
    expect(await value(await rpc("GetTask", { id: task.id }, caller, at))).toEqual(NOT_FOUND);
    expect((await http("DELETE", path, undefined, { As: "operated olaf operate" }, at)).status).toBe(404);
  });
});

describe("a deletion", () => {
  it.each(["question", "hang"])("of a task that has not ended is refused, and says to cancel it first (%s)", async (skill) => {
    const params = { message: message("x", skill), configuration: { returnImmediately: true } };
    const { task } = (await value(await rpc("SendMessage", params))) as Sent;
    const refused = await remove(task.id);
    expect(refused.status).toBe(400);
    expect(await refused.clone().text()).toContain("cancel it first");
    expect(await value(refused)).toMatchObject({ reason: "TASK_NOT_ENDED" });
    await rpc("CancelTask", { id: task.id });
    expect((await remove(task.id)).status).toBe(200);
  });

  it("of a task that another agent gave is refused while that may ask for it, and says with which one it goes", async () => {
    const { id } = await newTask("fan", "echo");
    const { calls, chain } = (await (await http("GET", `/governance/tasks/${id}`)).json()) as TaskRecord;
    const made = calls[0]?.task ?? "";
    expect(chain.root).toBe(id);
    const refused = await remove(made);
    expect(refused.status).toBe(400);
    expect(await refused.clone().text()).toContain(`delete task ${id}`);
    expect(await value(refused)).toMatchObject({ reason: "UNSUPPORTED_OPERATION" });
    expect(await value(await rpc("GetTask", { id: made }))).toMatchObject({ id: made });
    // By then nobody waits for it any more, and a call for it would be refused.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    expect((await remove(made)).status).toBe(200);
    expect(await value(await remove(id))).toMatchObject({ elsewhere: [{ taskId: made, outcome: "not-there" }] });
  });

  it("of a task that is not the caller's, or of nobody's, finds nothing", async () => {
    expect(await value(await remove("s0-no-task"))).toEqual(NOT_FOUND);
  });

  it("for another tenant finds nothing, and for the caller's own the task", async () => {
    const { id } = await newTask("echo");
    expect((await http("DELETE", `/others/tasks/${id}`)).status).toBe(404);
    expect((await http("DELETE", `/${LOCAL_PRINCIPAL.tenant}/tasks/${id}`)).status).toBe(200);
  });

  it("waits until the agents that a canceled task called were told to stop", async () => {
    const { id } = await newTask("echo", "x", { contextId: "still-telling" });
    const home = TASK_HOME.getByName(findTask(owner, id)?.home ?? "");
    const telling = (statement: string) => runInDurableObject(home, (_home, { storage: { sql } }) => void sql.exec(statement));
    await telling("CREATE TABLE IF NOT EXISTS agenda (kind TEXT, task TEXT, due INTEGER, PRIMARY KEY (kind, task)) WITHOUT ROWID");
    await telling(`INSERT INTO agenda VALUES ('recheck', '${id}', ${Date.now() + 3_600_000})`);
    await evictDurableObject(home);
    const refused = await remove(id);
    expect(await value(refused)).toMatchObject({ reason: "TASK_NOT_ENDED" });
    await telling("DELETE FROM agenda");
    expect((await remove(id)).status).toBe(200);
  });

  it("that its agent cannot carry out leaves the task as it is, to be deleted later", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    const { id } = await newTask("echo");
    forgets.set(id, () => Promise.reject(new Error("not now")));
    expect((await remove(id)).status).toBe(503);
    expect(await value(await rpc("GetTask", { id }))).toMatchObject({ id });
    forgets.clear();
    expect((await remove(id)).status).toBe(200);
    said.mockRestore();
  });

  it("that is asked for twice at a time is done once", async () => {
    const { id } = await newTask("echo");
    let mayGo = false;
    forgets.set(id, async () => {
      while (!mayGo) await scheduler.wait(5);
    });
    const both = [remove(id), remove(id)];
    await vi.waitFor(() => expect(forgotten).toHaveLength(1));
    mayGo = true;
    expect((await Promise.all(both)).map(({ status }) => status)).toContain(200);
    expect(forgotten).toHaveLength(1);
  });

  it("survives the loss of its object: a list never shows what is gone", async () => {
    const { id } = await newTask("echo", "x", { contextId: "lost-in-deletion" });
    const home = TASK_HOME.getByName(findTask(owner, id)?.home ?? "");
    await listed();
    // What a crash leaves after the log was deleted and before the index was told of it.
    await runInDurableObject(home, async (_home, state) => {
      state.storage.sql.exec("DELETE FROM log WHERE task = ?", id);
      state.storage.sql.exec("INSERT OR IGNORE INTO untold VALUES (?)", id);
      await state.storage.sync();
      state.abort("lost");
    }).catch(() => {});
    const { TASK_INDEX } = env as unknown as { TASK_INDEX: DurableObjectNamespace };
    await runInDurableObject(TASK_INDEX.getByName(owner), async (_index, state) => {
      state.storage.sql.exec("INSERT OR IGNORE INTO behind VALUES (?)", findTask(owner, id)?.home ?? "");
      await state.storage.sync();
      state.abort("lost");
    }).catch(() => {});
    expect(await listed()).not.toContain(id);
  });

  it("is no method of JSON-RPC, and says at its path what there is", async () => {
    expect(await (await rpc("DeleteTask", { id: "s0-no-task" })).text()).toContain("-32601");
    const refused = await http("PUT", "/tasks/s0-no-task", {});
    expect([refused.status, refused.headers.get("Allow")]).toEqual([405, "GET, HEAD, DELETE"]);
  });
});
