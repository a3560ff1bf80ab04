/** Contracts that are tried in live tasks: the same comes of each task as without them, and its log says what they would have decided. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { HandlerEnv } from "../../shared/a2a/handler.ts";
import { type Task, textOf } from "../../shared/task/a2a-types.ts";
import type { RecordedDecision, TaskRecord, TriedBeside } from "../../shared/task/record.ts";
import { http, message, ORIGIN, rpc, type Sent, type Served, served, value, worker } from "./wire.ts";

const { TRIED_TASK_HOME } = env as unknown as { TRIED_TASK_HOME: DurableObjectNamespace };
const trying: Served = served({}, { TASK_HOME: TRIED_TASK_HOME } as Partial<HandlerEnv> as object);
const OPERATOR = { "Content-Type": "application/json" };

async function send(text: string, skill: string, at: Served, more: object = {}): Promise<Task> {
  const sent = (await value(await rpc("SendMessage", { message: message(text, skill, more) }, undefined, at))) as Sent;
  if (!sent.task) throw new Error(JSON.stringify(sent));
  return sent.task as Task;
}

async function recordOf(id: string, at = trying): Promise<TaskRecord> {
  return (await (await http("GET", `/governance/tasks/${id}`, undefined, {}, at)).json()) as TaskRecord;
}

const triedIn = ({ decision }: RecordedDecision) => (decision as { candidate?: TriedBeside }).candidate;
const of = ({ decisions }: TaskRecord, policy: string) => decisions.filter(({ name }) => name.startsWith(`${policy}:`));
const result = ({ artifacts }: Task) => artifacts?.map(({ parts }) => textOf(parts));

describe("a task beside whose contracts others are tried", () => {
  it("has the same done and the same cost, and says on each decision what was tried", async () => {
    const [task, without] = [await send("echo,echo,echo", "fan", trying), await send("echo,echo,echo", "fan", worker)];
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
    expect(result(task)).toEqual(result(without));
    const [record, other] = [await recordOf(task.id), await recordOf(without.id, worker)];
    expect(record.contracts).toEqual(other.contracts);
    expect(record.cost.calls).toBe(other.cost.calls);
    const outcomes = ({ decisions }: TaskRecord) =>
      decisions.map(({ name, decision }) => `${name.split(":")[0]} ${(decision as { outcome: string }).outcome}`).toSorted();
    expect(outcomes(record)).toEqual(outcomes(other));

    // A floor of 0.99, which nobody meets whom nobody has measured.
    expect(of(record, "chain-cap")).toHaveLength(3);
    for (const each of of(record, "chain-cap")) {
      expect(each.decision).toMatchObject({ version: 1, mode: "enforce", outcome: "extend" });
      expect(triedIn(each)).toMatchObject({ version: 2, would: { outcome: "stop", reason: "below-floor", floor: 0.99 } });
    }
    // Two calls for a task, which wants three.
    const budget = of(record, "budget").map(triedIn);
    expect(budget).toContainEqual({ version: 2 });
    expect(budget).toContainEqual(expect.objectContaining({ version: 2, would: expect.objectContaining({ outcome: "pause", limit: 2 }) }));
    // Nothing is tried beside the others.
    for (const each of [...of(record, "circuit-breaker"), ...of(record, "agent-breaker")])
      expect(each.decision).not.toHaveProperty("candidate");
    for (const { decision } of other.decisions) expect(decision).not.toHaveProperty("candidate");
  });

  it("asks as long as its own contract says, and records how long the other would have", async () => {
    const { id, status } = await send("Ghent", "question", trying);
    expect(status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    const [asked] = of(await recordOf(id), "interrupt");
    expect(asked?.decision).toMatchObject({ version: 1, hours: 720, candidate: { version: 2, would: { outcome: "wait", hours: 24 } } });
    await send("here", "question", trying, { taskId: id });
    expect((await send("1969", "question", trying, { taskId: id })).status.state).toBe("TASK_STATE_COMPLETED");
  });

  it("writes no entry more than without", async () => {
    const entries = async (at: Served) => {
      const { id } = await send("echo", "fan", at);
      const log = await (await http("GET", `/operate/tasks/${id}/log`, undefined, {}, at)).text();
      const [, ...lines] = log.trim().split("\n");
      const events = lines.map((line) => (JSON.parse(line) as { event: { type: string; name?: string } }).event);
      // Whether somebody waited for a grant depends on when the tenant's object answers.
      return events.map(({ type, name }) => `${type} ${name ?? ""}`).filter((said) => !said.includes(":granted-"));
    };
    // Whoever comes first waits for what others find there.
    await Promise.all([entries(trying), entries(worker)]);
    expect(await entries(trying)).toEqual(await entries(worker));
  });

  it("can be exported and taken in again with what was tried", async () => {
    const { id } = await send("echo", "fan", trying);
    const log = await (await http("GET", `/operate/tasks/${id}/log`, undefined, {}, trying)).text();
    const taken = await trying.fetch(`${ORIGIN}/operate/tasks/import`, {
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson" },
      body: log,
    });
    const { task } = (await taken.json()) as { task: string };
    const tried = (record: TaskRecord) => record.decisions.map(triedIn);
    expect(tried(await recordOf(task))).toEqual(tried(await recordOf(id)));
  });

  it("may be forked under the candidate, which binds the fork and nobody else", async () => {
    const { id } = await send("echo,echo,echo", "fan", trying);
    const body = JSON.stringify({ at: 1, edit: { contracts: { budget: 2 } } });
    const forked = await trying.fetch(`${ORIGIN}/operate/tasks/${id}/fork`, { method: "POST", headers: OPERATOR, body });
    expect(forked.status).toBe(200);
    const { task } = (await forked.json()) as { task: string };
    await expect.poll(async () => (await recordOf(task)).state).toBe("TASK_STATE_INPUT_REQUIRED");
    const record = await recordOf(task);
    expect(record.contracts["budget"]).toBe(2);
    expect(of(record, "budget").map(({ decision }) => decision)).toContainEqual(
      expect.objectContaining({ version: 2, mode: "enforce", outcome: "pause", reason: "task-limit" }),
    );
    for (const each of of(record, "budget")) expect(triedIn(each)).toBeUndefined();
    expect((await recordOf((await send("echo", "fan", trying)).id)).contracts["budget"]).toBe(1);
  });
});
