/**
 * Which skills may be asked for something that nobody asked for: to be probed, to answer a copy of a call, or to be called first while
 * they are new. By the card's own account, so what is left unsaid counts as harm. Pure.
 */
import type { AgentCard } from "../task/a2a-types.ts";
import { type SkillFacts, skillFactsIn } from "../task/skill-facts.ts";

/** @param facts undefined where the card declares none */
export function isHarmless(facts: SkillFacts | undefined): boolean {
  return whyHarmful(facts) === undefined;
}

/** @returns the end of a sentence about the skill, with what would have to be declared; undefined where it does no harm */
export function whyHarmful(facts: SkillFacts | undefined): string | undefined {
  if (facts?.risk.reversible === false) return "is declared irreversible, and such skills are never probed";
  if (facts?.readOnly) return undefined;
  if (!facts?.risk.reversible) return 'declares neither "readOnly" nor "reversible": say which in the card to have it probed';
  // Money comes back and a message is called back, but not unseen, and not four times a day.
  const { kind, blast = 0 } = facts.risk;
  if (kind === "money" || kind === "message") return `is of the kind "${kind}", and such skills are never probed`;
  return blast > 0 ? `reaches ${blast} by its own account: what reaches anybody is never probed` : undefined;
}

/** @returns ids of the card's skills that do no harm */
export function harmlessSkills(card: AgentCard): ReadonlySet<string> {
  const facts = skillFactsIn(card);
  return new Set(card.skills.map(({ id }) => id).filter((id) => isHarmless(facts.get(id))));
}
