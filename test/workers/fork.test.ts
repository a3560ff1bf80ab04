import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL, type Principal, principalKey } from "../../shared/auth/principal.ts";
import type { TaskHomeApi } from "../../shared/host/api.ts";
import { type Task, textOf } from "../../shared/task/a2a-types.ts";
import type { LogEntry } from "../../shared/task/event.ts";
import { forkAt } from "../../shared/task/fork.ts";
import type { ForkPlan } from "../../shared/task/fork-plan.ts";
import type { TaskHistory } from "../../shared/task/history.ts";
import { placeTask } from "../../shared/task/home.ts";
import type { TaskRecord } from "../../shared/task/record.ts";
import { runs } from "./probe-agent.ts";
import { http, message, rpc, type Served, served, value, worker } from "./wire.ts";

// A task's log in words, and tasks that go on from a point of it, over HTTP.

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };

interface Fork {
  readonly task: string;
  readonly plan: ForkPlan;
  readonly answered?: boolean;
  readonly why?: string;
}

const as = (principal: Partial<Principal>): Served => served({}, {}, () => ({ ok: true, principal: { ...LOCAL_PRINCIPAL, ...principal } }));

async function send(text: string, skill: string, at = worker): Promise<Task> {
  return ((await value(await rpc("SendMessage", { message: message(text, skill) }, undefined, at))) as { task: Task }).task;
}

async function answer(taskId: string, text: string, at = worker): Promise<Task> {
  const reply = { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text }], taskId };
  return ((await value(await rpc("SendMessage", { message: reply }, undefined, at))) as { task: Task }).task;
}

async function read<T>(path: string, at = worker): Promise<T> {
  const response = await http("GET", path, undefined, {}, at);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

const history = (id: string) => read<TaskHistory>(`/history/tasks/${id}`);
const get = async (id: string) => (await value(await rpc("GetTask", { id }))) as Task;

function ask(id: string, body: object, query = "", at = worker, headers: HeadersInit = {}): Promise<Response> {
  return http("POST", `/operate/tasks/${id}/fork${query}`, body, { "Content-Type": "application/json", ...headers }, at);
}

async function fork(id: string, at: number, edit: object = {}): Promise<Fork> {
  const response = await ask(id, { at, edit });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Fork;
}

async function positionOf(id: string, words: RegExp): Promise<number> {
  const found = (await history(id)).entries.find((entry) => words.test(entry.words));
  if (!found) throw new Error(`nothing in the history of ${id} says ${words}`);
  return found.seq;
}

const said = (task: Task) => textOf(task.artifacts?.at(-1)?.parts ?? task.status.message?.parts ?? []);

async function finished(name: string): Promise<string> {
  const { id } = await send(name, "question");
  await answer(id, "Rome");
  expect(said(await answer(id, "1969"))).toBe("1 Rome 1969");
  return id;
}

describe("the history of a task", () => {
  it("says in words what happened, in order, and from where it can be taken up", async () => {
    const id = await finished("told");
    const { entries, state, last } = await history(id);
    expect(state).toBe("TASK_STATE_COMPLETED");
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    const words = entries.map((entry) => entry.words);
    expect(words).toEqual(
      expect.arrayContaining([
        "local/local asks for question: told",
        'has done "before"',
        "asks: Which place?",
        'its caller answers "Which place?": Rome',
        "completed",
      ]),
    );
    expect(entries.at(-1)?.checkpoint).toBe(false);
    expect(entries[0]?.checkpoint).toBe(true);
  });

  it("comes in pages, which together are all of it", async () => {
    const id = await finished("paged");
    const whole = await history(id);
    const pages: TaskHistory["entries"][number][] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: TaskHistory = await read(`/history/tasks/${id}?after=${after}&limit=2`);
      expect(page.entries.length).toBeLessThanOrEqual(2);
      pages.push(...page.entries);
      after = page.next;
    }
    // A question whose words stood on another page is not said again.
    const plain = (entries: readonly { words: string }[]) =>
      entries.map((each) => ({ ...each, words: each.words.replace(/ "Which \w+\?"/, "") }));
    expect(plain(pages)).toEqual(plain(whole.entries));
  });

  it("shows the task as it was", async () => {
    const id = await finished("then");
    const then = await read<Task>(`/history/tasks/${id}/at/${await positionOf(id, /asks: Which place/)}`);
    expect(then.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(textOf(then.status.message?.parts ?? [])).toBe("Which place?");
    expect(then.artifacts).toBeUndefined();
  });

  it("is its owner's and nobody else's", async () => {
    const id = await finished("mine");
    for (const path of [`/history/tasks/${id}`, `/history/tasks/${id}/at/1`])
      expect((await http("GET", path, undefined, {}, as({ subject: "eve" }))).status).toBe(404);
  });
});

describe("a fork", () => {
  it("with another answer goes the other way, and does nothing twice that was done", async () => {
    const id = await finished("other");
    const { task, plan, answered } = await fork(id, await positionOf(id, /: Rome$/), { answer: "Paris" });
    expect(answered).toBe(true);
    expect(plan.reused).toEqual(["step before"]);
    expect(plan.again).toContain('question "Which place?": it is asked again, and answered');
    expect(textOf((await get(task)).status.message?.parts ?? [])).toBe("Which year?");
    expect(said(await answer(task, "1970"))).toBe("1 Paris 1970");
    expect(runs.get("other:before")).toBe(1);
    expect(said(await get(id))).toBe("1 Rome 1969");
  });

  it("of a task that waits, answered as before, ends as it did", async () => {
    const { id } = await send("same", "question");
    const { task } = await fork(id, (await history(id)).last);
    for (const each of [id, task]) await answer(each, "Rome");
    const [one, other] = [await answer(id, "1969"), await answer(task, "1969")];
    expect(said(other)).toBe(said(one));
    expect(other.artifacts).toEqual(one.artifacts);
  });

  it("leaves the other task's callees alone, and makes the call anew", async () => {
    const { id } = await send("question", "fan");
    const callee = async (task: string) => (await read<TaskRecord>(`/governance/tasks/${task}`)).calls.at(-1)?.task ?? "";
    const first = await callee(id);
    const { task, plan } = await fork(id, (await history(id)).last);
    expect(plan.again[0]).toMatch(/^call of peer\/question \(.*\): it was out, and is made anew$/);
    await expect.poll(async () => (await get(task)).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    const second = await callee(task);
    expect(second).not.toBe(first);
    await rpc("CancelTask", { id: task });
    await expect.poll(async () => (await get(second)).status.state).toBe("TASK_STATE_CANCELED");
    expect((await get(first)).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
  });

  it("costs nothing for what was done before, and says so", async () => {
    const { id } = await send("echo,question", "fan");
    const { task } = await fork(id, await positionOf(id, /peer\/echo answers/));
    await expect.poll(async () => (await get(task)).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    const { cost, inherited, forkedFrom } = await read<TaskRecord>(`/governance/tasks/${task}`);
    expect(forkedFrom?.task).toBe(id);
    expect(inherited?.calls).toBeGreaterThanOrEqual(1);
    expect(cost.calls).toBe(1);
  });

  it("asks again for an approval, which was good once", async () => {
    const { id } = await send("letter", "approval");
    expect(said(await answer(id, "yes"))).toBe("sent");
    const { task, plan } = await fork(id, (await positionOf(id, /answers .*: yes/)) + 1);
    expect(plan.again.join()).toMatch(/approval of "Send it\?" is asked again: it was good once/);
    expect((await get(task)).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(said(await answer(task, "no"))).toBe("kept");
  });

  it("does not approve for somebody who may not", async () => {
    const { id } = await send("letter", "approval", as({ subject: "amy" }));
    const bob = as({ subject: "bob", scopes: ["call", "operate"] });
    const at = (await read<TaskHistory>(`/history/tasks/${id}`, as({ subject: "amy" }))).last;
    const response = await ask(id, { at, edit: { answer: "yes" } }, "?owner=local/amy", bob);
    expect(await response.json()).toMatchObject({ answered: false, why: expect.stringContaining("approve") });
  });

  it("that is only tried makes no task", async () => {
    const { id } = await send("dry", "question");
    const list = async () => ((await value(await rpc("ListTasks", {}))) as { totalSize: number }).totalSize;
    const before = await list();
    expect(await (await ask(id, { at: (await history(id)).last, dryRun: true })).json()).toEqual({ plan: expect.any(Object) });
    expect(await list()).toBe(before);
  });

  it("asked for twice with one key is made once", async () => {
    const { id } = await send("keyed", "question");
    const again = async () => ((await (await ask(id, { at: 3 }, "", worker, { "Idempotency-Key": "once" })).json()) as Fork).task;
    expect(await again()).toBe(await again());
  });

  it("has its answer once, also when it was made, its object lost before that, and it is asked for again", async () => {
    const { id } = await send("lost", "question");
    const lines = (await (await http("GET", `/operate/tasks/${id}/log`, undefined, {})).text()).trim().split("\n");
    const entries = lines.slice(1).map((line) => JSON.parse(line) as LogEntry);
    const place = placeTask(principalKey(LOCAL_PRINCIPAL), "shared", { contextId: "lost", random: "lostfork" });
    const made = { id: place.taskId, principal: LOCAL_PRINCIPAL, from: id, now: Date.now(), edit: { answer: "Ghent" } };
    const forked = forkAt(entries, entries.length, made);
    if (!forked.ok || !forked.question) throw new Error("nothing is asked there");
    const home = () => TASK_HOME.getByName(place.home) as unknown as TaskHomeApi;
    await home().adopt(place.taskId, forked.entries);
    await runInDurableObject(TASK_HOME.getByName(place.home), (_home, state) => state.abort("lost")).catch(() => {});
    const given = { question: forked.question, text: "Ghent", by: LOCAL_PRINCIPAL };
    for (let times = 0; times < 2; times++)
      expect(await home().adopt(place.taskId, forked.entries, given)).toMatchObject({ answer: { given: true } });
    expect(said(await get(place.taskId))).toBe("Which year?");
    expect(said(await answer(place.taskId, "1432"))).toBe("1 Ghent 1432");
  });

  it("of a task that another agent gave is refused, and says which to fork", async () => {
    const { id } = await send("question", "fan");
    const { calls } = await read<TaskRecord>(`/governance/tasks/${id}`);
    const response = await ask(calls[0]?.task ?? "", { at: 2 });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(`fork task ${id} of probe instead`);
  });

  it.each([
    ["a position that is not there", { at: 99 }, /goes from 1 to/],
    [
      "a contract that is not deployed",
      { at: 3, edit: { contracts: { budget: 7 } } },
      /budget version 7 is not deployed here; version 1 is/,
    ],
    [
      "an agent that is not there",
      { at: 3, edit: { agents: { peer: "nobody" } } },
      /there is no agent .{1,2}nobody.{1,2} in this mesh; there are peer/,
    ],
    ["an answer without a question", { at: 1, edit: { answer: "x" } }, /no question is open or answered at position 1/],
    ["a field that there is not", { at: 3, edit: { answers: "x" } }, /edit\.answers/],
  ])("refuses %s, and says what there is", async (_, body, words) => {
    const { id } = await send("refused", "both");
    await answer(id, "first");
    const response = await ask(id, body);
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(words);
  });

  it("refuses the middle of what belongs together, and says what is beside it", async () => {
    const id = await finished("middle");
    const at = await positionOf(id, /: Rome$/);
    const response = await ask(id, { at });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(`fork at ${at - 1}, before it, or at ${at + 1}, after it`);
  });
});

describe("an operator", () => {
  it("forks somebody else's task into one of their own", async () => {
    const { id } = await send("shared", "question", as({ subject: "amy" }));
    const bob = as({ subject: "bob" });
    expect((await ask(id, { at: 3 }, "", bob)).status).toBe(404);
    expect((await read<TaskHistory>(`/history/tasks/${id}?owner=local/amy`, bob)).entries[0]?.words).toContain("local/amy asks");
    const caller = as({ subject: "eve", scopes: ["call"] });
    expect((await http("GET", `/history/tasks/${id}?owner=local/amy`, undefined, {}, caller)).status).toBe(403);
    const { task } = (await (await ask(id, { at: 3 }, "?owner=local/amy", bob)).json()) as Fork;
    expect(await read<TaskHistory>(`/history/tasks/${task}`, bob)).toMatchObject({ forkedFrom: { task: id } });
    expect((await http("GET", `/history/tasks/${task}`, undefined, {}, as({ subject: "amy" }))).status).toBe(404);
  });

  it("needs the scope operate, also for a task of their own", async () => {
    const { id } = await send("scoped", "question");
    expect((await ask(id, { at: 3 }, "", as({ scopes: ["call", "approve"] }))).status).toBe(403);
  });
});
