/**
 * What the planner may choose from: the agents this mesh was deployed with, by the card that each one serves, and those that were
 * published to it and are listed; of many, the ones that know most of what is wanted. A published agent never takes the place of one
 * that the mesh was deployed with, and what it says in its own praise, or to whoever chooses, is not read. Skills that are for
 * whoever names them are there for nobody else.
 */
import { agentNames, boundCard } from "../../shared/a2a/peers.ts";
import { publishedAgents, whyNotCalled } from "../../shared/a2a/published.ts";
import { split } from "../../shared/control/split.ts";
import type { Run } from "../../shared/host/program.ts";
import { believedCard } from "../../shared/registry/believed.ts";
import type { SnapshotEntry } from "../../shared/registry/entry.ts";
import type { Exploration } from "../../shared/registry/exploration.ts";
import { plainText } from "../../shared/registry/plain-words.ts";
import { rank } from "../../shared/registry/ranking.ts";
import type { AgentCard, Message } from "../../shared/task/a2a-types.ts";
import type { Preferences } from "../../shared/task/governance-extension.ts";
import { skillNamedIn } from "../../shared/task/skill-extension.ts";
import { skillFactsIn } from "../../shared/task/skill-facts.ts";

type Asked = Pick<Run<object>, "env" | "message" | "preferences">;

/** Published skills up to which the planner reads all: it takes the longer the more there are. */
const READ_WHOLE = 200;
/** Beyond that, skills that are looked for in each piece of what is wanted, and pieces. */
const SKILLS_A_PIECE = 10;
const MOST_PIECES = 12;

/** Made once of a snapshot, and of an entry, for as long as it is in use. */
const listedIn = new WeakMap<object, readonly SnapshotEntry[]>();
const plainCards = new WeakMap<SnapshotEntry, AgentCard>();

/**
 * The cards of all bound agents that answer, and of those published ones that may be meant. One that does not answer is left out; it
 * cannot be delegated to.
 *
 * @param text the request, or a goal that was put in new words
 * @param exploration of many, nobody new comes first where it is left out
 */
export async function catalogue({ env, message, preferences }: Asked, text: string, exploration?: Exploration): Promise<AgentCard[]> {
  const bound = agentNames(env);
  const [cards, published] = await Promise.all([Promise.all(bound.map((name) => boundCard(env, name))), publishedAgents(env)]);
  const others = cardsFor(text, preferences, listed(published), exploration);
  // One that is asked for by name is there as long as it may be called.
  const named = published.get(agentNamedIn(message));
  if (named && whyNotCalled(named) === undefined) others.set(named.name, plainCard(named));
  for (const name of bound) others.delete(name);
  const all = [...cards.filter((card) => card !== undefined), ...others.values()];
  const wanted = skillNamedIn(message);
  return all.flatMap((card) => cardFor(card, wanted));
}

/**
 * Such a skill speaks of whatever others do, in its card and in what it is asked: among theirs it would be taken for one of them.
 *
 * @param named `agent/skill`, where the message names one
 */
function cardFor(card: AgentCard, named: string | undefined): readonly AgentCard[] {
  const facts = skillFactsIn(card);
  const skills = card.skills.filter(({ id }) => facts.get(id)?.byName === undefined || named === `${card.name}/${id}`);
  if (skills.length === card.skills.length) return [card];
  return skills.length === 0 ? [] : [{ ...card, skills }];
}

/** A skill that is named without an agent is one of the orchestrator itself. */
function agentNamedIn(message: Message): string {
  const [agent = "", skill] = (skillNamedIn(message) ?? "").split("/", 2);
  return skill === undefined ? "" : agent;
}

function listed(published: ReadonlyMap<string, SnapshotEntry>): readonly SnapshotEntry[] {
  const found = listedIn.get(published) ?? [...published.values()].filter(({ status }) => status === "listed");
  listedIn.set(published, found);
  return found;
}

/** By name. Of many, the cards have only the skills that may be meant. */
function cardsFor(
  text: string,
  preferences: Preferences,
  entries: readonly SnapshotEntry[],
  exploration: Exploration | undefined,
): Map<string, AgentCard> {
  const isFew = entries.reduce((sum, { card }) => sum + card.skills.length, 0) <= READ_WHOLE;
  if (isFew) return new Map(entries.map((entry) => [entry.name, plainCard(entry)]));
  const pieces = split(text).slice(0, MOST_PIECES);
  const found = Map.groupBy(
    pieces.flatMap((piece) => rank(entries, piece.text, preferences, SKILLS_A_PIECE, exploration)),
    ({ agent }) => agent,
  );
  const cards = new Map<string, AgentCard>();
  for (const entry of entries) {
    const ids = new Set(found.get(entry.name)?.map(({ skill }) => skill));
    if (ids.size === 0) continue;
    const card = plainCard(entry);
    cards.set(entry.name, { ...card, skills: card.skills.filter(({ id }) => ids.has(id)) });
  }
  return cards;
}

function plainCard(entry: SnapshotEntry): AgentCard {
  const known = plainCards.get(entry);
  if (known) return known;
  const card = believedCard(entry);
  const plain = { ...card, description: plainText(card.description), skills: card.skills.map(plainSkill) };
  plainCards.set(entry, plain);
  return plain;
}

function plainSkill(skill: AgentCard["skills"][number]): AgentCard["skills"][number] {
  const { name, description, tags, examples } = skill;
  return {
    ...skill,
    // Somebody who is asked which one is meant has to see something.
    name: plainText(name) || skill.id,
    description: plainText(description),
    tags: tags.map(plainText),
    ...(examples && { examples: examples.map(plainText) }),
  };
}
