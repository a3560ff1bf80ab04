/**
 * The card of the agent under test: fetched as anybody may, and what follows from it for every request.
 */
import type { AgentCard } from "../shared/task/a2a-types.ts";
import { send, type Trial } from "./exchange.ts";
import type { CardSeen } from "./probe.ts";
import { type Binding, Failure } from "./requirement.ts";

const CARD_PATH = "/.well-known/agent-card.json";

/** @throws Failure when there is no card, or none that can be read */
export async function fetchCard(url: string, trial: Trial): Promise<CardSeen> {
  const cardUrl = /\.json(\?|$)/.test(url) ? url : url.replace(/\/$/, "") + CARD_PATH;
  let answer: CardSeen["answer"];
  try {
    answer = await send({ method: "GET", url: cardUrl, headers: { Accept: "application/json" } }, trial);
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Failure(`an agent card at ${cardUrl}`, cause instanceof Error ? `${message}: ${cause.message}` : message);
  }
  let card: unknown;
  try {
    card = JSON.parse(answer.text);
  } catch {
    card = undefined;
  }
  if (answer.status !== 200 || typeof card !== "object" || card === null)
    throw new Failure(`an agent card at ${cardUrl}`, `HTTP ${answer.status} ${answer.text.slice(0, 200)}`);
  // Anything else that a card lacks, a requirement names; without these two there is nothing to call it a card by.
  if (!("supportedInterfaces" in card) && !("skills" in card))
    throw new Failure(`an agent card at ${cardUrl}`, "JSON that is no agent card: it has neither supportedInterfaces nor skills");
  return { url: cardUrl, answer, card: card as AgentCard };
}

/** What a card requires, every request asks for; what happens without is for one requirement to see. (4.6) */
export function requiredExtensions({ capabilities }: AgentCard): Readonly<Record<string, string>> {
  const uris = (capabilities?.extensions ?? []).filter(({ required }) => required === true).map(({ uri }) => uri);
  return uris.length === 0 ? {} : { "A2A-Extensions": uris.join(",") };
}

export function interfaceOf(card: AgentCard, binding: Binding, version = "1.") {
  const all = Array.isArray(card.supportedInterfaces) ? card.supportedInterfaces : [];
  return all.find((each) => each.protocolBinding === binding && String(each.protocolVersion).startsWith(version));
}
