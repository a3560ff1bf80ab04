/**
 * A2A 1.0 objects as they travel: the ProtoJSON form of the normative proto. The log stores them, RPC carries them and
 * the HTTP bindings send them unchanged, so the core has one vocabulary and no conversions. Types only.
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Exactly one of `text`, `raw` (base64), `url` and `data` is present. */
export interface Part {
  text?: string;
  raw?: string;
  url?: string;
  data?: Json;
  filename?: string;
  mediaType?: string;
  metadata?: JsonObject;
}

export interface Message {
  messageId: string;
  role: "ROLE_USER" | "ROLE_AGENT";
  parts: Part[];
  contextId?: string;
  taskId?: string;
  metadata?: JsonObject;
  extensions?: string[];
  referenceTaskIds?: string[];
}

export interface Artifact {
  artifactId: string;
  parts: Part[];
  name?: string;
  description?: string;
  metadata?: JsonObject;
  extensions?: string[];
}

export type TerminalState = "TASK_STATE_COMPLETED" | "TASK_STATE_FAILED" | "TASK_STATE_CANCELED" | "TASK_STATE_REJECTED";
export type InterruptedState = "TASK_STATE_INPUT_REQUIRED" | "TASK_STATE_AUTH_REQUIRED";
export type TaskState = "TASK_STATE_SUBMITTED" | "TASK_STATE_WORKING" | InterruptedState | TerminalState;

export interface TaskStatus {
  state: TaskState;
  /** ISO 8601, UTC, milliseconds, `Z`. */
  timestamp: string;
  message?: Message;
}

export interface Task {
  id: string;
  contextId: string;
  status: TaskStatus;
  artifacts?: Artifact[];
  history?: Message[];
  metadata?: JsonObject;
}

export interface TaskStatusUpdateEvent {
  taskId: string;
  contextId: string;
  status: TaskStatus;
  metadata?: JsonObject;
}

export interface TaskArtifactUpdateEvent {
  taskId: string;
  contextId: string;
  artifact: Artifact;
  append?: boolean;
  lastChunk?: boolean;
  metadata?: JsonObject;
}

/** One event of a stream: exactly one field is present. */
export type StreamResponse = { task: Task } | { statusUpdate: TaskStatusUpdateEvent } | { artifactUpdate: TaskArtifactUpdateEvent };

export interface TaskPushNotificationConfig {
  id: string;
  taskId: string;
  url: string;
  /** Sent as `X-A2A-Notification-Token`. A secret: present on the way in only. */
  token?: string;
  /** Makes the `Authorization` header: scheme and, a secret on the way in only, credentials. */
  authentication?: { scheme: string; credentials?: string };
  tenant?: string;
}

export interface AgentSkill {
  id: string;
  name: string;
  description: string;
  tags: string[];
  examples?: string[];
  inputModes?: string[];
  outputModes?: string[];
  securityRequirements?: JsonObject[];
}

export interface AgentExtension {
  uri: string;
  description?: string;
  required?: boolean;
  params?: JsonObject;
}

export interface AgentInterface {
  url: string;
  protocolBinding: string;
  protocolVersion: string;
  tenant?: string;
}

export interface AgentCard {
  name: string;
  description: string;
  version: string;
  supportedInterfaces: AgentInterface[];
  capabilities: { streaming?: boolean; pushNotifications?: boolean; extendedAgentCard?: boolean; extensions?: AgentExtension[] };
  defaultInputModes: string[];
  defaultOutputModes: string[];
  skills: AgentSkill[];
  provider?: { organization: string; url: string };
  documentationUrl?: string;
  iconUrl?: string;
  securitySchemes?: { [name: string]: JsonObject };
  securityRequirements?: JsonObject[];
  signatures?: { protected: string; signature: string; header?: JsonObject }[];
}

export function isTerminal(state: TaskState): state is TerminalState {
  return (
    state === "TASK_STATE_COMPLETED" || state === "TASK_STATE_FAILED" || state === "TASK_STATE_CANCELED" || state === "TASK_STATE_REJECTED"
  );
}

export function isInterrupted(state: TaskState): state is InterruptedState {
  return state === "TASK_STATE_INPUT_REQUIRED" || state === "TASK_STATE_AUTH_REQUIRED";
}

/** The text of all text parts, one paragraph each. */
export function textOf(parts: readonly Part[]): string {
  return parts.flatMap((part) => (part.text === undefined ? [] : [part.text])).join("\n\n");
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
