/**
 * What was found, as people read it and as programs do: of each skill the same in both, but that the text names only the origin of an
 * address, whose path may be a sentence. Pure. Nothing that an agent says of itself is repeated but names, versions and addresses, and
 * those were examined when it was published: none is to speak here to whoever chooses.
 */
import type { Found } from "../../shared/kit/registry.ts";
import type { Part } from "../../shared/kit/skill.ts";
import type { Need } from "./need.ts";

const CARD = "/.well-known/agent-card.json";

const HOW = [
  "An agent of this mesh delegates to one by its name. From outside, send the front door a message that names the skill,",
  "or speak A2A with the agent at its own address.",
].join(" ");

export function headline(found: readonly Found[]): string {
  return found.length === 1 ? "1 published skill fits" : `${found.length} published skills fit, the best first`;
}

export function inWords(found: readonly Found[]): string {
  return [`${headline(found)}:`, ...found.map(itemOf), HOW].join("\n\n");
}

function itemOf({ agent, skill, version, score, because, url }: Found, at: number): string {
  const lines = [`${at + 1}. ${agent}/${skill}, version ${version}, score ${score.toFixed(2)}`, ...because.map((why) => `- ${why}`)];
  return [...lines, `- is at ${originOf(url)}`].join("\n   ");
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? "an address that is none";
}

/** `{ need, preferences, found: [{ call, agent, skill, version, score, because, url, card, price?, evidence? }] }` */
export function candidatesPart({ words, preferences }: Need, found: readonly Found[]): Part {
  const candidates = found.map(({ evidence, ...each }) => {
    // Of a failure it is told how an agent put it.
    const { lastFailure: _, ...counted } = evidence ?? {};
    const shown = { call: `${each.agent}/${each.skill}`, ...each, card: each.url + CARD };
    return evidence ? { ...shown, evidence: counted } : shown;
  });
  const data = { need: words, preferences, found: candidates };
  return { data: JSON.parse(JSON.stringify(data)), mediaType: "application/json" };
}
