/**
 * What the load generator sends, and how it tells a right answer from a wrong one. Every body is checked: a JSON-RPC
 * failure is HTTP 200, and a fast error is not a fast server. Runs in the load process.
 */
import { randomUUID } from "node:crypto";
import type { Message, Task } from "../shared/task/a2a-types.ts";
import { namingSkill } from "../shared/task/skill-extension.ts";
import type { HttpRequest, HttpResponse } from "./http-connection.ts";
import type { WorkloadSpec } from "./rows.ts";

/** One connection's side of a workload: makes its requests one after the other, and judges each answer. */
export interface Session {
  next(): HttpRequest;
  /** @returns what is wrong with the answer, or nothing */
  check(response: HttpResponse): string | undefined;
}

export interface Workload {
  /** Brings the server into the state the row is about, once, with the clock not running. */
  prepare?(sendAll: SendAll): Promise<void>;
  session(): Session;
}

/** Sends requests over several connections and gives back the bodies in the same order. */
type SendAll = (requests: readonly HttpRequest[]) => Promise<readonly string[]>;

const TEXT = "the quick brown fox";
/** Longer conversations are rare, and the first message of each is counted like the others. */
const TURNS = 50;
const PAGE_SIZE = 50;

export function workloadOf(spec: WorkloadSpec): Workload {
  switch (spec.kind) {
    case "hello":
      return fixed({ method: "GET", path: "/hello" }, ({ body }) => body === "hello");
    case "floor-fresh":
      return fixed({ method: "POST", path: "/fresh", body: TEXT }, ({ body }) => body === JSON.stringify({ text: TEXT }));
    case "floor-hot":
      return fixed({ method: "POST", path: "/hot", body: TEXT }, ({ body }) => body === '{"rows":1}');
    case "floor-events":
      return fixed({ method: "POST", path: "/events", body: TEXT }, ({ body }) => count(body, '"index":') === 20);
    case "send":
      return sending(spec.skill);
    case "stream":
      return streaming();
    case "chat":
      return { session: chatSession };
    case "get-task":
      return gettingTask(spec.events);
    case "list-tasks":
      return listingTasks(spec.tasks);
  }
}

function fixed(request: HttpRequest, right: (response: HttpResponse) => boolean): Workload {
  const check = (response: HttpResponse) => (response.status === 200 && right(response) ? undefined : complaint(response));
  return { session: () => ({ next: () => request, check }) };
}

function sending(skill: string | undefined): Workload {
  const check = (response: HttpResponse) => {
    const task = taskOf(response);
    return task?.status.state === "TASK_STATE_COMPLETED" && task.artifacts?.[0]?.parts[0]?.text === TEXT ? undefined : complaint(response);
  };
  return { session: () => ({ next: () => sendRequest(messageFor(skill, TEXT)), check }) };
}

function streaming(): Workload {
  const next = () => call("SendStreamingMessage", { message: messageFor("stream", TEXT) });
  const check = (response: HttpResponse) =>
    count(response.body, '"artifactUpdate"') === 20 && response.body.includes("TASK_STATE_COMPLETED") ? undefined : complaint(response);
  return { session: () => ({ next, check }) };
}

/** A conversation: each answer is a question, each next message answers it, all on one warm task. */
function chatSession(): Session {
  let task: Task | undefined;
  let turn = 0;
  return {
    next() {
      turn = task === undefined || turn === TURNS ? 0 : turn + 1;
      const message = messageFor("chat", `turn ${turn}`);
      return sendRequest(turn === 0 || !task ? message : { ...message, taskId: task.id, contextId: task.contextId }, { historyLength: 0 });
    },
    check(response) {
      task = taskOf(response);
      const asked = task?.status.message?.parts[0]?.text ?? "";
      return task?.status.state === "TASK_STATE_INPUT_REQUIRED" && asked.includes(`turn ${turn}`) ? undefined : complaint(response);
    },
  };
}

function gettingTask(events: number): Workload {
  let id = "";
  return {
    async prepare(sendAll) {
      const [body = ""] = await sendAll([sendRequest(messageFor("count", String(events)))]);
      const task = taskOf({ status: 200, body });
      if (task?.status.state !== "TASK_STATE_COMPLETED") throw new Error(`no task with ${events} events came about: ${body.slice(0, 300)}`);
      id = task.id;
    },
    session: () => ({
      next: () => call("GetTask", { id, historyLength: 0 }),
      check: (response) => {
        const task: Task | undefined = resultOf(response);
        return task?.id === id && task.status.state === "TASK_STATE_COMPLETED" ? undefined : complaint(response);
      },
    }),
  };
}

function listingTasks(tasks: number): Workload {
  return {
    async prepare(sendAll) {
      const bodies = await sendAll(Array.from({ length: tasks }, () => sendRequest(messageFor(undefined, TEXT))));
      const wrong = bodies.find((body) => taskOf({ status: 200, body })?.status.state !== "TASK_STATE_COMPLETED");
      if (wrong !== undefined) throw new Error(`not all ${tasks} tasks to list came about: ${wrong.slice(0, 300)}`);
    },
    session: () => ({
      next: () => call("ListTasks", { pageSize: PAGE_SIZE }),
      check: (response) => {
        const page: { tasks: Task[]; totalSize: number } | undefined = resultOf(response);
        return page?.tasks?.length === PAGE_SIZE && page.totalSize === tasks ? undefined : complaint(response);
      },
    }),
  };
}

function messageFor(skill: string | undefined, text: string): Message {
  return {
    messageId: randomUUID(),
    role: "ROLE_USER",
    parts: [{ text }],
    ...(skill !== undefined && { metadata: namingSkill(skill) }),
  };
}

function sendRequest(message: Message, configuration?: { historyLength: number }): HttpRequest {
  return call("SendMessage", { message, ...(configuration && { configuration }) });
}

function call(method: string, params: object): HttpRequest {
  const headers = { "Content-Type": "application/json", "A2A-Version": "1.0" };
  return { method: "POST", path: "/", headers, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) };
}

function taskOf(response: HttpResponse): Task | undefined {
  return resultOf<{ task?: Task }>(response)?.task;
}

/** The JSON-RPC result, or nothing when the answer is an error or no JSON. Its parts are checked by whoever asks. */
function resultOf<T>({ status, body }: HttpResponse): T | undefined {
  if (status !== 200) return undefined;
  try {
    return (JSON.parse(body) as { result?: T }).result;
  } catch {
    return undefined;
  }
}

function complaint({ status, body }: HttpResponse): string {
  return `HTTP ${status}: ${body.slice(0, 300)}`;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
