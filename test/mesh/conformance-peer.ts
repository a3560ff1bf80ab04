/**
 * The peer that calibrates the suite: the official SDK's Express server, both bindings, as its documentation puts it together.
 * Its executor knows the texts that the suite needs, and nothing of what the suite looks at.
 */
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { AgentCard, Artifact, Message, type Task, TaskState } from "@a2a-js/sdk";
import {
  AgentEvent,
  type AgentExecutor,
  DefaultPushNotificationSender,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
  type RequestContext,
} from "@a2a-js/sdk/server";
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from "@a2a-js/sdk/server/express";
import express from "express";
import type { Triggers } from "../../conformance/probe.ts";

export const PEER_TRIGGERS: Triggers = {
  text: "Say something",
  slow: "slow",
  ask: "ask",
  answer: "the answer",
  fail: "fail",
  artifact: "artifact",
  auth: "auth",
  message: "message",
};

const SLOW_STEPS = 4;
const STEP_MS = 250;

export interface Peer {
  readonly url: string;
  close(): void;
}

/** @param capabilities what its card declares, and so what its handler is given */
export async function startPeer(capabilities: {
  streaming: boolean;
  pushNotifications: boolean;
  extendedAgentCard: boolean;
}): Promise<Peer> {
  const app = express();
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const card = AgentCard.fromJSON(cardAt(url, capabilities));
  const configs = new InMemoryPushNotificationStore();
  const handler = new DefaultRequestHandler(
    card,
    new InMemoryTaskStore(),
    executor(),
    undefined,
    capabilities.pushNotifications ? configs : undefined,
    capabilities.pushNotifications ? new DefaultPushNotificationSender(configs) : undefined,
    capabilities.extendedAgentCard ? card : undefined,
  );
  const options = { requestHandler: handler, userBuilder: UserBuilder.noAuthentication };
  app.use("/.well-known/agent-card.json", agentCardHandler({ agentCardProvider: handler }));
  app.use("/rpc", jsonRpcHandler(options));
  app.use("/rest", restHandler(options));
  return {
    url,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function cardAt(url: string, capabilities: object) {
  return {
    name: "peer",
    description: "The official SDK's Express server with an executor that does as it is told.",
    version: "1.0.0",
    supportedInterfaces: [
      { url: `${url}/rpc`, protocolBinding: "JSONRPC", protocolVersion: "1.0" },
      { url: `${url}/rest`, protocolBinding: "HTTP+JSON", protocolVersion: "1.0" },
    ],
    capabilities,
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "do", name: "Do as told", description: "Ends as the text says.", tags: ["test"] }],
  };
}

function executor(): AgentExecutor {
  const canceled = new Set<string>();
  return {
    async execute(context, bus) {
      const { taskId, contextId } = context;
      const told = context.task ? "the answer" : (context.userMessage.parts[0]?.content?.value ?? "");
      if (told === "message") {
        bus.publish(AgentEvent.message(said("a message", { contextId })));
        bus.finished();
        return;
      }
      bus.publish(AgentEvent.task(begun(context)));
      if (told === "slow") await work(taskId, contextId, bus, canceled);
      if (canceled.has(taskId)) return;
      const state = ENDS[told] ?? TaskState.TASK_STATE_COMPLETED;
      if (state === TaskState.TASK_STATE_COMPLETED) publishArtifact(bus, taskId, contextId, "done");
      publishStatus(bus, taskId, contextId, state, `it is ${told}`);
      bus.finished();
    },
    async cancelTask(taskId, bus) {
      canceled.add(taskId);
      publishStatus(bus, taskId, "", TaskState.TASK_STATE_CANCELED, "canceled");
      bus.finished();
    },
  };
}

const ENDS: Readonly<Record<string, TaskState>> = {
  ask: TaskState.TASK_STATE_INPUT_REQUIRED,
  auth: TaskState.TASK_STATE_AUTH_REQUIRED,
  fail: TaskState.TASK_STATE_FAILED,
};

async function work(taskId: string, contextId: string, bus: ExecutionEventBus, canceled: ReadonlySet<string>): Promise<void> {
  for (let step = 1; step <= SLOW_STEPS && !canceled.has(taskId); step += 1) {
    await sleep(STEP_MS);
    if (!canceled.has(taskId)) publishStatus(bus, taskId, contextId, TaskState.TASK_STATE_WORKING, `step ${step}`);
  }
}

function begun({ taskId, contextId, task, userMessage }: RequestContext): Task {
  const history = [...(task?.history ?? []).filter(({ messageId }) => messageId !== userMessage.messageId), userMessage];
  const status = { state: TaskState.TASK_STATE_WORKING, message: undefined, timestamp: new Date().toISOString() };
  return { id: taskId, contextId, status, artifacts: task?.artifacts ?? [], history, metadata: undefined };
}

function publishStatus(bus: ExecutionEventBus, taskId: string, contextId: string, state: TaskState, text: string): void {
  const status = { state, message: said(text, { taskId, contextId }), timestamp: new Date().toISOString() };
  bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined }));
}

function publishArtifact(bus: ExecutionEventBus, taskId: string, contextId: string, text: string): void {
  const artifact = Artifact.fromJSON({ artifactId: randomUUID(), name: "result", parts: [{ text }] });
  bus.publish(AgentEvent.artifactUpdate({ taskId, contextId, artifact, append: false, lastChunk: true, metadata: undefined }));
}

function said(text: string, to: { taskId?: string; contextId?: string }): Message {
  return Message.fromJSON({ messageId: randomUUID(), role: "ROLE_AGENT", parts: [{ text }], ...to });
}
