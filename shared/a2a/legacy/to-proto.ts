/**
 * Answers of the HTTP+JSON binding of 0.3. It writes the JSON of its proto, in which the same objects look otherwise than in
 * JSON-RPC: no `kind`, `content` for the parts of a message, enums by their names. Pure.
 */
import type {
  LegacyArtifact,
  LegacyEvent,
  LegacyFile,
  LegacyMessage,
  LegacyPart,
  LegacyState,
  LegacyStatus,
  LegacyTask,
  LegacyTaskPushConfig,
} from "./objects.ts";

/** Not all are those of 1.0: here it is CANCELLED. */
const STATES: Readonly<Record<LegacyState, string>> = {
  submitted: "TASK_STATE_SUBMITTED",
  working: "TASK_STATE_WORKING",
  "input-required": "TASK_STATE_INPUT_REQUIRED",
  "auth-required": "TASK_STATE_AUTH_REQUIRED",
  completed: "TASK_STATE_COMPLETED",
  failed: "TASK_STATE_FAILED",
  canceled: "TASK_STATE_CANCELLED",
  rejected: "TASK_STATE_REJECTED",
  unknown: "TASK_STATE_UNSPECIFIED",
};

export function taskToProto({ kind: _, status, artifacts, history, ...task }: LegacyTask): object {
  return {
    ...task,
    status: statusToProto(status),
    ...(artifacts && { artifacts: artifacts.map(artifactToProto) }),
    ...(history && { history: history.map(messageToProto) }),
  };
}

/** A SendMessageResponse or a StreamResponse: which of them it is shows in nothing but what may be in it. */
export function eventToProto(event: LegacyEvent): object {
  switch (event.kind) {
    case "task":
      return { task: taskToProto(event) };
    case "message":
      return { message: messageToProto(event) };
    case "status-update": {
      const { kind: _, status, final, ...rest } = event;
      return { statusUpdate: { ...rest, status: statusToProto(status), ...(final && { final }) } };
    }
    case "artifact-update": {
      const { kind: _, artifact, append, lastChunk, ...rest } = event;
      // ProtoJSON leaves out what has its default.
      return {
        artifactUpdate: { ...rest, artifact: artifactToProto(artifact), ...(append && { append }), ...(lastChunk && { lastChunk }) },
      };
    }
  }
}

function messageToProto({ kind: _, role, parts, referenceTaskIds: __, ...message }: LegacyMessage): object {
  return { ...message, role: role === "agent" ? "ROLE_AGENT" : "ROLE_USER", content: parts.map(partToProto) };
}

export function pushConfigToProto({ taskId, pushNotificationConfig }: LegacyTaskPushConfig): object {
  return { name: `tasks/${taskId}/pushNotificationConfigs/${pushNotificationConfig.id ?? ""}`, pushNotificationConfig };
}

function statusToProto({ state, message, ...status }: LegacyStatus): object {
  return { ...status, state: STATES[state], ...(message && { message: messageToProto(message) }) };
}

function artifactToProto({ parts, ...artifact }: LegacyArtifact): object {
  return { ...artifact, parts: parts.map(partToProto) };
}

/** The proto has no place for a part's metadata and a file's name, and some of its readers refuse what they do not know. */
function partToProto(part: LegacyPart): object {
  switch (part.kind) {
    case "text":
      return { text: part.text };
    case "data":
      return { data: { data: part.data } };
    case "file":
      return { file: fileToProto(part.file) };
  }
}

function fileToProto({ bytes, uri, mimeType }: LegacyFile): object {
  return { ...(uri === undefined ? { fileWithBytes: bytes ?? "" } : { fileWithUri: uri }), ...(mimeType && { mimeType }) };
}
