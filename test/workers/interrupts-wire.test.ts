import { describe, expect, it } from "vitest";
import type { JsonObject, Task } from "../../shared/task/a2a-types.ts";
import { HITL_EXTENSION } from "../../shared/task/hitl-extension.ts";
import { interruptIn } from "../../shared/task/interrupt-extension.ts";
import { http, message, rpc, served, VERSION, value } from "./wire.ts";

const OPTED_IN = { ...VERSION, "A2A-Extensions": HITL_EXTENSION };

async function begun(skill: string, text: string, headers: HeadersInit = VERSION): Promise<Task> {
  return ((await value(await rpc("SendMessage", { message: message(text, skill) }, headers))) as { task: Task }).task;
}

const answering = (task: Task, payload: JsonObject) => ({
  message: { ...message("as decided", "act", { taskId: task.id }), extensions: [HITL_EXTENSION], metadata: { [HITL_EXTENSION]: payload } },
});

describe("a question to a client that takes the human-in-the-loop profile", () => {
  it("asks for approval by an id, with the exact arguments, and is answered by that id", async () => {
    const response = await rpc("SendMessage", { message: message("hello", "act") }, OPTED_IN);
    expect(response.headers.get("A2A-Extensions")).toBe(HITL_EXTENSION);
    const { task } = (await value(response)) as { task: Task };
    const { message: asks } = task.status;
    const interrupt = interruptIn(task.metadata);
    const args = { thing: "it", text: "hello" };
    expect(asks?.extensions).toEqual([HITL_EXTENSION]);
    expect(asks?.metadata?.[HITL_EXTENSION]).toEqual({
      type: "tool_approval_request",
      hint: "Do it?",
      tools: [{ id: interrupt?.id, call_id: interrupt?.action?.digest, name: "probe/act", args }],
    });
    const approve = { type: "tool_approval_response", approvals: [{ id: interrupt?.id ?? "", approved: true }] };
    const done = (await value(await http("POST", "/message:send", answering(task, approve), OPTED_IN))) as { task: Task };
    expect(done.task.artifacts?.[0]?.parts).toEqual([{ text: "it: hello" }]);
  });

  it("asks a person by an id, with what there is to choose from", async () => {
    const { status, metadata } = await begun("choose", "x", OPTED_IN);
    expect(status.message?.metadata?.[HITL_EXTENSION]).toEqual({
      type: "ask_user_request",
      id: interruptIn(metadata)?.id,
      questions: [{ question: status.message?.parts[0]?.text, choices: ["red", "blue"], multiple: false }],
    });
  });

  it("is only words to one that did not ask for it, and for the task's whole life", async () => {
    const { id, status } = await begun("act", "hello");
    expect(status.message?.extensions).toBeUndefined();
    expect(status.message?.metadata).toBeUndefined();
    expect(((await value(await rpc("GetTask", { id }, OPTED_IN))) as Task).status).toEqual(status);
  });

  it("says what the task waits for as long as it waits", async () => {
    const task = await begun("act", "hello");
    expect(interruptIn(task.metadata)).toMatchObject({ kind: "approval", asker: { agent: "probe", skill: "act", task: task.id } });
    const reject = { type: "tool_approval_response", approvals: [{ id: interruptIn(task.metadata)?.id ?? "", approved: false }] };
    const done = (await value(await rpc("SendMessage", answering(task, reject)))) as { task: Task };
    expect(interruptIn(done.task.metadata)).toBeUndefined();
  });
});

describe("an answer that is refused", () => {
  const yes = (id: string) => ({ id, approved: true });

  it.each<[string, (id: string) => JsonObject, string | undefined]>([
    ["for an id that nobody gave out", () => ({ type: "tool_approval_response", approvals: [yes("stale")] }), undefined],
    ["that decides the same id twice", (id) => ({ type: "tool_approval_response", approvals: [yes(id), yes(id)] }), "metadata"],
    ["that decides nothing", () => ({ type: "tool_approval_response", approvals: [] }), "metadata"],
    ["that decides more than there is", (id) => ({ type: "tool_approval_response", approvals: [yes(id), yes("other")] }), "metadata"],
    ["in another form", (id) => ({ type: "ask_user_response", id, answers: [{ answer: ["yes"] }] }), "metadata"],
    ["in no form at all", (id) => ({ approve: id }), "metadata"],
  ])("%s changes nothing, and says what to do, in both bindings", async (_which, payload, field) => {
    const task = await begun("act", "refused");
    const body = answering(task, payload(interruptIn(task.metadata)?.id ?? ""));
    const refused = (await value(await rpc("SendMessage", body))) as { reason?: string; fields: { field: string }[] };
    expect(await value(await http("POST", "/message:send", body))).toEqual(refused);
    if (field === undefined) expect(refused.reason).toBe("UNSUPPORTED_OPERATION");
    else expect(refused.fields[0]?.field).toContain(field);
    expect(await value(await rpc("GetTask", { id: task.id }))).toEqual(task);
  });

  it("by somebody who may not approve says which scope it takes, and the task waits for an authorisation", async () => {
    const principal = { tenant: "tests", app: "wire", subject: "caller", scopes: ["call" as const] };
    const at = served({}, {}, () => ({ ok: true, principal }));
    const { task } = (await value(await rpc("SendMessage", { message: message("scope", "act") }, VERSION, at))) as { task: Task };
    expect(task.status.state).toBe("TASK_STATE_AUTH_REQUIRED");
    const approve = { type: "tool_approval_response", approvals: [yes(interruptIn(task.metadata)?.id ?? "")] };
    const response = await http("POST", "/message:send", answering(task, approve), VERSION, at);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('the scope \\"approve\\"');
  });
});
