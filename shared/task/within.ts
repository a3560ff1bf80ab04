/**
 * The goal that a call is made for, as whoever runs the program holds it to: which skills may be called, how many calls may be
 * made and what they may spend. A goal may serve another one, and then both hold. Values only: what is refused is decided in
 * shared/policy, and counted in account.ts. Pure.
 */
import type { Limit } from "../budget/amount.ts";

export interface Within {
  readonly goal: string;
  /** Each `agent/skill` that may be called, and no other. */
  readonly surface: readonly string[];
  /** One of several roads to the goal, with a share of its own. */
  readonly branch?: string;
  /** What all its calls may spend together; a unit that is left out is not limited. */
  readonly share?: Limit;
  /** Calls that may be made, whatever came of them. */
  readonly mostCalls?: number;
  /** The goal that this one serves. */
  readonly parent?: Within;
}

/** The goal itself first, then each that it serves. */
export function levelsOf(within: Within): readonly Within[] {
  return within.parent ? [within, ...levelsOf(within.parent)] : [within];
}

/** Under which its calls are counted: `survey/figures`, or `g1#road-2` for a branch. */
export function pathOf({ goal, branch, parent }: Within): string {
  const own = branch === undefined ? escaped(goal) : `${escaped(goal)}#${escaped(branch)}`;
  return parent ? `${pathOf(parent)}/${own}` : own;
}

/** Whether what is counted under a path is part of what is counted under another. */
export function covers(path: string, other: string): boolean {
  return other === path || other.startsWith(`${path}/`) || other.startsWith(`${path}#`);
}

/** Whether anything but the surface limits it: only then its calls are counted apart. */
export function isCounted(within: Within): boolean {
  return levelsOf(within).some(({ branch, share, mostCalls }) => branch !== undefined || share !== undefined || mostCalls !== undefined);
}

/**
 * The goal where it is pursued: what is called inside another goal serves that one, whatever it says itself.
 * @param around the goal inside which it is pursued, if any
 */
export function under(within: Within | undefined, around: Within | undefined): Within | undefined {
  if (!within || !around) return within ?? around;
  // The very object, not one of the same name: names are the program's own words.
  if (levelsOf(within).includes(around)) return within;
  return { ...within, parent: under(within.parent, around) ?? around };
}

/** Names are anybody's words, and must not look like a path. */
function escaped(name: string): string {
  return name.replaceAll(/[%/#]/g, encodeURIComponent);
}
