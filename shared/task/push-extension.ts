/**
 * How a task says that notifications about it were given up: metadata `{ "<uri>": { "stopped": [{ "id": "<config>",
 * "attempts": 8, "reason": "…", "at": "<time>" }] } }`. Whoever waits for a webhook and polls learns there why it is silent.
 */
import type { JsonObject } from "./a2a-types.ts";

export const PUSH_EXTENSION = "urn:skein:ext:push:v1";

interface StoppedConfig {
  readonly id: string;
  readonly attempts: number;
  readonly reason: string;
  /** ISO 8601, UTC, milliseconds, `Z`. */
  readonly at: string;
}

/** @returns the metadata that says so */
export function sayingStopped(stopped: readonly StoppedConfig[]): JsonObject {
  return { [PUSH_EXTENSION]: { stopped: stopped.map((each) => ({ ...each })) } };
}
