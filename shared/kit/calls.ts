/**
 * A skill's calls of other agents, by names that are the same in every run of it. Makes a call of what an author writes, and
 * nothing more.
 */
import type { DelegateResult, Run, SkillName } from "../host/program.ts";
import type { Part } from "../task/a2a-types.ts";
import { digest } from "../task/digest.ts";
import { pathOf, type Within } from "../task/within.ts";
import type { DelegateOptions } from "./skill.ts";

/** @param target `agent/skill` */
export type Calls = (target: string, parts: readonly Part[], options: DelegateOptions, within?: Within) => Promise<DelegateResult>;

/** The calls of one run. */
export function callsOf(run: Pick<Run, "delegate">): Calls {
  const made = new Map<string, number>();
  return (target, parts, { alternatives = [], deadlineMs, surface }, within) => {
    // Named by what is asked of whom: calls made side by side may go out in another order after a crash.
    const asked = `${target}:${digest(JSON.stringify(parts))}`;
    const name = within ? `${pathOf(within)}:${asked}` : asked;
    const times = (made.get(name) ?? 0) + 1;
    made.set(name, times);
    const others = alternatives.length > 0 && { alternatives: alternatives.map(skillNamed) };
    return run.delegate(`${name}:${times}`, {
      ...skillNamed(target),
      parts,
      ...others,
      ...(deadlineMs !== undefined && { deadlineMs }),
      ...(surface && { surface }),
      ...(within && { within }),
    });
  };
}

function skillNamed(path: string): SkillName {
  const [agent = "", skill = ""] = path.split("/", 2);
  return { agent, skill };
}
