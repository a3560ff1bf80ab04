/**
 * Whether another contract would have had something else done: of two decisions on the same signals, what comes of them is compared,
 * and not the figures that each shows for it. Pure.
 */

/**
 * What comes of a decision: what is done and why, with whom, who is waited for and how long. A floor, a product or what is left are
 * how a decision was come to, and differ with every contract; until when an agent is held shows in the decisions that come after.
 */
const TELLING = [
  "outcome",
  "reason",
  "agent",
  "skill",
  "lane",
  "width",
  "between",
  "roads",
  "with",
  "afterMs",
  "notice",
  "approvers",
  "others",
  "hours",
] as const;

/** @param one a decision of any policy @param other of the same one */
export function isOtherwise(one: object, other: object): boolean {
  return tellingIn(one, other).length > 0;
}

/** Names of what differs, the weightiest first. */
export function tellingIn(one: object, other: object): readonly string[] {
  const [said, would] = [one, other] as readonly Readonly<Record<string, unknown>>[];
  return TELLING.filter((field) => !isSame(said?.[field], would?.[field]));
}

/** Lists are short and made in one order: their text says whether they are the same. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === "object" && typeof other === "object" && JSON.stringify(one) === JSON.stringify(other));
}
