/**
 * Surface: may this skill be called for this goal. It has no contract, because it has no numbers: a goal is given its skills by
 * name when it is begun, and nobody lifts that later. Plain data in, a decision out; never throws.
 */

export type SurfaceSignals = {
  readonly goal: string;
  /** `agent/skill`. */
  readonly skill: string;
  /** What the goal was given. */
  readonly surface: readonly string[];
};

export type SurfaceDecision = { readonly policy: "surface" } & (
  | { readonly outcome: "call"; readonly reason: "inside" }
  | { readonly outcome: "refuse"; readonly reason: "outside" }
);

export function decideSurface({ skill, surface }: SurfaceSignals): SurfaceDecision {
  // By the whole name: a skill of an agent says nothing about its others.
  return surface.includes(skill)
    ? { policy: "surface", outcome: "call", reason: "inside" }
    : { policy: "surface", outcome: "refuse", reason: "outside" };
}

/** In words, for whoever chose the skill: what it may choose instead. */
export function describeSurface({ goal, skill, surface }: SurfaceSignals): string {
  const given = surface.length === 0 ? "no skill at all" : surface.join(", ");
  return `${skill} is not among the skills that the goal "${goal}" was given: it may use ${given}`;
}
