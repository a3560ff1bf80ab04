import { describe, expect, it } from "vitest";
import { outbound } from "../../shared/a2a/outbound.ts";
import { LOCAL_PRINCIPAL } from "../../shared/auth/principal.ts";
import type { OutboundCall } from "../../shared/host/calls.ts";

// An answer to another agent's question, when that agent has its own view of where its task stands.

const ENDED = { error: { code: -32004, message: "the task has ended" } };
const CALL: OutboundCall = { agent: "peer", skill: "ask", taskId: "t-1", parts: [{ text: "yes" }] };

function task(state: string) {
  return { result: { id: "t-1", status: { state }, artifacts: [{ artifactId: "a", parts: [{ text: "the work" }] }] } };
}

/** What the call came to, and which methods it took, when the peer answers each method as given. */
async function answer(replies: Record<string, object>, call = CALL) {
  const methods: string[] = [];
  const fetch = async (_url: string, init: RequestInit) => {
    const { method } = JSON.parse(String(init.body)) as { method: string };
    methods.push(method);
    return Response.json({ jsonrpc: "2.0", id: 1, ...replies[method] });
  };
  const options = { key: "k", principal: LOCAL_PRINCIPAL, signal: new AbortController().signal };
  return { result: await outbound.call({ AGENT_PEER: { fetch } }, call, options), methods };
}

describe("an answer that comes after its task has ended", () => {
  it("brings what came of the task", async () => {
    const { result, methods } = await answer({ SendMessage: ENDED, GetTask: task("TASK_STATE_COMPLETED") });
    expect(result).toMatchObject({ ok: true, taskId: "t-1", text: "the work" });
    expect(methods).toEqual(["SendMessage", "GetTask"]);
  });

  it.each([
    ["FAILED", "failed"],
    // By somebody, and not for want of skill: it is held against nobody.
    ["CANCELED", "refused"],
  ])("is no result when the task came to nothing: %s", async (state, reason) => {
    const { result } = await answer({ SendMessage: ENDED, GetTask: task(`TASK_STATE_${state}`) });
    expect(result).toMatchObject({ ok: false, reason, taskId: "t-1" });
  });

  it.each<[string, object]>([
    ["the task still asks: taking that for a question would ask for ever", task("TASK_STATE_INPUT_REQUIRED")],
    ["the task is not given", { error: { code: -32001, message: "there is none" } }],
    ["what is given is no task", { result: { id: 7 } }],
  ])("stays refused when %s", async (_why, given) => {
    const { result } = await answer({ SendMessage: ENDED, GetTask: given });
    expect(result).toMatchObject({ ok: false, reason: "refused", message: expect.stringContaining("the task has ended") });
  });
});

describe("another refusal", () => {
  it("is not looked into: of a task that is not there, of a message that begins one", async () => {
    const missing = await answer({ SendMessage: { error: { code: -32001, message: "there is none" } } });
    expect(missing).toMatchObject({ result: { ok: false, reason: "refused" }, methods: ["SendMessage"] });
    const { taskId: _, ...first } = CALL;
    const begun = await answer({ SendMessage: ENDED }, first);
    expect(begun).toMatchObject({ result: { ok: false, reason: "refused" }, methods: ["SendMessage"] });
  });
});
