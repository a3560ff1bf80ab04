/**
 * Surfaces: which skills something may use. There is one rule, and it holds wherever a goal, a branch or a callee is given its own:
 * a child's surface is never wider than its parent's. Pure.
 */

/** Each `agent/skill` by its whole name; `any` where nobody has narrowed it yet. */
export type Surface = readonly string[] | "any";

/** @returns what is wished, as far as the parent has it: in the wish's order, nothing twice */
export function narrowTo(parent: Surface, wished: readonly string[]): readonly string[];
export function narrowTo(parent: Surface, wished: Surface): Surface;
export function narrowTo(parent: Surface, wished: Surface): Surface {
  if (wished === "any") return parent;
  const distinct = [...new Set(wished)];
  return parent === "any" ? distinct : distinct.filter((skill) => parent.includes(skill));
}
