/**
 * Holds a call to the surface of the goal that it is made for, and of each goal that one serves, before anything is sent to
 * anybody. What is offered in place of the call, asked beside it, or thought of when it meets a limit lies inside as well.
 */
import { decideSurface, describeSurface, type SurfaceSignals } from "../../policy/surface.ts";
import type { Json } from "../../task/a2a-types.ts";
import { levelsOf, pathOf, type Within } from "../../task/within.ts";
import type { DelegateCall, SkillName, StoppedCall } from "../program.ts";
import type { Record } from "./decision.ts";
import { stopped } from "./limit.ts";

/** The call as it may be made: without those beside it that its goal may not call. Who could check its result is no part of it. */
export function insideSurface<C extends DelegateCall>(call: C): C {
  const { alternatives, within } = call;
  return within && alternatives ? { ...call, alternatives: alternatives.filter((each) => !levelWithout(within, each)) } : call;
}

/**
 * @param name of the call in this task
 * @returns the refusal, which the log holds; what lies inside is shown by the call itself
 */
export function outsideSurface({ decide }: { readonly decide: Record }, name: string, call: DelegateCall): StoppedCall | undefined {
  const level = call.within && levelWithout(call.within, call);
  if (!level) return undefined;
  const signals = signalsOf(level, call);
  decide(`surface:${name}`, signals as unknown as Json, () => decideSurface(signals) as Json);
  return stopped("surface", describeSurface(signals), "other");
}

/** The innermost goal that was not given the skill. */
function levelWithout(within: Within, skill: SkillName): Within | undefined {
  return levelsOf(within).find((level) => decideSurface(signalsOf(level, skill)).outcome === "refuse");
}

function signalsOf(level: Within, { agent, skill }: SkillName): SurfaceSignals {
  return { goal: pathOf(level), skill: skill === "" ? agent : `${agent}/${skill}`, surface: level.surface };
}
