/**
 * Which probes are ever sent: those of skills that the card declares harmless. Nobody asked for a probe's effect, and it comes again
 * every few hours, so what is left unsaid counts as harm. Pure.
 */
import type { AgentCard } from "../task/a2a-types.ts";
import { skillFactsIn } from "../task/skill-facts.ts";
import { whyHarmful } from "./harmless.ts";
import type { Probe } from "./probe.ts";

export interface SkippedProbe {
  readonly probe: Probe;
  /** The end of a sentence about the skill, with what would have to be declared. */
  readonly why: string;
}

/** A message that a skill may be sent without harm. */
export type Harmless = Pick<Probe, "skill" | "message" | "data">;

export function chooseProbes(
  card: AgentCard,
  probes: readonly Probe[],
): { readonly sent: readonly Probe[]; readonly skipped: readonly SkippedProbe[] } {
  const whys = whyNotProbed(card);
  const skipped = probes.flatMap((probe) => {
    const why = whys(probe.skill);
    return why === undefined ? [] : [{ probe, why }];
  });
  return { sent: probes.filter(({ skill }) => whys(skill) === undefined), skipped };
}

/** What an agent is asked when nothing but its manners is looked at: its first probe, or else an example of a skill that may be probed. */
export function harmlessMessage(card: AgentCard, probes: readonly Probe[]): Harmless | undefined {
  const [probe] = chooseProbes(card, probes).sent;
  if (probe) return probe;
  const whys = whyNotProbed(card);
  return card.skills.flatMap(({ id, examples }) => {
    const message = examples?.[0];
    return message === undefined || whys(id) !== undefined ? [] : [{ skill: id, message }];
  })[0];
}

/** @returns for a skill's id why it is not probed; undefined when it may be */
function whyNotProbed(card: AgentCard): (skill: string) => string | undefined {
  const facts = skillFactsIn(card);
  const ids = new Set(card.skills.map(({ id }) => id));
  return (skill) => (ids.has(skill) ? whyHarmful(facts.get(skill)) : "is no skill of the card");
}
