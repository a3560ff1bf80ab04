/**
 * Calls of a task in which some agents stand in for others, because its fork said so: whatever the program names, the other agent is
 * asked, checked and named to callees. Pure.
 */
import type { TaskHead } from "../../task/head.ts";
import type { Within } from "../../task/within.ts";
import type { DelegateCall, SkillName } from "../program.ts";

/** The call as it goes out, through every gate. */
export function inPlace({ agents }: Pick<TaskHead, "agents">, call: DelegateCall): DelegateCall {
  if (!agents) return call;
  const named = <T extends SkillName>(each: T): T => ({ ...each, agent: instead(agents, each.agent) });
  const { alternatives, checker, surface, within } = call;
  return {
    ...named(call),
    ...(alternatives && { alternatives: alternatives.map(named) }),
    ...(checker && { checker: named(checker) }),
    ...(surface && { surface: surface.map((path) => onSurface(agents, path)) }),
    ...(within && { within: goalInPlace(agents, within) }),
  };
}

function goalInPlace(agents: NonNullable<TaskHead["agents"]>, { surface, parent, ...goal }: Within): Within {
  return { ...goal, surface: surface.map((path) => onSurface(agents, path)), ...(parent && { parent: goalInPlace(agents, parent) }) };
}

/** `agent/skill`: who may be called in the other one's place may do what that one might. */
function onSurface(agents: NonNullable<TaskHead["agents"]>, path: string): string {
  const [agent = "", ...skill] = path.split("/");
  return [instead(agents, agent), ...skill].join("/");
}

/** Names come from programs, and an object has names of its own. */
function instead(agents: NonNullable<TaskHead["agents"]>, agent: string): string {
  return (Object.hasOwn(agents, agent) ? agents[agent] : undefined) ?? agent;
}
