import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Task } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { PRICE } from "./fixtures/liar.ts";
import { accounts, costOf, decisionsBy, incidents, order, record, told } from "./governed.ts";
import { countTasks } from "./wire.ts";

// Agents in the middle of a chain that were never written to be honest: about what they may do, and about what they spent.

/** Of what was set aside, as the budget contract has it. */
const OVERDRAFT = 0.25;

let mesh: CopiedMesh;

beforeAll(async () => {
  const agents = [
    { name: "client", from: "puppet", calls: ["forger", "liar"] },
    { name: "victim", from: "puppet" },
  ];
  mesh = await copyMesh({ agents, answerers: [{ name: "forger", calls: ["victim"] }, "liar"] });
  await mesh.start();
});

afterAll(() => mesh.remove());

function clientCalls(skill: `${string}/${string}`): Promise<Task> {
  return order(mesh, "client", { calls: [{ to: skill, order: "go" }] });
}

/** The latest, when it is about this agent. */
async function lastIncident(agent: string): Promise<string | undefined> {
  const [latest] = await incidents(mesh);
  return latest?.agent === agent ? latest.reason : undefined;
}

describe("an agent that forges its envelope", () => {
  it.each([
    ["with more hops than it was left", "more-hops", "widened"],
    ["with more time", "more-time", "widened"],
    ["with more money", "more-money", "widened"],
    ["that was given for another agent", "as-it-came", "wrong-audience"],
    ["after its deadline", "too-late", "expired"],
    ["of which a word was changed", "edited", "forged"],
    ["made with a key of its own", "self-made", "forged"],
  ])("is refused, and the operator told: one %s", async (_what, forgery, reason) => {
    const before = await countTasks(`${mesh.url}/agents/victim`);
    const task = await clientCalls(`forger/${forgery}`);
    expect(told(task)).toMatch(/refused: the delegation envelope is refused: .+; .+/);
    await expect.poll(() => lastIncident("victim")).toBe(reason);
    expect(await countTasks(`${mesh.url}/agents/victim`)).toBe(before);
    console.log(`a forged envelope, ${forgery}: ${costOf(task).calls} call lost, the forger's own`);
  });

  it("for another caller is refused, and spends nothing of theirs", async () => {
    expect(told(await clientCalls("forger/for-another"))).toMatch(/refused: .* it was given for another caller; /);
  });

  it("and uses it again has nothing of it: the same call finds the same task, another call is refused", async () => {
    const before = await countTasks(`${mesh.url}/agents/victim`);
    const [first, again, other] = told(await clientCalls("forger/used-twice"))
      .replace("forger/used-twice: ", "")
      .split("\n");
    expect(first).toMatch(/^took it as task \S+$/);
    expect(again).toBe(first);
    expect(other).toMatch(/^refused: .* for a call with another idempotency key; /);
    await expect.poll(() => lastIncident("victim")).toBe("wrong-call");
    expect(await countTasks(`${mesh.url}/agents/victim`)).toBe(before + 1);
  });
});

describe("an agent that lies about what it spent", () => {
  it.each(["nothing", "gift", "riddle", "silence"])("costs at least what its card says: it claims %s", async (claim) => {
    expect(costOf(await clientCalls(`liar/${claim}`))).toMatchObject({ microUsd: PRICE, calls: 1 });
  });

  it("costs no more than what was set aside with the overdraft, and the operator is told", async () => {
    const task = await clientCalls("liar/fortune");
    expect(costOf(task).microUsd).toBe(PRICE * (1 + OVERDRAFT));
    expect(costOf(task).tokensIn).toBe(0);
    expect(decisionsBy("budget", await record(mesh, "client", task))).toEqual(["top-up: lease-used-up", "carve: within-lease"]);
    await expect.poll(() => lastIncident("liar")).toBe("cost-beyond-lease");
    expect((await incidents(mesh))[0]?.detail).toMatch(/says it spent \$1000\.00/);
    console.log(`a claim of $1000: ${costOf(task).microUsd} micro-USD charged, where ${PRICE} were set aside`);
  });

  it("costs no more however often it lies: a lie is nothing that the next call is expected to cost", async () => {
    await expect.poll(async () => (await accounts(mesh))[0]?.held.calls).toBe(0);
    const spentBefore = (await accounts(mesh))[0]?.spent.microUsd ?? 0;
    const charged: number[] = [];
    for (let n = 0; n < 20; n++) charged.push(costOf(await clientCalls("liar/fortune")).microUsd);
    expect(new Set(charged)).toEqual(new Set([PRICE * (1 + OVERDRAFT)]));
    const lost = charged.reduce((sum, each) => sum + each, 0);
    await expect
      .poll(async () => (await accounts(mesh))[0])
      .toMatchObject({ spent: { microUsd: spentBefore + lost }, held: { microUsd: 0 } });
    console.log(`20 claims of $1000 each: ${lost} micro-USD lost`);
  });
});
