import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { principalKey, type Scope } from "../../shared/auth/principal.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import type { LogEntry, TaskEvent } from "../../shared/task/event.ts";
import { findTask } from "../../shared/task/home.ts";
import { interruptIn } from "../../shared/task/interrupt-extension.ts";
import { opened, reached, runs } from "./probe-agent.ts";
import { message, rpc, served, VERSION } from "./wire.ts";

// What operators do to the tasks of their tenant, over HTTP: who may, on whose task, and what becomes of it.

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };
let tenants = 0;
let tenant: string;

beforeEach(() => {
  tenants += 1;
  tenant = `operated-${tenants}`;
});

/** Callers are who they say they are: `tenant app scope,scope`. */
const at = served({}, {}, (request) => {
  const [of = "", app = "", scopes = ""] = (request.headers.get("As") ?? "").split(" ");
  return { ok: true, principal: { tenant: of, app, subject: app, scopes: scopes.split(",") as Scope[] } };
});

const as = (app: string, ...scopes: Scope[]) => ({ As: `${tenant} ${app} ${scopes.join()}` });
const CALLER = "desk";
const caller = () => as(CALLER, "call");
const approver = () => as("ann", "approve");
const operator = () => as("olaf", "operate");

async function send(text: string, skill: string, more: { metadata?: object; returnImmediately?: boolean } = {}): Promise<Task> {
  const { metadata, returnImmediately = false } = more;
  const params = { message: message(text, skill), configuration: { returnImmediately }, ...(metadata && { metadata }) };
  const response = await rpc("SendMessage", params, { ...VERSION, ...caller() }, at);
  return ((await response.json()) as { result: { task: Task } }).result.task;
}

async function get({ id }: Pick<Task, "id">): Promise<Task> {
  return ((await (await rpc("GetTask", { id }, { ...VERSION, ...caller() }, at)).json()) as { result: Task }).result;
}

interface Answer {
  readonly status: number;
  readonly task?: Task;
  readonly changed?: boolean;
  readonly error?: { message: string; details: { reason?: string; fieldViolations?: { field: string }[] }[] };
}

async function operate(
  who: object,
  { id }: Pick<Task, "id">,
  verb: string,
  body: object = {},
  more: { owner?: string; key?: string } = {},
): Promise<Answer> {
  const { owner = `${CALLER}/${CALLER}`, key } = more;
  const headers = { "Content-Type": "application/json", ...who, ...(key !== undefined && { "Idempotency-Key": key }) };
  const url = `http://127.0.0.1/operate/tasks/${id}/${verb}?owner=${encodeURIComponent(owner)}`;
  const response = await at.fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, ...((await response.json()) as object) };
}

function questionOf(task: Task): string {
  const interrupt = interruptIn(task.metadata);
  if (!interrupt) throw new Error(`the task asks nothing: ${JSON.stringify(task)}`);
  return interrupt.id;
}

const saidBy = ({ status }: Task) => status.message?.parts.map(({ text }) => text).join("") ?? "";
const madeBy = ({ artifacts = [] }: Task) => artifacts.flatMap(({ parts }) => parts.map(({ text }) => text)).join(" ");

function homeOf({ id }: Task) {
  const address = findTask(principalKey({ tenant, app: CALLER, subject: CALLER, scopes: [] }), id);
  return TASK_HOME.getByName(address?.home ?? "");
}

async function logOf(task: Task): Promise<TaskEvent[]> {
  const rows = await runInDurableObject(homeOf(task), (_home, { storage: { sql } }) =>
    sql.exec<{ body: string }>("SELECT body FROM log WHERE task = ?", task.id).toArray(),
  );
  return rows.flatMap(({ body }) => (JSON.parse(body) as LogEntry[]).map(({ event }) => event));
}

/** Ends the task's object as a crash does. */
async function lose(task: Task): Promise<void> {
  await runInDurableObject(homeOf(task), (_home, state) => state.abort("lost")).catch(() => {});
}

/** The task's log as it is in storage. */
function stored(task: Task): Promise<string> {
  return runInDurableObject(homeOf(task), (_home, state) => {
    const rows = state.storage.sql.exec<{ body: string }>("SELECT body FROM log WHERE task = ? AND part >= 0 ORDER BY seq, part", task.id);
    return rows
      .toArray()
      .map(({ body }) => body)
      .join();
  });
}

describe("somebody who may approve", () => {
  it("approves an action of another caller's task, which then goes on", async () => {
    const task = await send("hello", "approval");
    const { status, changed } = await operate(approver(), task, "approve", { question: questionOf(task) });
    expect({ status, changed }).toEqual({ status: 200, changed: true });
    await expect.poll(async () => madeBy(await get(task))).toBe("sent");
  });

  it("rejects it, and the task is told why", async () => {
    const task = await send("hello", "approval");
    await operate(approver(), task, "reject", { question: questionOf(task), reason: "not on a Sunday" });
    const ended = await get(task);
    expect(madeBy(ended)).toBe("kept");
    expect(JSON.stringify(ended.history)).toContain("not on a Sunday");
  });

  it("answers what a task asks", async () => {
    const task = await send(`${tenant}:asked`, "question");
    const next = await operate(approver(), task, "answer", { question: questionOf(task), text: "Ghent" });
    expect(next.task && saidBy(next.task)).toContain("Which year?");
    // What it asks now, and nothing else of what is its owner's.
    expect(next.task && Object.keys(next.task.metadata ?? {})).toEqual(["urn:skein:ext:interrupt:v1"]);
    expect(next.task && questionOf(next.task)).toBe(questionOf(await get(task)));
    await operate(approver(), task, "answer", { question: questionOf(await get(task)), text: "1432" });
    expect(madeBy(await get(task))).toBe("1 Ghent 1432");
  });

  it("says it once: the same key again changes nothing, and another word under it is refused", async () => {
    const task = await send(`${tenant}:keyed`, "question");
    const question = questionOf(task);
    for (let times = 0; times < 2; times++)
      expect(await operate(approver(), task, "answer", { question, text: "Ghent" }, { key: "k" })).toMatchObject({ status: 200 });
    expect(await operate(approver(), task, "answer", { question, text: "Bruges" }, { key: "k" })).toMatchObject({ status: 400 });
    expect((await get(task)).history?.filter(({ role }) => role === "ROLE_USER")).toHaveLength(2);
  });

  it("can neither pause nor cancel nor raise", async () => {
    const task = await send("hello", "approval");
    for (const verb of ["pause", "resume", "cancel"]) expect((await operate(approver(), task, verb)).status).toBe(403);
    expect((await operate(approver(), task, "raise", { by: { calls: 1 } })).status).toBe(403);
    expect((await get(task)).status.state).toMatch(/REQUIRED$/);
  });
});

describe("a paused task", () => {
  it("takes no message and says why, and asks the same again when it is resumed", async () => {
    const task = await send(`${tenant}:paused`, "question");
    const question = questionOf(task);
    const paused = await operate(operator(), task, "pause", { reason: "the client called" });
    expect(paused.task?.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(paused.task && saidBy(paused.task)).toContain("olaf/olaf: the client called");
    const refused = await operate(approver(), task, "answer", { question, text: "Ghent" });
    expect(refused.error?.message).toContain("was paused by an operator");
    const resumed = await operate(operator(), task, "resume");
    expect(resumed.task && saidBy(resumed.task)).toContain("Which place?");
    expect(questionOf(await get(task))).toBe(question);
    expect((await operate(approver(), task, "answer", { question, text: "Ghent" })).status).toBe(200);
    expect(runs.get(`${tenant}:paused:before`)).toBe(1);
  });

  it("begins nothing, and goes on from where it stood", async () => {
    const gate = `${tenant}:steps`;
    const task = await send(gate, "steps", { returnImmediately: true });
    await expect.poll(() => reached.has(gate)).toBe(true);
    await operate(operator(), task, "pause");
    opened.add(gate);
    await lose(task);
    expect((await get(task)).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(runs.get(`${gate}:second`)).toBeUndefined();
    await operate(operator(), task, "resume");
    await expect.poll(async () => (await get(task)).status.state).toBe("TASK_STATE_COMPLETED");
    expect([runs.get(`${gate}:first`), runs.get(`${gate}:second`)]).toEqual([1, 1]);
  });

  it("keeps what was under way and ended while it was paused: it is not done again", async () => {
    const gate = `${tenant}:crowd`;
    const task = await send(gate, "crowd", { returnImmediately: true });
    await expect.poll(() => reached.has(gate)).toBe(true);
    await operate(operator(), task, "pause");
    opened.add(gate);
    await expect.poll(() => stored(task)).toContain('"name":"step:work"');
    const resumed = await operate(operator(), task, "resume");
    expect(resumed.task && saidBy(resumed.task)).toContain("Well?");
    await operate(approver(), task, "answer", { question: questionOf(await get(task)), text: "fine" });
    await expect.poll(async () => madeBy(await get(task))).toBe("fine worked");
    expect(runs.get(`${gate}:work`)).toBe(1);
  });

  it("shows all of it to a subscriber who was there before", async () => {
    const gate = `${tenant}:watched`;
    const params = { message: message(gate, "steps") };
    const stream = await rpc("SendStreamingMessage", params, { ...VERSION, ...caller() }, at);
    await expect.poll(() => reached.has(gate)).toBe(true);
    const listed = await rpc("ListTasks", {}, { ...VERSION, ...caller() }, at);
    const [task] = ((await listed.json()) as { result: { tasks: Task[] } }).result.tasks;
    if (!task) throw new Error("no task is listed");
    await operate(operator(), task, "pause");
    opened.add(gate);
    await operate(operator(), task, "resume");
    const text = await stream.text();
    expect(text).toMatch(/Paused by olaf[\s\S]*TASK_STATE_WORKING[\s\S]*TASK_STATE_COMPLETED/);
  });

  it("was paused once, however many do it at the same moment; and is canceled as it stands", async () => {
    const task = await send(`${tenant}:twice`, "question");
    const answers = await Promise.all([1, 2, 3].map(() => operate(operator(), task, "pause")));
    expect(answers.map(({ changed }) => changed).sort()).toEqual([false, false, true]);
    const canceled = await operate(operator(), task, "cancel", { reason: "nobody needs it" });
    expect(canceled.task).toMatchObject({ status: { state: "TASK_STATE_CANCELED" } });
    expect(saidBy(await get(task))).toBe("canceled by olaf/olaf, an operator: nobody needs it");
  });

  it("is resumed once; what is not paused is left as it is", async () => {
    const task = await send(`${tenant}:resumed`, "question");
    expect((await operate(operator(), task, "resume")).changed).toBe(false);
    await operate(operator(), task, "pause");
    const answers = await Promise.all([1, 2].map(() => operate(operator(), task, "resume")));
    expect(answers.map(({ changed }) => changed).sort()).toEqual([false, true]);
    expect((await get(task)).history?.filter((each) => JSON.stringify(each).includes("Which place?"))).toHaveLength(2);
  });

  it("cannot be one that has ended, nor one that ends in this moment", async () => {
    const ended = await send("done", "echo");
    for (const verb of ["pause", "resume", "cancel"]) expect((await operate(operator(), ended, verb)).status).toBe(400);
    const task = await send(`${tenant}:race`, "approval");
    const question = questionOf(task);
    const [approved, paused] = await Promise.all([operate(approver(), task, "approve", { question }), operate(operator(), task, "pause")]);
    // Whoever was first: both cannot have had their way.
    expect([approved.status, paused.status].sort()).toEqual([200, 400]);
  });
});

describe("a task's limits", () => {
  const wish = { metadata: { "urn:skein:ext:governance:v1": { limits: { calls: 1 } } } };

  it("are raised by an operator, once for each key, and the task that waits at one tries again", async () => {
    const task = await send("echo 3", "again", wish);
    expect(task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    const body = { by: { calls: 1 } };
    expect(await operate(operator(), task, "raise", body, { key: "one" })).toMatchObject({ status: 200, changed: true });
    await expect.poll(async () => saidBy(await get(task))).toContain("2 calls of 2 calls spent");
    expect(await operate(operator(), task, "raise", body, { key: "one" })).toMatchObject({ status: 200, changed: false });
    expect(await operate(operator(), task, "raise", { by: { calls: 9 } }, { key: "one" })).toMatchObject({ status: 400 });
    await operate(operator(), task, "raise", body, { key: "two" });
    await expect.poll(async () => madeBy(await get(task))).toBe("ok ok ok");
  });

  it("that were raised, and the task not let go on, let it go on when the same is said again", async () => {
    const task = await send("echo 2", "again", wish);
    await operate(operator(), task, "pause");
    const raise = () => operate(operator(), task, "raise", { by: { calls: 1 } }, { key: "one" });
    expect(await raise()).toMatchObject({ status: 200, changed: true });
    await operate(operator(), task, "resume");
    expect(saidBy(await get(task))).toContain("1 call of 1 call spent");
    expect(await raise()).toMatchObject({ status: 200, changed: false });
    await expect.poll(async () => madeBy(await get(task))).toBe("ok ok");
  });

  it("that were raised are looked at again also by what waits there behind another question", async () => {
    opened.add("late");
    opened.add("wait");
    const task = await send("x", "beside", { metadata: { "urn:skein:ext:governance:v1": { limits: { calls: 0 } } } });
    expect(saidBy(task)).toBe("Go on?");
    await expect.poll(async () => (await logOf(task)).some(({ type }) => type === "asked")).toBe(true);
    await operate(operator(), task, "raise", { by: { calls: 2 } });
    await expect.poll(async () => (await logOf(task)).some(({ type }) => type === "called")).toBe(true);
    expect(saidBy(await get(task))).toBe("Go on?");
  });

  it.each([
    ["nothing", { by: { calls: 0 } }, "by"],
    ["less", { by: { calls: -1 } }, "by.calls"],
    ["what is no unit", { by: { euros: 5 } }, "by.euros"],
    ["no amount", {}, "by"],
  ])("cannot be raised by %s", async (_, body, field) => {
    const task = await send("echo 3", "again", wish);
    const { status, error } = await operate(operator(), task, "raise", body);
    expect(status).toBe(400);
    expect(error?.details.flatMap(({ fieldViolations = [] }) => fieldViolations.map((each) => each.field))).toEqual([field]);
  });
});

describe("whose task it is", () => {
  it("does not tell a task of another tenant from one that never was", async () => {
    const task = await send("hello", "approval");
    const stranger = { As: `elsewhere olaf operate,approve` };
    const unknown = { id: task.id.replace(/-\w{6}$/, "-aaaaaa") };
    const [foreign, none] = [await operate(stranger, task, "cancel"), await operate(operator(), unknown, "cancel")];
    for (const { status, error } of [foreign, none])
      expect({ status, reason: error?.details[0]?.reason }).toEqual({ status: 404, reason: "TASK_NOT_FOUND" });
    expect(foreign.error?.message.replace(task.id, "")).toBe(none.error?.message.replace(unknown.id, ""));
    expect((await get(task)).status.state).toMatch(/REQUIRED$/);
  });

  it("is the operator's own when nobody is named, and must be named well", async () => {
    const task = await send("hello", "approval");
    const url = `http://127.0.0.1/operate/tasks/${task.id}/pause`;
    expect((await at.fetch(url, { method: "POST", headers: operator() })).status).toBe(404);
    expect((await at.fetch(url, { method: "POST", headers: as(CALLER, "operate") })).status).toBe(200);
    expect((await operate(operator(), task, "resume", {}, { owner: "desk" })).error?.details[0]?.fieldViolations).toMatchObject([
      { field: "owner" },
    ]);
  });

  it.each([
    ["approve", {}, "question"],
    ["answer", { question: "q", text: " " }, "text"],
    ["reject", { question: "q" }, "reason"],
    ["pause", { because: "of rain" }, "because"],
    ["resume", { now: true }, "now"],
  ])("%s takes what it needs and nothing else", async (verb, body, field) => {
    const task = await send("hello", "approval");
    const { status, error } = await operate(as("both", "approve", "operate"), task, verb, body);
    expect(status).toBe(400);
    expect(JSON.stringify(error?.details)).toContain(`"field":"${field}"`);
    const got = await at.fetch(`http://127.0.0.1/operate/tasks/${task.id}/${verb}`, { headers: operator() });
    expect(got.headers.get("Allow")).toBe("POST");
  });
});
