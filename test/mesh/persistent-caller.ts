/**
 * A caller of an agent that may die at any time: it sends, watches or polls, answers what it is asked, and tries again with the same
 * key whenever nothing or nonsense comes back. It knows nothing of the inside, and may do nothing that any client could not. Of
 * the crash tests, inside the runtime and outside it.
 */
import { isInterrupted, isTerminal, type Message, type StreamResponse, type Task, textOf } from "../../shared/task/a2a-types.ts";

export interface Seen {
  readonly id: number;
  readonly event: StreamResponse;
}

/** What a task was to its caller, from the first event to the last. */
export interface Watched {
  readonly task: Task;
  /** Of a caller that streams: all that came, over however many connections. */
  readonly seen: readonly Seen[];
}

export interface Calling {
  /** A request to the agent, by the path below its own: `/` for JSON-RPC. */
  readonly request: (path: string, init: RequestInit & { readonly headers: Record<string, string> }) => Promise<Response>;
  /** What is said to a question with these words. */
  readonly answer: (question: string) => string;
  /** Told of every event when it comes. */
  readonly notice?: (event: StreamResponse) => void;
}

/** Nothing is waited for longer, recovery included. Milliseconds. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 5;

const VERSION = { "Content-Type": "application/json", "A2A-Version": "1.0" };

/** Follows the task by a stream, and by another one from the last event on when the stream breaks. */
export async function watch(calling: Calling, message: Message): Promise<Watched> {
  const until = Date.now() + PATIENCE_MS;
  const seen: Seen[] = [];
  const answering = new Map<string, Promise<void>>();
  let taskId: string | undefined;
  for (;;) {
    const last = seen.at(-1);
    try {
      const response =
        taskId === undefined || last === undefined
          ? await open(calling, "/message:stream", { message }, { "Idempotency-Key": message.messageId })
          : await open(calling, `/tasks/${taskId}:subscribe`, undefined, { "Last-Event-ID": String(last.id) });
      if (response.ok) {
        for await (const each of eventsIn(response)) {
          seen.push(each);
          calling.notice?.(each.event);
          taskId ??= taskIdOf(each.event);
          const status = statusOf(each.event);
          if (status && isInterrupted(status.state)) answerOnce(calling, answering, taskId, status.message, until);
        }
      } else await response.body?.cancel();
    } catch {
      // Its object died under it.
    }
    const state = seen.map(({ event }) => statusOf(event)?.state).findLast((each) => each !== undefined);
    if (taskId !== undefined && state !== undefined && isTerminal(state)) {
      await Promise.all(answering.values());
      return { task: await get(calling, taskId, until), seen };
    }
    await pause(until, () => `a stream that ends: ${JSON.stringify(seen.slice(-3))}`);
  }
}

/** Sends without waiting, and asks how the task stands again and again. */
export async function poll(calling: Calling, message: Message): Promise<Watched> {
  const until = Date.now() + PATIENCE_MS;
  const answering = new Map<string, Promise<void>>();
  const sent = { message, configuration: { returnImmediately: true } };
  const { task } = await rpc<{ task: Task }>(calling, "SendMessage", sent, until, message.messageId);
  for (;;) {
    const now = await get(calling, task.id, until);
    if (isTerminal(now.status.state)) {
      await Promise.all(answering.values());
      return { task: now, seen: [] };
    }
    if (isInterrupted(now.status.state)) answerOnce(calling, answering, task.id, now.status.message, until);
    await pause(until, () => `a task that ends: ${JSON.stringify(now.status)}`);
  }
}

/** All events of a task, to a reader who was never interrupted. */
export async function replay(calling: Calling, taskId: string): Promise<Seen[]> {
  const events: Seen[] = [];
  for await (const each of eventsIn(await open(calling, `/tasks/${taskId}:subscribe`, undefined, { "Last-Event-ID": "0" })))
    events.push(each);
  return events;
}

/** Everything that the caller has with an agent. */
export async function listTasks(calling: Calling): Promise<readonly Task[]> {
  const { tasks } = await rpc<{ tasks: Task[] }>(calling, "ListTasks", { pageSize: 100 }, Date.now() + PATIENCE_MS);
  return tasks;
}

function get(calling: Calling, id: string, until = Date.now() + PATIENCE_MS): Promise<Task> {
  return rpc(calling, "GetTask", { id }, until);
}

/** Keyed by the question, so that an answer whose reply was lost is given again and counts once. */
function answerOnce(
  calling: Calling,
  answering: Map<string, Promise<void>>,
  taskId: string | undefined,
  question: Message | undefined,
  until: number,
): void {
  if (!question || taskId === undefined || answering.has(question.messageId)) return;
  const text = calling.answer(textOf(question.parts));
  const message: Message = { messageId: `answer to ${question.messageId}`, role: "ROLE_USER", taskId, parts: [{ text }] };
  const sent = rpc<unknown>(calling, "SendMessage", { message, configuration: { returnImmediately: true } }, until, message.messageId);
  const answered = sent.then(() => {});
  // Looked at when the task has ended; until then a failure is not forgotten.
  answered.catch(() => {});
  answering.set(question.messageId, answered);
}

async function rpc<R>({ request }: Calling, method: string, params: object, until: number, key?: string): Promise<R> {
  for (;;) {
    let said = "";
    try {
      const response = await request("/", {
        method: "POST",
        headers: { ...VERSION, ...(key !== undefined && { "Idempotency-Key": key }) },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      said = await response.text();
      const { result, error } = JSON.parse(said) as { result?: R; error?: { code: number; message: string } };
      if (result) return result;
      // What is refused is refused again; whatever is the server's own fault is tried again.
      if (error && error.code !== INTERNAL) throw new Refused(`${method}: ${said}`);
    } catch (error) {
      if (error instanceof Refused) throw error;
      said ||= String(error);
    }
    await pause(until, () => `an answer to ${method}: ${said}`);
  }
}

const INTERNAL = -32603;
class Refused extends Error {}

function open({ request }: Calling, path: string, body: object | undefined, headers: Record<string, string>): Promise<Response> {
  return request(path, { method: "POST", headers: { ...VERSION, ...headers }, ...(body && { body: JSON.stringify(body) }) });
}

async function* eventsIn(response: Response): AsyncGenerator<Seen> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
      if (id && data) yield { id: Number(id), event: JSON.parse(data) as StreamResponse };
    }
  }
}

function taskIdOf(event: StreamResponse): string | undefined {
  return "task" in event ? event.task.id : "statusUpdate" in event ? event.statusUpdate.taskId : undefined;
}

function statusOf(event: StreamResponse): Task["status"] | undefined {
  return "task" in event ? event.task.status : "statusUpdate" in event ? event.statusUpdate.status : undefined;
}

async function pause(until: number, waited: () => string): Promise<void> {
  if (Date.now() > until) throw new Error(`waited ${PATIENCE_MS} ms in vain for ${waited()}`);
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
