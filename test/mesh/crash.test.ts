import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type AgentClient, connect } from "../../cli/client.ts";
import { isTerminal, type JsonObject, type StreamResponse, type Task } from "../../shared/task/a2a-types.ts";
import { costClaimedIn, GOVERNANCE_EXTENSION } from "../../shared/task/governance-extension.ts";
import { interruptIn } from "../../shared/task/interrupt-extension.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { listen, type Webhook } from "./webhook.ts";
import { countTasks, getTask, HEADERS } from "./wire.ts";

// The whole runtime is killed in the middle of a request for several agents, and started again on what it left on disk.

const REQUEST = "How many retries does the heron gateway allow? Calculate 0.95^5 and brew two pots of tea.";
const HANDBOOK =
  "# Heron gateway\n\nThe heron gateway allows 4 retries for each request.\n\nEach retry of the heron gateway waits 20 seconds longer than the one before.\n";
/** Every agent the request needs, one call each. */
const CALLED = ["researcher", "analyst", "kettle", "writer", "critic"];
/** Nothing that a test waits for may take longer, alarms included. */
const PATIENCE = { timeout: 30_000, interval: 50 };

let mesh: CopiedMesh;
let webhook: Webhook;
let undisturbed: Task;

beforeAll(async () => {
  webhook = await listen();
  // The runtime is handed what is named COURIER_ of the environment it is started in.
  vi.stubEnv("COURIER_ALLOW", webhook.url);
  mesh = await copyMesh({ agents: ["kettle"] });
  await mesh.start();
  const researcher = await connect(`${mesh.url}/agents/researcher`);
  await researcher.send({ parts: [{ text: HANDBOOK, filename: "heron.md" }], skill: "ingest" });
  const before = await callsSoFar();
  undisturbed = await (await connect(mesh.url)).send({ parts: [{ text: REQUEST }] });
  // What the other tests compare with has to be what they think it is.
  expect(undisturbed.status.state).toBe("TASK_STATE_COMPLETED");
  expect(callsSince(before, await callsSoFar())).toEqual(CALLED.map(() => 1));
});

afterAll(async () => {
  await mesh.remove();
  webhook.close();
  vi.unstubAllEnvs();
});

describe("a request for several agents, with the runtime killed", () => {
  it.each<[string, (event: StreamResponse) => boolean]>([
    ["when it was planned", (event) => stateOf(event) === "planned"],
    ["when the first answer had come", (event) => stateOf(event) === "done"],
    ["when the writer was called", (event) => stateOf(event) === "started" && goalOf(event) === "compose"],
    ["when only the check was left", (event) => stateOf(event) === "done" && goalOf(event) === "compose"],
  ])("finishes %s, and calls nobody twice", async (_when, reached) => {
    const before = await callsSoFar();
    const id = await sendUntil(await connect(mesh.url), reached);
    await mesh.kill();
    await mesh.start();
    expectAsUndisturbed(await ended(mesh.url, id));
    expect(callsSince(before, await callsSoFar())).toEqual(CALLED.map(() => 1));
  });

  it("finishes when the agent it waits for was in the middle of its own task, which goes on from its last step", async () => {
    const before = await callsSoFar();
    const id = await sendUntil(await connect(mesh.url), (event) => stateOf(event) === "started" && goalOf(event) === "g3");
    const kettle = await connect(`${mesh.url}/agents/kettle`);
    const brewing = await vi.waitFor(async () => {
      const [task] = (await kettle.list()).filter(({ status }) => !isTerminal(status.state));
      expect(wordsOf(task)).toBe("heated");
      return task?.id ?? "";
    }, PATIENCE);
    const killedAt = Date.now();
    await mesh.kill();
    await mesh.start();
    expectAsUndisturbed(await ended(mesh.url, id));
    const { status, metadata } = await getTask(`${mesh.url}/agents/kettle`, brewing);
    expect(status.state).toBe("TASK_STATE_COMPLETED");
    expect(metadata?.["heated"]).toBeLessThan(killedAt);
    expect(metadata?.["poured"]).toBeGreaterThan(killedAt);
    expect(callsSince(before, await callsSoFar())).toEqual(CALLED.map(() => 1));
  });

  it("finishes although nobody asks for it: the alarm takes it up", async () => {
    const before = await callsSoFar();
    const id = await sendUntil(await connect(mesh.url), (event) => stateOf(event) === "started");
    await mesh.kill();
    await mesh.start();
    // The critic is called last. Its list says nothing to the orchestrator, so nobody but the alarm can have woken it.
    const critic = CALLED.indexOf("critic");
    await vi.waitFor(async () => expect(callsSince(before, await callsSoFar())[critic]).toBe(1), PATIENCE);
    expectAsUndisturbed(await ended(mesh.url, id));
    expect(callsSince(before, await callsSoFar())).toEqual(CALLED.map(() => 1));
  });
});

describe("a stream, with the runtime killed", () => {
  it("goes on after the last event its reader had, again and again, without gap or repeat", async () => {
    const seen: StreamedEvent[] = [];
    const body = { message: { messageId: "stream", role: "ROLE_USER", parts: [{ text: REQUEST }] } };
    const first = await fetch(`${mesh.url}/message:stream`, { method: "POST", headers: HEADERS, body: JSON.stringify(body) });
    for (const wanted of [3, 6, 9]) {
      const last = seen.at(-1);
      const stream = last ? await resume(taskIdOf(seen), last.id) : first;
      await readEvents(stream, seen, wanted);
      await mesh.kill();
      await mesh.start();
    }
    await readEvents(await resume(taskIdOf(seen), seen.at(-1)?.id ?? 0), seen);
    expect(JSON.stringify(seen.at(-1))).toContain("TASK_STATE_COMPLETED");
    // What the log has, read by somebody who was never interrupted.
    const whole: StreamedEvent[] = [];
    await readEvents(await resume(taskIdOf(seen), seen[0]?.id ?? 0), whole);
    expect(seen.slice(1)).toEqual(whole);
  });
});

describe("deliveries, with the runtime killed", () => {
  let courier: string;
  let answered: Task;
  let unanswered: Task;
  let approvedLater: Task;
  let canceledLater: Task;
  let deliveries: number;

  beforeAll(async () => {
    courier = `${mesh.url}/agents/courier`;
    const [direct, frontDoor] = [await connect(courier), await connect(mesh.url)];
    const ask = async (client: AgentClient, path: string) => {
      const task = await client.send({ parts: [{ text: `Post "The tea is ready" to ${webhook.url}${path}` }] });
      expect(task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
      return task;
    };
    [answered, unanswered] = [await ask(direct, "/answered"), await ask(direct, "/unanswered")];
    [approvedLater, canceledLater] = [await ask(frontDoor, "/approved-later"), await ask(frontDoor, "/canceled-later")];
    deliveries = await countTasks(courier);

    webhook.answers = (path) => path === "/answered";
    for (const { id } of [answered, unanswered]) void direct.send({ taskId: id, parts: [{ text: "yes" }] }).catch(() => {});
    const sent = () => webhook.requests.map(({ path }) => path).sort();
    await vi.waitFor(() => expect(sent()).toEqual(["/answered", "/unanswered"]), { ...PATIENCE, interval: 1 });
    await mesh.kill();
    webhook.answers = () => true;
    await mesh.start();
  });

  it("reach the webhook with one and the same Idempotency-Key, however often they are sent", async () => {
    for (const { id } of [answered, unanswered]) expect((await ended(courier, id)).status.state).toBe("TASK_STATE_COMPLETED");
    // Of the task, and of exactly what was approved.
    const keyOf = ({ id }: Task): unknown => expect.stringMatching(new RegExp(`^${id}:[0-9a-f]{16}:1$`));
    expect([...new Set(keysAt("/answered"))]).toEqual([keyOf(answered)]);
    const [first, ...again] = keysAt("/unanswered");
    expect(first).toEqual(keyOf(unanswered));
    expect(again).toEqual([first]);
  });

  it("that waited for an approval through the front door are made once it comes", async () => {
    const done = await (await connect(mesh.url)).send({ taskId: approvedLater.id, parts: [{ text: "yes" }] });
    expect(done.status.state).toBe("TASK_STATE_COMPLETED");
    expect(keysAt("/approved-later").length).toBe(1);
  });

  it("that waited for an approval through the front door are canceled with their request", async () => {
    const canceled = await (await connect(mesh.url)).cancel(canceledLater.id);
    expect(canceled.status.state).toBe("TASK_STATE_CANCELED");
    const passedOn = interruptIn(canceledLater.metadata)?.callee?.task ?? "";
    expect((await ended(courier, passedOn)).status.state).toBe("TASK_STATE_CANCELED");
    expect(keysAt("/canceled-later")).toEqual([]);
  });

  it("are no tasks of their own a second time", async () => {
    expect(await countTasks(courier)).toBe(deliveries);
  });
});

interface StreamedEvent {
  readonly id: number;
  readonly data: { readonly task?: Task };
}

/** Reads events into `seen` until there are so many of them, or until the stream ends. */
async function readEvents(response: Response, seen: StreamedEvent[], wanted = Number.POSITIVE_INFINITY): Promise<void> {
  expect(response.status).toBe(200);
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
      if (id && data) seen.push({ id: Number(id), data: JSON.parse(data) as StreamedEvent["data"] });
    }
    if (seen.length >= wanted) return;
  }
}

function resume(task: string, after: number): Promise<Response> {
  return fetch(`${mesh.url}/tasks/${task}:subscribe`, { headers: { ...HEADERS, "Last-Event-ID": String(after) } });
}

function taskIdOf(events: readonly StreamedEvent[]): string {
  return events[0]?.data.task?.id ?? "";
}

function keysAt(path: string): (string | undefined)[] {
  return webhook.requests.filter((each) => each.path === path).map(({ key }) => key);
}

/** Sends the request, watches it as far as `reached`, and leaves it alone. */
async function sendUntil(client: AgentClient, reached: (event: StreamResponse) => boolean): Promise<string> {
  let id = "";
  for await (const event of client.stream({ parts: [{ text: REQUEST }] })) {
    if ("task" in event) id = event.task.id;
    if (reached(event)) return id;
  }
  throw new Error("the task ended before the moment at which it was to be killed");
}

/** The task at its end, by asking again and again. */
async function ended(url: string, id: string): Promise<Task> {
  return vi.waitFor(async () => {
    const task = await getTask(url, id);
    expect(isTerminal(task.status.state), task.status.state).toBe(true);
    return task;
  }, PATIENCE);
}

/** Everything a caller gets, apart from ids and times. */
function expectAsUndisturbed(task: Task): void {
  expect(task.status.state).toBe("TASK_STATE_COMPLETED");
  expect(task.artifacts).toEqual(undisturbed.artifacts);
  expect(withoutTime(task)).toEqual(withoutTime(undisturbed));
  expect(wordsOf(task)).toBe(wordsOf(undisturbed));
}

/** All that a task says of itself, what it cost included, but for how long it worked. */
function withoutTime({ metadata }: Task): JsonObject {
  const cost = costClaimedIn(metadata);
  if (!cost) throw new Error("the task does not say what it cost");
  return { ...metadata, [GOVERNANCE_EXTENSION]: { ...cost, wallMs: 0 } };
}

function callsSoFar(): Promise<number[]> {
  return Promise.all(CALLED.map((name) => countTasks(`${mesh.url}/agents/${name}`)));
}

function callsSince(before: readonly number[], now: readonly number[]): number[] {
  return now.map((count, index) => count - (before[index] ?? 0));
}

function stateOf(event: StreamResponse): unknown {
  return metadataOf(event)?.["state"];
}

function goalOf(event: StreamResponse): unknown {
  return metadataOf(event)?.["goal"];
}

function metadataOf(event: StreamResponse): JsonObject | undefined {
  return "statusUpdate" in event ? event.statusUpdate.metadata : undefined;
}

function wordsOf(task: Task | undefined): string | undefined {
  return task?.status.message?.parts[0]?.text;
}
