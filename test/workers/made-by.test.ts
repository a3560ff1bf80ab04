/** Which version of an agent, and of its Worker, made a task: as its log, its record, its history and its export say it. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import type { TaskHomeApi } from "../../shared/host/api.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import type { LogEntry } from "../../shared/task/event.ts";
import { importedFrom } from "../../shared/task/fork.ts";
import type { TaskHistory } from "../../shared/task/history.ts";
import { findTask, placeTask } from "../../shared/task/home.ts";
import type { MadeBy, WorkerVersion } from "../../shared/task/made-by.ts";
import type { TaskRecord } from "../../shared/task/record.ts";
import { http, message, ORIGIN, rpc, type Sent, value, worker } from "./wire.ts";

const { TASK_HOME, CF_VERSION_METADATA: metadata } = env as unknown as {
  TASK_HOME: DurableObjectNamespace;
  CF_VERSION_METADATA: WorkerVersion;
};
const owner = principalKey(LOCAL_PRINCIPAL);
/** This version of the Worker: its tag is empty here, and so is not noted. */
const THIS = { card: "1.0.0", worker: { id: metadata.id, timestamp: metadata.timestamp } };
const BEFORE: MadeBy = { card: "0.9.0", worker: { id: "11111111-0000-4000-8000-000000000000", timestamp: "2026-01-01T00:00:00.000Z" } };

async function send(text: string, skill: string, more: object = {}): Promise<Task> {
  return ((await value(await rpc("SendMessage", { message: message(text, skill, more) }))) as Sent).task as Task;
}

async function read<T>(path: string): Promise<T> {
  const response = await http("GET", path, undefined, {});
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

const recordOf = (id: string) => read<TaskRecord>(`/governance/tasks/${id}`);
const historyOf = (id: string) => read<TaskHistory>(`/history/tasks/${id}`);

async function logOf(id: string): Promise<LogEntry[]> {
  const text = await (await http("GET", `/operate/tasks/${id}/log`, undefined, {})).text();
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line) as LogEntry);
}

/** A task with an open question, as an earlier version of the Worker left it. */
async function leftBy(version: MadeBy | undefined): Promise<string> {
  const { taskId, home } = placeTask(owner, "shared", { random: crypto.randomUUID().replaceAll("-", "") });
  const asked = await logOf((await send("x", "question")).id);
  const entries = asked.map(({ madeBy: _, ...entry }, index) => ({ ...entry, ...(index === 0 && version && { madeBy: version }) }));
  const api = TASK_HOME.getByName(home) as unknown as TaskHomeApi;
  await api.adopt(taskId, entries);
  return taskId;
}

describe("a task", () => {
  it("says with its first entry, and only there, by which version it is made", async () => {
    const { id } = await send("echo,echo", "fan");
    expect((await logOf(id)).map(({ madeBy }) => madeBy).filter(Boolean)).toEqual([THIS]);
    expect((await recordOf(id)).madeBy).toEqual([{ ...THIS, from: 1 }]);
    const { entries } = await historyOf(id);
    expect(entries.map(({ madeBy }) => madeBy).filter(Boolean)).toEqual([THIS]);
    expect(entries[0]?.madeBy).toEqual(THIS);
  });

  it("says which version of each agent it called", async () => {
    const { id } = await send("echo", "fan");
    expect((await recordOf(id)).calls).toMatchObject([{ agent: "peer", skill: "echo", card: { version: "1.0.0" } }]);
    expect((await historyOf(id)).entries.map(({ words }) => words)).toContainEqual(
      expect.stringMatching(/^calls peer\/echo 1\.0\.0, which/),
    );
  });

  it("that goes on after a deploy says so with the first that the new version writes, and once", async () => {
    const id = await leftBy(BEFORE);
    await send("Ghent", "question", { taskId: id });
    await send("1969", "question", { taskId: id });
    const log = await logOf(id);
    const said = log.flatMap(({ madeBy, event }) => (madeBy ? [{ madeBy, type: event.type }] : []));
    expect(said).toEqual([
      { madeBy: BEFORE, type: "created" },
      { madeBy: THIS, type: "message" },
    ]);
    expect((await recordOf(id)).madeBy?.map(({ card }) => card)).toEqual(["0.9.0", "1.0.0"]);
  });

  it("from before versions were noted reads as it did, and notes them from here on", async () => {
    const id = await leftBy(undefined);
    expect(await recordOf(id)).not.toHaveProperty("madeBy");
    expect((await send("Ghent", "question", { taskId: id })).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect((await recordOf(id)).madeBy).toMatchObject([{ card: "1.0.0" }]);
  });

  it("that was copied from another log is by that one's versions up to there, and by this one's from there on", async () => {
    const log = await logOf((await send("x", "question")).id);
    const elsewhere = log.map((entry) => (entry.madeBy ? { ...entry, madeBy: BEFORE } : entry));
    const { taskId, home } = placeTask(owner, "shared", { random: crypto.randomUUID().replaceAll("-", "") });
    const made = importedFrom(elsewhere, { id: taskId, principal: LOCAL_PRINCIPAL, from: "another", now: Date.now() });
    if (!made.ok) throw new Error(JSON.stringify(made.refusal));
    await (TASK_HOME.getByName(home) as unknown as TaskHomeApi).adopt(taskId, made.entries);
    expect((await recordOf(taskId)).madeBy).toEqual([
      { ...BEFORE, from: 1 },
      { ...THIS, from: log.length + 1 },
    ]);
  });

  it("has a log with it that is exported and taken in again as it is", async () => {
    const { id } = await send("echo", "fan");
    const exported = await (await http("GET", `/operate/tasks/${id}/log`, undefined, {})).text();
    const spoilt = exported.replace('"madeBy":{"card":"1.0.0"', '"madeBy":{"card":7');
    const take = async (body: string) => {
      const headers = { "Content-Type": "application/x-ndjson" };
      const response = await worker.fetch(`${ORIGIN}/operate/tasks/import`, { method: "POST", headers, body });
      return (await response.json()) as { task?: string };
    };
    const { task = "" } = await take(exported);
    expect((await recordOf(task)).madeBy?.[0]).toEqual({ ...THIS, from: 1 });
    expect((await recordOf(task)).calls).toMatchObject([{ card: { version: "1.0.0" } }]);
    expect(JSON.stringify(await take(spoilt))).toContain("madeBy");
  });
});

describe("what a version costs a log", () => {
  it("is a member of an entry that is there anyway: no entry and no row", async () => {
    const { id } = await send("hello", "echo");
    const rows = await runInDurableObject(TASK_HOME.getByName(findTask(owner, id)?.home ?? ""), async (_home, { storage }) =>
      storage.sql.exec<{ body: string }>("SELECT body FROM log WHERE task = ? AND part >= 0", id).toArray(),
    );
    expect(rows).toHaveLength(1);
    const [first] = JSON.parse(rows[0]?.body ?? "[]") as LogEntry[];
    expect(JSON.stringify(first?.madeBy).length).toBeLessThan(150);
  });
});
