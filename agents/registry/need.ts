/**
 * What is looked for, out of a message: the words of a data part `{ need, limit, preferences }`, or else its text. Pure. What somebody
 * misspelt is refused, because it would be answered as if they had not said it; data that is about something else is passed over.
 */
import * as v from "valibot";
import type { Part, SkillContext } from "../../shared/kit/skill.ts";

type Preferences = SkillContext["preferences"];

export interface Need {
  readonly words: string;
  readonly limit: number;
  readonly preferences: Preferences;
}

export type ReadNeed =
  | { readonly ok: true; readonly need: Need }
  | { readonly ok: false /** And what to send. */; readonly reason: string };

/** Characters; as many as the registry takes over HTTP. */
const LONGEST = 1_024;
const MOST = 100;
const USUAL = 5;

const SEND = 'say in a sentence what an agent should do for you, as text or in a data part { "need": "…" }';

const whole = `must be a whole number from 1 to ${MOST}`;
const limit = v.pipe(v.number(whole), v.integer(whole), v.minValue(1, whole), v.maxValue(MOST, whole));
const weighed = "must be a number from 0 to 1";
const weight = v.optional(v.pipe(v.number(weighed), v.minValue(0, weighed), v.maxValue(1, weighed)));
const wish = v.strictObject({
  need: v.optional(v.string("must be a text")),
  limit: v.optional(limit, USUAL),
  preferences: v.optional(
    v.strictObject({ accuracy: weight, cost: weight, latency: weight }, "must be weights: accuracy, cost and latency"),
    {},
  ),
});

/** By these a data part is one of ours. */
const MEMBERS = Object.keys(wish.entries);

/**
 * @param text all text of the message
 * @param usual the caller's preferences, where a data part says nothing else
 */
export function readNeed(parts: readonly Part[], text: string, usual: Preferences): ReadNeed {
  const read = v.safeParse(wish, parts.map(({ data }) => data).find(isOurs) ?? {});
  if (!read.success) return { ok: false, reason: wordsOf(read.issues[0]) };
  const { need = text, limit, preferences } = read.output;
  const words = need.trim();
  if (words === "") return { ok: false, reason: `there is no need in the message: ${SEND}` };
  if (words.length > LONGEST) return { ok: false, reason: `the need has ${words.length} characters, and ${LONGEST} is the most: ${SEND}` };
  const { accuracy = usual.accuracy, cost = usual.cost, latency = usual.latency } = preferences;
  return { ok: true, need: { words, limit, preferences: { accuracy, cost, latency } } };
}

function isOurs(data: Part["data"]): boolean {
  return typeof data === "object" && data !== null && !Array.isArray(data) && MEMBERS.some((member) => Object.hasOwn(data, member));
}

function wordsOf(issue: v.BaseIssue<unknown>): string {
  const field = (issue.path ?? []).map(({ key }) => String(key)).join(".");
  if (issue.type === "strict_object" && issue.expected === "never")
    return `"${field.slice(0, 60)}" is not known in the data part: it may have ${MEMBERS.join(", ")}, and "preferences" accuracy, cost, latency`;
  return `"${field}" ${issue.message}`;
}
