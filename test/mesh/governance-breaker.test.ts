import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newKey } from "../../shared/auth/api-key.ts";
import type { Scope } from "../../shared/auth/principal.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import type { Call, Order } from "./fixtures/puppet.ts";
import { answer, type Caller, decisionsBy, limitOf, order, record, told } from "./governed.ts";

// Agents that fail or hang, and what their callers do about it; and who may lift which limit.

const OPEN_MS = 1_200;
const SLOW_MS = 300;
const DEADLINE_MS = 1_000;
/** Each too weak for a chain of two on top of it. */
const FLOOR = 0.92;

let mesh: CopiedMesh;
const callers: Record<"ada" | "boss" | "operator", Caller> = { ada: { url: "" }, boss: { url: "" }, operator: { url: "" } };
const SCOPES: Record<keyof typeof callers, Scope[]> = {
  ada: ["call"],
  boss: ["call", "approve"],
  operator: ["call", "approve", "operate"],
};

beforeAll(async () => {
  const names = Object.keys(callers) as (keyof typeof callers)[];
  const made = await Promise.all(names.map(async (name) => ({ name, ...(await newKey()) })));
  // One person's keys: the tasks are the same caller's, and what they may do differs.
  vi.stubEnv(
    "AUTH_API_KEYS",
    JSON.stringify(made.map(({ name, id, hash }) => ({ id, hash, tenant: "acme", app: "desk", scopes: SCOPES[name] }))),
  );
  mesh = await copyMesh({
    agents: [
      { name: "client", from: "puppet", calls: ["weak", "slow", "deputy"] },
      { name: "weak", from: "puppet", calls: ["deputy"] },
      { name: "slow", from: "puppet" },
      { name: "deputy", from: "puppet" },
    ],
    contracts: {
      "agent-breaker": { window: 4, minCalls: 2, openMs: OPEN_MS, probes: 1, slowMs: SLOW_MS, deadlineMs: DEADLINE_MS },
      "chain-cap": { floor: FLOOR },
      budget: { taskCalls: 3, callerRaise: 2 },
    },
  });
  await mesh.start();
  for (const { name, text } of made) callers[name] = { url: mesh.url, key: text };
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await mesh.remove();
});

describe("an agent that fails or is slow", () => {
  const call = async (agent: string, order_: Order): Promise<{ task: Task; breaker: string[] }> => {
    const task = await order(callers.ada, "client", { calls: [{ to: `${agent}/do`, order: order_ }] });
    return { task, breaker: decisionsBy("agent-breaker", await record(callers.ada, "client", task)) };
  };

  // Each with an agent of its own, so side by side.
  it.concurrent.each([
    ["weak", { fail: "broken" }],
    ["slow", { wait: 2 * SLOW_MS }],
    ["deputy", { wait: 10 * DEADLINE_MS }],
  ] as const)("gets no more calls until one that is let through to see works: %s", async (agent, trouble) => {
    for (let n = 0; n < 2; n++) expect((await call(agent, trouble)).breaker).toEqual(["call: closed"]);
    const held = await call(agent, {});
    expect(held.breaker).toEqual(["hold: open"]);
    expect(told(held.task)).toContain(`${agent} gets no calls for the moment`);
    // Time itself is what is waited for.
    await sleep(OPEN_MS);
    expect((await call(agent, trouble)).breaker).toEqual(["call: probing"]);
    expect((await call(agent, {})).breaker).toEqual(["hold: open"]);
    await sleep(OPEN_MS);
    expect((await call(agent, {})).breaker).toEqual(["call: probing"]);
    expect((await call(agent, {})).breaker).toEqual(["call: closed"]);
  });

  it("does not end its caller's task: another agent is called instead, in the same task", async () => {
    for (let n = 0; n < 2; n++) await call("weak", { fail: "broken again" });
    const calls: Call[] = [
      { to: "weak/do", order: {} },
      { to: "slow/do", order: { say: "done by another" } },
    ];
    const task = await order(callers.ada, "client", { calls });
    expect(told(task)).toMatch(/^weak\/do unreachable: .*\nslow\/do: done by another/);
  });
});

describe("a limit", () => {
  const twoDeep: Order = { calls: [{ to: "deputy/do", order: {} }] };

  it("of the chain is lifted by somebody who may approve, and by nobody else", async () => {
    await sleep(OPEN_MS);
    const task = await order(callers.ada, "client", {
      calls: [
        { to: "slow/do", order: {} },
        { to: "weak/do", order: twoDeep },
      ],
    });
    expect(limitOf(task)).toMatchObject({ policy: "chain-cap", reason: "below-floor", choices: ["partial", "allow"] });
    await expect(answer(callers.ada, "client", task, "allow")).rejects.toThrow(/approve/);
    await expect(answer(callers.ada, "client", task, "2")).rejects.toThrow(/approve/);
    const done = await answer(callers.boss, "client", task, "allow");
    expect(told(done)).toMatch(/weak\/do: deputy\/do: done/);
  });

  it("of a task is raised by its caller as far as the contract says, and by an operator from there on", async () => {
    const calls = Array.from({ length: 8 }, (_, n): Call => ({ to: "slow/do", order: { say: String(n) } }));
    let task = await order(callers.ada, "client", { calls });
    expect(limitOf(task)).toMatchObject({
      policy: "budget",
      reason: "task-limit",
      choices: ["raise", "partial", "again"],
      raise: { unit: "calls" },
    });
    await expect(answer(callers.ada, "client", task, "raise 100")).rejects.toThrow(/operate/);
    task = await answer(callers.ada, "client", task, "raise 3");
    await expect(answer(callers.boss, "client", task, "raise 2")).rejects.toThrow(/operate/);
    task = await answer(callers.operator, "client", task, "raise 2");
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
  });
});
