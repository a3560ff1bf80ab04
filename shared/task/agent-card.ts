/**
 * Reads an Agent Card: data in, a card or an error that names the field. (A2A 1.0, section 4.4)
 */
import * as v from "valibot";
import type { AgentCard } from "./a2a-types.ts";

const text = v.pipe(v.string(), v.nonEmpty("must not be empty"));
const mediaType = v.pipe(v.string(), v.regex(/^[\w.+*-]+\/[\w.+*-]+(;.*)?$/, "must be a media type such as text/plain"));
const mediaTypes = v.pipe(v.array(mediaType), v.minLength(1, "must name at least one media type"));
const json = v.record(v.string(), v.any());

/** Each field of A2A 1.0 is kept, also those that nothing here reads: a card's digest is over what was kept of it. */
const skill = v.object({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*$/i, "must be letters, digits, dots, dashes")),
  name: text,
  description: text,
  tags: v.pipe(v.array(text), v.minLength(1, "must have at least one tag")),
  examples: v.optional(v.array(text)),
  inputModes: v.optional(mediaTypes),
  outputModes: v.optional(mediaTypes),
  securityRequirements: v.optional(v.array(json)),
});

const skills = v.pipe(
  v.array(skill),
  v.minLength(1, "must have at least one skill"),
  v.check((skills) => new Set(skills.map((each) => each.id)).size === skills.length, "skill ids must differ"),
);

const card = v.object({
  name: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and dashes")),
  description: text,
  version: text,
  supportedInterfaces: v.pipe(
    v.array(
      v.object({
        url: v.pipe(v.string(), v.url("must be an absolute URL")),
        protocolBinding: text,
        protocolVersion: text,
        tenant: v.optional(v.string()),
      }),
    ),
    v.minLength(1, "must name at least one interface"),
  ),
  capabilities: v.object({
    streaming: v.optional(v.boolean()),
    pushNotifications: v.optional(v.boolean()),
    extendedAgentCard: v.optional(v.boolean()),
    extensions: v.optional(
      v.array(v.object({ uri: text, description: v.optional(v.string()), required: v.optional(v.boolean()), params: v.optional(json) })),
    ),
  }),
  defaultInputModes: mediaTypes,
  defaultOutputModes: mediaTypes,
  skills,
  provider: v.optional(v.object({ organization: text, url: text })),
  documentationUrl: v.optional(v.string()),
  iconUrl: v.optional(v.string()),
  securitySchemes: v.optional(v.record(v.string(), json)),
  securityRequirements: v.optional(v.array(json)),
});

/** What is wrong with a card: the way to the field, and in words what it must be. */
export interface CardProblem {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

export type CheckedCard = { readonly ok: true; readonly card: AgentCard } | ({ readonly ok: false } & CardProblem);
export type CheckedAddition = { readonly ok: true; readonly skills: AgentCard["skills"] } | ({ readonly ok: false } & CardProblem);

/** @returns the card, or the first thing that is wrong with it */
export function checkCard(data: unknown): CheckedCard {
  const result = v.safeParse(card, data);
  if (result.success) return { ok: true, card: result.output as AgentCard };
  return { ok: false, ...problemOf(result.issues[0]) };
}

/** What the card for authenticated callers has beyond the public one. Strict: a field that would do nothing is a mistake. */
const addition = v.strictObject({ skills });

/** @param data content of a file that adds to a card: `{ "skills": [ … ] }` */
export function checkAddition(data: unknown): CheckedAddition {
  const result = v.safeParse(addition, data);
  if (result.success) return { ok: true, skills: result.output.skills as AgentCard["skills"] };
  return { ok: false, ...problemOf(result.issues[0]) };
}

/** @throws Error with the card's name, the field's path and what is wrong with it */
export function parseCard(data: unknown): AgentCard {
  const checked = checkCard(data);
  if (checked.ok) return checked.card;
  const name = typeof data === "object" && data !== null && "name" in data ? String(data.name) : "agent card";
  throw new Error(`${name}: the card's ${checked.path.join(".") || "content"} ${checked.problem}`);
}

/**
 * The card for authenticated callers: the public one, and what a file adds to it. (A2A 1.0.1, 3.1.11)
 * @param added `{ "skills": [ … ] }`; undefined for an agent without such a card
 * @throws Error naming the agent when the file is wrong, repeats a skill, or the public card does not say the same
 */
export function extendCard(card: AgentCard, added: unknown): AgentCard | undefined {
  const declared = card.capabilities.extendedAgentCard === true;
  if (added === undefined) {
    if (!declared) return undefined;
    throw new Error(
      `${card.name}: the card promises an extended card, but there is none: give defineAgent one, or set "extendedAgentCard" to false`,
    );
  }
  if (!declared)
    throw new Error(`${card.name}: there is an extended card, but the card does not say so: set "extendedAgentCard" in its "capabilities"`);
  const checked = checkAddition(added);
  if (!checked.ok) throw new Error(`${card.name}: the extended card's ${checked.path.join(".") || "content"} ${checked.problem}`);
  const more = checked.skills;
  const twice = more.find(({ id }) => card.skills.some((each) => each.id === id));
  if (twice) throw new Error(`${card.name}: skill "${twice.id}" is on both cards: keep it on one of them`);
  return { ...card, skills: [...card.skills, ...more] };
}

function problemOf(issue: v.BaseIssue<unknown>): CardProblem {
  return { path: (issue.path ?? []).map(({ key }) => key as string | number), problem: describe(issue) };
}

function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "strict_object" && issue.expected === "never")
    return "is not known there: an extended card adds skills, and nothing else";
  if (issue.received === "undefined") return "is required";
  if (!issue.message.startsWith("Invalid")) return issue.message;
  const kind = issue.expected?.toLowerCase() ?? "";
  return /^[aeiou]/.test(kind) ? `must be an ${kind}` : kind ? `must be a ${kind}` : "is not valid";
}
