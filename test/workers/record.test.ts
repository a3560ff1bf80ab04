import { describe, expect, it } from "vitest";
import type { TaskRecord } from "../../shared/task/record.ts";
import { http, message, rpc, type Sent, VERSION, value } from "./wire.ts";

// What governance did in a task, as its owner reads it over HTTP.

async function send(text: string, skill: string): Promise<Sent["task"]> {
  return ((await value(await rpc("SendMessage", { message: message(text, skill) }))) as Sent).task;
}

async function record(id: string, query = ""): Promise<TaskRecord> {
  const response = await http("GET", `/governance/tasks/${id}${query}`, undefined, {});
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/json");
  return (await response.json()) as TaskRecord;
}

describe("the record of a task", () => {
  it("says its rules, its chain, its cost and each decision with the call it was about", async () => {
    const { id } = await send("echo,echo", "fan");
    const said = await record(id);
    expect(said).toMatchObject({ id, agent: "probe", state: "TASK_STATE_COMPLETED", cost: { calls: 2 }, carved: { calls: 0 } });
    expect(said.contracts).toMatchObject({ "chain-cap": 1, budget: 1, "circuit-breaker": 1, "agent-breaker": 1 });
    expect(said.chain).toMatchObject({ root: id, path: [{ agent: "probe", skill: "fan" }], product: 1 });
    for (const { agent, skill, lease, cost, task } of said.calls) {
      expect({ agent, skill, cost: cost?.calls }).toEqual({ agent: "peer", skill: "echo", cost: 1 });
      expect(lease?.calls).toBeGreaterThanOrEqual(1);
      expect(await record(task ?? "")).toMatchObject({
        chain: { root: id, path: [{ skill: "fan" }, { skill: "echo", evidence: "unmeasured" }] },
      });
    }
    for (const { seq, at, name, signals, decision } of said.decisions) {
      expect(seq).toBeGreaterThan(1);
      expect(at).toMatch(/^\d{4}-.*Z$/);
      expect(signals).toBeTypeOf("object");
      expect(name).not.toMatch(/^decision:/);
      expect(decision).toMatchObject({ policy: name.split(":")[0], version: 1, mode: "enforce", micros: expect.any(Number) });
      expect(said.calls.some((call) => name.includes(call.name))).toBe(true);
    }
    expect(new Set(said.decisions.map(({ name }) => name.split(":")[0]))).toEqual(
      new Set(["chain-cap", "agent-breaker", "circuit-breaker", "budget"]),
    );
  });

  it("is in the order of the log, and goes on after any of its positions", async () => {
    const { id } = await send("echo,echo,echo", "fan");
    const { decisions } = await record(id);
    const seqs = decisions.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
    const middle = seqs[5] ?? 0;
    expect((await record(id, `?after=${middle}`)).decisions).toEqual(decisions.slice(6));
    expect((await record(id, "?after=100000")).decisions).toEqual([]);
  });

  it("comes in pages when the task is long, which together are all of it", async () => {
    // Some thousands of entries between two calls.
    const { id } = await send("9000", "count");
    let pages = 0;
    for (let after: number | undefined = 0; after !== undefined; pages++) after = (await record(id, `?after=${after}`)).next;
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(10);
  });

  it("has what is set aside while a call is out", async () => {
    const { id, status } = await send("question", "fan");
    expect(status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    const said = await record(id);
    // The call itself counts as spent from the moment it goes out.
    expect(said.cost.calls).toBe(1);
    expect(said.calls[0]?.lease).toEqual(expect.objectContaining({ calls: said.carved.calls + 1 }));
    expect(said.carved.wallMs).toBeGreaterThan(0);
    expect(said.calls[0]?.cost).toBeUndefined();
  });
});

describe("the record of somebody else's task", () => {
  it("does not exist, like the task", async () => {
    const { id } = await send("echo", "fan");
    for (const path of [`/governance/tasks/${id}x`, "/governance/tasks/none", `/another/governance/tasks/${id}`]) {
      const response = await http("GET", path, undefined, {});
      expect(response.status).toBe(404);
      expect(await value(response)).toMatchObject({ reason: "TASK_NOT_FOUND" });
    }
    expect((await http("GET", `/local/governance/tasks/${id}`, undefined, {})).status).toBe(200);
  });

  it("is read only, and refuses positions that are none", async () => {
    const { id } = await send("echo", "echo");
    expect((await http("POST", `/governance/tasks/${id}`, {}, VERSION)).status).toBe(405);
    for (const after of ["-1", "x", "1.5", ""])
      expect(await value(await http("GET", `/governance/tasks/${id}?after=${after}`, undefined, {}))).toMatchObject({
        fields: [{ field: "after" }],
      });
  });
});
