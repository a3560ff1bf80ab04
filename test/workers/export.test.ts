import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL, type Principal } from "../../shared/auth/principal.ts";
import { type Task, textOf } from "../../shared/task/a2a-types.ts";
import type { LogEntry } from "../../shared/task/event.ts";
import type { LogHeader } from "../../shared/task/log-file.ts";
import type { TaskRecord } from "../../shared/task/record.ts";
import { runs } from "./probe-agent.ts";
import { http, message, rpc, type Served, served, value, worker } from "./wire.ts";

// A task's log as a file, and a task made of one.

const as = (principal: Partial<Principal>): Served => served({}, {}, () => ({ ok: true, principal: { ...LOCAL_PRINCIPAL, ...principal } }));

async function send(text: string, skill: string, at = worker, headers: HeadersInit = {}): Promise<Task> {
  const sent = await rpc("SendMessage", { message: message(text, skill) }, { "A2A-Version": "1.0", ...headers }, at);
  return ((await value(sent)) as { task: Task }).task;
}

async function answer(taskId: string, text: string): Promise<Task> {
  const reply = { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text }], taskId };
  return ((await value(await rpc("SendMessage", { message: reply }))) as { task: Task }).task;
}

async function exported(id: string, at = worker, query = ""): Promise<string> {
  const response = await http("GET", `/operate/tasks/${id}/log${query}`, undefined, {}, at);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/x-ndjson");
  // A type that is no text to the runtime, which would say so each time.
  return new TextDecoder().decode(await response.arrayBuffer());
}

function take(body: string, at = worker, headers: HeadersInit = {}): Promise<Response> | Response {
  const init = { method: "POST", headers: { "Content-Type": "application/x-ndjson", ...headers }, body };
  return at.fetch("http://127.0.0.1/operate/tasks/import", init);
}

async function imported(body: string): Promise<string> {
  const response = await take(body);
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { task: string }).task;
}

const NOTHING = { microUsd: 0, tokensIn: 0, tokensOut: 0, calls: 0, wallMs: 0 };
const callNamed = (name: string) => [
  { type: "delegating", name, agent: "peer", skill: "echo", key: "k" },
  { type: "called", name, agent: "peer", skill: "echo", cost: NOTHING },
  { type: "memo", name, value: { ok: true, artifacts: [], text: "" } },
];

type Lines = [LogHeader, ...LogEntry[]];
const linesOf = (log: string) =>
  log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown) as unknown as Lines;
type Change = (lines: Lines) => readonly unknown[];
/** The log with more at its end, as somebody who forges one would write it. */
const appended =
  (...events: readonly object[]): Change =>
  ([header, ...entries]) => [
    { ...header, entries: header.entries + events.length },
    ...entries,
    ...events.map((event, index) => ({ seq: header.entries + index + 1, at: entries.at(-1)?.at, event })),
  ];
const openIn = (lines: Lines) => {
  const last = lines.at(-1) as LogEntry;
  return (last.event.type === "status" && last.event.ask) || "";
};
const YES = { messageId: "m", role: "ROLE_USER", parts: [{ text: "yes" }] };
const settled = (lines: Lines) => ({ type: "message", message: YES, answers: openIn(lines) });
const WORKING = { type: "status", state: "TASK_STATE_WORKING" };
const written = (lines: readonly unknown[]) => `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
const words = (task: Task) => textOf(task.status.message?.parts ?? []);
const result = (task: Task) => textOf(task.artifacts?.at(-1)?.parts ?? []);
const get = async (id: string, at = worker) => (await value(await rpc("GetTask", { id }, undefined, at))) as Task;

describe("an exported log", () => {
  it("is a header and an entry a line", async () => {
    const { id, contextId } = await send("lines", "question");
    const [header, ...entries] = linesOf(await exported(id));
    expect(header).toMatchObject({ format: "skein-task-log", version: 1, agent: "probe", cardVersion: "1.0.0", task: id, contextId });
    expect(header.entries).toBe(entries.length);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
  });

  it("holds no envelope, no key and nothing of who is notified", async () => {
    const { id } = await send("question", "fan", worker, { "Idempotency-Key": "callers-key" });
    const { calls } = (await (await http("GET", `/governance/tasks/${id}`, undefined, {})).json()) as TaskRecord;
    const nested = await exported(calls[0]?.task ?? "");
    expect(linesOf(nested)[0].chain).toEqual({ root: id, agent: "probe" });
    for (const log of [nested, await exported(id)]) expect(log).not.toMatch(/"envelope"|"jws"|"d":"|callers-key|"chain":\{"delegation"/);
  });

  it("comes whole, however long it is", async () => {
    const { id } = await send("3000", "count");
    const [header, ...entries] = linesOf(await exported(id));
    expect(header.entries).toBeGreaterThan(3000);
    expect(entries).toHaveLength(header.entries);
  });

  it("is for operators, who may have others' of their tenant", async () => {
    const { id } = await send("private", "echo", as({ subject: "amy" }));
    const refused = async (at: Served, query = "") => (await http("GET", `/operate/tasks/${id}/log${query}`, undefined, {}, at)).status;
    expect(await refused(as({ subject: "amy", scopes: ["call", "approve"] }))).toBe(403);
    expect(await refused(as({ subject: "bob" }))).toBe(404);
    expect(await refused(as({ subject: "bob", tenant: "other" }), "?owner=local/amy")).toBe(404);
    expect(await exported(id, as({ subject: "bob" }), "?owner=local/amy")).toContain("private");
  });
});

describe("an imported log", () => {
  it("is a task that goes on from where the log stands, and does nothing twice", async () => {
    const { id } = await send("moved", "question");
    await answer(id, "Rome");
    const copy = await imported(await exported(id));
    expect(words(await get(copy))).toBe("Which year?");
    expect(result(await answer(copy, "1970"))).toBe("1 Rome 1970");
    expect(runs.get("moved:before")).toBe(1);
    expect(words(await get(id))).toBe("Which year?");
  });

  it("of a task that has ended is there to be looked at", async () => {
    const { id } = await send("over", "echo");
    const copy = await get(await imported(await exported(id)));
    expect([copy.status.state, result(copy)]).toEqual(["TASK_STATE_COMPLETED", "over"]);
  });

  it("makes its open calls anew", async () => {
    const { id } = await send("question", "fan");
    const copy = await imported(await exported(id));
    await expect.poll(async () => (await get(copy)).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    const calls = async (task: string) =>
      ((await (await http("GET", `/governance/tasks/${task}`, undefined, {})).json()) as TaskRecord).calls;
    const [one, other] = [await calls(id), await calls(copy)];
    expect(other[0]?.task).toBeDefined();
    expect(other[0]?.task).not.toBe(one[0]?.task);
  });

  it.each<[string, string, (asked: string) => readonly object[]]>([
    ["with a yes in it", "approval", () => [WORKING]],
    ["that says it was done", "approval", (asked) => [WORKING, { type: "memo", name: asked.replace(/^approve:/, "step:act:"), value: 1 }]],
    ["that makes it a call's question", "act", (asked) => [...callNamed(asked.replace(/:\d+$/, "")), WORKING]],
  ])("approves nothing that nobody here approved, %s", async (forged, skill, more) => {
    const lines = linesOf(await exported((await send(forged, skill)).id));
    const asked = openIn(lines);
    expect(asked).toMatch(/^approve:/);
    const copy = await imported(written(appended(settled(lines), ...more(asked))(lines)));
    await expect.poll(async () => (await get(copy)).status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(words(await get(copy))).toMatch(/Send it\?|Do it\?/);
    expect(runs.get(`${forged}:it`)).toBeUndefined();
  });

  it("does no action again that was done, and asks nobody for it", async () => {
    const { id } = await send("once done", "acts");
    const first = await answer(id, "yes");
    expect(first.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    const copy = await imported(await exported(id));
    await expect.poll(async () => words(await get(copy))).toContain("Do second?");
    expect(runs.get("once done:first")).toBe(1);
  });

  it("is its importer's, whoever the file says", async () => {
    const { id } = await send("mine", "question", as({ subject: "amy" }));
    const log = await exported(id, as({ subject: "amy" }));
    const copy = await imported(log.replaceAll('"subject":"amy"', '"subject":"root"'));
    expect(linesOf(await exported(copy))[1]).toMatchObject({ event: { principal: { subject: "local" } } });
  });

  it("with one key is taken in once", async () => {
    const log = await exported((await send("once", "question")).id);
    const again = async () => ((await (await take(log, worker, { "Idempotency-Key": "k" })).json()) as { task: string }).task;
    expect(await again()).toBe(await again());
  });
});

describe("a log that is wrong", () => {
  const at =
    (line: number, change: (entry: LogEntry) => unknown): Change =>
    (lines) =>
      lines.map((each, index) => (index === line - 1 ? change(each as unknown as LogEntry) : each));
  const event = (line: number, more: object) => at(line, (entry) => ({ ...entry, event: { ...entry.event, ...more } }));

  const answered = (name: string, as: "answers" | "approves") => appended({ type: "message", message: YES, [as]: name });
  const answeredTwice: Change = (lines) => appended(settled(lines), settled(lines))(lines);
  const askedAgain: Change = (lines) => appended(settled(lines), (lines.at(-1) as LogEntry).event)(lines);

  it.each<[string, Change, RegExp]>([
    ["no log at all", () => [{ hello: "world" }], /line 1: format/],
    ["another version of the format", at(1, (header) => ({ ...header, version: 2 })), /line 1: version must be 1/],
    ["of another agent", at(1, (header) => ({ ...header, agent: "writer" })), /line 1: the log is of a task of writer/],
    ["cut off", (lines) => lines.slice(0, -1), /the log says it has \d+ entries, and has \d+: send all of it/],
    ["an entry left out", (lines) => lines.toSpliced(3, 1), /line 4 has seq 4, and is entry 3 of the log/],
    ["a field that there is not", event(3, { isAdmin: true }), /line 3: event\.isAdmin is no field of this entry/],
    ["a state that there is not", event(3, { state: "TASK_STATE_BLESSED" }), /line 3: event\.state must be a task state/],
    ["an event that there is not", event(3, { type: "granted" }), /line 3: event/],
    ["a name that is an object's own", event(4, { name: "__proto__" }), /line 4: event\.name must begin with its kind/],
    ["a limit of its own", event(2, { chain: { delegation: {}, envelope: {} } }), /line 2: event\.chain is no field/],
    ["the future", at(3, (entry) => ({ ...entry, at: 4e12 })), /line 3 lies in the future/],
    ["time that runs backwards", at(3, (entry) => ({ ...entry, at: 1 })), /line 3 is older than the entry before it/],
    ["an answer to what nobody asked", answered("ask:nobody:1", "answers"), /line \d+ is about the question ask:nobody:1/],
    ["a yes to what nobody asked", answered("approve:nobody:1", "approves"), /line \d+ is about the question approve:nobody:1/],
    ["an end of what nobody asked", appended({ type: "expired", name: "ask:nobody:1" }), /line \d+ is about the question ask:nobody:1/],
    ["two answers to one question", answeredTwice, /line \d+ is about the question ask:\S+, which no entry/],
    ["a question that is asked again once it is answered", askedAgain, /line \d+ asks ask:\S+ a second time/],
    ["two beginnings", at(3, (entry) => ({ ...entry, event: { type: "created" } })), /line 3/],
    ["contracts that are not here", event(2, { contracts: { budget: 9 } }), /contract budget version 9 is not deployed here/],
  ])("is refused for %s, with its line, and nothing comes of it", async (_, change, said) => {
    const { id } = await send("wrong", "question");
    const list = async () => ((await value(await rpc("ListTasks", {}))) as { totalSize: number }).totalSize;
    const before = await list();
    const response = await take(written(change(linesOf(await exported(id)))));
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: { message: string } }).error.message).toMatch(said);
    expect(await list()).toBe(before);
  });

  it("is refused where a line is no JSON, or nested without end", async () => {
    const log = await exported((await send("json", "echo")).id);
    for (const [line, said] of [
      ["{", "line 2 is no valid JSON"],
      ["[".repeat(300), "line 2 is nested deeper"],
    ]) {
      const response = await take(log.replace("\n", `\n${line}\n`));
      expect(((await response.json()) as { error: { message: string } }).error.message).toContain(said);
    }
  });

  it("is refused without the scope operate", async () => {
    expect((await take("{}", as({ scopes: ["call"] }))).status).toBe(403);
  });
});
