import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newKey } from "../../shared/auth/api-key.ts";
import { principalKey, type Scope } from "../../shared/auth/principal.ts";
import type { InboxApi, TaskWaits } from "../../shared/host/inbox/api.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import { findTask } from "../../shared/task/home.ts";
import type { Waiting } from "../../shared/task/waiting.ts";
import { frontDoor } from "../../workers/orchestrator/front-door.ts";
import { message, rpc, served, VERSION } from "./wire.ts";

// What waits for people: how the inbox keeps it, how homes tell it, who sees it at the front door.

const { INBOX, TASK_HOME } = env as unknown as { INBOX: DurableObjectNamespace; TASK_HOME: DurableObjectNamespace };
const T0 = Date.parse("2026-11-01T12:00:00Z");
const at = (seconds: number) => new Date(T0 + seconds * 1_000).toISOString();
let tenants = 0;
let tenant: string;

beforeEach(() => {
  tenants += 1;
  tenant = `inbox-${tenants}`;
});

const inboxOf = (name: string) => INBOX.getByName(name) as unknown as InboxApi;

function waits(task: string, version: number, ...questions: Partial<Waiting>[]): TaskWaits {
  const cost = { microUsd: 0, tokensIn: 0, tokensOut: 0, calls: 0, wallMs: 0 };
  const waiting = questions.map((each, index) => ({
    question: `q-${task}-${index}`,
    kind: "question" as const,
    words: "Which place?",
    asker: { agent: "probe", skill: "question", task },
    path: ["probe"],
    agent: "probe",
    task,
    owner: "desk/desk",
    cost,
    since: at(0),
    ...each,
  }));
  return { agent: "probe", task, version, waiting };
}

async function listed(name: string, query: { kind?: Waiting["kind"]; about?: string } = {}): Promise<string[]> {
  const { waiting } = await inboxOf(name).list({ ...query, pageSize: 100 });
  return waiting.map(({ question }) => question);
}

describe("an inbox", () => {
  it("shows what has waited longest first, of each task the last that was told", async () => {
    const inbox = inboxOf(tenant);
    await inbox.tell(waits("b", 3, { since: at(5) }));
    await inbox.tell(waits("a", 4, { since: at(9) }, { since: at(1) }));
    expect(await listed(tenant)).toEqual(["q-a-1", "q-b-0", "q-a-0"]);
    await inbox.tell(waits("a", 7, { since: at(20) }));
    expect(await listed(tenant)).toEqual(["q-b-0", "q-a-0"]);
    await inbox.tell(waits("b", 8));
    expect(await listed(tenant)).toEqual(["q-a-0"]);
  });

  it("does not take a late word for a new one, also when nothing waits there any more", async () => {
    const inbox = inboxOf(tenant);
    await inbox.tell(waits("a", 9));
    await inbox.tell(waits("a", 4, {}));
    expect(await listed(tenant)).toEqual([]);
    await inbox.tell(waits("a", 12, {}));
    await inbox.tell(waits("a", 12, {}));
    expect(await listed(tenant)).toEqual(["q-a-0"]);
  });

  it("is read by kind, by task and by question, and page by page, each row once", async () => {
    const inbox = inboxOf(tenant);
    for (const [n, task] of [..."abcdefg"].entries())
      await inbox.tell(waits(task, 1, { since: at(n % 3), kind: n % 2 ? "approval" : "limit" }));
    expect(await listed(tenant, { kind: "approval" })).toHaveLength(3);
    expect(await listed(tenant, { about: "c" })).toEqual(["q-c-0"]);
    expect(await listed(tenant, { about: "q-d-0" })).toEqual(["q-d-0"]);
    const pages: string[] = [];
    let next: { at: number; id: string } | undefined;
    do {
      const page = await inbox.list({ pageSize: 2, cursor: next });
      expect(page.total).toBe(7);
      pages.push(...page.waiting.map(({ question }) => question));
      next = page.next;
    } while (next);
    expect(pages).toEqual(await listed(tenant));
    expect(new Set(pages).size).toBe(7);
  });
});

const app = served({}, {}, (request) => {
  const [of = "", name = "", scopes = ""] = (request.headers.get("As") ?? "").split(" ");
  return { ok: true, principal: { tenant: of, app: name, subject: name, scopes: scopes.split(",") as Scope[] } };
});
const caller = () => ({ As: `${tenant} desk call` });

async function send(text: string, skill: string, taskId?: string): Promise<Task> {
  const params = { message: message(text, skill, taskId === undefined ? {} : { taskId }) };
  return ((await (await rpc("SendMessage", params, { ...VERSION, ...caller() }, app)).json()) as { result: { task: Task } }).result.task;
}

async function operate(task: Task, verb: string, body: object = {}): Promise<void> {
  const headers = { "Content-Type": "application/json", As: `${tenant} olaf operate,approve` };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  expect((await app.fetch(`http://127.0.0.1/operate/tasks/${task.id}/${verb}?owner=desk/desk`, init)).status).toBe(200);
}

function homeOf({ id }: Task) {
  const address = findTask(principalKey({ tenant, app: "desk", subject: "desk", scopes: [] }), id);
  return TASK_HOME.getByName(address?.home ?? "");
}

const waiting = async () => (await inboxOf(tenant).list({ pageSize: 100 })).waiting;

describe("a home", () => {
  it("tells who asks for what, in which task, by which agents, what it cost, since when and until when", async () => {
    const task = await send("hello", "approval");
    await expect.poll(waiting).toHaveLength(1);
    const [row] = await waiting();
    expect(row).toMatchObject({
      kind: "approval",
      agent: "probe",
      task: task.id,
      owner: "desk/desk",
      asker: { agent: "probe", skill: "approval", task: task.id },
      path: ["probe"],
      cost: { calls: 0 },
      action: { description: "Send it?", args: { text: "hello" }, approvers: 1, others: 0, approvedBy: [] },
    });
    expect(row?.action?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(Date.parse(row?.expires ?? "")).toBeGreaterThan(Date.parse(row?.since ?? ""));
  });

  it("tells of each question that waits beside others, and takes away what was answered, and all when the task ends", async () => {
    const task = await send("", "both");
    await expect.poll(async () => (await waiting()).map(({ words }) => words.split("\n")[0])).toEqual(["First?", "Second?"]);
    await send("one", "both", task.id);
    await expect.poll(async () => (await waiting()).map(({ words }) => words.split("\n")[0])).toEqual(["Second?"]);
    await operate(task, "cancel");
    await expect.poll(waiting).toEqual([]);
  });

  it("tells of a paused task as one that waits for an operator, and of its question again when it goes on", async () => {
    const task = await send(`${tenant}:p`, "question");
    await operate(task, "pause");
    await expect
      .poll(async () => (await waiting()).map(({ kind, words }) => [kind, words]))
      .toEqual([["paused", expect.stringContaining("olaf/olaf")]]);
    const [asked] = (await waiting())[0]?.behind ?? [];
    expect(asked).toMatchObject({ kind: "question", words: expect.stringContaining("?") });
    expect(await listed(tenant, { about: asked?.question ?? "" })).toEqual([(await waiting())[0]?.question]);
    expect(await listed(tenant, { about: "q-of-nobody" })).toEqual([]);
    await operate(task, "resume");
    await expect.poll(async () => (await waiting()).map(({ kind }) => kind)).toEqual(["question"]);
  });

  it("says nothing of what another agent gave it, which waits in that agent's task", async () => {
    await send("question", "fan");
    await expect.poll(waiting).toHaveLength(1);
    expect(await waiting()).toMatchObject([{ agent: "probe", asker: { skill: "question" }, path: ["probe", "probe"] }]);
  });

  it("does not put what is longer than an inbox keeps into it, but says that it is there", async () => {
    await send("x".repeat(50_000), "approval");
    await expect.poll(waiting).toHaveLength(1);
    const [row] = await waiting();
    expect(row?.action).not.toHaveProperty("args");
    expect(row?.words.length).toBeLessThanOrEqual(2_000);
  });

  it("tells what its predecessor could not, when that was lost between the change and the word", async () => {
    const task = await send("hello", "approval");
    await expect.poll(waiting).toHaveLength(1);
    // As storage is at that moment: the inbox knows nothing, and the home knows that it must be told.
    await expect.poll(() => runInDurableObject(homeOf(task), (_home, state) => owed(state))).toEqual([]);
    await inboxOf(tenant).tell({ agent: "probe", task: task.id, version: 1_000, waiting: [] });
    await runInDurableObject(INBOX.getByName(tenant), (_inbox, state) => void state.storage.sql.exec("DELETE FROM told"));
    await runInDurableObject(homeOf(task), async (_home, state) => {
      state.storage.sql.exec("INSERT INTO agenda VALUES ('inbox', ?, 0)", task.id);
      await state.storage.setAlarm(Date.now() + 60_000);
    });
    await runInDurableObject(homeOf(task), (_home, state) => state.abort("lost")).catch(() => {});
    await runDurableObjectAlarm(homeOf(task));
    await expect.poll(waiting).toHaveLength(1);
    await expect.poll(() => runInDurableObject(homeOf(task), (_home, state) => owed(state))).toEqual([]);
  });
});

function owed({ storage }: DurableObjectState): string[] {
  const rows = storage.sql.exec<{ task: string }>("SELECT task FROM agenda WHERE kind = 'inbox'").toArray();
  return rows.map(({ task }) => task);
}

const door = frontDoor<AgentWorkerEnv>(() => new Response("the orchestrator's"));
const context = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;

function ask(path: string, init: RequestInit = {}, settings: object = { SKEIN_LOCAL: "1" }): Response | Promise<Response> {
  return door.request(`http://127.0.0.1${path}`, init, { ...(env as unknown as AgentWorkerEnv), ...settings }, context);
}

async function callerWith(of: string, scopes: readonly Scope[]) {
  const { id, text, hash } = await newKey();
  const RATE_LIMIT = { limit: async () => ({ success: true }) };
  const settings = { AUTH_API_KEYS: JSON.stringify([{ id, hash, tenant: of, app: "desk", scopes }]), RATE_LIMIT };
  return { headers: { "X-API-Key": text }, settings };
}

describe("the inbox at the front door", () => {
  it.each(["approve", "operate"] as const)("is shown to whoever has the scope %s, and only their tenant's", async (scope) => {
    await inboxOf(tenant).tell(waits("a", 1, {}));
    const { headers, settings } = await callerWith(tenant, [scope]);
    const answer = (await (await ask("/operate/inbox", { headers }, settings)).json()) as { waiting: Waiting[] };
    expect(answer).toMatchObject({ tenant, totalSize: 1, nextPageToken: "", waiting: [{ question: "q-a-0" }] });
    expect((await ask("/other/operate/inbox", { headers }, settings)).status).toBe(403);
    const stranger = await callerWith("elsewhere-nobody", [scope]);
    expect(await (await ask("/operate/inbox", { headers: stranger.headers }, stranger.settings)).json()).toMatchObject({ totalSize: 0 });
  });

  it("is shown to nobody else, and says what it takes", async () => {
    const { headers, settings } = await callerWith(tenant, ["call", "publish"]);
    const refused = await ask("/operate/inbox", { headers }, settings);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('\\"approve\\" or \\"operate\\"');
    expect((await ask("/operate/inbox", {}, settings)).status).toBe(401);
  });

  it("comes in pages", async () => {
    for (const task of "abcde") await inboxOf(tenant).tell(waits(task, 1, {}));
    const questions: string[] = [];
    let token = "";
    do {
      const page = (await (await ask(`/${tenant}/operate/inbox?pageSize=2&pageToken=${token}`)).json()) as {
        waiting: Waiting[];
        nextPageToken: string;
      };
      questions.push(...page.waiting.map(({ question }) => question));
      token = page.nextPageToken;
    } while (token !== "");
    expect(questions).toEqual(["q-a-0", "q-b-0", "q-c-0", "q-d-0", "q-e-0"]);
  });

  it.each([
    ["kind=everything", "kind"],
    ["pageSize=0", "pageSize"],
    ["pageSize=many", "pageSize"],
    ["pageToken=mine", "pageToken"],
  ])("refuses %s, and says which field is wrong", async (query, field) => {
    const answer = await ask(`/${tenant}/operate/inbox?${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(`"field":"${field}"`);
  });

  it("says what to bind where there is none, and what else there is at its path", async () => {
    const answer = await ask("/operate/inbox", {}, { SKEIN_LOCAL: "1", INBOX: undefined });
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain("INBOX");
    expect((await ask("/operate/inbox", { method: "POST" })).headers.get("Allow")).toBe("GET, HEAD");
  });
});
