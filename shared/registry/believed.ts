/**
 * What of a published card the mesh goes by: not what was found to be untrue, and prices as they were seen. The rest are claims that
 * nobody has disproved. Pure.
 */
import type { AgentCard } from "../task/a2a-types.ts";
import { type SkillFacts, skillFactsIn } from "../task/skill-facts.ts";
import type { SnapshotEntry } from "./entry.ts";

type Believed = Pick<SnapshotEntry, "card" | "evidence">;

/** The card without the capabilities and extensions that it declares in vain. */
export function believedCard({ card, evidence }: Believed): AgentCard {
  return withoutUntrue(
    card,
    Object.values(evidence).flatMap((each) => each.untrue),
  );
}

/** @param claims that were found to be untrue, such as `capabilities.streaming` */
export function withoutUntrue(card: AgentCard, claims: readonly string[]): AgentCard {
  const untrue = new Set(claims);
  const { extensions, ...flags } = card.capabilities;
  const capabilities = Object.fromEntries(Object.entries(flags).filter(([name]) => !untrue.has(`capabilities.${name}`)));
  const kept = extensions?.filter(({ uri }) => !untrue.has(`capabilities.extensions.${uri}`));
  return { ...card, capabilities: { ...capabilities, ...(kept && { extensions: kept }) } };
}

/** What it says of its skills, with the price of each as it was seen, where it was. */
export function believedFacts(entry: Believed): ReadonlyMap<string, SkillFacts> {
  const claimed = skillFactsIn(believedCard(entry));
  const unsaid: SkillFacts = { readOnly: false, risk: {} };
  return new Map(
    entry.card.skills.flatMap(({ id }) => {
      const price = entry.evidence[id]?.microUsd;
      const facts = claimed.get(id);
      if (price === undefined) return facts ? [[id, facts] as const] : [];
      return [[id, { ...(facts ?? unsaid), price }] as const];
    }),
  );
}
