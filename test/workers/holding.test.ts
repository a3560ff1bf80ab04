import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import { NOTHING } from "../../shared/budget/amount.ts";
import type { TaskHomeApi } from "../../shared/host/api.ts";
import type { BudgetApi } from "../../shared/host/governance/api.ts";
import type { Message, Task } from "../../shared/task/a2a-types.ts";
import { callOf } from "../../shared/task/account.ts";
import type { LogEntry } from "../../shared/task/event.ts";
import { costClaimedIn } from "../../shared/task/governance-extension.ts";
import { placeTask } from "../../shared/task/home.ts";
import { opened, reached } from "./probe-agent.ts";
import { message } from "./wire.ts";

// What calls hold of their task's and their tenant's budget while the task waits, is paused and goes on again.

const { TASK_HOME, PATIENT_TASK_HOME, BUDGET } = env as unknown as Record<
  "TASK_HOME" | "PATIENT_TASK_HOME" | "BUDGET",
  DurableObjectNamespace
>;
let made = 0;

/** A task of a tenant of its own. A patient one soon has no run in memory while its callees are at work. */
async function begun(skill: string, text: string, { patient = false, calls }: { patient?: boolean; calls?: number } = {}) {
  made += 1;
  const tenant = `holding-${made}`;
  const principal = { ...LOCAL_PRINCIPAL, tenant };
  const [homes, namespace] = patient ? (["own", PATIENT_TASK_HOME] as const) : (["shared", TASK_HOME] as const);
  const { taskId, home } = placeTask(principalKey(principal), homes, { random: `holding${made}`, contextId: tenant });
  const stub = () => namespace.getByName(home);
  const api = () => stub() as unknown as TaskHomeApi;
  const wishes = calls === undefined ? {} : { wishes: { limits: { calls } } };
  const request = { taskId, contextId: tenant, principal, message: message(text, skill) as Message, skill, ...wishes };
  await api().start(request, { blocking: false });
  const sql = <T extends Record<string, SqlStorageValue>>(query: string) =>
    runInDurableObject(stub(), (_home, { storage }) => storage.sql.exec<T>(query).toArray());
  return {
    api,
    answer: () =>
      api().message({ taskId, message: { messageId: "yes", role: "ROLE_USER", parts: [{ text: "yes" }] } }, { blocking: false }),
    pause: () => api().pause(taskId, principal),
    resume: () => api().unpause(taskId),
    task: async () => {
      const reply = await api().get(taskId, { artifacts: true });
      return JSON.parse(reply.ok ? reply.task : "{}") as Task;
    },
    log: async () => (await sql<{ body: string }>("SELECT body FROM log")).flatMap(({ body }) => JSON.parse(body) as LogEntry[]),
    account: async () => (await (BUDGET.getByName(tenant) as unknown as BudgetApi).accounts())[0],
    parked: () => vi.waitFor(async () => expect(await sql("SELECT kind FROM agenda WHERE kind = 'recheck'")).toHaveLength(1)),
  };
}

type Begun = Awaited<ReturnType<typeof begun>>;

const isReached = (name: string) => vi.waitFor(() => expect(reached.has(name)).toBe(true));
const inState = (task: Begun, state: string) =>
  vi.waitFor(async () => expect((await task.task()).status.state).toBe(state), { timeout: 10_000 });
/** Calls that the task has made, with those that its callees may make in turn, by what it last gave them. */
async function callsGivenBy(task: Begun): Promise<number> {
  const given = new Map<string, number>();
  for (const { event } of await task.log()) if (event.type === "delegating") given.set(callOf(event.name), 1 + (event.lease?.calls ?? 0));
  return [...given.values()].reduce((sum, calls) => sum + calls, 0);
}

/** At the limit of calls somebody is asked, or another call waited for. */
const isAtItsLimit = (task: Begun) =>
  vi.waitFor(async () => {
    const decided = (await task.log()).flatMap(({ event }) => (event.type === "decision" ? [event] : []));
    const budget = decided.filter(({ name }) => name.startsWith("decision:budget:")).map(({ decision }) => decision);
    expect(budget).toContainEqual(expect.objectContaining({ outcome: "pause" }));
  });

beforeEach(() => {
  opened.clear();
  reached.clear();
});

describe("a call that is out", () => {
  it.each([
    ["has no run in memory any more", true],
    ["has one", false],
  ])("counts against the limit when another begins beside it, where its task %s", async (_where, parks) => {
    opened.add("late");
    const task = await begun("beside", "x", { patient: true, calls: 3 });
    await isReached("wait");
    if (parks) await task.parked();
    await task.answer();
    await isAtItsLimit(task);
    expect(await callsGivenBy(task)).toBeLessThanOrEqual(3);
    opened.add("wait");
  });

  it.each([0, 1, 3])("is booked once, as its task's log says, when the task was paused %i times meanwhile", async (pauses) => {
    opened.add("late");
    const task = await begun("fan", "late");
    await isReached("wait");
    for (let times = 0; times < pauses; times++) {
      expect(await task.pause()).toMatchObject({ ok: true, changed: true });
      expect(await task.resume()).toMatchObject({ ok: true, changed: true });
      // What the run did that was paused has come to its end.
      await scheduler.wait(50);
    }
    opened.add("wait");
    await inState(task, "TASK_STATE_COMPLETED");
    const cost = costClaimedIn((await task.task()).metadata);
    await vi.waitFor(async () => expect(await task.account()).toMatchObject({ held: NOTHING, spent: { calls: cost?.calls } }), 5_000);
    expect(cost?.calls).toBe(2);
  });

  it("holds nothing of its tenant's any more when it has ended while its task is paused, and nothing follows it", async () => {
    const task = await begun("again", "wait 2");
    await isReached("wait");
    await task.pause();
    opened.add("wait");
    await vi.waitFor(async () => expect((await task.account())?.held).toEqual(NOTHING), 5_000);
    const out = (await task.log()).filter(({ event }) => event.type === "delegating");
    expect(out).toHaveLength(1);
  });
});
