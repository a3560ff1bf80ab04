import { randomUUID } from "node:crypto";
import {
  DeleteTaskPushNotificationConfigRequest,
  GetTaskPushNotificationConfigRequest,
  ListTaskPushNotificationConfigsRequest,
  SendMessageRequest,
  type Task,
  TaskPushNotificationConfig,
} from "@a2a-js/sdk";
import { type Client, ClientFactory, ClientFactoryOptions } from "@a2a-js/sdk/client";
import { TaskNotFoundError } from "@a2a-js/sdk/errors";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { StreamResponse } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { type Delivered, type HookAnswer, serveWebhooks, type WebhookServer } from "./webhook-server.ts";
import { getTask, HEADERS } from "./wire.ts";

// Webhooks over real HTTP: registered with the official client, which then goes away and is told what happened.

const PATIENCE = { timeout: 30_000, interval: 50 };
const KETTLE = "/agents/kettle";

let mesh: CopiedMesh;
let webhooks: WebhookServer;

beforeAll(async () => {
  webhooks = await serveWebhooks();
  mesh = await copyMesh({ agents: ["kettle"] });
  await mesh.start();
});

afterAll(async () => {
  await mesh.remove();
  await webhooks.close();
});

function clientOf(path: string, binding: string): Promise<Client> {
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { preferredTransports: [binding] });
  return new ClientFactory(options).createFromUrl(`${mesh.url}${path}/`);
}

async function newHook(...answers: HookAnswer[]): Promise<{ url: string; delivered: () => Promise<Delivered[]> }> {
  const url = `${webhooks.url}/${randomUUID()}`;
  if (answers.length > 0) await fetch(url, { method: "PUT", body: JSON.stringify(answers) });
  return { url, delivered: async () => (await (await fetch(url)).json()) as Delivered[] };
}

/** Sends a message, with a config of its own, and does not wait for what comes of it. @returns the task's id */
async function sendAndLeave(client: Client, text: string, config?: object): Promise<string> {
  const request = SendMessageRequest.fromJSON({
    message: { messageId: randomUUID(), role: "ROLE_USER", parts: [{ text }] },
    configuration: { returnImmediately: true, ...(config && { taskPushNotificationConfig: config }) },
  });
  return ((await client.sendMessage(request)) as Task).id;
}

function stateOf(body: Delivered["body"]): string | undefined {
  const event = body as unknown as StreamResponse;
  return "statusUpdate" in event ? event.statusUpdate.status.state : undefined;
}

/** What came to a webhook, once the end of its task is among it. */
async function untilTheEnd(hook: { delivered: () => Promise<Delivered[]> }): Promise<Delivered[]> {
  return vi.waitFor(async () => {
    const all = await hook.delivered();
    expect(all.map(({ body }) => stateOf(body))).toContain("TASK_STATE_COMPLETED");
    return all;
  }, PATIENCE);
}

/** The positions in the task's log of what was delivered. */
function positions(all: readonly Delivered[], taskId: string): number[] {
  return all.map(({ headers }) => {
    const [task, seq] = String(headers["idempotency-key"]).split("/");
    expect(task).toBe(taskId);
    return Number(seq);
  });
}

/** The positions of everything that a stream of the task shows after its creation. */
async function shownPositions(path: string, taskId: string): Promise<number[]> {
  const answer = await fetch(`${mesh.url}${path}/tasks/${taskId}:subscribe`, {
    method: "POST",
    headers: { "A2A-Version": HEADERS["A2A-Version"], "Last-Event-ID": "1" },
  });
  return [...(await answer.text()).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
}

describe.each(["JSONRPC", "HTTP+JSON"])("over %s", (binding) => {
  it("a webhook that came with the message is told everything, in order, while its caller is away", async () => {
    const client = await clientOf(KETTLE, binding);
    const hook = await newHook();
    const authentication = { scheme: "Bearer", credentials: "for-the-webhook" };
    const id = await sendAndLeave(client, "brew tea", { id: "mine", url: hook.url, token: "our-token", authentication });
    const all = await untilTheEnd(hook);
    expect(positions(all, id)).toEqual(await shownPositions(KETTLE, id));
    for (const { headers } of all)
      expect(headers).toMatchObject({
        authorization: "Bearer for-the-webhook",
        "x-a2a-notification-token": "our-token",
        "content-type": "application/a2a+json",
      });
    expect(all.map(({ body }) => stateOf(body)).filter((state) => state !== undefined)).toEqual([
      ...Array.from({ length: 4 }, () => "TASK_STATE_WORKING"),
      "TASK_STATE_COMPLETED",
    ]);
  });

  it("a config is made, got, listed and deleted, and never shows its secrets", async () => {
    const client = await clientOf(KETTLE, binding);
    const { url } = await newHook();
    const taskId = await sendAndLeave(client, "brew tea");
    const authentication = { scheme: "Bearer", credentials: "secret" };
    const made = await client.createTaskPushNotificationConfig(
      TaskPushNotificationConfig.fromJSON({ taskId, id: "mine", url, token: "secret", authentication }),
    );
    const shown = { taskId, id: "mine", url, authentication: { scheme: "Bearer" } };
    expect(TaskPushNotificationConfig.toJSON(made)).toMatchObject(shown);
    const got = await client.getTaskPushNotificationConfig(GetTaskPushNotificationConfigRequest.fromJSON({ taskId, id: "mine" }));
    const { configs } = await client.listTaskPushNotificationConfig(ListTaskPushNotificationConfigsRequest.fromJSON({ taskId }));
    expect([got, ...configs]).toEqual([made, made]);
    expect(JSON.stringify([made, got, configs])).not.toContain("secret");
    const remove = DeleteTaskPushNotificationConfigRequest.fromJSON({ taskId, id: "mine" });
    await client.deleteTaskPushNotificationConfig(remove);
    await client.deleteTaskPushNotificationConfig(remove);
    await expect(
      client.getTaskPushNotificationConfig(GetTaskPushNotificationConfigRequest.fromJSON({ taskId, id: "mine" })),
    ).rejects.toBeInstanceOf(TaskNotFoundError);
  });

  it("an address inside is refused, and the message with it", async () => {
    const client = await clientOf(KETTLE, binding);
    await expect(sendAndLeave(client, "brew tea", { url: "http://169.254.169.254/latest/meta-data" })).rejects.toThrow(
      /must be a public https address/,
    );
  });
});

describe("a webhook", () => {
  it("of a request at the front door is told what the request's stream shows", async () => {
    const hook = await newHook();
    const id = await sendAndLeave(await clientOf("", "JSONRPC"), "Calculate 0.95^5", { url: hook.url });
    expect(positions(await untilTheEnd(hook), id)).toEqual(await shownPositions("", id));
  });

  it("that never answers holds up neither its task nor the task's other webhooks", async () => {
    const client = await clientOf(KETTLE, "JSONRPC");
    const [mute, ready] = [await newHook({ status: 0 }), await newHook()];
    const before = Date.now();
    const taskId = await sendAndLeave(client, "brew tea", { id: "mute", url: mute.url });
    await client.createTaskPushNotificationConfig(TaskPushNotificationConfig.fromJSON({ taskId, id: "ready", url: ready.url }));
    const all = await untilTheEnd(ready);
    // Before the mute one is even given up for the first time, after 15 s.
    expect((all.at(-1)?.at ?? 0) - before).toBeLessThan(14_000);
    expect(await mute.delivered()).toHaveLength(1);
    expect((await getTask(mesh.url + KETTLE, taskId)).status.state).toBe("TASK_STATE_COMPLETED");
  });

  it("that redirects to an address inside sends nobody there", async () => {
    const inside = await newHook();
    const hook = await newHook({ status: 307, headers: { Location: inside.url } });
    const taskId = await sendAndLeave(await clientOf(KETTLE, "JSONRPC"), "brew tea", { url: hook.url });
    await vi.waitFor(async () => expect((await getTask(mesh.url + KETTLE, taskId)).status.state).toBe("TASK_STATE_COMPLETED"), PATIENCE);
    expect((await hook.delivered()).length).toBeGreaterThan(0);
    expect(await inside.delivered()).toEqual([]);
  });
});

describe("with the runtime killed", () => {
  it.each([
    ["between two of its events", { status: 204 }],
    ["before it has answered", { status: 0 }],
  ])("a webhook is told everything at least once and in order, although nobody asks: %s", async (_when, first) => {
    const hook = await newHook(first, { status: 204 });
    const id = await sendAndLeave(await clientOf(KETTLE, "JSONRPC"), "brew tea", { url: hook.url, token: "our-token" });
    await vi.waitFor(async () => expect((await hook.delivered()).length).toBeGreaterThan(0), PATIENCE);
    await mesh.kill();
    const before = (await hook.delivered()).length;
    await mesh.start();
    const all = await untilTheEnd(hook);
    expect(all.length).toBeGreaterThan(before);
    const told = positions(all, id);
    expect([...told].sort((one, other) => one - other)).toEqual(told);
    expect([...new Set(told)]).toEqual(await shownPositions(KETTLE, id));
    // The key that opens the token was kept as well.
    expect(all.at(-1)?.headers["x-a2a-notification-token"]).toBe("our-token");
  });
});
