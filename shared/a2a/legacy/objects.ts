/**
 * A2A 0.3 objects as its JSON-RPC binding writes them. Types only, and only of what this agent sends or takes. What is
 * here in `kind`, A2A 1.0 says by the name of the field that is present.
 */
import type { JsonObject } from "../../task/a2a-types.ts";

export type LegacyPart = { readonly metadata?: JsonObject } & (
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly file: LegacyFile }
  | { readonly kind: "data"; readonly data: JsonObject }
);

/** Exactly one of `bytes` (base64) and `uri`. */
export interface LegacyFile {
  readonly bytes?: string;
  readonly uri?: string;
  readonly mimeType?: string;
  readonly name?: string;
}

export interface LegacyMessage {
  readonly kind: "message";
  readonly messageId: string;
  readonly role: "user" | "agent";
  readonly parts: readonly LegacyPart[];
  readonly contextId?: string;
  readonly taskId?: string;
  readonly metadata?: JsonObject;
  readonly extensions?: readonly string[];
  readonly referenceTaskIds?: readonly string[];
}

export interface LegacyArtifact {
  readonly artifactId: string;
  readonly parts: readonly LegacyPart[];
  readonly name?: string;
  readonly description?: string;
  readonly metadata?: JsonObject;
  readonly extensions?: readonly string[];
}

export type LegacyState =
  | "submitted"
  | "working"
  | "input-required"
  | "auth-required"
  | "completed"
  | "failed"
  | "canceled"
  | "rejected"
  | "unknown";

export interface LegacyStatus {
  readonly state: LegacyState;
  readonly message?: LegacyMessage;
  readonly timestamp?: string;
}

export interface LegacyTask {
  readonly kind: "task";
  readonly id: string;
  readonly contextId: string;
  readonly status: LegacyStatus;
  readonly artifacts?: readonly LegacyArtifact[];
  readonly history?: readonly LegacyMessage[];
  readonly metadata?: JsonObject;
}

export type LegacyEvent =
  | LegacyTask
  | LegacyMessage
  | {
      readonly kind: "status-update";
      readonly taskId: string;
      readonly contextId: string;
      readonly status: LegacyStatus;
      /** Nothing comes after it in this stream. */
      readonly final: boolean;
      readonly metadata?: JsonObject;
    }
  | {
      readonly kind: "artifact-update";
      readonly taskId: string;
      readonly contextId: string;
      readonly artifact: LegacyArtifact;
      readonly append?: boolean;
      readonly lastChunk?: boolean;
      readonly metadata?: JsonObject;
    };

export interface LegacyPushConfig {
  readonly id?: string;
  readonly url: string;
  readonly token?: string;
  readonly authentication?: { readonly schemes: readonly string[]; readonly credentials?: string };
}

export interface LegacyTaskPushConfig {
  readonly taskId: string;
  readonly pushNotificationConfig: LegacyPushConfig;
}
