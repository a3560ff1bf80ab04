/**
 * How a message names the skill it is for, as an A2A extension: metadata `{ "<uri>": { "skill": "<id>" } }`. An agent that
 * does not know it chooses by itself. Every caller and every callee of the mesh reads and writes it here.
 */
import type { JsonObject, Message } from "./a2a-types.ts";

export const SKILL_EXTENSION = "urn:skein:ext:skill:v1";

/** @returns the metadata that names a skill */
export function namingSkill(skill: string): JsonObject {
  return { [SKILL_EXTENSION]: { skill } };
}

/** @returns the skill that a message names; nothing for one that names none, or names it in another shape */
export function skillNamedIn({ metadata }: Message): string | undefined {
  const named = metadata?.[SKILL_EXTENSION];
  if (typeof named !== "object" || named === null || Array.isArray(named) || typeof named["skill"] !== "string") return undefined;
  return named["skill"];
}
