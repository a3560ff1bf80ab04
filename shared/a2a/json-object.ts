/**
 * Whether JSON is an object: the one question that everything asks which looks into JSON of unknown shape. What is in the
 * object is not asked.
 */
import type { JsonObject } from "../task/a2a-types.ts";

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
