import type { AddressInfo } from "node:net";
import {
  AgentCard,
  SendMessageRequest as CoreSendRequest,
  ListTaskPushNotificationConfigsResponse,
  StreamResponse,
  Task,
  TaskPushNotificationConfig,
} from "@a2a-js/sdk";
import { LegacyJsonRpcTransportHandler } from "@a2a-js/sdk/compat/v0_3/server";
import { legacyRestRouter } from "@a2a-js/sdk/compat/v0_3/server/express";
import { type A2ARequestHandler, ServerCallContext, UnauthenticatedUser } from "@a2a-js/sdk/server";
import express from "express";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toLegacyCard } from "../../../shared/a2a/legacy/card.ts";
import { cardToProto } from "../../../shared/a2a/legacy/card-to-proto.ts";
import { sendParamsFromProto, setPushParamsFromProto } from "../../../shared/a2a/legacy/from-proto.ts";
import type { LegacyEvent, LegacyMessage, LegacyPart, LegacyTask, LegacyTaskPushConfig } from "../../../shared/a2a/legacy/objects.ts";
import { eventToProto, pushConfigToProto, taskToProto } from "../../../shared/a2a/legacy/to-proto.ts";
import type { AgentCard as WireCard, StreamResponse as WireEvent, Task as WireTask } from "../../../shared/task/a2a-types.ts";

// What HTTP+JSON of 0.3 looks like, held against the official SDK: its Express router for 0.3, with the same behind it.

const CARD: WireCard = {
  name: "peer",
  description: "The card of a peer",
  version: "1.2.3",
  supportedInterfaces: ["JSONRPC", "HTTP+JSON"].map((protocolBinding) => ({
    url: "https://a.example",
    protocolBinding,
    protocolVersion: "0.3",
  })),
  capabilities: {
    streaming: true,
    pushNotifications: true,
    extendedAgentCard: true,
    extensions: [{ uri: "urn:x", description: "x", required: true, params: { a: 1 } }],
  },
  defaultInputModes: ["text/plain"],
  defaultOutputModes: ["text/plain", "application/json"],
  skills: [
    { id: "s", name: "S", description: "does s", tags: ["s"], examples: ["s"], inputModes: ["text/csv"] },
    { id: "t", name: "T", description: "does t", tags: ["t"] },
  ],
  provider: { organization: "Example", url: "https://example.com" },
  documentationUrl: "https://example.com/docs",
  securitySchemes: {
    bearer: { httpAuthSecurityScheme: { scheme: "Bearer", bearerFormat: "JWT", description: "a token" } },
    key: { apiKeySecurityScheme: { location: "header", name: "X-API-Key", description: "a key" } },
    oidc: {
      openIdConnectSecurityScheme: { openIdConnectUrl: "https://id.example/.well-known/openid-configuration", description: "an issuer" },
    },
  },
  securityRequirements: [{ schemes: { oidc: { list: ["call"] } } }, { schemes: { key: { list: [] } } }],
};

/** Stands behind both, and keeps what comes. */
const behind = {
  received: undefined as unknown,
  task: Task.fromJSON({}),
  events: [] as StreamResponse[],
  config: TaskPushNotificationConfig.fromJSON({}),
};
const refuse = async () => {
  throw new Error("not asked here");
};
const handler: A2ARequestHandler = {
  getAgentCard: async () => AgentCard.fromJSON(CARD),
  getAuthenticatedExtendedAgentCard: async () => AgentCard.fromJSON(CARD),
  sendMessage: async (request) => {
    behind.received = CoreSendRequest.toJSON(request);
    return behind.task;
  },
  async *sendMessageStream() {
    yield* behind.events;
  },
  async *resubscribe() {
    yield* behind.events;
  },
  getTask: async () => behind.task,
  cancelTask: async () => behind.task,
  createTaskPushNotificationConfig: async (config) => {
    behind.received = TaskPushNotificationConfig.toJSON(config);
    return behind.config;
  },
  getTaskPushNotificationConfig: async () => behind.config,
  listTaskPushNotificationConfigs: async () => ({ ...ListTaskPushNotificationConfigsResponse.fromJSON({}), configs: [behind.config] }),
  deleteTaskPushNotificationConfig: async () => {},
  listTasks: refuse,
};

let peer: { url: string; close(): void };

beforeAll(async () => {
  const app = express();
  app.use(legacyRestRouter({ requestHandler: handler, userBuilder: async () => new UnauthenticatedUser() }));
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  peer = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
});

afterAll(() => peer.close());

async function ofPeer(verb: string, path: string, body?: unknown): Promise<Response> {
  const response = await fetch(peer.url + path, {
    method: verb,
    headers: { "Content-Type": "application/json", "A2A-Version": "0.3" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`the peer refused: ${await response.text()}`);
  return response;
}

/** The same in JSON-RPC: how it looks before it is written in the proto's JSON. */
async function inJsonRpc<T>(method: string, params: object): Promise<T> {
  const answer = await new LegacyJsonRpcTransportHandler(handler).handle(
    { jsonrpc: "2.0", id: 1, method, params },
    new ServerCallContext(),
  );
  if (Symbol.asyncIterator in answer) {
    const results: unknown[] = [];
    for await (const { result } of answer) results.push(result);
    return results as T;
  }
  if (answer.error) throw new Error(answer.error.message);
  return answer.result as T;
}

const text = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
const id = fc.stringMatching(/^[\w-]{1,20}$/);
/** As it is after it has travelled: JSON has no -0. */
const data = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue({ maxDepth: 2 }))
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, never>);
const base64 = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("base64"));
const timestamp = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString());
/** Fields that may be absent, and are then not there at all. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: (keyof T)[]) =>
  fc.record(model, { requiredKeys }) as fc.Arbitrary<T>;

const wirePart = fc.oneof(
  fc.record({ text: fc.string() }),
  record({ raw: base64, mediaType: fc.constant("text/csv"), filename: text }, ["raw"]),
  record({ url: fc.webUrl(), mediaType: fc.constant("image/png") }, ["url"]),
  fc.record({ data: fc.oneof(data, fc.array(fc.integer()), fc.string(), fc.boolean()) }),
);
const wireMessage = record(
  {
    messageId: id,
    role: fc.constantFrom("ROLE_USER", "ROLE_AGENT"),
    parts: fc.array(wirePart, { minLength: 1, maxLength: 4 }),
    contextId: id,
    taskId: id,
    metadata: data,
    extensions: fc.array(fc.webUrl(), { maxLength: 2 }),
  },
  ["messageId", "role", "parts"],
);
const wireStatus = record(
  {
    // A stream ends when its agent asks, and says so: there we differ from the peer, on purpose.
    state: fc.constantFrom(
      ...["SUBMITTED", "WORKING", "COMPLETED", "FAILED", "CANCELED", "REJECTED", "AUTH_REQUIRED"].map((name) => `TASK_STATE_${name}`),
    ),
    timestamp,
    message: wireMessage,
  },
  ["state", "timestamp"],
);
const wireArtifact = record(
  { artifactId: id, parts: fc.array(wirePart, { minLength: 1, maxLength: 3 }), name: text, description: text, metadata: data },
  ["artifactId", "parts"],
);
const wireTask = record(
  {
    id,
    contextId: id,
    status: wireStatus,
    artifacts: fc.array(wireArtifact, { minLength: 1, maxLength: 2 }),
    history: fc.array(wireMessage, { minLength: 1, maxLength: 2 }),
    metadata: data,
  },
  ["id", "contextId", "status"],
) as unknown as fc.Arbitrary<WireTask>;
const wireEvent = fc.oneof(
  fc.record({ task: wireTask }),
  fc.record({ statusUpdate: record({ taskId: id, contextId: id, status: wireStatus, metadata: data }, ["taskId", "contextId", "status"]) }),
  fc.record({
    artifactUpdate: record({ taskId: id, contextId: id, artifact: wireArtifact, append: fc.boolean(), lastChunk: fc.boolean() }, [
      "taskId",
      "contextId",
      "artifact",
    ]),
  }),
) as unknown as fc.Arbitrary<WireEvent>;

const protoPart = fc.oneof(
  fc.record({ text: fc.string() }),
  fc.record({ file: record({ fileWithBytes: base64, mimeType: fc.constant("text/csv") }, ["fileWithBytes"]) }),
  fc.record({ file: record({ fileWithUri: fc.webUrl(), mimeType: fc.constant("image/png") }, ["fileWithUri"]) }),
  fc.record({ data: fc.record({ data }) }),
);
const protoRequest = record(
  {
    message: record(
      {
        messageId: id,
        role: fc.constantFrom("ROLE_USER", "ROLE_AGENT", 1, 2),
        content: fc.array(protoPart, { minLength: 1, maxLength: 4 }),
        contextId: id,
        taskId: id,
        metadata: data,
        extensions: fc.array(fc.webUrl(), { maxLength: 2 }),
      },
      ["messageId", "role", "content"],
    ),
    configuration: record({ blocking: fc.boolean(), acceptedOutputModes: fc.array(fc.constant("text/plain"), { maxLength: 2 }) }, []),
    metadata: data,
  },
  ["message"],
);
const snakeCased = (value: unknown): unknown =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), each]))
    : value;

describe("the proto's JSON of 0.3", () => {
  it("is understood as the official SDK understands it", async () => {
    await fc.assert(
      fc.asyncProperty(protoRequest, fc.boolean(), async (request, inSnakeCase) => {
        const body = inSnakeCase
          ? { ...request, message: snakeCased(request.message), configuration: snakeCased(request.configuration) }
          : request;
        await ofPeer("POST", "/v1/message:send", body);
        const theirs = behind.received;
        await inJsonRpc("message/send", sendParamsFromProto(JSON.parse(JSON.stringify(body))) as object);
        expect(behind.received).toEqual(theirs);
      }),
      { numRuns: 60 },
    );
  });

  it("is written as the official SDK writes it: tasks, in answers of either kind", async () => {
    await fc.assert(
      fc.asyncProperty(wireTask, async (wire) => {
        behind.task = Task.fromJSON(wire);
        const task = await inJsonRpc<LegacyTask>("tasks/get", { id: "x" });
        expect(taskToProto(task)).toEqual(await (await ofPeer("GET", "/v1/tasks/x")).json());
        const sent = await ofPeer("POST", "/v1/message:send", { message: { messageId: "m", role: "ROLE_USER", content: [{ text: "x" }] } });
        expect(sent.status).toBe(201);
        expect(eventToProto(task)).toEqual(await sent.json());
      }),
      { numRuns: 60 },
    );
  });

  it("is written as the official SDK writes it: events", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(wireEvent, { minLength: 1, maxLength: 5 }), async (wires) => {
        behind.events = wires.map((wire) => StreamResponse.fromJSON(wire));
        const events = await inJsonRpc<LegacyEvent[]>("tasks/resubscribe", { id: "x" });
        // Lines end with a line feed only: what else ends a line for an expression may be part of a text.
        const theirs = (await (await ofPeer("GET", "/v1/tasks/x:subscribe")).text())
          .split("\n")
          .filter((line) => line.startsWith("data: "));
        expect(events.map((event) => JSON.parse(JSON.stringify(eventToProto(event))) as unknown)).toEqual(
          theirs.map((line) => JSON.parse(line.slice("data: ".length)) as unknown),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("is understood and written as the official SDK does it: push notification configs", async () => {
    const pushNotificationConfig = {
      id: "c",
      url: "https://hooks.example/x",
      token: "t",
      authentication: { schemes: ["Bearer"], credentials: "s" },
    };
    const body = { name: "tasks/x/pushNotificationConfigs/c", pushNotificationConfig };
    behind.config = TaskPushNotificationConfig.fromJSON({
      taskId: "x",
      id: "c",
      url: "https://hooks.example/x",
      authentication: { scheme: "Bearer" },
    });
    const set = await ofPeer("POST", "/v1/tasks/x/pushNotificationConfigs", body);
    const theirs = behind.received;
    // Some clients send the request for the config with the config in it.
    for (const sent of [
      body,
      { parent: "tasks/x", config_id: "c", config: { name: body.name, push_notification_config: pushNotificationConfig } },
    ]) {
      const config = await inJsonRpc<LegacyTaskPushConfig>("tasks/pushNotificationConfig/set", setPushParamsFromProto("x", sent) as object);
      expect(behind.received).toEqual(theirs);
      expect([set.status, pushConfigToProto(config)]).toEqual([201, await set.clone().json()]);
    }
    const list = await inJsonRpc<LegacyTaskPushConfig[]>("tasks/pushNotificationConfig/list", { id: "x" });
    expect({ configs: list.map(pushConfigToProto) }).toEqual(await (await ofPeer("GET", "/v1/tasks/x/pushNotificationConfigs")).json());
    expect((await ofPeer("DELETE", "/v1/tasks/x/pushNotificationConfigs/c")).status).toBe(204);
  });

  it("is written as the official SDK writes it: the card", async () => {
    const theirs = (await (await ofPeer("GET", "/v1/card")).json()) as object;
    // How a card of 0.3 names its version and its ways in is not the proto's business.
    const { protocolVersion, additionalInterfaces } = toLegacyCard(CARD);
    expect(cardToProto(toLegacyCard(CARD))).toEqual({ ...theirs, protocolVersion, additionalInterfaces });
  });

  it("comes back as it went out", () => {
    const part: fc.Arbitrary<LegacyPart> = fc.oneof(
      fc.record({ kind: fc.constant("text" as const), text: fc.string() }),
      fc.record({ kind: fc.constant("file" as const), file: record({ bytes: base64, mimeType: fc.constant("text/csv") }, ["bytes"]) }),
      fc.record({ kind: fc.constant("file" as const), file: record({ uri: fc.webUrl(), mimeType: fc.constant("image/png") }, ["uri"]) }),
      fc.record({ kind: fc.constant("data" as const), data }),
    );
    const message = record<LegacyMessage>(
      {
        kind: fc.constant("message"),
        messageId: id,
        role: fc.constantFrom("user", "agent"),
        parts: fc.array(part, { minLength: 1 }),
        contextId: id,
        taskId: id,
        metadata: data,
        extensions: fc.array(fc.webUrl()),
      },
      ["kind", "messageId", "role", "parts"],
    );
    fc.assert(
      fc.property(message, (sent) => {
        expect(sendParamsFromProto(eventToProto(sent))).toEqual({ message: sent });
        // Objects that are in JSON-RPC's shape already stay in it.
        expect(sendParamsFromProto({ message: sent })).toEqual({ message: sent });
      }),
    );
  });

  it("may be anything: it is put into shape or left as it is, and never breaks", () => {
    const anything = fc.jsonValue();
    const nearly = fc.record({ message: anything, configuration: anything, metadata: anything }, { requiredKeys: [] });
    const nearer = fc.record({ message: fc.record({ role: anything, content: fc.oneof(anything, fc.array(anything)) }) });
    const parts = fc.array(fc.record({ text: anything, file: anything, data: anything }, { requiredKeys: [] }));
    fc.assert(
      fc.property(fc.oneof(anything, nearly, nearer, fc.record({ message: fc.record({ content: parts }) })), (body) => {
        sendParamsFromProto(body);
        setPushParamsFromProto("x", body);
        setPushParamsFromProto("x", { config: body });
        setPushParamsFromProto("x", { pushNotificationConfig: body });
      }),
    );
  });
});
