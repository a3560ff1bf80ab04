import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { OtherVersion, SnapshotEntry } from "../../shared/registry/entry.ts";
import type { ShadowCopy } from "../../shared/registry/rollout.ts";
import type { AgentCard, Task } from "../../shared/task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../../shared/task/governance-extension.ts";
import type { TaskHistory } from "../../shared/task/history.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { answer, decisionsBy, limitOf, record, said, send, told } from "./governed.ts";
import { entryOf, type Outsider, type Said, sayingRegistry, startOutsider } from "./outsider.ts";
import { getTask, HEADERS, request } from "./wire.ts";

// Two versions of an agent that somebody else runs, each at an address of its own, while a registry moves calls from one to the other.

const SEEN = { timeout: 20_000, interval: 50 };
const GOAL = "Train a falcon to return to the glove";
const CARD: Pick<AgentCard, "description" | "skills" | "capabilities"> = {
  description: "Trains falcons and hawks for falconry.",
  skills: [
    { id: "train", name: "Train a falcon", description: "Works out a training plan for a falcon.", tags: ["falcon", "falconry", "train"] },
  ],
  capabilities: {
    streaming: true,
    extensions: [{ uri: GOVERNANCE_EXTENSION, params: { skills: { train: { readOnly: true } } } }],
  },
};

let mesh: CopiedMesh;
let registry: Said;
let base: Outsider;
let next: Outsider;
let named = 0;
/** Of each test its own: what was said of another one is not what is waited for. */
let name: string;

beforeAll(async () => {
  mesh = await copyMesh({ unlimited: true });
  registry = await sayingRegistry(mesh.root);
  base = await startOutsider({ ...CARD, name: "falconer", version: "1.0.0" });
  next = await startOutsider({ ...CARD, name: "falconer", version: "1.1.0" });
  await mesh.start();
});
beforeEach(() => {
  name = `falconer-${++named}`;
});
afterAll(async () => {
  await mesh?.remove();
  await registry?.close();
  await base?.close();
  await next?.close();
});

/** The entry as it stands with one of the two as the version that is called. */
function called({ card, url }: Outsider, more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return entryOf({ card: { ...card, name }, url }, { digest: digestOf(card.version), ...more });
}

function tried(stage: "shadow" | "canary", share: number): Pick<SnapshotEntry, "candidate"> {
  const { version, digest, url, endpoint, card } = called(next);
  return { candidate: { version, digest, url, endpoint, card, stage, share, untrue: [] } };
}

function other({ card, url }: Outsider, more: Partial<OtherVersion> = {}): OtherVersion {
  const { version, digest, endpoint } = called({ card, url } as Outsider);
  return { version, digest, endpoint, status: "listed", streaming: true, extensions: [], ...more };
}

function digestOf(version: string): string {
  return version.replaceAll(".", "").padEnd(64, "0");
}

/** What the registry says from now on, once the mesh goes by it: the first call that goes to this version. */
async function says(entry: SnapshotEntry, goesTo: Outsider): Promise<void> {
  registry.say(entry);
  await expect.poll(async () => isCalled(goesTo, await send(mesh, "orchestrator", [{ text: GOAL }])), SEEN).toBe(true);
}

async function isCalled({ card: { version } }: Outsider, task: Task): Promise<boolean> {
  const { calls } = await record(mesh, "orchestrator", task);
  return calls.some(({ agent, card }) => agent === name && card?.version === version);
}

const sent = ({ arrived }: Outsider) => arrived.filter(({ method }) => method === "SendMessage").length;
const begin = (text: string) => send(mesh, "orchestrator", [{ text }], { configuration: { returnImmediately: true } });
const cardsIn = async (task: Pick<Task, "id">) => (await record(mesh, "orchestrator", task)).calls.map(({ card }) => card);

async function history({ id }: Task): Promise<string> {
  const { json } = await request(`${mesh.url}/history/tasks/${id}`, { headers: HEADERS });
  return (json as unknown as TaskHistory).entries.map(({ words }) => words).join("\n");
}

describe("a candidate that gets calls", () => {
  it("is named on the task, and is counted by itself", async () => {
    await says(called(base), base);
    await says(called(base, tried("canary", 1)), next);
    const task = await send(mesh, "orchestrator", [{ text: GOAL }]);
    expect(told(task)).toContain("An outsider's answer");
    expect(await cardsIn(task)).toEqual([{ version: "1.1.0", digest: digestOf("1.1.0"), candidate: true }]);
    expect(await history(task)).toContain(`calls ${name}/train 1.1.0 (candidate), which may spend`);
    // The first call that went there is counted for the second; those to the version before are not.
    const { decisions } = await record(mesh, "orchestrator", task);
    const cap = decisions.find((each) => each.name.startsWith("chain-cap:"));
    expect(cap?.signals).toMatchObject({ record: { successes: 1, failures: 0 } });
  });

  it.each<[string, () => SnapshotEntry, () => Outsider]>([
    ["promoted", () => called(next, { others: [other(base)] }), () => next],
    ["taken back", () => called(base, { others: [other(next, { status: "quarantined", reason: "it was slow" })] }), () => base],
  ])("gets the answer to what it asked also when it was %s", async (_how, now, gets) => {
    await says(called(base, tried("canary", 1)), next);
    const asks = await send(mesh, "orchestrator", [{ text: `${GOAL}, carefully` }]);
    expect(said(asks)).toContain("Which glove?");
    await says(now(), gets());
    const before = [sent(base), sent(next)];
    const done = await answer(mesh, "orchestrator", asks, "the left one");
    expect(told(done), await history(done)).toContain("An outsider's answer to: the left one");
    expect([sent(base), sent(next)]).toEqual([before[0], (before[1] ?? 0) + 1]);
  });

  it("takes no answer from the version before, which had asked", async () => {
    await says(called(base, tried("canary", 0)), base);
    const asks = await send(mesh, "orchestrator", [{ text: `${GOAL}, carefully` }]);
    await says(called(next, { others: [other(base, { status: "deprecated", reason: "there is a better one" })] }), next);
    const before = sent(next);
    const done = await answer(mesh, "orchestrator", asks, "the right one");
    expect(told(done)).toContain("An outsider's answer to: the right one");
    expect(sent(next)).toBe(before);
  });

  it("loses nobody a call while it is held back for its failures: its share goes to the version before", async () => {
    await says(called(base), base);
    const gone = entryOf({ card: { ...next.card, name }, url: next.url }, { endpoint: "http://127.0.0.1:9/rpc" });
    const { version, digest, url, endpoint, card } = gone;
    registry.say(called(base, { candidate: { version, digest, url, endpoint, card, stage: "canary", share: 1, untrue: [] } }));
    const breaker = async (task: Task) => decisionsBy("agent-breaker", await record(mesh, "orchestrator", task));
    let task = await send(mesh, "orchestrator", [{ text: GOAL }]);
    for (const until = Date.now() + SEEN.timeout; Date.now() < until && !(await breaker(task)).includes("hold: open"); )
      task = await send(mesh, "orchestrator", [{ text: GOAL }]);
    expect(await breaker(task)).toEqual(["hold: open", "call: closed"]);
    expect(told(task)).toContain("An outsider's answer");
    expect(await cardsIn(task)).toEqual([{ version: "1.0.0", digest: digestOf("1.0.0") }]);
  });

  it("keeps the calls that are out to it when the mesh dies and it is taken back meanwhile", async () => {
    await says(called(base, tried("canary", 1)), next);
    const before = [sent(base), sent(next)];
    const task = await begin(`${GOAL}, slowly`);
    await expect.poll(() => sent(next), SEEN).toBe((before[1] ?? 0) + 1);
    await mesh.kill();
    registry.say(called(base, { others: [other(next, { status: "quarantined", reason: "it was slow" })] }));
    await mesh.start();
    // A stranger knows no keys: it is sent the same once more, and only it.
    await expect.poll(() => sent(next), SEEN).toBe((before[1] ?? 0) + 2);
    expect(sent(base)).toBe(before[0]);
    expect((await getTask(mesh.url, task.id)).status.state).toBe("TASK_STATE_WORKING");
    expect(await cardsIn(task)).toEqual([{ version: "1.1.0", digest: digestOf("1.1.0"), candidate: true }]);
  });
});

describe("a call that waits at a limit", () => {
  it("goes out to the version that calls go to when it is lifted", async () => {
    await says(called(base, tried("canary", 1)), next);
    const limits = { [GOVERNANCE_EXTENSION]: { limits: { calls: 0 } } };
    const asks = await send(mesh, "orchestrator", [{ text: GOAL }], { requestMetadata: limits });
    expect(limitOf(asks)).toMatchObject({ policy: "budget" });
    await says(called(base, { others: [other(next, { status: "quarantined", reason: "it was slow" })] }), base);
    const before = sent(next);
    const done = await answer(mesh, "orchestrator", asks, "raise 5");
    expect(told(done)).toContain("An outsider's answer");
    expect(await cardsIn(done)).toEqual([{ version: "1.0.0", digest: digestOf("1.0.0") }]);
    expect(sent(next)).toBe(before);
  });
});

describe("a version that is revoked", () => {
  it("ends the calls that are out to it, with the reason, and no call to another version", async () => {
    await says(called(base, tried("canary", 0)), base);
    const stays = await begin(`${GOAL}, slowly`);
    await says(called(base, tried("canary", 1)), next);
    const ends = await begin(`${GOAL}, slowly`);
    await expect.poll(async () => (await cardsIn(ends)).length, SEEN).toBe(1);
    registry.say(called(base, { others: [other(next, { status: "revoked", reason: "it sells what it is told" })] }));
    const words = async () => {
      const now = await getTask(mesh.url, ends.id);
      return told(now) + said(now);
    };
    await expect.poll(words, SEEN).toContain(`version 1.1.0 of ${name} was revoked by its mesh: it sells what it is told`);
    expect((await getTask(mesh.url, stays.id)).status.state).toBe("TASK_STATE_WORKING");
    expect(base.arrived.filter(({ method }) => method === "CancelTask")).toEqual([]);
    expect(next.arrived.filter(({ method }) => method === "CancelTask")).toHaveLength(1);
  });
});

describe("a version that is revoked while its question waits for people", () => {
  it("ends the call without an answer, and takes the question back", async () => {
    await says(called(base, tried("canary", 1)), next);
    const before = [sent(base), sent(next)];
    const asks = await send(mesh, "orchestrator", [{ text: `${GOAL}, carefully` }]);
    expect(said(asks)).toContain("Which glove?");
    registry.say({
      ...called(base),
      status: "revoked",
      reason: "it was sold",
      others: [other(next, { status: "revoked", reason: "it was sold" })],
    });
    const ended = async () => {
      const now = await getTask(mesh.url, asks.id);
      return told(now) + said(now);
    };
    await expect.poll(ended, SEEN).toContain(`${name} was revoked by its mesh: it was sold`);
    expect(await history(asks)).toContain('needs no answer any more "Which glove?"');
    expect([sent(base), sent(next)]).toEqual([before[0], (before[1] ?? 0) + 1]);
  });
});

describe("a candidate in shadow", () => {
  const copies = () => registry.copies.map((copy) => JSON.parse(copy) as ShadowCopy).filter(({ agent }) => agent === name);

  it("is tried on each call that has ended, once, with what the callee was sent and what it answered", async () => {
    await says(called(base, tried("shadow", 0)), base);
    await expect.poll(() => copies().length, SEEN).toBe(1);
    const before = [sent(base), sent(next)];
    const task = await send(mesh, "orchestrator", [{ text: `${GOAL}. Find passages about the eclipse.` }]);
    await expect.poll(() => copies().length, SEEN).toBe(2);
    expect([sent(base), sent(next)]).toEqual([(before[0] ?? 0) + 1, before[1]]);
    const copy = copies()[1];
    expect(copy).toMatchObject({ agent: name, skill: "train", base: "1.0.0", answer: { status: { state: "TASK_STATE_COMPLETED" } } });
    expect(copy?.ms).toBeGreaterThan(0);
    const sentMessage = JSON.parse(base.arrived.findLast(({ method }) => method === "SendMessage")?.text ?? "{}") as { params: object };
    expect(copy?.params).toEqual({ message: (sentMessage.params as { message: object }).message });
    for (const secret of [task.id, task.contextId, "eclipse", "goal-", "principal", "local"]) {
      expect(JSON.stringify(copy)).not.toContain(secret);
    }
  });

  it("is not tried on a call that asks, nor on the answer to it", async () => {
    await says(called(base, tried("shadow", 0)), base);
    await expect.poll(() => copies().length, SEEN).toBe(1);
    const asks = await send(mesh, "orchestrator", [{ text: `${GOAL}, carefully` }]);
    expect(told(await answer(mesh, "orchestrator", asks, "the left one"))).toContain("the left one");
    await send(mesh, "orchestrator", [{ text: GOAL }]);
    await expect.poll(() => copies().length, SEEN).toBe(2);
  });

  it("is not tried on a skill that either card does not declare harmless", async () => {
    const unsaid = { ...next, card: { ...next.card, capabilities: { streaming: true } } };
    const shadow = () => ({ candidate: { ...called(unsaid), stage: "shadow", share: 0, untrue: [] } }) as const;
    await says(called(base, shadow()), base);
    await send(mesh, "orchestrator", [{ text: GOAL }]);
    // Copies are told of in the order of the calls: once there is one of another agent, there is none of this.
    const { length } = registry.copies;
    name = `falconer-${++named}`;
    await says(called(base, tried("shadow", 0)), base);
    await expect.poll(() => registry.copies.length, SEEN).toBe(length + 1);
    expect(copies()).toHaveLength(1);
  });
});
