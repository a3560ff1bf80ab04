import { randomUUID } from "node:crypto";
import {
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
} from "@a2a-js/sdk";
import { type Client, ClientFactory, ClientFactoryOptions } from "@a2a-js/sdk/client";
import { TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError } from "@a2a-js/sdk/errors";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { isTerminal, type Part, type StreamResponse as StreamEvent, textOf, type Task as WireTask } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { listen, type Webhook } from "./webhook.ts";

// The official client against every agent, over real HTTP, given nothing but the URL of the agent's card.

const PATIENCE = { timeout: 15_000, interval: 20 };
const HANDBOOK = "The heron gateway allows 4 retries for each request. Each retry waits 20 seconds longer than the one before.";
const FINDING = { text: HANDBOOK, source: { document: "heron.md", position: "line 1" } };

interface Tried {
  readonly agent: string;
  readonly path: string;
  readonly parts: () => Part[];
  readonly answer: RegExp;
  /** Where its task waits for a person, what the person says. */
  readonly approval?: string;
  /** What leaves a task open, and in which state. Where it is not given every skill ends in one turn: nothing stays open. */
  readonly open?: { readonly parts: () => Part[]; readonly state: string };
}

/** A path of the webhook that is never answered. */
const SILENT = "/silent.md";

const TRIED: readonly Tried[] = [
  {
    agent: "orchestrator",
    path: "",
    parts: () => [{ text: "How many retries does the heron gateway allow? Calculate 0.95^5." }],
    answer: /0\.7737809375[\s\S]*4 retries/,
    // Nobody can do that, so the front door asks what is meant.
    open: { parts: () => [{ text: "Serenade my grandmother" }], state: "TASK_STATE_INPUT_REQUIRED" },
  },
  {
    agent: "researcher",
    path: "/agents/researcher",
    parts: () => [{ text: "How many retries does the heron gateway allow?" }],
    answer: /4 retries/,
    // A document whose server keeps it waiting.
    open: { parts: () => [{ url: webhook.url + SILENT }], state: "TASK_STATE_WORKING" },
  },
  { agent: "analyst", path: "/agents/analyst", parts: () => [{ text: "What is 15% of 80?" }], answer: /\b12\b/ },
  {
    agent: "writer",
    path: "/agents/writer",
    parts: () => [{ text: "Write a short answer: how many retries does the heron gateway allow?" }, { data: { findings: [FINDING] } }],
    answer: /4 retries/,
  },
  {
    agent: "critic",
    path: "/agents/critic",
    parts: () => [{ text: "The heron gateway allows 7 retries." }, { data: { findings: [FINDING] } }],
    answer: /\b7\b/,
  },
  {
    agent: "courier",
    path: "/agents/courier",
    parts: () => [{ text: `Post "The tea is ready" to ${webhook.url}/tea` }],
    answer: /Delivered .* 200/,
    approval: "yes",
    open: { parts: () => [{ text: `Post "The tea is ready" to ${webhook.url}/tea` }], state: "TASK_STATE_INPUT_REQUIRED" },
  },
];

let mesh: CopiedMesh;
let webhook: Webhook;

beforeAll(async () => {
  webhook = await listen();
  webhook.answers = (path) => path !== SILENT;
  vi.stubEnv("COURIER_ALLOW", webhook.url);
  mesh = await copyMesh({ agents: ["kettle"] });
  await mesh.start();
  const researcher = await agentAt("/agents/researcher", "JSONRPC");
  await researcher.send([{ text: HANDBOOK, filename: "heron.md", mediaType: "text/markdown" }]);
});

afterAll(async () => {
  await mesh.remove();
  webhook.close();
  vi.unstubAllEnvs();
});

describe.each(["JSONRPC", "HTTP+JSON"])("over %s", (binding) => {
  describe.each(TRIED)("$agent", ({ path, parts, answer, approval, open }) => {
    let agent: Agent;
    beforeEach(async () => {
      agent = await agentAt(path, binding);
    });

    /** Says what a waiting task waits for; a task that does not wait is left as it is. */
    const approved = async (task: WireTask) =>
      approval === undefined ? task : agent.send([{ text: approval }], { taskId: task.id, contextId: task.contextId });

    it("speaks the binding that was asked for", () => {
      expect(agent.client.transport.protocolName).toBe(binding);
    });

    it("answers a message when its work is done", async () => {
      const task = await approved(await agent.send(parts()));
      expect(task.status.state).toBe("TASK_STATE_COMPLETED");
      expect(wordsIn(task)).toMatch(answer);
    });

    it("answers at once when asked to, and finishes without its caller", async () => {
      const { id, contextId } = await agent.send(parts(), {}, { returnImmediately: true });
      const rested = await vi.waitFor(async () => {
        const task = await agent.get(id);
        expect(task.status.state).toMatch(approval === undefined ? /COMPLETED/ : /INPUT_REQUIRED/);
        return task;
      }, PATIENCE);
      expect(rested.contextId).toBe(contextId);
      expect(wordsIn(await approved(rested))).toMatch(answer);
    });

    it("streams the task, what comes of it and its end, through whatever it asks", async () => {
      const events: StreamEvent[] = [];
      for await (const event of agent.stream(parts())) {
        events.push(event);
        const asks = "statusUpdate" in event && event.statusUpdate.status.state === "TASK_STATE_INPUT_REQUIRED";
        if (asks) await agent.send([{ text: approval ?? "" }], { taskId: event.statusUpdate.taskId });
      }
      expect(Object.keys(events[0] ?? {})).toEqual(["task"]);
      const artifacts = events.flatMap((event) => ("artifactUpdate" in event ? event.artifactUpdate.artifact.parts : []));
      expect(textOf(artifacts)).toMatch(answer);
      expect(events.at(-1)).toMatchObject({ statusUpdate: { status: { state: "TASK_STATE_COMPLETED" } } });
    });

    it("gives a task with as much history as is asked for", async () => {
      const { id } = await approved(await agent.send(parts()));
      const [whole, latest, none] = [await agent.get(id), await agent.get(id, 1), await agent.get(id, 0)];
      expect(whole.history?.[0]).toMatchObject({ role: "ROLE_USER" });
      expect(latest.history).toEqual(whole.history?.slice(-1));
      expect(none.history ?? []).toEqual([]);
      expect(none.artifacts).toEqual(whole.artifacts);
    });

    it("lists the newest task first, a page at a time", async () => {
      const older = await agent.send(parts());
      const newer = await agent.send(parts());
      const first = await agent.list();
      expect(first.tasks.map(({ id }) => id)).toEqual([newer.id]);
      const second = await agent.list(first.nextPageToken);
      expect(second.tasks.map(({ id }) => id)).toEqual([older.id]);
      expect(second.totalSize).toBe(first.totalSize);
    });

    it("knows no task that it did not make", async () => {
      const id = randomUUID();
      await expect(agent.get(id)).rejects.toBeInstanceOf(TaskNotFoundError);
      await expect(agent.cancel(id)).rejects.toBeInstanceOf(TaskNotFoundError);
      await expect(agent.subscribe(id).next()).rejects.toBeInstanceOf(TaskNotFoundError);
    });

    const whatEnds = open ? "a task that has ended" : "any task (each ends in one turn, so none stays open)";
    it(`neither cancels ${whatEnds}, nor streams it again, nor takes a message for it`, async () => {
      const { id } = await approved(await agent.send(parts()));
      await expect(agent.cancel(id)).rejects.toBeInstanceOf(TaskNotCancelableError);
      await expect(agent.subscribe(id).next()).rejects.toBeInstanceOf(UnsupportedOperationError);
      await expect(agent.send([{ text: "and another thing" }], { taskId: id })).rejects.toBeInstanceOf(UnsupportedOperationError);
    });
  });

  it.each(TRIED.filter(({ open }) => open !== undefined))(
    "cancels a task of the $agent that is open, and tells everybody who has subscribed to it",
    async ({ path, open }) => {
      const agent = await agentAt(path, binding);
      const { id } = await agent.send(open?.parts() ?? [], {}, { returnImmediately: true });
      await vi.waitFor(async () => expect((await agent.get(id)).status.state).toBe(open?.state), PATIENCE);
      const subscribers = [agent.subscribe(id), agent.subscribe(id)];
      for (const events of subscribers) expect((await events.next()).value).toMatchObject({ task: { id, status: { state: open?.state } } });
      expect((await agent.cancel(id)).status.state).toBe("TASK_STATE_CANCELED");
      for (const subscriber of subscribers) {
        const events: StreamEvent[] = [];
        for await (const event of subscriber) events.push(event);
        expect(events.at(-1)).toMatchObject({ statusUpdate: { taskId: id, status: { state: "TASK_STATE_CANCELED" } } });
      }
      expect((await agent.get(id)).status.state).toBe("TASK_STATE_CANCELED");
    },
  );
});

describe("a request for several agents that is canceled", () => {
  it.each([
    ["while an agent works for it", "kettle", () => "brew two pots of tea", /WORKING/],
    ["while an agent waits for an approval", "courier", () => `Post "The tea is ready" to ${webhook.url}/tea`, /INPUT_REQUIRED/],
  ])("leaves no task of another agent open, %s", async (_when, name, text, state) => {
    const [frontDoor, callee] = [await agentAt("", "JSONRPC"), await agentAt(`/agents/${name}`, "JSONRPC")];
    const { id } = await frontDoor.send([{ text: text() }], {}, { returnImmediately: true });
    const called = await vi.waitFor(async () => {
      const open = (await callee.list()).tasks.find(({ status }) => !isTerminal(status.state));
      expect(open?.status.state).toMatch(state);
      return open?.id ?? "";
    }, PATIENCE);
    expect((await frontDoor.cancel(id)).status.state).toBe("TASK_STATE_CANCELED");
    await vi.waitFor(async () => expect((await callee.get(called)).status.state).toBe("TASK_STATE_CANCELED"), {
      ...PATIENCE,
      timeout: 5_000,
    });
  });
});

describe("a question of an agent that reaches a person through the front door", () => {
  it("may be answered at that agent: the request then has its result, also when it is answered again", async () => {
    const [frontDoor, courier] = [await agentAt("", "JSONRPC"), await agentAt("/agents/courier", "JSONRPC")];
    const asked = await frontDoor.send([{ text: `Post "The tea is ready" to ${webhook.url}/tea` }]);
    expect(asked.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    const [called] = (await courier.list()).tasks;
    const delivered = webhook.requests.length + 1;
    await courier.send([{ text: "yes" }], { taskId: called?.id ?? "" });

    const { status, ...task } = await frontDoor.send([{ text: "yes" }], { taskId: asked.id });
    expect(status.state).toBe("TASK_STATE_COMPLETED");
    expect(wordsIn({ status, ...task })).toMatch(/Delivered .* 200/);
    expect(webhook.requests).toHaveLength(delivered);
  });
});

interface Agent {
  readonly client: Client;
  send(parts: Part[], to?: { taskId?: string; contextId?: string }, configuration?: { returnImmediately: boolean }): Promise<WireTask>;
  stream(parts: Part[]): AsyncGenerator<StreamEvent>;
  get(id: string, historyLength?: number): Promise<WireTask>;
  list(pageToken?: string): Promise<{ tasks: WireTask[]; nextPageToken: string; totalSize: number }>;
  cancel(id: string): Promise<WireTask>;
  subscribe(id: string): AsyncGenerator<StreamEvent>;
}

/** The official client for one agent, with its answers in the wire's own vocabulary. */
async function agentAt(path: string, binding: string): Promise<Agent> {
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { preferredTransports: [binding] });
  const client = await new ClientFactory(options).createFromUrl(`${mesh.url}${path}/.well-known/agent-card.json`, "");
  const toSend = (parts: Part[], to = {}, configuration = {}) =>
    SendMessageRequest.fromJSON({ message: { messageId: randomUUID(), role: "ROLE_USER", parts, ...to }, configuration });
  return {
    client,
    send: async (parts, to, configuration) => Task.toJSON((await client.sendMessage(toSend(parts, to, configuration))) as Task) as WireTask,
    stream: (parts) => inWire(client.sendMessageStream(toSend(parts))),
    get: async (id, historyLength) => Task.toJSON(await client.getTask(GetTaskRequest.fromJSON({ id, historyLength }))) as WireTask,
    list: async (pageToken) => {
      const page = await client.listTasks(ListTasksRequest.fromJSON({ pageSize: 1, ...(pageToken !== undefined && { pageToken }) }));
      const { nextPageToken, totalSize } = page;
      return { tasks: (ListTasksResponse.toJSON(page) as { tasks?: WireTask[] }).tasks ?? [], nextPageToken, totalSize };
    },
    cancel: async (id) => Task.toJSON(await client.cancelTask(CancelTaskRequest.fromJSON({ id }))) as WireTask,
    subscribe: (id) => inWire(client.resubscribeTask(SubscribeToTaskRequest.fromJSON({ id }))),
  };
}

async function* inWire(events: AsyncGenerator<StreamResponse>): AsyncGenerator<StreamEvent> {
  for await (const event of events) yield StreamResponse.toJSON(event) as StreamEvent;
}

function wordsIn(task: WireTask): string {
  return textOf((task.artifacts ?? []).flatMap(({ parts }) => parts));
}
