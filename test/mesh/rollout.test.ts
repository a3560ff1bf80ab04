import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { againstLog, shownOf } from "../../cli/log-check.ts";
import { agentsAt, logAt, publishAt, type Registry, rollAt, rolloutAt, searchAt, versionsAt } from "../../cli/registry.ts";
import { firstBroken } from "../../shared/registry/history.ts";
import type { RolloutReport } from "../../shared/registry/rollout.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { answer, type Caller, order, record, said, send, told } from "./governed.ts";
import { letIn } from "./people.ts";
import { startTrainer, type Trainer } from "./trainer.ts";

// New versions of agents that others run, from their publication to all calls or back: the registry, the mesh, the agents and the
// addresses are real. Only the numbers of the contract are smaller, so that few calls are enough.

const CONTRACT = {
  minCopies: 3,
  maxCopiesPerMinute: 600,
  canaryShare: 0.5,
  canaryMinCalls: 4,
  rampShares: "[0.75]",
  rampMinCalls: 12,
  // Whoever shares the machine makes calls slow, and not the agent.
  latencySlackMs: 10_000,
};
/** As long as the registry takes to look twice, with room for a machine that has much to do. */
const SEEN = { timeout: 45_000, interval: 100 };

let mesh: CopiedMesh;
let keys: Record<"desk" | "ada" | "bob" | "olaf", string>;
const trainers: Trainer[] = [];
let asked = 0;

beforeAll(async () => {
  keys = await letIn({ desk: ["call"], ada: ["call", "publish"], bob: ["call", "publish"], olaf: ["call", "operate"] });
  mesh = await copyMesh({ agents: [{ name: "pawn", from: "puppet" }], contracts: { rollout: CONTRACT }, unlimited: true });
  await mesh.start();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await mesh?.remove();
  for (const each of trainers) await each[Symbol.asyncDispose]();
});

const as = (who: keyof typeof keys): Registry => ({ mesh: mesh.url, credentials: { header: "X-API-Key", value: keys[who] } });
const desk = (): Caller => ({ url: mesh.url, key: keys.desk });

/** A version of its agent that runs, and is published by ada. */
async function published(subject: string, version: string, broken?: string): Promise<Trainer> {
  const trainer = await startTrainer(subject, version);
  trainers.push(trainer);
  if (broken !== undefined) trainer.breaks(broken);
  await publishAt(as("ada"), { url: trainer.url });
  return trainer;
}

interface Called {
  readonly task: Task;
  /** The version that the call went to; undefined as long as the mesh has not heard of the agent. */
  readonly version: string | undefined;
}

/** One call, by an agent of the mesh. No two ask for the same. */
async function call(subject: string): Promise<Called> {
  const to = `${subject}-trainer/train` as const;
  const task = await order(desk(), "pawn", { calls: [{ to, order: `Train ${subject} number ${++asked}.` }] });
  return { task, version: await calledIn("pawn", task) };
}

async function calledIn(agent: string, task: Task): Promise<string | undefined> {
  return (await record(desk(), agent, task)).calls[0]?.card?.version;
}

/** Calls on until it is so. @returns what they came to */
async function callUntil(subject: string, isSo: (last: Called) => boolean | Promise<boolean>): Promise<readonly Called[]> {
  const calls: Called[] = [];
  await vi.waitFor(async () => {
    const last = await call(subject);
    calls.push(last);
    if (!(await isSo(last))) throw new Error(`after ${calls.length} calls: ${JSON.stringify(await tried(subject))}`);
  }, SEEN);
  return calls;
}

/** Until the mesh has heard, which takes it seconds; from then on all calls go to this version. */
async function untilHeard(subject: string, { version }: Trainer): Promise<void> {
  // So many in a row go to the other one by chance once in a thousand times, while it has half of them.
  const ROW = 10;
  const versions: (string | undefined)[] = [];
  await callUntil(subject, (last) => {
    versions.push(last.version);
    return versions.length >= ROW && versions.slice(-ROW).every((each) => each === version);
  });
}

const tried = (subject: string) => rolloutAt(as("desk"), `${subject}-trainer`);
const stageOf = async (subject: string): Promise<RolloutReport["stage"] | undefined> => (await tried(subject))?.stage;

/** The latest first. */
async function standings(subject: string): Promise<readonly string[]> {
  return ((await versionsAt(as("desk"), `${subject}-trainer`)) ?? []).map(({ version, status }) => `${version} ${status}`);
}

async function stepsOf(subject: string, version: string): Promise<readonly string[]> {
  const rows = (await logAt(as("desk"))).filter((row) => row.name === `${subject}-trainer` && row.version === version);
  return rows.filter(({ what }) => what !== "probed").map(({ status, reason = "" }) => `${status}: ${reason}`);
}

/** The two whose rollout goes well. */
let base: Trainer;
let next: Trainer;
/** A question of the first one's, from before the second one got a call. */
let waits: Task;

describe("a version that does as well as the one before", () => {
  const SUBJECT = "falcon";

  it("is a candidate that nobody finds or gets an answer of", async () => {
    base = await published(SUBJECT, "1.0.0");
    next = await published(SUBJECT, "1.1.0");
    expect(await standings(SUBJECT)).toEqual(["1.1.0 candidate", "1.0.0 listed"]);
    expect((await agentsAt(as("desk"))).map(({ version }) => version)).toEqual(["1.0.0"]);
    expect(await searchAt(as("desk"), "train a falcon", {})).toMatchObject([{ agent: "falcon-trainer", version: "1.0.0" }]);
    waits = await order(desk(), "pawn", { calls: [{ to: "falcon-trainer/train", order: "Train a falcon carefully." }] });
    expect(said(waits)).toContain("Which glove?");
    expect(next.sent).toEqual([]);
  });

  it("is sent copies of calls, which carry nothing of whoever called", async () => {
    const calls = await callUntil(SUBJECT, async () => (await stageOf(SUBJECT)) !== "shadow");
    expect(next.sent.length).toBeGreaterThanOrEqual(CONTRACT.minCopies);
    expect(calls.slice(0, CONTRACT.minCopies).map(({ version }) => version)).toEqual(["1.0.0", "1.0.0", "1.0.0"]);
    const originals = new Map(base.sent.map(({ params: { message } }) => [JSON.stringify(message.parts), message]));
    for (const { headers, params, text } of next.sent.slice(0, CONTRACT.minCopies)) {
      expect(Object.keys(params)).toEqual(["message"]);
      expect(Object.keys(params.message).toSorted()).toEqual(["messageId", "metadata", "parts", "role"]);
      expect(params.message.metadata).toEqual({ "urn:skein:ext:skill:v1": { skill: "train" } });
      const original = originals.get(JSON.stringify(params.message.parts));
      expect(original).toBeDefined();
      for (const secret of [original?.messageId ?? "", "desk", "acme", "pawn", ...calls.map(({ task }) => task.id)])
        expect(JSON.stringify(headers) + text).not.toContain(secret);
    }
  });

  it("then answers some of the calls", async () => {
    const calls = await callUntil(
      SUBJECT,
      async () => ((await tried(SUBJECT))?.skills["train"]?.candidate.successes ?? 0) >= CONTRACT.canaryMinCalls,
    );
    expect(new Set(calls.map(({ version }) => version))).toEqual(new Set(["1.0.0", "1.1.0"]));
    for (const { task } of calls) expect(told(task)).toContain("A plan for: Train falcon number");
  });

  it("stays where it was when everything is killed", async () => {
    const before = await tried(SUBJECT);
    await mesh.kill();
    await mesh.start();
    const after = await tried(SUBJECT);
    expect(after).toMatchObject({ begunAt: before?.begunAt, version: "1.1.0", base: "1.0.0" });
    expect(after?.skills["train"]?.copies).toEqual(before?.skills["train"]?.copies);
    expect(after?.skills["train"]?.candidate.successes).toBeGreaterThanOrEqual(CONTRACT.canaryMinCalls);
  });
});

describe.concurrent("a rollout that nobody touches", () => {
  it("ends with all calls at a version that does well, and its log says each step", async ({ expect }) => {
    await callUntil("falcon", async () => (await tried("falcon")) === undefined);
    expect(await standings("falcon")).toEqual(["1.1.0 listed", "1.0.0 listed"]);
    expect(await stepsOf("falcon", "1.1.0")).toEqual([
      expect.stringMatching(/^candidate: in shadow beside version 1\.0\.0: /),
      expect.stringMatching(/^candidate: in canary beside version 1\.0\.0, with 50% of the new calls: has \d+ (?:of 3 )?copies seen/),
      expect.stringMatching(/^candidate: in ramp beside version 1\.0\.0, with 75% of the new calls: has \d+ (?:of 4 )?calls seen/),
      expect.stringMatching(/^listed: active: has \d+ (?:of 16 )?calls seen.*, and all gates hold/),
    ]);
    await untilHeard("falcon", next);
  });

  it("takes back a version whose calls fail, and its callers are told what it said", async ({ expect }) => {
    const base = await published("heron", "1.0.0");
    await published("heron", "1.1.0", "out of fish");
    await rollAt(as("olaf"), "heron-trainer", { to: "canary", reason: "it is known well" });
    const ended: Task[] = [];
    await vi.waitFor(async () => {
      ended.push(await send(desk(), "orchestrator", [{ text: `Train heron number ${++asked}` }]));
      expect(await standings("heron")).toEqual(["1.1.0 quarantined", "1.0.0 listed"]);
    }, SEEN);
    for (const task of ended)
      expect(told(task) + said(task)).toMatch(
        /^A plan for: Train heron number \d+|could not be done: heron-trainer\/train failed: out of fish/,
      );
    expect((await stepsOf("heron", "1.1.0")).at(-1)).toMatch(
      /^quarantined: taken back: skill "train" has 0 of \d+ calls that succeeded, where /,
    );
    await untilHeard("heron", base);
  });

  it("gives no call to a version whose copies fail", async ({ expect }) => {
    await published("crane", "1.0.0");
    const bad = await published("crane", "1.1.0", "out of fish");
    const calls = await callUntil("crane", async () => (await tried("crane")) === undefined);
    expect(calls.map(({ version }) => version)).not.toContain(bad.version);
    expect(bad.sent.length).toBeGreaterThan(0);
    expect(await stepsOf("crane", "1.1.0")).toEqual([
      "candidate: in shadow beside version 1.0.0: gets copies of calls first",
      expect.stringMatching(/^quarantined: taken back: skill "train" has 0 of \d+ calls that succeeded, where /),
    ]);
  });
});

describe.concurrent("a rollout that somebody sends", () => {
  it("goes on or back as an operator says, and back as its publisher says; nobody else is let", async ({ expect }) => {
    const [first, second] = [await published("egret", "1.0.0"), await published("egret", "1.1.0")];
    const agent = "egret-trainer";
    await expect(rollAt(as("ada"), agent, { to: "active", reason: "it is mine" })).rejects.toThrow(/only an operator sends a rollout on/);
    await expect(rollAt(as("bob"), agent, { to: "back", reason: "mine is better" })).rejects.toThrow(/was published by somebody else/);
    await expect(rollAt(as("desk"), agent, { to: "back", reason: "no" })).rejects.toThrow(/scope/);
    expect(await rollAt(as("olaf"), agent, { to: "ramp", reason: "it is known well" })).toMatchObject({ status: "candidate" });
    await callUntil("egret", ({ version }) => version === second.version);
    expect(await rollAt(as("ada"), agent, { to: "back", reason: "it forgets the feathers" })).toMatchObject({ status: "quarantined" });
    await untilHeard("egret", first);
    expect((await stepsOf("egret", "1.1.0")).slice(1)).toEqual([
      "candidate: in ramp beside version 1.0.0, with 75% of the new calls: it is known well",
      "quarantined: taken back: it forgets the feathers",
    ]);
    await expect(rollAt(as("olaf"), agent, { to: "canary", reason: "again" })).rejects.toThrow(
      /no version of "egret-trainer" is being tried/,
    );
  });
});

describe("a call that began at the version before", () => {
  it("is answered there after the next one has taken over", async () => {
    const before = next.sent.length;
    const done = await answer(desk(), "pawn", waits, "the left one");
    expect(told(done)).toContain("A plan for: the left one");
    expect(next.sent.length).toBe(before);
    expect(base.sent.at(-1)?.text).toContain("the left one");
  });
});

it("leaves a log that verifies", async () => {
  const rows = await logAt(as("desk"));
  expect(firstBroken(rows)).toBeUndefined();
  const names = [...new Set(rows.map(({ name }) => name))];
  const shown = (await Promise.all(names.map((name) => versionsAt(as("desk"), name)))).flatMap((versions) => versions ?? []);
  expect(againstLog(rows, shown.map(shownOf))).toEqual([]);
});
