/**
 * What the load generator sends, and how it tells a right answer from a wrong one. Every body is checked: a JSON-RPC
 * failure is HTTP 200, and a fast error is not a fast server. Runs in the load process.
 */
import type { Task, TaskState } from "../shared/task/a2a-types.ts";
import { answeringCold, insertingCold } from "./cold-answers.ts";
import { deciding } from "./decisions.ts";
import { minting } from "./envelopes.ts";
import type { WorkloadSpec } from "./group.ts";
import { holding } from "./held-objects.ts";
import type { HttpRequest, HttpResponse } from "./http-connection.ts";
import type { Round, RoundOrder } from "./load.ts";
import { publishing } from "./publications.ts";
import { fetching, pushing } from "./push.ts";
import { finishing, insertingOnce, recovering, recoveringObjects } from "./recovery.ts";
import { call, complaint, messageFor, resultOf, sendAll, sendRequest, taskOf } from "./requests.ts";
import { searching } from "./searches.ts";
import { type Watched, watching } from "./subscribers.ts";

/** The server under load. */
export interface Target {
  readonly url: URL;
  /** Of every request: who is calling. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its process. */
  readonly pid: number;
  /** When the process before it was killed, milliseconds since the epoch. */
  readonly killedAt?: number;
}

/** One connection's side of a workload: makes its requests one after the other, and judges each answer. */
export interface Session {
  next(): HttpRequest;
  /** @returns what is wrong with the answer, or nothing */
  check(response: HttpResponse): string | undefined;
  /**
   * What is timed, where it is not the whole answer.
   * @param sent when the request was, by `performance.now()`
   * @returns milliseconds
   */
  timed?(response: HttpResponse, sent: number): number | Promise<number>;
}

export type Workload = {
  /** Brings the server into the state the row is about, once, with the clock not running. */
  prepare?(target: Target): Promise<void>;
} & (
  | { session(): Session }
  /** For what a loop of requests and answers cannot show. */
  | { round(target: Target, order: RoundOrder): Promise<Round> }
);

const TEXT = "the quick brown fox";
/** Longer conversations are rare, and the first message of each is counted like the others. */
const TURNS = 50;
const PAGE_SIZE = 50;
/** To an object nobody has used before. */
const FRESH: HttpRequest = { method: "POST", path: "/fresh", body: TEXT };

export function workloadOf({ timed, ...load }: WorkloadSpec): Workload {
  const workload = workloadFor(load);
  if (timed === undefined || !("session" in workload)) return workload;
  const timedToFirstEvent: Session["timed"] = ({ firstEventAt }, sent) => {
    if (firstEventAt === undefined) throw new Error("no event came");
    return firstEventAt - sent;
  };
  return { ...workload, session: () => ({ ...workload.session(), timed: timedToFirstEvent }) };
}

function workloadFor(spec: WorkloadSpec): Workload {
  switch (spec.kind) {
    case "hello":
      return fixed({ method: "GET", path: "/hello" }, ({ body }) => body === "hello");
    case "floor-fresh":
      return { session: () => ({ next: () => FRESH, check: isFresh }) };
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
    case "resume":
      return resuming(spec.events, spec.after);
    case "push":
      return pushing(spec.until);
    case "floor-fetch":
      return fetching();
    case "subscribers":
      return watching(watchedTask);
    case "floor-subscribers":
      return watching(watchedObject);
    case "lease":
      return fixed({ method: "POST", path: "/lease", body: "" }, ({ body }) => body === '{"granted":1}');
    case "envelope":
      return minting(spec.blocks);
    case "decision":
      return deciding(spec.of, spec.worst);
    case "search":
      return searching(spec.skills, spec.changed === true);
    case "publish":
      return publishing(true);
    case "floor-publish":
      return publishing(false);
    case "floor-turns":
      return fixed({ method: "POST", path: "/turns", body: TEXT }, ({ body }) => body === '{"rows":20}');
    case "floor-idle-turns":
      return fixed({ method: "POST", path: "/idle-turns", body: TEXT }, ({ body }) => body === '{"rows":0}');
    case "cold-answer":
      return answeringCold(spec.tasks);
    case "floor-cold":
      return insertingCold(spec.objects);
    case "recover":
      return recovering(spec.tasks, spec.asked);
    case "floor-recover":
      return recoveringObjects(spec.objects);
    case "floor-finish":
      return insertingOnce(spec.objects);
    case "finish":
      return finishing(spec.tasks);
    case "idle-tasks":
      return holding(() => sendRequest(messageFor("chat", TEXT)), inState("TASK_STATE_INPUT_REQUIRED"));
    case "ended-tasks":
      return holding(() => sendRequest(messageFor(undefined, TEXT)), inState("TASK_STATE_COMPLETED"));
    case "floor-objects":
      return holding(() => FRESH, isFresh);
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

/** A task that is asked and answered again and again: an answer makes it work, and its next question makes it wait. */
async function watchedTask(target: Target): Promise<Watched> {
  const [begun] = await sendAll(target, [sendRequest(messageFor("chat", TEXT))]);
  const task = begun && taskOf(begun);
  if (!task) throw new Error(`no task to watch came about: ${begun && complaint(begun)}`);
  const { id, contextId } = task;
  let last = 0;
  return {
    eventsATurn: 2,
    watch: () => call("SubscribeToTask", { id }),
    say: (turn) => sendRequest({ ...messageFor(undefined, `turn ${turn}`), taskId: id, contextId }, { historyLength: 0 }),
    check: inState("TASK_STATE_INPUT_REQUIRED"),
    checkEvents: (events, turn) => {
      const [works = "", asks = ""] = events;
      const ids = events.map((event) => Number(/^id: (\d+)$/m.exec(event)?.[1]));
      const rising = ids.every((each, index) => each > (index === 0 ? last : (ids[index - 1] ?? each)));
      last = ids.at(-1) ?? last;
      return rising && works.includes("TASK_STATE_WORKING") && asks.includes(`turn ${turn}`) && asks.includes("INPUT_REQUIRED")
        ? undefined
        : `turn ${turn} was shown as ${events.join(", ").slice(0, 600)}`;
    },
  };
}

async function watchedObject(): Promise<Watched> {
  return {
    eventsATurn: 2,
    watch: () => ({ method: "GET", path: "/watch" }),
    say: (turn) => ({ method: "POST", path: "/tell", body: `turn ${turn}` }),
    check: (response) => (response.status === 200 ? undefined : complaint(response)),
    checkEvents: (events, turn) =>
      events.every((event, index) => event === `data: ${JSON.stringify({ index, text: `turn ${turn}` })}`) ? undefined : events.join(", "),
  };
}

function inState(state: TaskState): Session["check"] {
  return (response) => (taskOf(response)?.status.state === state ? undefined : complaint(response));
}

function isFresh(response: HttpResponse): string | undefined {
  return response.body === JSON.stringify({ text: TEXT }) ? undefined : complaint(response);
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
    async prepare(target) {
      id = await taskWithEvents(target, events);
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

/** @returns the id of a task that has ended and has so many events */
async function taskWithEvents(target: Target, events: number): Promise<string> {
  const [answer] = await sendAll(target, [sendRequest(messageFor("count", String(events)))]);
  const task = answer && taskOf(answer);
  if (task?.status.state !== "TASK_STATE_COMPLETED")
    throw new Error(`no task with ${events} events came about: ${answer && complaint(answer)}`);
  return task.id;
}

/** Whoever comes back gets each event that came since, in order, and then the end. */
function resuming(events: number, after: number): Workload {
  let id = "";
  return {
    async prepare(target) {
      id = await taskWithEvents(target, events);
    },
    session: () => ({
      next: () => call("SubscribeToTask", { id }, { "Last-Event-ID": String(after) }),
      check: (response) => {
        const ids = [...response.body.matchAll(/^id: (\d+)$/gm)].map(([, digits]) => Number(digits));
        const inOrder = ids.every((each, index) => each === after + 1 + index);
        return inOrder && ids.length > events - after && response.body.includes("TASK_STATE_COMPLETED") ? undefined : complaint(response);
      },
    }),
  };
}

function listingTasks(tasks: number): Workload {
  return {
    async prepare(target) {
      const answers = await sendAll(
        target,
        Array.from({ length: tasks }, () => sendRequest(messageFor(undefined, TEXT))),
      );
      const wrong = answers.find((answer) => taskOf(answer)?.status.state !== "TASK_STATE_COMPLETED");
      if (wrong !== undefined) throw new Error(`not all ${tasks} tasks to list came about: ${complaint(wrong)}`);
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

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
