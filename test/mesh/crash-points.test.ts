import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newKey } from "../../shared/auth/api-key.ts";
import type { Message } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { type Order, saying } from "./fixtures/puppet.ts";
import { accounts, answer, type Caller, costOf, order, record, said, tasksOf, told } from "./governed.ts";
import { type Calling, replay, type Watched, watch } from "./persistent-caller.ts";
import { listen, type Webhook } from "./webhook.ts";

// A task of four agents, with a question, an approval, a webhook and a branch beside it. The whole runtime is killed at moments all
// over its life, and started again on what it left on disk; then with everything deployed anew.

/** So many tasks are under way at each kill, each at another point of its life. */
const TOGETHER = 4;
const KILLS = 5;
const AGENTS = ["mid", "side", "courier"];
const SOON = { timeout: 60_000, interval: 1 };
const PATIENCE = { timeout: 60_000, interval: 100 };

let mesh: CopiedMesh;
let webhook: Webhook;
let keys: string[];
let callers = 0;

beforeAll(async () => {
  webhook = await listen();
  const made = await Promise.all(Array.from({ length: KILLS * TOGETHER + 8 }, () => newKey()));
  keys = made.map(({ text }) => text);
  const scopes = ["call", "approve", "operate"];
  vi.stubEnv("AUTH_API_KEYS", JSON.stringify(made.map(({ id, hash }) => ({ id, hash, tenant: `tenant-${id}`, app: "app", scopes }))));
  vi.stubEnv("COURIER_ALLOW", webhook.url);
  mesh = await copyMesh({
    agents: [
      { name: "top", from: "puppet", calls: ["mid", "side"] },
      { name: "mid", from: "puppet", calls: ["courier"] },
      { name: "side", from: "puppet" },
    ],
    unlimited: true,
    fromSource: true,
  });
  await mesh.start();
});

afterAll(async () => {
  await mesh.remove();
  webhook.close();
  vi.unstubAllEnvs();
});

/** Of a tenant of its own, with a webhook of its own. */
function newCaller() {
  const path = `/${callers}`;
  return { caller: { url: mesh.url, key: keys[callers++] ?? "" }, path };
}

function orderFor(path: string): Order {
  return {
    spend: 100,
    together: true,
    calls: [
      {
        to: "mid/do",
        order: { ask: "Which colour?", wait: 20, calls: [{ to: "courier/deliver", order: `Post "Tea" to ${webhook.url}${path}` }] },
      },
      { to: "side/do", order: { spend: 50, wait: 40 } },
    ],
  };
}

function answerTo(question: string): string {
  return question.includes("colour") ? "green" : (/\byes [0-9a-f]{8}\b/.exec(question)?.[0] ?? "yes");
}

function callingAs({ url, key }: Caller, notice = () => {}): Calling {
  const request: Calling["request"] = (path, { headers, ...init }) =>
    fetch(`${url}/agents/top${path === "/" ? "" : path}`, { ...init, headers: { ...headers, "X-API-Key": key ?? "" } });
  return { request, answer: answerTo, notice };
}

function messageFor(path: string): Message {
  const metadata = { "urn:skein:ext:skill:v1": { skill: "do" } };
  return { messageId: `order ${path}`, role: "ROLE_USER", parts: [saying(orderFor(path))], metadata };
}

interface UnderWay {
  readonly caller: Caller;
  readonly path: string;
  readonly watched: Promise<Watched>;
  /** That its caller has seen so far. */
  events: number;
}

function setOut(): UnderWay {
  const { caller, path } = newCaller();
  const notice = () => {
    underWay.events += 1;
  };
  const watched = watch(callingAs(caller, notice), messageFor(path));
  // Awaited after the kill, and lost by nobody until then.
  watched.catch(() => {});
  const underWay: UnderWay = { caller, path, watched, events: 0 };
  return underWay;
}

/** All that must be the same however often the runtime was killed. */
async function outcomeOf(caller: Caller, path: string, { task, seen }: Watched) {
  const cost = { ...costOf(task), wallMs: 0 };
  await expect.poll(() => booksOf(caller), PATIENCE).toEqual({ spent: cost, held: { ...cost, microUsd: 0, calls: 0 } });
  expect(seen).toEqual(await replay(callingAs(caller), task.id));
  const made = await vi.waitFor(async () => {
    const tasks = await Promise.all(AGENTS.map((agent) => tasksOf(caller, agent, "TASK_STATE_COMPLETED")));
    expect(tasks.map(({ length }) => length)).toEqual([1, 1, 1]);
    return tasks.map(({ length }) => length);
  }, PATIENCE);
  const arrived = webhook.requests.filter((each) => each.path === path).map(({ key }) => key);
  const words = told(task).replaceAll(`${webhook.url}${path}`, "…");
  return { state: task.status.state, words, cost, made, keys: new Set(arrived).size };
}

async function booksOf(caller: Caller) {
  const [account] = await accounts(caller);
  return { spent: account?.spent, held: account?.held };
}

describe("a task of four agents, with the runtime killed", () => {
  it("ends as if nothing had been, wherever in its life the kill comes", async () => {
    const { caller, path, watched } = setOut();
    const whole = await watched;
    const undisturbed = await outcomeOf(caller, path, whole);
    expect(undisturbed).toMatchObject({ state: "TASK_STATE_COMPLETED", made: [1, 1, 1], keys: 1 });
    expect(undisturbed.words).toContain("Delivered to …");
    const life = whole.seen.length;

    const moments: number[] = [];
    for (let kill = 1; kill <= KILLS; kill++) {
      // The first has had so many events when the kill comes; the others set out behind it, and are at other points.
      const reached = Math.max(1, Math.round((kill / KILLS) * life) - 1);
      const underWay: UnderWay[] = [];
      for (let index = 0; index < TOGETHER; index++) {
        const behind = Math.floor((reached * index) / TOGETHER);
        await vi.waitFor(() => expect(underWay[0]?.events ?? 0).toBeGreaterThanOrEqual(behind), SOON);
        underWay.push(setOut());
      }
      await vi.waitFor(() => expect(underWay[0]?.events).toBeGreaterThanOrEqual(reached), SOON);
      moments.push(...underWay.map(({ events }) => events));
      await mesh.kill();
      await mesh.start();
      for (const { caller, path, watched } of underWay)
        expect(await outcomeOf(caller, path, await watched), `killed after ${moments.join(" ")} events`).toEqual(undisturbed);
    }
    console.log(`${moments.length} tasks killed in ${KILLS} kills; events their callers had seen: ${moments.join(" ")}`);
  }, 480_000);
});

describe("a deploy in the middle of a task", () => {
  it("leaves its contracts as they were, and what it has done; what comes is done by the new code, under new contracts for new tasks", async () => {
    const { caller, path } = newCaller();
    const asks = await order(caller, "top", orderFor(path));
    expect(said(asks)).toContain("colour");
    await vi.waitFor(async () => expect(await tasksOf(caller, "side", "TASK_STATE_COMPLETED")).toHaveLength(1), PATIENCE);
    const rules = (await record(caller, "top", asks)).contracts;
    await mesh.kill();
    const version = deployShorterChains();
    replaceIn("test/mesh/fixtures/puppet.ts", `order.say ?? "done"`, `order.say ?? "done anew"`);
    await mesh.start();

    const approves = await answer(caller, "top", asks, "green");
    const done = await answer(caller, "top", asks, answerTo(said(approves)));
    expect(done.status.state, said(done)).toBe("TASK_STATE_COMPLETED");
    // The branch beside it had ended under the old code.
    expect(told(done)).toMatch(/side\/do: done\n/);
    expect(told(done)).toContain("done anew");
    expect(await record(caller, "top", done)).toMatchObject({ contracts: rules });

    const other = newCaller();
    const fresh = await order(other.caller, "top", orderFor(other.path));
    const stopped = await answer(other.caller, "top", fresh, "green");
    expect(told(stopped)).toContain("courier/deliver stopped: The chain top/do → mid/do");
    expect(await record(other.caller, "top", stopped)).toMatchObject({ contracts: { ...rules, "chain-cap": version } });
    expect(webhook.requests.filter((each) => each.path === other.path)).toEqual([]);
  }, 240_000);
});

/** A new version of a contract, under which no agent calls another one that was called itself. @returns the version */
function deployShorterChains(): number {
  const folder = join(mesh.root, "contracts");
  const versions = readdirSync(folder)
    .flatMap((file) => /^chain-cap\.v(\d+)\.yaml$/.exec(file)?.[1] ?? [])
    .map(Number);
  const latest = Math.max(...versions);
  const version = latest + 1;
  const text = readFileSync(join(folder, `chain-cap.v${latest}.yaml`), "utf8");
  const shorter = text.replace(/^version:.*$/m, `version: ${version}`).replace(/^maxHops:.*$/m, "maxHops: 1");
  writeFileSync(join(folder, `chain-cap.v${version}.yaml`), shorter);
  replaceIn("contracts/deployed.ts", "export const", `import shorterChains from "./chain-cap.v${version}.yaml";\n\nexport const`);
  replaceIn("contracts/deployed.ts", "_CONTRACTS = {", `_CONTRACTS = {\n  "contracts/chain-cap.v${version}.yaml": shorterChains,`);
  return version;
}

function replaceIn(file: string, old: string, text: string): void {
  const path = join(mesh.root, file);
  const before = readFileSync(path, "utf8");
  expect(before).toContain(old);
  writeFileSync(path, before.replace(old, text));
}
