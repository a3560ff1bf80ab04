import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Task } from "../../shared/task/a2a-types.ts";
import { HITL_EXTENSION } from "../../shared/task/hitl-extension.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import type { Call, Order } from "./fixtures/puppet.ts";
import { answer, type Caller, costOf, order, said, tasksOf, told } from "./governed.ts";
import { headersOf, interruptOf, letIn, operate, respond, respondWith, taskOf } from "./people.ts";

// Questions that are asked two hops down: put to the people of the task that began it all, and answered there.

const RISKY = { reversible: false, blast: 1_000, kind: "money" } as const;
const DONE = "TASK_STATE_COMPLETED";
const HITL = { "A2A-Extensions": HITL_EXTENSION };

let mesh: CopiedMesh;
let desk: Caller;
let boss: Caller;
let clerk: Caller;

beforeAll(async () => {
  const keys = await letIn({ desk: ["call", "approve"], boss: ["call", "approve"], clerk: ["call"] });
  const agents = ["root", "middle", "other", "leaf"].map((name) => ({ name, from: "puppet", calls: ["middle", "other", "leaf"] }));
  mesh = await copyMesh({ agents, contracts: { interrupt: { fourEyes: "true" } }, unlimited: true });
  [desk, boss, clerk] = [keys.desk, keys.boss, keys.clerk].map((key) => ({ url: mesh.url, key })) as [Caller, Caller, Caller];
  await mesh.start();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await mesh?.remove();
});

/** The root has the middle have the leaf do it. */
function below(leaf: Order, middle: Call["to"] = "middle/do"): Call {
  return { to: middle, order: { calls: [{ to: "leaf/do", order: leaf }] } };
}

function ask(leaf: Order, headers: Record<string, string> = {}): Promise<Task> {
  return order(desk, "root", { calls: [below(leaf)] }, { headers });
}

async function ended({ id }: Task): Promise<Task> {
  await expect.poll(async () => (await taskOf(desk, "root", { id })).status.state, { timeout: 15_000 }).toBe(DONE);
  return taskOf(desk, "root", { id });
}

async function leafOf(task: Task): Promise<Task> {
  const { asker } = interruptOf(task);
  return taskOf(desk, "leaf", { id: asker.task });
}

describe("an approval two hops down", () => {
  it("is put to the people of the first task: who asks, for exactly what, through whom, what it cost so far, until when", async () => {
    const task = await ask({ act: RISKY }, HITL);
    const interrupt = interruptOf(task);
    const leaf = await leafOf(task);
    // Its caller may not approve alone.
    expect([task.status.state, leaf.status.state]).toEqual(["TASK_STATE_AUTH_REQUIRED", "TASK_STATE_AUTH_REQUIRED"]);
    expect(interrupt).toMatchObject({
      id: interruptOf(leaf).id,
      kind: "approval",
      asker: { agent: "leaf", skill: "do", task: leaf.id },
      path: ["root", "middle", "leaf"],
      callee: { agent: "middle" },
      action: { ...interruptOf(leaf).action, others: 1 },
    });
    expect(Date.parse(interrupt.expires ?? "")).toBeGreaterThan(Date.parse(interruptOf(leaf).expires ?? ""));
    expect(said(task)).toContain(interrupt.action?.description);
    const { tools, nested } = (task.status.message?.metadata?.[HITL_EXTENSION] ?? {}) as { tools?: object[]; nested?: object };
    expect(tools).toEqual([expect.objectContaining({ id: interrupt.id, args: interrupt.action?.args })]);
    expect(nested).toMatchObject({
      subagent_name: "middle",
      task_id: interrupt.callee?.task,
      context_id: interrupt.callee?.context,
      tools,
    });
    expect(costOf(task).calls).toBe(2);
  });

  it("is given by somebody else at the first task, and the leaf knows by whom", async () => {
    const task = await ask({ act: RISKY, whoApproved: true });
    const { id } = interruptOf(task);
    const leaf = await leafOf(task);
    expect((await respond(desk, "root", task, id, { approved: true })).json?.error?.message).toMatch(/somebody else/);
    expect((await operate(clerk, "root", task, "desk", "approve", { question: id })).status).toBe(403);
    expect((await operate(boss, "root", task, "desk", "approve", { question: id })).status).toBe(200);
    expect(told(await ended(task))).toContain("acted by boss");
    expect((await taskOf(desk, "leaf", leaf)).status.state).toBe(DONE);
    expect((await operate(boss, "root", task, "desk", "approve", { question: id })).status).toBe(400);
  });

  it("that is rejected is a result with its reason, which the leaf's program sees", async () => {
    const task = await ask({ act: RISKY });
    const { id } = interruptOf(task);
    await operate(boss, "root", task, "desk", "reject", { question: id, reason: "not on a Friday" });
    expect(told(await ended(task))).toContain("did not act: not on a Friday");
  });

  it("goes on where it waited when every process was killed meanwhile", async () => {
    const task = await ask({ act: RISKY });
    await mesh.kill();
    await mesh.start();
    await operate(boss, "root", task, "desk", "approve", { question: interruptOf(task).id });
    expect(told(await ended(task))).toContain("acted");
    expect(await tasksOf(desk, "leaf", "TASK_STATE_WORKING", "TASK_STATE_SUBMITTED")).toEqual([]);
  });
});

describe("a question two hops down", () => {
  it("is answered at the first task, in words or by its id", async () => {
    const inWords = await ask({ ask: "Which colour?" });
    expect(said(inWords)).toBe("Which colour?");
    expect(told(await answer(desk, "root", inWords, "green"))).toContain("answered green");
    const byId = await ask({ ask: "Which colour?" });
    const { json } = await respond(desk, "root", byId, interruptOf(byId).id, { text: "blue" });
    expect(told(json?.result?.task as Task)).toContain("answered blue");
  });

  it("is answered by nothing that names another question, or one that has its answer", async () => {
    const task = await ask({ ask: "Which colour?", calls: [] });
    const { id } = interruptOf(task);
    const other = await ask({ ask: "Which size?" });
    for (const payload of [
      { type: "ask_user_response", id: "q-nobody", answers: [{ answer: ["green"] }] },
      { type: "ask_user_response", id: interruptOf(other).id, answers: [{ answer: ["green"] }] },
      { type: "ask_user_response", id, answers: [] },
      { type: "tool_approval_response", approvals: [{ id, approved: true }] },
    ]) {
      const { json } = await respondWith(desk, "root", task, payload);
      expect(json?.error, JSON.stringify(payload)).toBeDefined();
    }
    expect(await taskOf(desk, "root", task)).toMatchObject({ status: task.status });
    expect((await leafOf(other)).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    await respond(desk, "root", task, id, { text: "green" });
    expect((await respond(desk, "root", task, id, { text: "red" })).json?.error).toBeDefined();
    expect(told(await ended(task))).toContain("answered green");
  });

  it("that was answered at its own agent meanwhile takes no second answer: the first task goes on with what came of it", async () => {
    const task = await ask({ ask: "Which colour?" });
    const leaf = await leafOf(task);
    expect((await answer(desk, "leaf", leaf, "green")).status.state).toBe(DONE);
    const { json } = await respond(desk, "root", task, interruptOf(task).id, { text: "red" });
    expect(told(json?.result?.task as Task)).toContain("answered green");
  });

  it("whose agent asks something else by now does not take the answer for that", async () => {
    const task = await order(desk, "root", { calls: [{ to: "leaf/do", order: { ask: "Which colour?", act: RISKY } }] });
    const leaf = await leafOf(task);
    await answer(desk, "leaf", leaf, "green");
    const { json } = await respond(desk, "root", task, interruptOf(task).id, { text: "yes" });
    const again = json?.result?.task as Task;
    expect(interruptOf(again)).toMatchObject({ kind: "approval", id: interruptOf(await taskOf(desk, "leaf", leaf)).id });
    expect(said(again)).toMatch(/The last answer was not taken/);
    await operate(boss, "root", again, "desk", "approve", { question: interruptOf(again).id });
    expect(told(await ended(again))).toContain("answered green\nacted");
  });

  it("goes away with its task when that was canceled at its own agent", async () => {
    const task = await ask({ ask: "Which colour?" });
    const leaf = await leafOf(task);
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "CancelTask", params: { id: leaf.id } });
    await fetch(`${mesh.url}/agents/leaf`, { method: "POST", headers: headersOf(desk), body });
    const { json } = await respond(desk, "root", task, interruptOf(task).id, { text: "red" });
    expect(told(json?.result?.task as Task)).toContain("canceled by its caller");
  });
});

describe("branches that wait for several people at once", () => {
  it("are answered in any order, and each goes on by itself", async () => {
    const calls = [below({ act: RISKY, say: "first" }, "middle/do"), below({ ask: "Which colour?", say: "second" }, "other/do")];
    const task = await order(desk, "root", { together: true, calls });
    await expect.poll(async () => interruptOf(await taskOf(desk, "root", task)).waiting?.length).toBe(1);
    const put = interruptOf(await taskOf(desk, "root", task));
    const all = [put, ...(put.waiting ?? [])];
    const approval = all.find(({ kind }) => kind === "approval");
    const question = all.find(({ kind }) => kind === "question");
    // The one that is not put first.
    const [late, soon] = put.kind === "approval" ? [approval, question] : [question, approval];
    const settle = (each = approval) =>
      each?.kind === "approval"
        ? operate(boss, "root", task, "desk", "approve", { question: each.id })
        : respond(desk, "root", task, each?.id ?? "", { text: "green" });
    await settle(soon);
    const leaf = () => taskOf(desk, "leaf", { id: soon?.asker.task ?? "" });
    await expect.poll(async () => (await leaf()).status.state).toBe(DONE);
    expect(interruptOf(await taskOf(desk, "root", task))).toMatchObject({ id: late?.id });
    await settle(late);
    expect(told(await ended(task))).toMatch(/acted\nfirst[\s\S]*answered green\nsecond/);
  });
});
