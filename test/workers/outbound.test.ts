import { describe, expect, it } from "vitest";
import { outbound } from "../../shared/a2a/outbound.ts";
import { LOCAL_PRINCIPAL } from "../../shared/auth/principal.ts";
import type { OutboundCall } from "../../shared/host/calls.ts";
import { HITL_EXTENSION } from "../../shared/task/hitl-extension.ts";
import probe from "./probe-agent.ts";

// An answer to another agent's question, when that agent has its own view of where its task stands.

const ENDED = { error: { code: -32004, message: "the task has ended" } };
const CALL: OutboundCall = { agent: "peer", skill: "ask", taskId: "t-1", parts: [{ text: "yes" }] };

function task(state: string) {
  return { result: { id: "t-1", status: { state }, artifacts: [{ artifactId: "a", parts: [{ text: "the work" }] }] } };
}

/** What the call came to, and which methods it took, when the peer answers each method as given. */
async function answer(replies: Record<string, object | (() => object)>, call = CALL) {
  const methods: string[] = [];
  const requests: { headers: Headers; params: unknown }[] = [];
  const fetch = async (_url: string, init?: RequestInit) => {
    if (!init?.body) return Response.json(probe.card);
    const { method, params } = JSON.parse(String(init.body)) as { method: string; params: unknown };
    methods.push(method);
    requests.push({ headers: new Headers(init.headers), params });
    const reply = replies[method];
    return Response.json({ jsonrpc: "2.0", id: 1, ...(typeof reply === "function" ? reply() : reply) });
  };
  const options = { key: "k", principal: LOCAL_PRINCIPAL, signal: new AbortController().signal };
  return { result: await outbound.call({ AGENT_PEER: { fetch } }, call, options), methods, requests };
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

  it("is looked for until its task rests, when that goes on", async () => {
    const looks = [task("TASK_STATE_WORKING"), task("TASK_STATE_SUBMITTED"), task("TASK_STATE_COMPLETED")];
    const { result, methods } = await answer({ SendMessage: ENDED, GetTask: () => looks.shift() ?? {} });
    expect(result).toMatchObject({ ok: true, text: "the work", refused: "the task has ended" });
    expect(methods).toEqual(["SendMessage", "GetTask", "GetTask", "GetTask"]);
  });

  it("is a question again when its task asks again, and says why the answer was not taken", async () => {
    const { result } = await answer({ SendMessage: ENDED, GetTask: task("TASK_STATE_INPUT_REQUIRED") });
    expect(result).toMatchObject({ ok: "asks", taskId: "t-1", refused: "the task has ended" });
  });

  it.each<[string, object]>([
    ["the task is not given", { error: { code: -32001, message: "there is none" } }],
    ["what is given is no task", { result: { id: 7 } }],
  ])("stays refused when %s", async (_why, given) => {
    const { result } = await answer({ SendMessage: ENDED, GetTask: given });
    expect(result).toMatchObject({ ok: false, reason: "refused", message: expect.stringContaining("the task has ended") });
  });
});

describe("a message to another agent", () => {
  it("asks for the published profile, and carries an answer in its form beside the words", async () => {
    const given = { type: "tool_approval_response", approvals: [{ id: "q-1", approved: true }] };
    const { requests } = await answer(
      { SendMessage: { result: { task: task("TASK_STATE_COMPLETED").result } } },
      { ...CALL, answer: given },
    );
    const [{ headers, params } = { headers: new Headers(), params: {} }] = requests;
    expect(headers.get("A2A-Extensions")).toBe(HITL_EXTENSION);
    expect(params).toMatchObject({
      message: { taskId: "t-1", parts: [{ text: "yes" }], extensions: [HITL_EXTENSION], metadata: { [HITL_EXTENSION]: given } },
    });
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
