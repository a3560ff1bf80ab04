import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, type Principal, principalKey } from "../../shared/auth/principal.ts";
import type { TaskHomeApi, TaskReply } from "../../shared/host/api.ts";
import type { JsonObject, Message, Task } from "../../shared/task/a2a-types.ts";
import { textOf } from "../../shared/task/a2a-types.ts";
import { questionId } from "../../shared/task/answering.ts";
import { digestOfAction } from "../../shared/task/approval.ts";
import { HITL_EXTENSION } from "../../shared/task/hitl-extension.ts";
import { placeTask } from "../../shared/task/home.ts";
import { type Interrupt, interruptIn } from "../../shared/task/interrupt-extension.ts";
import { edits, runs } from "./probe-agent.ts";

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };
const OWNER = LOCAL_PRINCIPAL;
const ANN: Principal = { ...OWNER, subject: "ann" };
const BEN: Principal = { ...OWNER, subject: "ben" };
const CALLER: Principal = { ...OWNER, subject: "caller", scopes: ["call"] };
const DAY_MS = 24 * 3_600_000;
let made = 0;

function said(text: string, payload?: JsonObject): Message {
  made += 1;
  return { messageId: `m-${made}`, role: "ROLE_USER", parts: [{ text }], ...(payload && { metadata: { [HITL_EXTENSION]: payload } }) };
}

const decision = (id: string, approved: boolean, reason?: string) =>
  said("as decided", {
    type: "tool_approval_response",
    approvals: [{ id, approved, ...(reason !== undefined && { rejection_reason: reason }) }],
  });

/** A task that was begun, as people see it. Every call goes through a stub of its own: one is broken for good with its object. */
async function begun(skill: string, text: string, principal = OWNER) {
  made += 1;
  const { taskId, home: name } = placeTask(principalKey(principal), "shared", { random: `interrupts${made}` });
  const stub = () => TASK_HOME.getByName(name);
  const home = () => stub() as unknown as TaskHomeApi;
  const request = { taskId, contextId: `interrupts-${made}`, principal, message: said(text), skill };
  const task = {
    taskId,
    begin: async () => taskOf(await home().start(request, { blocking: true })),
    get: async () => taskOf(await home().get(taskId, { artifacts: true })),
    send: (message: Message, by?: readonly Principal[], key?: string) =>
      home().message({ taskId, message, ...(by && { by }), ...(key !== undefined && { key, digest: key }) }, { blocking: true }),
    evict: () => evictDurableObject(stub()),
    /** As a crash does it. */
    lose: () => runInDurableObject(stub(), (_home, state) => state.abort("lost")).catch(() => {}),
    alarm: () => runDurableObjectAlarm(stub()),
    entries: () =>
      runInDurableObject(
        stub(),
        (_home, { storage: { sql } }) => sql.exec("SELECT max(seq) AS seq FROM log WHERE task = ?", taskId).one()["seq"],
      ),
  };
  await task.begin();
  return task;
}

function taskOf(reply: TaskReply): Task {
  if (!reply.ok) throw new Error(`refused: ${JSON.stringify(reply.refusal)}`);
  return JSON.parse(reply.task) as Task;
}

function waitsFor({ metadata }: Task): Interrupt {
  const interrupt = interruptIn(metadata);
  if (!interrupt) throw new Error("the task does not say what it waits for");
  return interrupt;
}

const resultOf = (task: Task) => textOf(task.artifacts?.flatMap(({ parts }) => parts) ?? []);
const codeOf = (reply: TaskReply) => (reply.ok ? "taken" : reply.refusal.code);

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

beforeEach(() => {
  runs.clear();
  edits.clear();
});
afterEach(() => vi.useRealTimers());

describe("an action", () => {
  it("is done once, with exactly what was approved, whatever is lost in between", async () => {
    const task = await begun("act", "hello");
    const { id, kind, action, path } = waitsFor(await task.get());
    expect({ kind, action, path }).toEqual({
      kind: "approval",
      action: {
        description: "Do it?",
        args: { thing: "it", text: "hello" },
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        approvers: 1,
        others: 0,
      },
      path: ["probe"],
    });
    await task.lose();
    expect(resultOf(taskOf(await task.send(decision(id, true))))).toBe("it: hello");
    await task.evict();
    await task.get();
    expect(runs.get("hello:it")).toBe(1);
  });

  it("is approved by one of two people at the same moment; the other one is told that it is over", async () => {
    const task = await begun("act", "race");
    const { id } = waitsFor(await task.get());
    const replies = await Promise.all([task.send(decision(id, true), [ANN]), task.send(decision(id, true), [BEN])]);
    const codes = replies.map(codeOf);
    expect(codes.filter((code) => code === "taken")).toHaveLength(1);
    expect(codes.find((code) => code !== "taken")).toMatch(/^(question-unknown|task-ended)$/);
    expect(resultOf(await task.get())).toBe("it: race");
    expect(runs.get("race:it")).toBe(1);
  });

  it("is approved for no other arguments: those are another question", async () => {
    const task = await begun("act", "before");
    const asked = waitsFor(await task.get());
    await task.lose();
    edits.set("before", "after");
    const task2 = taskOf(await task.send(decision(asked.id, true)));
    const now = waitsFor(task2);
    expect(now.id).not.toBe(asked.id);
    expect(now.action?.args).toEqual({ thing: "it", text: "after" });
    expect(runs.size).toBe(0);
    expect(codeOf(await task.send(decision(asked.id, true)))).toBe("question-unknown");
    expect(codeOf(await task.send(said(`yes ${asked.action?.digest.slice(0, 8)}`)))).toBe("action-other");
    expect(runs.size).toBe(0);
    expect(resultOf(taskOf(await task.send(decision(now.id, true))))).toBe("it: after");
  });

  it("is not approved by an approval that was for another one, in whatever form it is sent again", async () => {
    const task = await begun("acts", "replay");
    const first = waitsFor(await task.get());
    const second = waitsFor(taskOf(await task.send(decision(first.id, true), undefined, "first")));
    const before = await task.entries();
    expect(codeOf(await task.send(decision(first.id, true), undefined, "second"))).toBe("question-unknown");
    expect(codeOf(await task.send(said("yes")))).toBe("action-unnamed");
    expect(codeOf(await task.send(said(`yes ${first.action?.digest.slice(0, 8)}`)))).toBe("action-other");
    // The same request again, as a client sends it that lost the answer: nothing new is said by it.
    expect(codeOf(await task.send(decision(first.id, true), undefined, "first"))).toBe("taken");
    expect(await task.entries()).toBe(before);
    expect(runs.get("replay:second")).toBeUndefined();
    const named = `yes ${second.action?.digest.slice(0, 8)}`;
    expect(textOf((await task.get()).status.message?.parts ?? [])).toContain(`Answer "${named}"`);
    expect(resultOf(taskOf(await task.send(said(named))))).toBe("first: replay; second: replay");
  });

  it("is rejected with a reason that the program sees", async () => {
    const inForm = await begun("act", "form");
    const { id } = waitsFor(await inForm.get());
    expect(resultOf(taskOf(await inForm.send(decision(id, false, "too loud"))))).toBe("it not done: too loud");
    const inWords = await begun("act", "words");
    expect(resultOf(taskOf(await inWords.send(said("no, wrong channel"))))).toBe("it not done: wrong channel");
    expect(runs.size).toBe(0);
  });

  it("may be approved while another one is shown, and goes on alone", async () => {
    const task = await begun("sides", "both");
    const left = waitsFor(await task.get());
    const digest = digestOfAction({ whose: "probe/sides", what: "right", args: { text: "both", thing: "right" } });
    const right = questionId(task.taskId, `approve:${digest}:1`);
    expect(waitsFor(taskOf(await task.send(decision(right, true)))).id).toBe(left.id);
    await vi.waitFor(() => expect(runs.get("both:right")).toBe(1));
    expect(runs.get("both:left")).toBeUndefined();
    expect(resultOf(taskOf(await task.send(decision(left.id, true))))).toBe("left: both; right: both");
  });
});

describe("people", () => {
  it("approve only with the scope for it; what they may not give is not the caller's alone to wait for", async () => {
    const task = await begun("act", "scope", CALLER);
    expect((await task.get()).status.state).toBe("TASK_STATE_AUTH_REQUIRED");
    const { id } = waitsFor(await task.get());
    for (const message of [decision(id, true), said("yes")]) expect(codeOf(await task.send(message))).toBe("scope-missing");
    expect(taskOf(await task.send(said("What is it for?"))).status.state).toBe("TASK_STATE_AUTH_REQUIRED");
    expect((await task.get()).history?.map(({ parts }) => parts[0]?.text)).toContain("What is it for?");
    expect(resultOf(taskOf(await task.send(decision(id, true), [CALLER, ANN])))).toBe("it: scope");
  });

  it("who must be several, and others than the caller, are counted across evictions, and shown", async () => {
    const task = await begun("strict", "strict");
    const { id, action } = waitsFor(await task.get());
    expect(action).toMatchObject({ approvers: 2, others: 2 });
    expect((await task.get()).status.state).toBe("TASK_STATE_AUTH_REQUIRED");
    expect(codeOf(await task.send(decision(id, true)))).toBe("approver-other");
    const one = taskOf(await task.send(decision(id, true), [ANN]));
    expect(one.status.state).toBe("TASK_STATE_AUTH_REQUIRED");
    expect(waitsFor(one)).toMatchObject({ id, approvedBy: ["local/ann"] });
    await task.evict();
    expect(codeOf(await task.send(decision(id, true), [ANN]))).toBe("approved-already");
    expect(runs.size).toBe(0);
    expect(resultOf(taskOf(await task.send(said("yes"), [BEN])))).toBe("it: strict");
    expect(runs.get("strict:it")).toBe(1);
  });

  it("one of whom says no after another said yes have rejected it", async () => {
    const task = await begun("strict", "no");
    const { id } = waitsFor(await task.get());
    await task.send(decision(id, true), [ANN]);
    expect(resultOf(taskOf(await task.send(decision(id, false, "not today"), [BEN])))).toBe("it not done: not today");
  });
});

describe("a question", () => {
  it.each([
    ["1", "red"],
    ["BLUE", "blue"],
  ])('with choices takes "%s" for %s, and nothing else', async (text, chosen) => {
    const task = await begun("choose", "x");
    const before = await task.get();
    expect(waitsFor(before)).toMatchObject({ kind: "question", choices: ["red", "blue"] });
    expect(textOf(before.status.message?.parts ?? [])).toBe("Which one?\n\n1. red\n2. blue\n\nAnswer with a number or its words.");
    expect(codeOf(await task.send(said("green")))).toBe("not-a-choice");
    expect(await task.get()).toEqual(before);
    expect(resultOf(taskOf(await task.send(said(text))))).toBe(`chose ${chosen}`);
  });

  it("is answered in a form by whoever read none of its words", async () => {
    const task = await begun("choose", "x");
    const { id } = waitsFor(await task.get());
    const answer = said("", { type: "ask_user_response", id, answers: [{ answer: ["2"] }] });
    expect(resultOf(taskOf(await task.send(answer)))).toBe("chose blue");
  });
});

describe("when nobody answers in time,", () => {
  it("an action is rejected, also when nobody was there as its time passed", async () => {
    const task = await begun("act", "late");
    const { since, expires } = waitsFor(await task.get());
    expect(Date.parse(String(expires)) - Date.parse(since)).toBe(7 * DAY_MS);
    await task.evict();
    clockAt(Date.parse(String(expires)) + 1);
    await task.alarm();
    await vi.waitFor(async () => expect(resultOf(await task.get())).toBe("it not done: nobody approved it in time"));
    expect(runs.size).toBe(0);
  });

  it("the answer that comes before the alarm is refused all the same, and the task goes on without it", async () => {
    const task = await begun("act", "before the alarm");
    const { id, expires } = waitsFor(await task.get());
    clockAt(Date.parse(String(expires)));
    expect(codeOf(await task.send(decision(id, true)))).toBe("question-expired");
    expect(resultOf(await task.get())).toBe("it not done: nobody approved it in time");
    expect(runs.size).toBe(0);
  });

  it("a question has its default for an answer", async () => {
    const task = await begun("choose", "default");
    const { expires } = waitsFor(await task.get());
    expect(textOf((await task.get()).status.message?.parts ?? [])).toContain(`Without an answer until ${expires} it is "blue".`);
    await task.evict();
    clockAt(Date.parse(String(expires)));
    await task.alarm();
    await vi.waitFor(async () => expect(resultOf(await task.get())).toBe("chose blue"));
  });

  it("a question without a default ends its task", async () => {
    const task = await begun("choose", "none");
    const { since, expires } = waitsFor(await task.get());
    expect(Date.parse(String(expires)) - Date.parse(since)).toBe(30 * DAY_MS);
    clockAt(Date.parse(String(expires)));
    await task.alarm();
    await vi.waitFor(async () =>
      expect((await task.get()).status).toMatchObject({
        state: "TASK_STATE_REJECTED",
        message: { parts: [{ text: "nobody answered in time: Which one?" }] },
      }),
    );
  });

  it("an alarm that rings too early settles nothing", async () => {
    const task = await begun("act", "early");
    const { expires } = waitsFor(await task.get());
    clockAt(Date.parse(String(expires)) - 1);
    await task.alarm();
    expect((await task.get()).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
  });
});
