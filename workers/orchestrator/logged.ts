/**
 * Values of ours into the log's JSON and back. The log wants plain, mutable JSON; ours is readonly. The copy also makes
 * sure that a first run sees exactly what a later run will read.
 */
import type { Json } from "../../shared/task/a2a-types.ts";

export function toLog(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** The type is the caller's word: it must be what went into `toLog` under the same name. */
export function fromLog<T>(value: Json): T {
  return value as unknown as T;
}
