import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { DEPLOYED_CONTRACTS } from "../../contracts/deployed.ts";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import { beginEnvelope, newHolderKey } from "../../shared/chain/envelope.ts";
import { chainKeys } from "../../shared/chain/keys.ts";
import { contractShelf } from "../../shared/contract/shelf.ts";
import { isSameDecision, kindOf, policyOf, redecide } from "../../shared/policy/redecide.ts";
import type { TaskRecord } from "../../shared/task/record.ts";
import { http, message, rpc, type Sent, value } from "./wire.ts";

// Every decision that a set of runs took is taken again from what was recorded, and comes out the same.

// As the Worker of these tests has them.
const shelf = contractShelf(
  Object.fromEntries(
    Object.entries(DEPLOYED_CONTRACTS).map(([file, text]) => [file, text.replace("mayRepeat: []", 'mayRepeat: ["probe"]')]),
  ),
);
const recorded: TaskRecord[] = [];
const DONE = "TASK_STATE_COMPLETED";

async function send(text: string, skill: string, { more = {}, metadata = {} }: { more?: object; metadata?: object } = {}) {
  const sent = (await value(await rpc("SendMessage", { message: message(text, skill, more), metadata }))) as Sent;
  if (!sent.task) throw new Error(JSON.stringify(sent));
  return sent.task;
}

async function run(text: string, skill: string, { limits, answers = [] }: { limits?: object; answers?: readonly string[] } = {}) {
  const task = await send(text, skill, { metadata: limits ? { "urn:skein:ext:governance:v1": { limits } } : {} });
  let state = task.status.state;
  // Calls that ran side by side may each ask; the last answer is for all that still do.
  for (let round = 0; state === "TASK_STATE_INPUT_REQUIRED" && answers.length > 0 && round < 20; round++)
    state = (await send(answers[round] ?? answers.at(-1) ?? "", skill, { more: { taskId: task.id } })).status.state;
  await keep(task.id);
  return state;
}

async function keep(id: string): Promise<TaskRecord> {
  const record = (await (await http("GET", `/governance/tasks/${id}`, undefined, {})).json()) as TaskRecord;
  recorded.push(record);
  return record;
}

/** A task below an agent that counts as so reliable, in a chain that has so many hops and so much time left. */
async function runBelow(reliability: number, answers: readonly string[], over: { hops?: number; surface?: string[]; calls?: number } = {}) {
  const { sign } = await chainKeys(env as unknown as { SKEIN_CHAIN_KEY: string });
  if (!sign) throw new Error("a key that is set signs");
  const state = { key: crypto.randomUUID(), taskId: undefined as string | undefined, state: "" };
  for (const text of ["echo", ...answers]) {
    if (state.state === DONE) break;
    const call = `${state.key}-${text}`;
    const origin = { agent: "orchestrator", skill: null, reliability: 1, evidence: "self" } as const;
    const next = {
      audience: "probe",
      call,
      hop: { agent: "probe", skill: "fan", reliability, evidence: "measured" } as const,
      hops: over.hops ?? 3,
      deadline: Date.now() + 60_000,
      lease: { id: call, limit: { microUsd: 9, tokensIn: 9, tokensOut: 9, calls: over.calls ?? 9, wallMs: 60_000 } },
      surface: over.surface ?? ("any" as const),
      label: "internal" as const,
      contracts: {},
    };
    const begin = { root: "task-1", subject: principalKey(LOCAL_PRINCIPAL), origin };
    const envelope = await beginEnvelope(begin, next, sign, await newHolderKey());
    const metadata = { "urn:skein:ext:chain:v1": envelope, "urn:skein:ext:resume:v1": { idempotencyKey: call } };
    const task = await send(text, "fan", { metadata, more: state.taskId === undefined ? {} : { taskId: state.taskId } });
    state.taskId = task.id;
    state.state = task.status.state;
  }
  await keep(state.taskId ?? "");
  return state.state;
}

const outcomes = () =>
  new Set(
    recorded.flatMap(({ decisions }) =>
      decisions.map(
        ({ name, decision }) => `${kindOf(name)} ${(decision as { outcome: string }).outcome} ${(decision as { reason: string }).reason}`,
      ),
    ),
  );

describe("a set of runs that meets every limit", () => {
  it("calls, alone and side by side, and waits for people on the way", async () => {
    for (const text of ["echo", "echo,chunks,mixed", "nobody", "echo,throws"]) expect(await run(text, "fan")).toBe(DONE);
    expect(await run("question", "fan", { answers: ["Ghent", "1969"] })).toBe(DONE);
  });

  it("waits side by side for what one of them holds, and never for one another", async () => {
    expect(await run("echo,echo,echo,echo", "fan", { limits: { calls: 2 }, answers: ["raise 5"] })).toBe(DONE);
  });

  it("stops at a limit of its own, is raised and goes on, or ends with what there is", async () => {
    expect(await run("echo,echo,echo", "fan", { limits: { calls: 1 }, answers: ["raise 5"] })).toBe(DONE);
    expect(await run("echo 3", "again", { limits: { calls: 1 }, answers: ["partial"] })).toBe(DONE);
  });

  it("stops below the floor and where its chain ends, and is allowed past the one of them that may be lifted", async () => {
    expect(await runBelow(0.99, [])).toBe(DONE);
    expect(await runBelow(0.5, ["allow"])).toBe(DONE);
    expect(await runBelow(0.5, ["partial"])).toBe(DONE);
    expect(await runBelow(0.99, ["partial"], { hops: 0 })).toBe(DONE);
    expect(await runBelow(0.99, [], { surface: ["peer/steps"] })).toBe(DONE);
    expect(await runBelow(0.99, ["partial"], { calls: 0 })).toBe(DONE);
  });

  it("goes nowhere until its planner, and then somebody, is told", async () => {
    // Answers to `echo` are the same each time: nothing is new after the first.
    expect(await run("echo 30", "again", { answers: ["allow", "partial"] })).toBe(DONE);
  });

  it("asks for what a person has to approve", async () => {
    expect(await run("yes", "approval", { answers: ["yes"] })).toBe(DONE);
    expect(await run("no", "approval", { answers: ["no"] })).toBe(DONE);
  });

  // Last: it is about what this isolate then holds against its peer.
  it("leaves an agent alone that fails again and again", async () => {
    expect(await run(Array(20).fill("throws").join(), "fan")).toBe(DONE);
    expect(await run("echo", "fan")).toBe(DONE);
  });

  it("has met them: there is a decision of every kind that these agents can meet", () => {
    const met = outcomes();
    for (const outcome of [
      "chain-cap extend within-cap",
      "chain-cap extend allowed",
      "chain-cap stop below-floor",
      "chain-cap stop too-many-hops",
      "chain-cap refuse outside-surface",
      "budget top-up lease-used-up",
      "budget carve within-lease",
      "budget pause task-limit",
      "circuit-breaker go moving",
      "circuit-breaker replan repetition",
      "circuit-breaker ask repetition",
      "agent-breaker call closed",
      "agent-breaker hold open",
      "risk-confidence ask compliance-undeclared",
    ])
      expect(met, outcome).toContain(outcome);
  });
});

describe("a recorded decision", () => {
  it("is the same when it is taken again under the contract that it was taken under", () => {
    let again = 0;
    for (const { contracts, decisions } of recorded) {
      for (const { name, signals, decision } of decisions) {
        const kind = kindOf(name);
        if (!kind) throw new Error(`no policy decides "${name}"`);
        const taken = redecide(kind, shelf.contract(policyOf(kind), contracts), signals);
        expect(isSameDecision(decision as object, taken), `${name}: ${JSON.stringify(decision)} → ${JSON.stringify(taken)}`).toBe(true);
        again += 1;
      }
    }
    expect(again).toBeGreaterThan(100);
  });

  it("says in which mode it was taken, and nothing in its signals that its policy does not ask for", () => {
    for (const { decisions } of recorded)
      for (const { name, decision, signals } of decisions) {
        expect(decision).toMatchObject({ mode: "enforce", micros: expect.any(Number), version: 1 });
        // A policy that reads a member reads it through here; what none of them reads was recorded for nothing.
        const read = new Set<string>();
        const watched = new Proxy(signals as object, {
          get: (target, key) => {
            read.add(String(key));
            return Reflect.get(target, key);
          },
        });
        const kind = kindOf(name);
        if (kind) redecide(kind, shelf.contract(policyOf(kind), {}), watched);
        for (const key of read) expect(Object.keys(signals as object), `${name} reads ${key}`).toContain(key);
      }
  });
});
