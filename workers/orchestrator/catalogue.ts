/**
 * What the planner may choose from: the agents this mesh was deployed with, by the card that each one serves, and those that were
 * published to it and are listed. A published agent never takes the place of one that the mesh was deployed with, and what it says in
 * its own praise, or to whoever chooses, is not read.
 */
import { agentNames, cardOf } from "../../shared/a2a/peers.ts";
import { publishedAgents } from "../../shared/a2a/published.ts";
import { believedCard } from "../../shared/registry/believed.ts";
import type { SnapshotEntry } from "../../shared/registry/entry.ts";
import { plainText } from "../../shared/registry/plain-words.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";

/** An entry is read once, for as long as it stands in the snapshot. */
const read = new WeakMap<SnapshotEntry, AgentCard>();

/** The cards of all bound agents that answer, and of all that are listed. One that does not answer is left out; it cannot be delegated to. */
export async function catalogue(env: object): Promise<AgentCard[]> {
  const bound = agentNames(env);
  const [cards, published] = await Promise.all([Promise.all(bound.map((name) => cardOf(env, name))), publishedAgents(env)]);
  const listed = [...published.values()].filter(({ name, status }) => status === "listed" && !bound.includes(name));
  return [...cards.filter((card) => card !== undefined), ...listed.map(cardToPlanWith)];
}

function cardToPlanWith(entry: SnapshotEntry): AgentCard {
  const known = read.get(entry);
  if (known) return known;
  const card = believedCard(entry);
  const plain = { ...card, description: plainText(card.description), skills: card.skills.map(plainSkill) };
  read.set(entry, plain);
  return plain;
}

function plainSkill(skill: AgentCard["skills"][number]): AgentCard["skills"][number] {
  const { name, description, tags, examples } = skill;
  return {
    ...skill,
    name: plainText(name),
    description: plainText(description),
    tags: tags.map(plainText),
    ...(examples && { examples: examples.map(plainText) }),
  };
}
