/**
 * How long a card may be: its lists, and each of its texts. Sizes that people read, and that a search goes through in no time; a card
 * that needs more is several agents. Pure.
 */
import type { AgentCard, Json } from "../task/a2a-types.ts";

/** What is too much, where it stands, and what to do. */
interface Misfit {
  readonly field: string;
  readonly why: string;
}

/** By then nobody reads on, and every search would. */
export const MOST_SKILLS = 100;
const MOST_INTERFACES = 10;
const MOST_MODES = 20;
const MOST_TAGS = 100;
const MOST_EXAMPLES = 50;
/** Characters. Names are as long as scores and bindings take them. */
const LONGEST = { name: 63, version: 64, skillId: 128, title: 100, text: 2_000, tag: 200, example: 1_000, mode: 100, uri: 200 };
/** Of what A2A leaves to others: characters of JSON. */
const LONGEST_PARAMS = 16_000;
/** Of how an agent lets others in, which it does without for the mesh: characters of JSON. */
const LONGEST_SECURITY = 8_000;

/** What people and planners read, each with where it stands. */
export function textsOf({ name, description, provider, skills, capabilities }: AgentCard): (readonly [string, string])[] {
  return [
    ["name", name],
    ["description", description],
    ["provider.organization", provider?.organization ?? ""],
    ...skills.flatMap((skill, at) => [
      [`skills[${at}].id`, skill.id] as const,
      [`skills[${at}].name`, skill.name] as const,
      [`skills[${at}].description`, skill.description] as const,
      ...skill.tags.map((tag, index) => [`skills[${at}].tags[${index}]`, tag] as const),
      ...(skill.examples ?? []).map((example, index) => [`skills[${at}].examples[${index}]`, example] as const),
    ]),
    ...(capabilities.extensions ?? []).map((each, at) => [`capabilities.extensions[${at}].description`, each.description ?? ""] as const),
  ];
}

export function firstTooLong(card: AgentCard): Misfit | undefined {
  for (const [field, text] of [...textsOf(card), ...otherTextsOf(card)]) {
    const longest = longestOf(field);
    if (text.length > longest) return { field, why: `it has ${text.length} characters, and ${longest} are the most: say it in fewer` };
  }
  const params = (card.capabilities.extensions ?? []).findIndex((each) => sizeOf(each.params ?? null) > LONGEST_PARAMS);
  if (params >= 0)
    return {
      field: `capabilities.extensions[${params}].params`,
      why: `they take more than ${LONGEST_PARAMS} characters: serve them from an address of their own`,
    };
  const [security] = securityOf(card).find(([, said]) => sizeOf(said) > LONGEST_SECURITY) ?? [];
  return security === undefined
    ? undefined
    : { field: security, why: `it takes more than ${LONGEST_SECURITY} characters: the mesh calls without credentials, so leave it out` };
}

function securityOf({ securitySchemes = {}, skills }: AgentCard): (readonly [string, Json])[] {
  return [
    ["securitySchemes", securitySchemes],
    ...skills.map(({ securityRequirements = [] }, at) => [`skills[${at}].securityRequirements`, securityRequirements] as const),
  ];
}

function otherTextsOf(card: AgentCard): (readonly [string, string])[] {
  return [
    ["version", card.version],
    ["provider.url", card.provider?.url ?? ""],
    ["documentationUrl", card.documentationUrl ?? ""],
    ["iconUrl", card.iconUrl ?? ""],
    ...modesOf(card).flatMap(([field, modes]) => modes.map((mode, at) => [`${field}[${at}]`, mode] as const)),
    ...card.supportedInterfaces.map((each, at) => [`supportedInterfaces[${at}].url`, each.url] as const),
    ...(card.capabilities.extensions ?? []).map((each, at) => [`capabilities.extensions[${at}].uri`, each.uri] as const),
  ];
}

function longestOf(field: string): number {
  if (field === "name") return LONGEST.name;
  if (field === "version") return LONGEST.version;
  if (/^skills\[\d+\]\.id$/.test(field)) return LONGEST.skillId;
  if (/(\.name|organization)$/.test(field)) return LONGEST.title;
  if (/\.tags\[/.test(field)) return LONGEST.tag;
  if (/\.examples\[/.test(field)) return LONGEST.example;
  if (/\.uri$/.test(field)) return LONGEST.uri;
  return /Modes\[/.test(field) ? LONGEST.mode : LONGEST.text;
}

function modesOf({ defaultInputModes, defaultOutputModes, skills }: AgentCard): (readonly [string, readonly string[]])[] {
  return [
    ["defaultInputModes", defaultInputModes],
    ["defaultOutputModes", defaultOutputModes],
    ...skills.flatMap(({ inputModes = [], outputModes = [] }, at) => [
      [`skills[${at}].inputModes`, inputModes] as const,
      [`skills[${at}].outputModes`, outputModes] as const,
    ]),
  ];
}

export function firstTooMany(card: AgentCard): Misfit | undefined {
  const lists: (readonly [string, readonly unknown[], number])[] = [
    ["supportedInterfaces", card.supportedInterfaces, MOST_INTERFACES],
    ["capabilities.extensions", card.capabilities.extensions ?? [], MOST_MODES],
    ...modesOf(card).map(([field, modes]) => [field, modes, MOST_MODES] as const),
    ...card.skills.flatMap(({ tags, examples = [] }, at) => [
      [`skills[${at}].tags`, tags, MOST_TAGS] as const,
      [`skills[${at}].examples`, examples, MOST_EXAMPLES] as const,
    ]),
  ];
  const long = lists.find(([, list, most]) => list.length > most);
  if (long) return { field: long[0], why: `it has ${long[1].length} entries, and ${long[2]} are the most: keep those that tell most` };
  const [field, modes] = modesOf(card).find(([, all]) => repeated(all.map((mode) => mode.toLowerCase())) !== undefined) ?? [];
  return field && modes ? { field, why: `it has one of its types twice: keep one` } : undefined;
}

export function repeated(texts: readonly string[]): string | undefined {
  return texts.find((text, at) => texts.indexOf(text) < at);
}

function sizeOf(json: Json): number {
  return JSON.stringify(json).length;
}
