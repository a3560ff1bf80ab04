/**
 * What requirements say about answers, so that each failure reads the same: what was expected, what came.
 */
import type { Json, JsonObject, Task } from "../shared/task/a2a-types.ts";
import { type Agent, isObject, type Reply, type Stream, type StreamEvent } from "./agent.ts";
import { ERROR_INFO, ERRORS, type ErrorForm, type ErrorName, INVALID_PARAMS } from "./error-table.ts";
import type { OperationName } from "./operations.ts";
import { type Binding, Failure, NotShown } from "./requirement.ts";

/** @throws Failure unless it holds */
export function hold(condition: boolean, expected: string, actual: Json | undefined): asserts condition {
  if (!condition) throw new Failure(expected, shown(actual));
}

function shown(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 240 ? `${text.slice(0, 240)}…` : text;
}

/** An answer in a line. */
export function described({ http, body, error }: Reply): string {
  if (error) return `HTTP ${http.status}, error ${shown(error.code)} "${shown(error.message)}"${reasonOf(error.details)}`;
  return `HTTP ${http.status}, ${shown(body ?? (http.text === "" ? "an empty body" : http.text))}`;
}

function reasonOf(details: Json | undefined): string {
  const reason = errorInfo(details)?.["reason"];
  return reason === undefined ? "" : `, reason ${shown(reason)}`;
}

/** @returns the google.rpc.ErrorInfo among the details of an error */
export function errorInfo(details: Json | undefined): JsonObject | undefined {
  return Array.isArray(details) ? details.filter(isObject).find((each) => each["@type"] === ERROR_INFO) : undefined;
}

/** @throws Failure when it is an error, or no object */
export function resultOf(reply: Reply, expected = "a result"): JsonObject {
  if (!isObject(reply.result)) throw new Failure(expected, described(reply));
  return reply.result;
}

/** Done, whatever a server says of it: over JSON-RPC null will do. @throws Failure when it is an error */
export function done(reply: Reply, expected: string): void {
  if (reply.result === undefined) throw new Failure(expected, described(reply));
}

/** The task a send gave. @throws NotShown when the agent answers with a message, which it may */
export function sentTask(reply: Reply): Task {
  const result = resultOf(reply, "a task");
  if (isObject(result["message"])) throw new NotShown("the agent answers this text with a message, not with a task");
  return asTask(result["task"], reply);
}

/** The task that an operation gave as its whole result. */
export function gotTask(reply: Reply): Task {
  return asTask(resultOf(reply, "a task"), reply);
}

function asTask(value: Json | undefined, reply: Reply): Task {
  const isTask = isObject(value) && typeof value["id"] === "string" && isObject(value["status"]);
  if (!isTask) throw new Failure("a task with id and status", described(reply));
  return value as unknown as Task;
}

export function tasksOf(reply: Reply): Task[] {
  const tasks = resultOf(reply, "a list of tasks")["tasks"] ?? [];
  hold(Array.isArray(tasks), "tasks as a list", tasks);
  return tasks as unknown as Task[];
}

/** One of the errors of A2A, told apart by what its binding tells it apart by. */
export function refused(reply: Reply, name: ErrorName, binding: Binding): void {
  const form: ErrorForm = ERRORS[name];
  const { error, http } = reply;
  if (binding === "JSONRPC") {
    if (error?.code !== form.code) throw new Failure(`${name} (${form.code})`, described(reply));
    return;
  }
  const reason = errorInfo(error?.details)?.["reason"];
  // Many errors share a status: without its reason nobody can tell which one it is. (11.6)
  if (http.status !== form.http || reason !== form.reason)
    throw new Failure(`${name} (HTTP ${form.http} with the reason ${form.reason})`, described(reply));
}

export function refusedWithOneOf(reply: Reply, names: readonly ErrorName[], binding: Binding): void {
  const isOne = names.some((name) => {
    try {
      refused(reply, name, binding);
      return true;
    } catch {
      return false;
    }
  });
  if (!isOne) throw new Failure(names.join(" or "), described(reply));
}

/** The request was understood and is wrong in itself. */
export function refusedAsInvalid(reply: Reply, binding: Binding, what: string): void {
  const { error, http } = reply;
  const isInvalid =
    binding === "JSONRPC" ? error?.code === INVALID_PARAMS.code : error !== undefined && http.status === INVALID_PARAMS.http;
  const form = binding === "JSONRPC" ? `code ${INVALID_PARAMS.code}` : `HTTP ${INVALID_PARAMS.http} with an error object`;
  if (!isInvalid) throw new Failure(`${what} refused with ${form}`, described(reply));
}

/** Any refusal, as long as it is one of the caller's mistakes and not a failure of the server. */
export function refusedSomehow(reply: Reply, what: string): void {
  const isServers = reply.http.status >= 500 || reply.error?.code === -32603;
  if (!reply.error || isServers) throw new Failure(`${what} refused as the caller's mistake`, described(reply));
}

/** @throws Failure when the stream was refused */
export function flowing(stream: Stream): Stream {
  if (stream.refusal) throw new Failure("a stream of events", described(stream.refusal));
  return stream;
}

/** The refusal of a stream. @throws Failure when it flows */
export function refusalOf(stream: Stream, expected: string): Reply {
  stream.close();
  if (!stream.refusal) throw new Failure(expected, `HTTP ${stream.status}, a stream of events`);
  return stream.refusal;
}

/** What an operation of either kind says to a caller who shall not have it. @throws Failure when a stream flows */
export async function refusal(agent: Agent, operation: OperationName, params: JsonObject): Promise<Reply> {
  if (operation !== "SendStreamingMessage" && operation !== "SubscribeToTask") return agent.call(operation, params);
  return refusalOf(await agent.stream(operation, params), "a refusal");
}

/** Reads until the stream ends, or until an event is the one that was waited for. */
export function collect(stream: Stream, until: (event: StreamEvent) => boolean = () => false): Promise<StreamEvent[]> {
  const events = collected(stream, until);
  // Whoever reads while doing something else may fail there first, and never come to hear of this.
  events.catch(() => {});
  return events;
}

async function collected(stream: Stream, until: (event: StreamEvent) => boolean): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of flowing(stream).events) {
    events.push(event);
    if (until(event)) break;
  }
  return events;
}
