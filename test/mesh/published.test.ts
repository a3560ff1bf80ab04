import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SnapshotEntry } from "../../shared/registry/entry.ts";
import type { AgentCard, Task } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { answer, record, said, send, told } from "./governed.ts";
import { entryOf, type Hostile, type Outsider, type Said, sayingRegistry, startHostile, startOutsider } from "./outsider.ts";
import { getTask, rpc } from "./wire.ts";

// An agent that somebody else runs, which the mesh was not deployed with: planned with, called and let go of.

const SEEN = { timeout: 15_000, interval: 50 };
const CARD: Pick<AgentCard, "name" | "description" | "skills"> = {
  name: "falconer",
  description: "Trains falcons and hawks for falconry.",
  skills: [
    {
      id: "train",
      name: "Train a falcon",
      description: "Works out a training plan for a falcon or another bird of prey.",
      tags: ["falcon", "falconry", "train"],
      examples: ["Train a falcon to return to the glove"],
    },
  ],
};
const GOAL = "Train a falcon to return to the glove";

let mesh: CopiedMesh;
let registry: Said;
let outsider: Outsider;

beforeAll(async () => {
  mesh = await copyMesh({ unlimited: true });
  registry = await sayingRegistry(mesh.root);
  outsider = await startOutsider(CARD);
  await mesh.start();
});
afterAll(async () => {
  await mesh?.remove();
  await registry?.close();
  await outsider?.close();
});
afterEach(() => {
  registry.say();
});

/** Sends the goal until the mesh has heard what its registry says now. */
async function sentOnce(text: string, heard: (task: Task) => boolean, returnImmediately = false): Promise<Task> {
  let task: Task | undefined;
  await expect
    .poll(async () => {
      task = await send(mesh, "orchestrator", [{ text }], { configuration: { returnImmediately } });
      return heard(task);
    }, SEEN)
    .toBe(true);
  return task as Task;
}

function messages(): readonly string[] {
  return outsider.arrived.filter(({ method }) => method === "SendMessage").map(({ text }) => text);
}

describe("an agent that was published and is listed", () => {
  it("is given the goal that only it fits, and its answer is the task's", async () => {
    registry.say(entryOf(outsider));
    const task = await sentOnce(GOAL, (each) => told(each).includes("An outsider's answer"));
    expect(told(task)).toContain(GOAL);
    const { calls } = await record(mesh, "orchestrator", task);
    expect(calls).toMatchObject([{ agent: "falconer", skill: "train", card: { version: "1.0.0", digest: "d".repeat(64) } }]);
  });

  it("learns what it is asked, and nothing of the mesh, of who asks, or of the task", async () => {
    registry.say(entryOf(outsider));
    const request = `${GOAL}. Find passages about the eclipse.`;
    const before = outsider.arrived.length;
    const task = await sentOnce(request, () => outsider.arrived.length > before);
    const [{ headers, text } = { headers: {}, text: "" }] = outsider.arrived.slice(before);
    const ours = Object.keys(headers).filter((name) => !TRANSPORT.has(name));
    expect(ours.toSorted()).toEqual(["a2a-extensions", "a2a-version", "content-type", "idempotency-key", "user-agent"]);
    const { params } = JSON.parse(text) as { params: { message: { metadata: object } } & object };
    expect(Object.keys(params).toSorted()).toEqual(["configuration", "message"]);
    expect(Object.keys(params.message).toSorted()).toEqual(["messageId", "metadata", "parts", "role"]);
    expect(params.message.metadata).toEqual({ "urn:skein:ext:skill:v1": { skill: "train" } });
    for (const secret of [task.id, task.contextId, "eclipse", "goal-"]) expect(text + JSON.stringify(headers)).not.toContain(secret);
  });

  it("may ask back, and is answered in words by whoever is asked", async () => {
    registry.say(entryOf(outsider));
    const asks = await sentOnce(`${GOAL}, carefully`, ({ status }) => status.state === "TASK_STATE_INPUT_REQUIRED");
    expect(said(asks)).toContain("Which glove?");
    const done = await answer(mesh, "orchestrator", asks, "the left one");
    expect(told(done)).toContain("An outsider's answer to: the left one");
  });

  it.each([
    ["quarantined", "its card speaks to the planner"],
    ["revoked", "its key was stolen"],
    ["deprecated", "there is a better one"],
  ] as const)("is found no more once it is %s", async (status, reason) => {
    registry.say(entryOf(outsider));
    await sentOnce(GOAL, (each) => told(each).includes("An outsider's answer"));
    registry.say(entryOf(outsider, { status, reason }));
    await sentOnce(GOAL, (each) => !told(each).includes("An outsider's answer"));
    const before = messages().length;
    await send(mesh, "orchestrator", [{ text: GOAL }]);
    expect(messages().length).toBe(before);
  });
});

describe("an agent that is revoked while it works", () => {
  it("is waited for no longer, with the reason, and is told once to stop", async () => {
    registry.say(entryOf(outsider));
    await sentOnce(GOAL, (each) => told(each).includes("An outsider's answer"));
    const before = messages().length;
    const task = await send(mesh, "orchestrator", [{ text: `${GOAL}, slowly` }], { configuration: { returnImmediately: true } });
    await expect.poll(() => messages().length, SEEN).toBe(before + 1);
    const revokedAt = Date.now();
    registry.say(entryOf(outsider, { status: "revoked", reason: "it sells what it is told" }));
    await expect.poll(async () => (await getTask(mesh.url, task.id)).status.state, SEEN).toMatch(/FAILED|COMPLETED|REJECTED/);
    expect(Date.now() - revokedAt).toBeLessThan(6_000);
    const ended = await getTask(mesh.url, task.id);
    expect(told(ended) + said(ended)).toContain("falconer was revoked by its mesh: it sells what it is told");
    expect(outsider.arrived.filter(({ method }) => method === "CancelTask")).toHaveLength(1);
    expect(messages().length).toBe(before + 1);
  });
});

describe("an agent whose caller wants no answer any more", () => {
  it("is told to stop, by the id of the task that it made", async () => {
    registry.say(entryOf(outsider));
    await sentOnce(GOAL, (each) => told(each).includes("An outsider's answer"));
    const cancels = () => outsider.arrived.filter(({ method }) => method === "CancelTask").length;
    const [sent, canceled] = [messages().length, cancels()];
    const task = await send(mesh, "orchestrator", [{ text: `${GOAL}, slowly` }], { configuration: { returnImmediately: true } });
    await expect.poll(() => messages().length, SEEN).toBe(sent + 1);
    await expect.poll(() => outsider.arrived.at(-1)?.method, SEEN).toBe("GetTask");
    await rpc(mesh.url, "CancelTask", { id: task.id });
    await expect.poll(cancels, SEEN).toBe(canceled + 1);
  });
});

describe("an agent that does not behave", () => {
  let hostile: Hostile;
  beforeAll(async () => {
    hostile = await startHostile(outsider.card.supportedInterfaces[0]?.url ?? "");
  });
  afterAll(() => hostile?.close());

  /** A name of its own for each: one that has failed too often gets no calls for a while. */
  function entryAt(endpoint: string): SnapshotEntry {
    named += 1;
    return entryOf({ ...outsider, card: { ...outsider.card, name: `falconer-${named}` } }, { endpoint });
  }
  let named = 0;

  /** What the task comes to when the agent is at this address. */
  async function reached(endpoint: string, heard: string): Promise<Task> {
    registry.say(entryAt(endpoint));
    return sentOnce(GOAL, (task) => (told(task) + said(task)).includes(heard));
  }

  it("and sends its callers elsewhere is not followed, inward or to anybody", async () => {
    registry.say();
    await sentOnce(GOAL, (task) => !told(task).includes("An outsider's answer"));
    const before = outsider.arrived.length;
    await reached(`${hostile.url}/redirect`, "redirects, and redirects are not followed");
    expect(outsider.arrived.length).toBe(before);
  });

  it.each([
    ["never ends its answer", "/endless", "answers with more than 2 MB"],
    ["lets nobody in", "/closed", "asks for credentials, and this mesh has none for it"],
    ["answers with what is no A2A", "/page", "gave an answer that is no A2A response"],
    ["answers with a task of no form", "/formless", "gave an answer that is no A2A response"],
  ])("and %s costs its own goal, with the reason, and no more", async (_how, path, words) => {
    await reached(hostile.url + path, words);
  });

  it.each(["http://10.0.0.1/rpc", "http://169.254.169.254/latest", "http://agents.example.com/rpc", "ftp://127.0.0.1/rpc"])(
    "and says that it is at %s is not asked",
    async (endpoint) => {
      await reached(endpoint, "has an address that may not be called");
    },
  );

  it("and never answers is let go of all the same when it is revoked", async () => {
    const entry = entryAt(`${hostile.url}/silent`);
    registry.say(entry);
    await sentOnce(GOAL, () => hostile.silent() > 0, true);
    const asked = hostile.silent();
    const task = await send(mesh, "orchestrator", [{ text: GOAL }], { configuration: { returnImmediately: true } });
    await expect.poll(() => hostile.silent(), SEEN).toBeGreaterThan(asked);
    registry.say({ ...entry, status: "revoked", reason: "it never answers" });
    const ended = async () => {
      const now = await getTask(mesh.url, task.id);
      return told(now) + said(now);
    };
    await expect.poll(ended, SEEN).toContain(`${entry.name} was revoked by its mesh: it never answers`);
  });
});

/** What any HTTP request has, and any that a Worker makes: the platform says of which zone it is. */
const TRANSPORT = new Set([
  "cf-worker",
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "accept-encoding",
  "accept",
  "accept-language",
]);
