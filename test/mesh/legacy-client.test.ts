import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CancelTaskRequest,
  GetTaskRequest,
  SendMessageRequest,
  type StreamResponse,
  SubscribeToTaskRequest,
  Task,
  StreamResponse as WireEvent,
} from "@a2a-js/sdk";
import { ClientFactory, ClientFactoryOptions, type Transport } from "@a2a-js/sdk/client";
import { LegacyJsonRpcTransport, LegacyRestTransport } from "@a2a-js/sdk/compat/v0_3/client";
import { TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError } from "@a2a-js/sdk/errors";
import * as old from "a2a-js-sdk-0-3/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { LegacyEvent, LegacyPart, LegacyTask } from "../../shared/a2a/legacy/objects.ts";
import { type StreamResponse as StreamEvent, textOf, type Task as WireTask } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { listen, type Webhook } from "./webhook.ts";

// The same things done by clients of 1.0 and of 0.3, in both bindings, with the same result. Those of 0.3 are the official
// SDK from when that was the version, and what today's SDK has for it. They are given nothing but the agent's address.

const CLIENTS: readonly [string, (path: string) => Promise<Client>][] = [
  ["1.0, JSON-RPC", (path) => current(path, "JSONRPC")],
  ["1.0, HTTP+JSON", (path) => current(path, "HTTP+JSON")],
  ["the SDK of 0.3, JSON-RPC", (path) => former(path, "JSONRPC")],
  ["the SDK of 0.3, HTTP+JSON", (path) => former(path, "HTTP+JSON")],
  ["today's SDK for 0.3, JSON-RPC", async (path) => ofClient(new LegacyJsonRpcTransport({ endpoint: mesh.url + path }), false)],
  ["today's SDK for 0.3, HTTP+JSON", async (path) => ofClient(new LegacyRestTransport({ endpoint: mesh.url + path }), false)],
];

/** What a scenario looks at, in one vocabulary. */
interface Seen {
  readonly id: string;
  readonly contextId: string;
  readonly state: string;
  /** What the agent asks or says of its state. */
  readonly says: string;
  readonly artifacts: string;
  readonly history: readonly string[];
}

type SeenEvent = { task: Seen } | { state: string; taskId: string; final?: boolean } | { artifact: string };

interface Client {
  /** Whether a stream goes on through a question. */
  readonly staysThroughQuestions: boolean;
  readonly errors: Record<"notFound" | "notCancelable" | "unsupported", new (...args: never[]) => Error>;
  send(text: string, to?: { taskId?: string; contextId?: string }, blocking?: boolean): Promise<Seen>;
  stream(text: string, to?: { taskId: string }): AsyncGenerator<SeenEvent>;
  get(id: string, historyLength?: number): Promise<Seen>;
  cancel(id: string): Promise<Seen>;
  subscribe(id: string): AsyncGenerator<SeenEvent>;
}

let mesh: CopiedMesh;
let webhook: Webhook;

beforeAll(async () => {
  webhook = await listen();
  vi.stubEnv("COURIER_ALLOW", webhook.url);
  mesh = await copyMesh();
  await mesh.start();
});

afterAll(async () => {
  await mesh.remove();
  webhook.close();
  vi.unstubAllEnvs();
});

describe.each(CLIENTS)("a client of %s", (_name, clientFor) => {
  const delivery = () => `Post "The tea is ready" to ${webhook.url}/tea`;

  it("gets an answer, and reads it again with as much history as it wants", async () => {
    const analyst = await clientFor("/agents/analyst");
    const task = await analyst.send("What is 15% of 80?");
    expect(task).toMatchObject({ state: "completed", artifacts: expect.stringMatching(/\b12\b/) });
    expect(task.history[0]).toBe("What is 15% of 80?");
    expect(await analyst.get(task.id)).toEqual(task);
    expect((await analyst.get(task.id, 1)).history).toEqual(task.history.slice(-1));
  });

  it("gets an answer at the front door, from agents that are called in 1.0", async () => {
    expect(await (await clientFor("")).send("Calculate 0.95^5.")).toMatchObject({
      state: "completed",
      artifacts: expect.stringContaining("0.7737809375"),
    });
  });

  it("streams the task, what comes of it and its end", async () => {
    const events = await all((await clientFor("/agents/analyst")).stream("What is 15% of 80?"));
    expect(Object.keys(events[0] ?? {})).toEqual(["task"]);
    expect(events.map((event) => ("artifact" in event ? event.artifact : "")).join("")).toMatch(/\b12\b/);
    expect(events.at(-1)).toMatchObject({ state: "completed" });
    expect(finals(events)).toEqual(finalOnlyAtTheEnd(events));
  });

  it("is asked, answers, and has it done once", async () => {
    const courier = await clientFor("/agents/courier");
    const before = webhook.requests.length;
    const { id, contextId, state, says } = await courier.send(delivery());
    expect({ state, says }).toEqual({ state: "input-required", says: expect.stringContaining("The tea is ready") });
    expect(webhook.requests).toHaveLength(before);
    const done = await courier.send("yes", { taskId: id, contextId });
    expect(done).toMatchObject({ id, contextId, state: "completed", artifacts: expect.stringMatching(/Delivered .* 200/) });
    expect(webhook.requests).toHaveLength(before + 1);
  });

  it("is asked in a stream, and answers in a stream", async () => {
    const courier = await clientFor("/agents/courier");
    const events: SeenEvent[] = [];
    let answered: SeenEvent[] = [];
    for await (const event of courier.stream(delivery())) {
      events.push(event);
      if ("state" in event && event.state === "input-required" && courier.staysThroughQuestions)
        answered = await all(courier.stream("yes", { taskId: event.taskId }));
    }
    if (!courier.staysThroughQuestions) {
      const asked = events.at(-1);
      expect(asked).toMatchObject({ state: "input-required" });
      answered = await all(courier.stream("yes", { taskId: asked && "taskId" in asked ? asked.taskId : "" }));
    }
    expect(finals(events)).toEqual(finalOnlyAtTheEnd(events));
    // It may be done before its stream begins, which then shows the task as it is.
    const last = answered.at(-1);
    expect(last && "task" in last ? last.task : last).toMatchObject({ state: "completed" });
  });

  it("subscribes to a task that waits, and sees it canceled by whoever cancels it", async () => {
    const courier = await clientFor("/agents/courier");
    const { id } = await courier.send(delivery());
    const events = courier.subscribe(id);
    expect((await events.next()).value).toMatchObject({ task: { id, state: "input-required" } });
    expect(await courier.cancel(id)).toMatchObject({ id, state: "canceled" });
    expect((await all(events)).at(-1)).toMatchObject({ taskId: id, state: "canceled" });
    await expect(courier.cancel(id)).rejects.toBeInstanceOf(courier.errors.notCancelable);
  });

  it("gets the task at once when it does not want to wait", async () => {
    const courier = await clientFor("/agents/courier");
    const { id, contextId } = await courier.send(delivery(), {}, false);
    await vi.waitFor(async () => expect((await courier.get(id)).state).toBe("input-required"), { timeout: 15_000, interval: 20 });
    expect(await courier.send("no", { taskId: id, contextId })).toMatchObject({ state: "rejected" });
  });

  it("is told what is wrong by its own names", async () => {
    const analyst = await clientFor("/agents/analyst");
    const { notFound, unsupported, notCancelable } = analyst.errors;
    const nowhere = randomUUID();
    await expect(analyst.get(nowhere)).rejects.toBeInstanceOf(notFound);
    await expect(analyst.cancel(nowhere)).rejects.toBeInstanceOf(notFound);
    await expect(reasonOf(analyst.subscribe(nowhere))).resolves.toBeInstanceOf(notFound);
    await expect(analyst.send("hello", { taskId: nowhere })).rejects.toBeInstanceOf(notFound);
    const { id } = await analyst.send("What is 15% of 80?");
    await expect(analyst.cancel(id)).rejects.toBeInstanceOf(notCancelable);
    await expect(analyst.send("and of 90?", { taskId: id })).rejects.toBeInstanceOf(unsupported);
    await expect(reasonOf(analyst.subscribe(id))).resolves.toBeInstanceOf(unsupported);
  });
});

it("a task goes from a client of one version to one of the other", async () => {
  const [now, then] = [await current("/agents/courier", "JSONRPC"), await former("/agents/courier", "HTTP+JSON")];
  const begun = await then.send(`Post "The tea is ready" to ${webhook.url}/tea`);
  expect(await now.get(begun.id)).toEqual(await then.get(begun.id));
  expect(await now.send("yes", { taskId: begun.id })).toMatchObject({ state: "completed" });
  expect(await then.get(begun.id)).toMatchObject({ state: "completed" });
});

it.each(["JSONRPC", "HTTP+JSON"])("a client of 0.3 is notified in 0.3 of what becomes of its task: %s", async (binding) => {
  const told: { type: string | undefined; body: LegacyTask }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    told.push({ type: request.headers["content-type"], body: JSON.parse(Buffer.concat(chunks).toString()) as LegacyTask });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/told`;
  const courier = await former("/agents/courier", binding, { url });
  const { id } = await courier.send(`Post "The tea is ready" to ${webhook.url}/tea`);
  const lastIs = (state: string) =>
    vi.waitFor(() => expect(told.at(-1)?.body).toMatchObject({ kind: "task", id, status: { state } }), { timeout: 15_000, interval: 20 });
  // What is told is the task as it then stands, so each state is waited for before the next one.
  await lastIs("input-required");
  await courier.send("no", { taskId: id });
  await lastIs("rejected");
  expect(new Set(told.map(({ type }) => type))).toEqual(new Set(["application/json"]));
  server.close();
});

/** The official client of 1.0, which finds the way by the card. */
async function current(path: string, binding: string): Promise<Client> {
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { preferredTransports: [binding] });
  const client = await new ClientFactory(options).createFromUrl(`${mesh.url}${path}/.well-known/agent-card.json`, "");
  expect([client.transport.protocolName, client.transport.protocolVersion]).toEqual([binding, "1.0"]);
  return ofClient(client, true);
}

type Calls = Pick<Transport, "sendMessage" | "sendMessageStream" | "getTask" | "cancelTask" | "resubscribeTask">;

function ofClient(client: Calls, staysThroughQuestions: boolean): Client {
  const request = (text: string, to: object, configuration?: object) =>
    SendMessageRequest.fromJSON({
      message: { messageId: randomUUID(), role: "ROLE_USER", parts: [{ text }], ...to },
      configuration: configuration ?? {},
    });
  return {
    staysThroughQuestions,
    errors: { notFound: TaskNotFoundError, notCancelable: TaskNotCancelableError, unsupported: UnsupportedOperationError },
    send: async (text, to = {}, blocking = true) =>
      seenNow((await client.sendMessage(request(text, to, { returnImmediately: !blocking }))) as Task),
    stream: (text, to = { taskId: "" }) => eventsNow(client.sendMessageStream(request(text, to))),
    get: async (id, historyLength) => seenNow(await client.getTask(GetTaskRequest.fromJSON({ id, historyLength }))),
    cancel: async (id) => seenNow(await client.cancelTask(CancelTaskRequest.fromJSON({ id }))),
    subscribe: (id) => eventsNow(client.resubscribeTask(SubscribeToTaskRequest.fromJSON({ id }))),
  };
}

/** The official client of 0.3, which finds the way by the same card. */
async function former(path: string, binding: string, push?: { url: string }): Promise<Client> {
  const transports = [new old.JsonRpcTransportFactory(), new old.RestTransportFactory()];
  const client = await new old.ClientFactory({ transports, preferredTransports: [binding] }).createFromUrl(
    `${mesh.url}${path}/.well-known/agent-card.json`,
    "",
  );
  expect(client.transport).toBeInstanceOf(binding === "JSONRPC" ? old.JsonRpcTransport : old.RestTransport);
  const request = (text: string, to: object) => ({
    message: { kind: "message" as const, messageId: randomUUID(), role: "user" as const, parts: [{ kind: "text" as const, text }], ...to },
  });
  return {
    staysThroughQuestions: false,
    errors: { notFound: old.TaskNotFoundError, notCancelable: old.TaskNotCancelableError, unsupported: old.UnsupportedOperationError },
    send: async (text, to = {}, blocking = true) =>
      seenThen(
        (await client.sendMessage({
          ...request(text, to),
          configuration: { blocking, ...(push && { pushNotificationConfig: push }) },
        })) as LegacyTask,
      ),
    stream: (text, to) => eventsThen(client.sendMessageStream(request(text, to ?? {})) as AsyncGenerator<LegacyEvent>),
    get: async (id, historyLength) =>
      seenThen((await client.getTask({ id, ...(historyLength !== undefined && { historyLength }) })) as LegacyTask),
    cancel: async (id) => seenThen((await client.cancelTask({ id })) as LegacyTask),
    subscribe: (id) => eventsThen(client.resubscribeTask({ id }) as AsyncGenerator<LegacyEvent>),
  };
}

function seenNow(task: Task): Seen {
  const { id, contextId, status, artifacts = [], history = [] } = Task.toJSON(task) as WireTask;
  return {
    id,
    contextId,
    state: stateNow(status.state),
    says: textOf(status.message?.parts ?? []),
    artifacts: textOf(artifacts.flatMap(({ parts }) => parts)),
    history: history.map(({ parts }) => textOf(parts)),
  };
}

function seenThen({ id, contextId, status, artifacts = [], history = [] }: LegacyTask): Seen {
  return {
    id,
    contextId,
    state: status.state,
    says: wordsThen(status.message?.parts ?? []),
    artifacts: wordsThen(artifacts.flatMap(({ parts }) => parts)),
    history: history.map(({ parts }) => wordsThen(parts)),
  };
}

async function* eventsNow(events: AsyncGenerator<StreamResponse>): AsyncGenerator<SeenEvent> {
  for await (const each of events) {
    const event = WireEvent.toJSON(each) as StreamEvent;
    if ("task" in event) yield { task: seenNow(Task.fromJSON(event.task)) };
    else if ("artifactUpdate" in event) yield { artifact: textOf(event.artifactUpdate.artifact.parts) };
    // Today's client for 0.3 reads `final`, and has no place for it.
    else yield { state: stateNow(event.statusUpdate.status.state), taskId: event.statusUpdate.taskId };
  }
}

async function* eventsThen(events: AsyncGenerator<LegacyEvent>): AsyncGenerator<SeenEvent> {
  for await (const event of events) {
    if (event.kind === "task") yield { task: seenThen(event) };
    else if (event.kind === "artifact-update") yield { artifact: wordsThen(event.artifact.parts) };
    else if (event.kind === "status-update") yield { state: event.status.state, taskId: event.taskId, final: event.final };
  }
}

function stateNow(state: string): string {
  return state.replace("TASK_STATE_", "").toLowerCase().replace("_", "-");
}

function wordsThen(parts: readonly LegacyPart[]): string {
  return parts.flatMap((part) => (part.kind === "text" ? [part.text] : [])).join("\n\n");
}

async function all(events: AsyncGenerator<SeenEvent>): Promise<SeenEvent[]> {
  const seen: SeenEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

/** Why there is no stream. Some clients put an error of their own around what they were told. */
async function reasonOf(events: AsyncGenerator<SeenEvent>): Promise<unknown> {
  try {
    throw new Error(`there is a stream: ${JSON.stringify(await events.next())}`);
  } catch (error) {
    return error instanceof Error && error.cause !== undefined ? error.cause : error;
  }
}

/** Which events say that they are the last; where the version knows no such word, none does. */
function finals(events: readonly SeenEvent[]): boolean[] {
  return events.flatMap((event) => ("final" in event && event.final !== undefined ? [event.final] : []));
}

function finalOnlyAtTheEnd(events: readonly SeenEvent[]): boolean[] {
  const said = finals(events);
  return said.map((_, index) => index === said.length - 1);
}
