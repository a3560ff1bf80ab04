import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject, Task } from "../../shared/task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../../shared/task/governance-extension.ts";
import { type CopiedMesh, copyMesh, SEEN } from "./copied-mesh.ts";
import { type Call, DEAR, type GoalOrder } from "./fixtures/puppet.ts";
import { answer, costOf, decisionsBy, order, record, said, send, tasksOf, told } from "./governed.ts";
import { getTask } from "./wire.ts";

// A goal is held to what it was given by the host, whatever the program of the agent says; and two agents of which the better is taken.

/** Nothing that is waited for may take longer, alarms included. */
const PATIENCE = { timeout: 30_000, interval: 50 };

let mesh: CopiedMesh;

beforeAll(async () => {
  mesh = await copyMesh({
    agents: [
      { name: "pawn", from: "puppet", calls: ["knight", "rook"] },
      { name: "knight", from: "puppet" },
      { name: "rook", from: "puppet" },
      { name: "witness-1", from: "witness" },
      { name: "witness-2", from: "witness" },
      { name: "crier-1", from: "crier" },
      { name: "crier-2", from: "crier" },
    ],
  });
  await mesh.start();
});

afterAll(() => mesh.remove());

const KNIGHT: Call = { to: "knight/do", order: {} };
const ROOK: Call = { to: "rook/do", order: {} };
const dear = (nth: number): Call => ({ to: "knight/dear", order: { say: `move ${nth}` } });
const pursue = (goal: GoalOrder) => order(mesh, "pawn", { goal });

/** Requests of any kind that an agent's Worker has been sent, this one for its card included. */
async function requestsTo(agent: string): Promise<number> {
  return Number((await fetch(`${mesh.url}/agents/${agent}/.well-known/agent-card.json`)).headers.get(SEEN));
}

describe("a goal that tries to leave its surface", () => {
  it("is refused before anything is sent, and the log says so", async () => {
    const before = await requestsTo("rook");
    const task = await pursue({ name: "opening", surface: ["knight/do"], calls: [KNIGHT, ROOK, { ...KNIGHT, to: "knight/dear" }] });
    expect(told(task)).toContain("knight/do: done");
    expect(told(task)).toContain(
      'rook/do stopped: rook/do is not among the skills that the goal "opening" was given: it may use knight/do',
    );
    // By the whole name: another skill of an agent that it may call is no more its own.
    expect(told(task)).toContain("knight/dear stopped: knight/dear is not among");
    expect(decisionsBy("surface", await record(mesh, "pawn", task))).toEqual(["refuse: outside", "refuse: outside"]);
    const own = 1;
    expect((await requestsTo("rook")) - before).toBe(own);
    expect(costOf(task).calls).toBe(1);
  });

  it("is refused also by the way around: what the skill itself may call, no goal of it may", async () => {
    const task = await order(mesh, "pawn", { goal: { name: "opening", surface: ["knight/do"], around: [ROOK] }, calls: [ROOK] });
    expect(told(task)).toMatch(/rook\/do stopped: .*"opening"[\s\S]*rook\/do: done/);
    expect(costOf(task).calls).toBe(1);
  });

  it("is refused in a goal inside it that wishes for more", async () => {
    const inner: GoalOrder = { name: "attack", surface: ["rook/do", "knight/do"], calls: [ROOK, KNIGHT] };
    const task = await pursue({ name: "opening", surface: ["knight/do"], inner });
    expect(told(task)).toContain("attack may use knight/do");
    expect(told(task)).toContain('rook/do stopped: rook/do is not among the skills that the goal "opening" was given');
    expect(told(task)).toContain("knight/do: done");
  });

  it("gets no other agent by way of an alternative", async () => {
    const task = await pursue({ name: "opening", surface: ["knight/do"], calls: [{ ...KNIGHT, or: ["rook/do"] }] });
    expect(told(task)).toContain("knight/do: done");
    const { decisions } = await record(mesh, "pawn", task);
    expect(decisions.filter(({ name }) => name.startsWith("hedge:"))).toEqual([]);
  });
});

describe("the share of a goal", () => {
  const five = [1, 2, 3, 4, 5].map(dear);
  const made = (words: string) => words.match(/knight\/dear: /g)?.length ?? 0;

  it("is held by calls side by side, and nobody is asked", async () => {
    // Each may cost its price and a quarter more: two are 5000, three would be 7500.
    const share = 3 * DEAR;
    const task = await pursue({ name: "dear", surface: ["knight/dear"], share, calls: five, together: true });
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
    expect(made(told(task))).toBe(2);
    expect(told(task)).toContain('knight/dear stopped: the goal "dear" was given');
    expect(costOf(task).microUsd).toBeLessThanOrEqual(share);
    expect(decisionsBy("share", await record(mesh, "pawn", task))).toEqual(Array(3).fill("refuse: share-spent"));
  });

  it("counts what calls have cost when they have ended, and what goals inside it spend", async () => {
    const inner: GoalOrder = { name: "inner", surface: ["knight/dear"], calls: five };
    const task = await pursue({ name: "dear", surface: ["knight/dear"], share: 4 * DEAR, calls: [dear(0)], inner });
    // 2000 each once they have ended: the fourth would need 2500 where 2000 are left.
    expect(made(told(task))).toBe(3);
    expect(costOf(task).microUsd).toBe(3 * DEAR);
  });

  it("may be a number of calls, whatever comes of them", async () => {
    const task = await pursue({ name: "two", surface: ["knight/dear"], mostCalls: 2, calls: five, together: true });
    expect(costOf(task).calls).toBe(2);
    expect(told(task)).toContain('two stopped: it came to no result: the goal "two" was given 2 calls, and they are made');
  });
});

describe("a goal in the middle of which the runtime is killed", () => {
  it("goes on with the calls and the share that are left, and nothing of it is done twice", async () => {
    const before = (await tasksOf(mesh, "knight")).length;
    const slow: Call = { to: "knight/do", order: { wait: 1_000, say: "slowly" } };
    const goal: GoalOrder = {
      name: "castling",
      surface: ["knight/dear", "knight/do", "submit-result"],
      mostCalls: 3,
      calls: [dear(1), slow, dear(2), dear(3), ROOK],
      submit: ["wrong", 7],
    };
    const { id } = await order(mesh, "pawn", { goal }, { configuration: { returnImmediately: true } });
    await expect.poll(async () => (await tasksOf(mesh, "knight", "TASK_STATE_WORKING")).length, PATIENCE).toBe(1);
    await mesh.kill();
    await mesh.start();
    const ended = async () => (await tasksOf(mesh, "pawn", "TASK_STATE_COMPLETED")).find((task) => task.id === id);
    await expect.poll(async () => (await ended())?.status.state, PATIENCE).toBe("TASK_STATE_COMPLETED");
    const words = told((await getTask(`${mesh.url}/agents/pawn`, id)) as Task);
    expect(words.match(/knight\/\w+: /g)).toEqual(["knight/dear: ", "knight/do: ", "knight/dear: "]);
    expect(words).toContain('knight/dear stopped: the goal "castling" was given 3 calls, and they are made');
    expect(words).toContain("rook/do stopped: rook/do is not among");
    expect(words).toContain("castling submitted: 7");
    expect((await tasksOf(mesh, "knight")).length - before).toBe(3);
  });
});

describe("a goal ends", () => {
  it("with a result that is right; one that is wrong is told why, and may be mended", async () => {
    const task = await pursue({ name: "sum", surface: ["submit-result"], submit: ["many", 42, 43] });
    expect(told(task)).toContain('submit-result refused: a number is wanted, and "many" is none');
    expect(told(task)).toContain('submit-result stopped: the goal "sum" has ended: it has its result');
    expect(told(task)).toContain("sum submitted: 42");
  });

  it("after so many wrong ones", async () => {
    const task = await pursue({ name: "sum", surface: ["submit-result"], submit: ["a", "b", "c", 42] });
    expect(told(task)).toContain('sum stopped: none of 3 results was right; of the last one: a number is wanted, and "c" is none');
  });

  it("by giving up, with the reason", async () => {
    const task = await pursue({ name: "sum", surface: ["give-up", "knight/do"], giveUp: "there is nothing to add" });
    expect(told(task)).toContain("sum gave-up: there is nothing to add");
  });

  it("by neither where it was given neither", async () => {
    const task = await pursue({ name: "sum", surface: ["knight/do"], submit: [42], giveUp: "enough" });
    expect(told(task)).toContain("submit-result stopped: submit-result is not among the skills");
    expect(told(task)).toContain("give-up stopped: give-up is not among the skills");
    expect(told(task)).toMatch(/sum stopped: it came to no result: give-up is not among/);
  });
});

describe("a question that two agents fit equally", () => {
  const QUESTION = [{ text: "Testify where the herons were at dusk" }];
  const preferring = (accuracy: number) => ({
    requestMetadata: { [GOVERNANCE_EXTENSION]: { preferences: { accuracy, cost: 0.1, latency: 0.1 } } },
  });

  it("is put to both for a caller to whom being right matters most, and the better answer is taken", async () => {
    const task = await send(mesh, "orchestrator", QUESTION, preferring(1));
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
    expect(told(task)).toContain("witness-2 saw 2 herons");
    expect(told(task)).not.toContain("witness-1 saw");
    const { goals } = task.metadata as { goals: { agent: string; branches: JsonObject[] }[] };
    expect(goals[0]).toMatchObject({
      agent: "witness-2",
      branches: [
        { skills: ["witness-1/testify"], status: "dropped", findings: 1, cost: { calls: 1 }, share: { calls: 1 } },
        { skills: ["witness-2/testify"], status: "merged", findings: 2 },
      ],
    });
    expect(costOf(task).calls).toBe(2);
    const decisions = decisionsBy("dispatch", await record(mesh, "orchestrator", task));
    expect(decisions.slice(0, 2)).toEqual(["ask: two-fit-equally", "consult: accuracy"]);
    expect(await tasksOf(mesh, "witness-1", "TASK_STATE_COMPLETED")).toHaveLength(1);
  });

  it("is asked back about for any other, as ever: nobody is called", async () => {
    for (const sending of [preferring(0.1), {}]) {
      const task = await send(mesh, "orchestrator", QUESTION, sending);
      expect(task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
      expect(costOf(task).calls).toBe(0);
    }
    expect(await tasksOf(mesh, "witness-1")).toHaveLength(1);
  });
});

describe("what somebody does not want done", () => {
  it("is not given to another agent, which would ask them again", async () => {
    const asked = await send(mesh, "orchestrator", [{ text: "Cry out the announcement at the market: the fair is closed" }]);
    expect(said(asked)).toContain("Cry this out?");
    const over = await answer(mesh, "orchestrator", asked, "no: it is open");
    expect(over.status.state).toBe("TASK_STATE_FAILED");
    expect(said(over)).toContain("crier-1/cry was not allowed to: Nothing was cried out: it is open");
    expect(await tasksOf(mesh, "crier-2")).toEqual([]);
  });

  it("is given to another one when it was the agent that could not", async () => {
    const asked = await send(mesh, "orchestrator", [{ text: "Cry out the announcement at the market: I am hoarse" }]);
    expect(said(asked)).toContain("Cry this out?");
    expect(await tasksOf(mesh, "crier-2")).toHaveLength(1);
  });
});
