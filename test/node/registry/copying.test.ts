import { afterEach, describe, expect, it } from "vitest";
import { alike } from "../../../shared/registry/likeness.ts";
import type { ShadowCopy } from "../../../shared/registry/rollout.ts";
import type { CopyOutcome } from "../../../shared/registry/rollout-seen.ts";
import { copyCall } from "../../../workers/registry/copying.ts";
import { type Answering, completed, type HttpAgent, startAgent } from "./http-agent.ts";

// A call that is made of the candidate too, on real connections, and what is told of it.

let agent: HttpAgent | undefined;
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

const MESSAGE = { messageId: "m-1", role: "ROLE_USER", parts: [{ text: "count three herons" }], metadata: { secret: "acme" } };

function call(more: Partial<ShadowCopy> = {}): ShadowCopy {
  const params = { message: MESSAGE, configuration: { acceptedOutputModes: ["text/plain"] } };
  return { agent: "heron", skill: "count", base: "1.0.0", params, answer: completed("There are 3 herons.")["task"], ms: 40, ...more };
}

/** @returns what was told of it: nothing for a call that was not begun */
async function copied(answer: Answering, more: Partial<ShadowCopy> = {}) {
  agent = await startAgent(answer);
  const { endpoint } = agent;
  const told: (CopyOutcome | undefined)[] = [];
  const holdings = {
    beginCopy: async () => ({ id: 1, name: "heron", version: "1.1.0", endpoint }),
    endCopy: async (_target: unknown, outcome: CopyOutcome | undefined) => void told.push(outcome),
  };
  const make = await copyCall(call(more), { fetch, local: true, now: Date.now, holdings, alike });
  await make?.();
  return told;
}

const task = (state: string) => ({ task: { id: "t-9", contextId: "c", status: { state } } });

describe("a copy of a call", () => {
  it("asks what was asked, as a new message without anything of the call, and is compared", async () => {
    const told = await copied(() => completed("There are 3 herons."));
    expect(told).toMatchObject([{ skill: "count", base: { ok: true, ms: 40 }, candidate: { ok: true }, alike: true }]);
    expect(agent?.asked).toHaveLength(1);
    const [asked] = agent?.asked ?? [];
    expect(asked?.message?.parts).toEqual(MESSAGE.parts);
    expect(asked?.message?.messageId).not.toBe(MESSAGE.messageId);
    expect(JSON.stringify(asked?.params)).not.toContain("acme");
  });

  it("is unlike where another number comes of it", async () => {
    expect(await copied(() => completed("There are 4 herons."))).toMatchObject([{ candidate: { ok: true }, alike: false }]);
  });

  it.each<[string, Answering]>([
    ["fails", () => task("TASK_STATE_FAILED")],
    ["answers what is no answer", () => 7],
    ["breaks", (_asked, response) => void response.writeHead(500).end()],
  ])("counts against a candidate that %s, and nothing is compared", async (_, answer) => {
    const [outcome, ...more] = await copied(answer);
    expect(outcome).toMatchObject({ base: { ok: true }, candidate: { ok: false } });
    expect(outcome?.alike).toBeUndefined();
    expect(more).toEqual([]);
  });

  it("that a candidate rejects, or asks back to, counts as declined", async () => {
    const rejected = await copied(() => task("TASK_STATE_REJECTED"));
    expect(rejected).toMatchObject([{ base: { ok: true }, candidate: { ok: false, declined: true } }]);
    expect(rejected[0]?.base).not.toHaveProperty("declined");
    await agent?.stop();
    const [asked] = await copied(({ method }) => task(method === "SendMessage" ? "TASK_STATE_INPUT_REQUIRED" : "TASK_STATE_CANCELED"));
    expect(asked).toMatchObject({ candidate: { ok: false, declined: true } });
  });

  it("counts for both alike where the base had failed as well", async () => {
    const [outcome] = await copied(() => task("TASK_STATE_FAILED"), { answer: task("TASK_STATE_FAILED").task });
    expect(outcome).toMatchObject({ base: { ok: false }, candidate: { ok: false } });
  });

  it("that goes on, or asks back, is called off", async () => {
    const told = await copied(({ method }) => (method === "SendMessage" ? task("TASK_STATE_INPUT_REQUIRED") : task("TASK_STATE_CANCELED")));
    expect(told).toMatchObject([{ candidate: { ok: false } }]);
    expect(agent?.asked.map(({ method, params }) => [method, params["id"]])).toEqual([
      ["SendMessage", undefined],
      ["CancelTask", "t-9"],
    ]);
  });

  it.each<[string, Partial<ShadowCopy>]>([
    ["whose answer is none", { answer: 7 }],
    ["that has not ended", { answer: task("TASK_STATE_WORKING").task }],
    ["that was canceled", { answer: task("TASK_STATE_CANCELED").task }],
    ["that asked back", { answer: task("TASK_STATE_INPUT_REQUIRED").task }],
    ["that went to a task", { params: { message: { ...MESSAGE, taskId: "t-1" } } }],
    ["that took longer than a copy may", { ms: 25_001 }],
    ["that took no time that there is", { ms: Number.NaN }],
    ["with an answer that is too long", { answer: { parts: [{ text: "x".repeat(300_000) }] } }],
  ])("is not made of one %s", async (_, more) => {
    expect(await copied(() => completed("There are 3 herons."), more)).toEqual([]);
    expect(agent?.asked).toEqual([]);
  });
});
