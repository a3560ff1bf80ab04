import { execFile } from "node:child_process";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject, Message, StreamResponse, Task, TaskState } from "../../../shared/task/a2a-types.ts";

// An agent by hand, so that the command is held to the wire and not to our own server: JSON-RPC, one card, what a test says.

interface Call {
  readonly method: string;
  readonly params: { readonly message?: Message; readonly id?: string };
}

let server: Server;
let url: string;
let calls: Call[];
let events: (call: Call) => StreamResponse[];

beforeEach(async () => {
  calls = [];
  server = createServer(async (request, response) => {
    if (request.method === "GET")
      return request.url === "/agents/x/.well-known/agent-card.json" ? json(response, card()) : json(response, {}, 404);
    let body = "";
    for await (const chunk of request) body += chunk;
    const { id, method, params } = JSON.parse(body);
    calls.push({ method, params });
    const answers = events({ method, params });
    if (method !== "SendStreamingMessage") return json(response, { jsonrpc: "2.0", id, ...resultOf(method, answers) });
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const result of answers) response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
    // A waiting task's stream stays open, as the protocol wants it: the command has to leave by itself.
    if (!answers.some((event) => "statusUpdate" in event && event.statusUpdate.status.state === "TASK_STATE_INPUT_REQUIRED"))
      response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/agents/x`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function card(): JsonObject {
  return {
    name: "x",
    description: "a test's agent",
    version: "1.0.0",
    supportedInterfaces: [{ url, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: { streaming: true },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "s", name: "s", description: "s", tags: ["s"] }],
  };
}

function resultOf(method: string, answers: StreamResponse[]): JsonObject {
  const task = answers.flatMap((event) => ("task" in event ? [event.task] : []))[0];
  if (task === undefined) return { error: { code: -32001, message: "there is no such task" } };
  const result = method === "ListTasks" ? { tasks: [task], nextPageToken: "" } : method === "SendMessage" ? { task } : task;
  return { result: JSON.parse(JSON.stringify(result)) };
}

const T0 = "2026-11-20T12:00:00.000Z";

function task(state: TaskState, extra: Partial<Task> = {}): StreamResponse {
  return { task: { id: "t-1", contextId: "c-1", status: { state, timestamp: T0 }, ...extra } };
}

function status(state: TaskState, text: string): StreamResponse {
  const message: Message = { messageId: "m", role: "ROLE_AGENT", parts: [{ text }] };
  return { statusUpdate: { taskId: "t-1", contextId: "c-1", status: { state, timestamp: T0, message } } };
}

const answer: StreamResponse = {
  artifactUpdate: { taskId: "t-1", contextId: "c-1", artifact: { artifactId: "a", name: "answer", parts: [{ text: "six hops" }] } },
};

function call(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = fileURLToPath(new URL("../../../cli/call.ts", import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [command, ...args], { timeout: 15_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
    child.stdin?.end();
  });
}

describe("npm run call", () => {
  it("follows a task to its end: the answer on stdout, everything else on stderr", async () => {
    events = () => [task("TASK_STATE_SUBMITTED"), status("TASK_STATE_WORKING", "counting"), answer, status("TASK_STATE_COMPLETED", "")];
    const { code, out, err } = await call("how many?", "--url", url);
    expect(out).toBe("six hops\n");
    expect(err).toMatch(/accepted[\s\S]*counting[\s\S]*task t-1/);
    expect(code).toBe(0);
    expect(calls[0]?.params.message).toMatchObject({ role: "ROLE_USER", parts: [{ text: "how many?" }] });
  });

  it("sends a file of text as plain text to an agent that knows no other", async () => {
    events = () => [task("TASK_STATE_COMPLETED")];
    const { code } = await call("go", "--url", url, "--file", fileURLToPath(new URL("../../../agent-cards/writer.json", import.meta.url)));
    expect(code).toBe(0);
    expect(calls[0]?.params.message?.parts).toMatchObject([{ text: "go" }, { filename: "writer.json", mediaType: "text/plain" }]);
  });

  it("sends nothing when the agent does not take a file, and names the file", async () => {
    events = () => [task("TASK_STATE_COMPLETED")];
    const { code, err } = await call("go", "--url", url, "--file", process.execPath);
    expect(err).toMatch(/nothing was sent: node is application\/octet-stream, and .* takes text\/plain: leave out/);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(1);
    expect(calls).toEqual([]);
  });

  it("names the skill that is wanted", async () => {
    events = () => [task("TASK_STATE_COMPLETED")];
    await call("go", "--url", url, "--skill", "s");
    expect(calls[0]?.params.message?.metadata).toEqual({ "urn:skein:ext:skill:v1": { skill: "s" } });
  });

  it("leaves a task that asks, with the command that answers it, and exit code 3", async () => {
    events = () => [task("TASK_STATE_WORKING"), status("TASK_STATE_INPUT_REQUIRED", "which year?")];
    const { code, err } = await call("moon", "--url", url);
    expect(err).toContain("which year?");
    expect(err).toContain(`npm run call -- --url ${url} --task t-1 --answer "…"`);
    expect(code).toBe(3);
  });

  it("answers a waiting task in words", async () => {
    events = () => [task("TASK_STATE_COMPLETED")];
    await call("--url", url, "--task", "t-1", "--answer", "1969");
    expect(calls[0]?.params.message).toMatchObject({ taskId: "t-1", parts: [{ text: "1969" }] });
  });

  const asker = { agent: "x", skill: "s", task: "t-1" };
  const action = { description: "Send it?", args: { to: "b" }, digest: "3fa9c01b".padEnd(64, "0"), approvers: 2, others: 1 };
  const interrupt = { id: "q-1", kind: "approval", asker, path: ["x", "courier"], action, approvedBy: ["a/b"], since: T0, expires: T0 };
  const waiting = (kind: JsonObject) => task("TASK_STATE_AUTH_REQUIRED", { metadata: { "urn:skein:ext:interrupt:v1": kind } });
  const answered = (kind: JsonObject) => (each: Call) => [each.method === "GetTask" ? waiting(kind) : task("TASK_STATE_COMPLETED")];

  it.each<[string[], string, JsonObject]>([
    [["--approve"], "yes 3fa9c01b", { approved: true }],
    [["--reject", "too loud"], "no 3fa9c01b: too loud", { approved: false, rejection_reason: "too loud" }],
  ])("decides with %j about exactly the action that waits", async (flags, text, decided) => {
    events = answered(interrupt);
    await call("--url", url, "--task", "t-1", ...flags);
    expect(calls.map(({ method }) => method)).toEqual(["GetTask", "SendStreamingMessage"]);
    expect(calls[1]?.params.message).toMatchObject({
      taskId: "t-1",
      parts: [{ text }],
      extensions: ["https://kagent.dev/extensions/hitl/v1"],
      metadata: { "https://kagent.dev/extensions/hitl/v1": { type: "tool_approval_response", approvals: [{ id: "q-1", ...decided }] } },
    });
  });

  it("decides about everything that an agent of another mesh asks at once", async () => {
    const tools = ["a", "b"].map((id) => ({ id, call_id: id, name: "f", args: {} }));
    const metadata = { "https://kagent.dev/extensions/hitl/v1": { type: "tool_approval_request", hint: "", tools } };
    const message: Message = { messageId: "m", role: "ROLE_AGENT", parts: [{ text: "May I?" }], metadata };
    const asks = task("TASK_STATE_INPUT_REQUIRED", { status: { state: "TASK_STATE_INPUT_REQUIRED", timestamp: T0, message } });
    events = ({ method }) => [method === "GetTask" ? asks : task("TASK_STATE_COMPLETED")];
    await call("--url", url, "--task", "t-1", "--approve");
    expect(calls[1]?.params.message?.metadata).toMatchObject({
      "https://kagent.dev/extensions/hitl/v1": {
        approvals: [
          { id: "a", approved: true },
          { id: "b", approved: true },
        ],
      },
    });
  });

  it.each<[string, JsonObject | undefined, RegExp]>([
    ["a question", { ...interrupt, kind: "question" }, /asks a question.*--answer/],
    ["an operator", { ...interrupt, kind: "paused" }, /is paused.*resumed.*--get t-1/],
    ["nothing", undefined, /waits for nothing/],
  ])("approves nothing of a task that waits for %s", async (_what, kind, said) => {
    events = kind ? answered(kind) : () => [task("TASK_STATE_WORKING")];
    const { code, err } = await call("--url", url, "--task", "t-1", "--approve");
    expect(err).toMatch(said);
    expect(code).toBe(1);
    expect(calls).toHaveLength(1);
  });

  it("says of a task that waits who asks, who may approve, until when, and how", async () => {
    events = () => [waiting(interrupt)];
    const { code, err } = await call("go", "--url", url, "--no-stream");
    expect(err).toContain(`Asked by x → courier.
It takes 2 people with the scope "approve", one of them not the task's caller.
Approved so far by a/b.
Its time is over, then it counts as rejected.
Approve, with that scope:  npm run approve -- --url ${new URL(url).origin} q-1   (action 3fa9c01b)
Reject:                    npm run call -- --url ${url} --task t-1 --reject "why not"`);
    expect(code).toBe(3);
  });

  it("names the command that its caller can use where they may approve alone, and all else that waits", async () => {
    const alone = { ...interrupt, action: { ...action, approvers: 1, others: 0 }, approvedBy: [], waiting: [{ ...interrupt, id: "q-2" }] };
    const metadata = { "urn:skein:ext:interrupt:v1": alone };
    events = () => [task("TASK_STATE_INPUT_REQUIRED", { metadata })];
    const { err } = await call("go", "--url", url, "--no-stream");
    expect(err).toContain(`Approve:  npm run call -- --url ${url} --task t-1 --approve   (action 3fa9c01b)`);
    expect(err).toContain(`npm run inbox -- --url ${new URL(url).origin} t-1\n  approval q-2: Send it?`);
  });

  it("shows a task that waits with what it asks, once, and one that is paused with what lets it go on", async () => {
    const saying = (text: string): Partial<Task> => ({
      status: {
        state: "TASK_STATE_INPUT_REQUIRED",
        timestamp: T0,
        message: { messageId: "m", role: "ROLE_AGENT", parts: [{ text }] },
      },
    });
    events = () => [task("TASK_STATE_INPUT_REQUIRED", saying("which year?"))];
    const asks = await call("--get", "t-1", "--url", url);
    expect(asks).toMatchObject({ code: 3, out: expect.stringMatching(/asks back +t-1\n$/) });
    expect((asks.out + asks.err).match(/which year\?/g)).toHaveLength(1);
    expect(asks.err).toContain('--task t-1 --answer "…"');
    const metadata = { "urn:skein:ext:interrupt:v1": { ...interrupt, kind: "paused", path: ["x"] } };
    events = () => [task("TASK_STATE_INPUT_REQUIRED", { ...saying("Paused by olaf."), metadata })];
    const paused = await call("--get", "t-1", "--url", url);
    expect(paused).toMatchObject({ code: 3, out: expect.stringMatching(/paused +t-1\n$/) });
    expect(paused.err).toContain(`npm run resume -- --url ${new URL(url).origin} t-1`);
    expect(paused.err).not.toContain("--answer");
  });

  it("fails with the agent's reason when the task fails", async () => {
    events = () => [task("TASK_STATE_WORKING"), status("TASK_STATE_FAILED", "the source is gone")];
    const { code, err } = await call("go", "--url", url);
    expect(err).toContain("✘ failed: the source is gone");
    expect(code).toBe(1);
  });

  it("says that the task goes on when the stream breaks off, and how to look", async () => {
    events = () => [task("TASK_STATE_WORKING")];
    const { code, err } = await call("go", "--url", url);
    expect(err).toContain("npm run call -- --get t-1");
    expect(code).toBe(1);
  });

  it("prints nothing but the events as JSON lines when asked to", async () => {
    const sent = [task("TASK_STATE_SUBMITTED"), answer, task("TASK_STATE_COMPLETED")];
    events = () => sent;
    const { out, err } = await call("go", "--url", url, "--json");
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toMatchObject(sent);
    expect(err).toBe("");
  });

  it("waits for the end without a stream when asked to", async () => {
    events = () => [task("TASK_STATE_COMPLETED", { artifacts: [{ artifactId: "a", parts: [{ text: "six" }] }] })];
    const { out } = await call("go", "--url", url, "--no-stream");
    expect(out).toBe("six\n");
    expect(calls.map(({ method }) => method)).toEqual(["SendMessage"]);
  });

  it.each([
    [["--get", "t-1"], "GetTask"],
    [["--list"], "ListTasks"],
    [["--cancel", "t-1"], "CancelTask"],
  ])("looks instead of sending: %s", async (args, method) => {
    events = () => [task("TASK_STATE_CANCELED")];
    await call(...args, "--url", url);
    expect(calls.map((each) => each.method)).toEqual([method]);
  });

  it.each([
    ["nothing to send", [], "nothing to send"],
    ["an answer to no task", ["--answer", "yes"], "need --task"],
    ["an option that is none", ["x", "--wat"], "--wat"],
    ["a text where nothing is sent", ["x", "--list"], "send nothing"],
    ["two addresses", ["x", "--url", "http://127.0.0.1:1", "--agent", "y"], "give one of them"],
  ])("refuses %s in one line, with exit code 2", async (_what, args, reason) => {
    const { code, err } = await call(...args);
    expect(err).toContain(reason);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });

  it("says what to do when there is nobody, no such agent, or no such task", async () => {
    events = () => [];
    const lost = await call("--get", "t-9", "--url", url);
    expect(lost).toMatchObject({ code: 1, err: expect.stringMatching(/t-9.*there is no such task/) });
    const stranger = await call("x", "--url", `${url}yz`);
    expect(stranger).toMatchObject({ code: 1, err: expect.stringContaining("there is no agent at") });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await call("x", "--url", url)).toMatchObject({ code: 1, err: expect.stringContaining("npm run dev") });
  });
});
