/** Media types: what a message brings against what the card takes, and what a caller accepts against what it gives. (A2A 1.0, 3.2.2 and 3.3.2) */
import type { AgentCard, Part } from "../task/a2a-types.ts";
import { matchesMode, mediaTypeOf } from "../task/media-type.ts";
import { RequestError } from "./errors.ts";

/**
 * @param skill the skill that the message names; its modes count then, else those of all
 * @throws RequestError `content-type-not-supported` when a part's media type is none that is taken
 */
export function checkInputModes(card: AgentCard, skill: string | undefined, parts: readonly Part[]): void {
  const modes = modesOf(card, skill, "inputModes", card.defaultInputModes);
  for (const part of parts) {
    const type = mediaTypeOf(part);
    if (type === undefined || modes.some((mode) => matchesMode(type, mode))) continue;
    throw new RequestError("content-type-not-supported", `${card.name} does not take ${type}; it takes ${modes.join(", ")}`);
  }
}

/**
 * @returns what the caller accepts; undefined when that is anything
 * @throws RequestError `content-type-not-supported` when the agent gives nothing of it
 */
export function checkOutputModes(
  card: AgentCard,
  skill: string | undefined,
  accepted: readonly string[] = [],
): readonly string[] | undefined {
  if (accepted.length === 0) return undefined;
  const modes = modesOf(card, skill, "outputModes", card.defaultOutputModes);
  // Either side may speak of a whole family of types.
  if (accepted.some((wish) => modes.some((mode) => matchesMode(mode, wish) || matchesMode(wish, mode)))) return accepted;
  const wishes = accepted.slice(0, 10).join(", ");
  throw new RequestError("content-type-not-supported", `${card.name} gives ${modes.join(", ")}, and the request accepts only ${wishes}`);
}

function modesOf(card: AgentCard, skill: string | undefined, field: "inputModes" | "outputModes", otherwise: readonly string[]): string[] {
  const named = card.skills.find(({ id }) => id === skill);
  if (named) return [...(named[field] ?? otherwise)];
  return [...new Set([...otherwise, ...card.skills.flatMap((each) => each[field] ?? [])])];
}
