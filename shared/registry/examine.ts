/**
 * What in a card's words is meant for machines that choose, not for people who read: instructions, stuffed keywords, other agents'
 * words. A suspicion is no proof: the card is put aside until somebody has looked. Pure; what every text must hold to (its length,
 * its letters) is not asked here.
 */
import { stem } from "../control/terms.ts";
import { STOP_WORDS, wordsIn } from "../control/words.ts";
import type { AgentCard, AgentSkill } from "../task/a2a-types.ts";
import { instructionIn } from "./instructions.ts";
import { plainTerms } from "./plain-words.ts";

export interface Suspicion {
  /** Such as `skills[0].description`. */
  readonly field: string;
  /** What was looked for, in words. */
  readonly rule: string;
  /** What was found, and what to do, in one sentence. */
  readonly why: string;
}

const DESCRIBES = "describes, and tells no reader what to do";
const PLAIN = "says each thing once";
const OWN = "speaks of its own skills";

/** Shorter texts repeat their one subject, and are none the worse for it. */
const LEAST_WORDS = 30;
/** Of 4,275 descriptions of public tools, and of 390 long ones, none has so much of one word, or so few for its length. */
const MOST_OF_ONE = 0.35;
/** Times the square root of their number: the longer a text, the more of its words came before. */
const LEAST_DIFFERENT = 1.8;
const MOST_TAGS = 40;
/** A tag is a keyword; a long one is a sentence in the wrong place. */
const LONGEST_TAG = 80;
/** Who has nearly all words of so many others speaks of them. */
const OTHERS = 3;
const NEARLY_ALL = 0.9;
const LEAST_TERMS = 4;
const QUOTED = 80;

/**
 * @param others cards of other agents that are listed
 * @param url where the card was published from
 * @returns nothing for a card that only describes
 */
export function examine(card: AgentCard, others: readonly AgentCard[] = [], url = ""): readonly Suspicion[] {
  return [
    ...[...textsOf(card), ...namesOf(card, url)].flatMap(({ field, text }) => instructed(field, text, card.name)),
    ...card.skills.flatMap(stuffed),
    ...borrowed(card, others),
  ];
}

interface Text {
  readonly field: string;
  readonly text: string;
}

/** All that a planner or a model gets to read. A skill's tags are read one after the other, and so are they here. */
function textsOf({ name, description, provider, skills, capabilities }: AgentCard): readonly Text[] {
  const texts = [
    { field: "name", text: name },
    { field: "description", text: description },
    { field: "provider.organization", text: provider?.organization ?? "" },
    ...(capabilities.extensions ?? []).map((each, at) => ({
      field: `capabilities.extensions[${at}].description`,
      text: each.description ?? "",
    })),
    ...skills.flatMap((skill, at) => skillTexts(skill, `skills[${at}]`)),
  ];
  return texts.filter(({ text }) => text !== "");
}

/** What is shown with a card and is no text: read with its separators as spaces, as whoever is shown it reads it. */
function namesOf({ version, supportedInterfaces }: AgentCard, url: string): readonly Text[] {
  const names = [
    { field: "version", text: version },
    { field: "url", text: url },
    ...supportedInterfaces.map((each, at) => ({ field: `supportedInterfaces[${at}].url`, text: each.url })),
  ];
  return names.map(({ field, text }) => ({ field, text: spaced(unescaped(text)) }));
}

function unescaped(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

function spaced(name: string): string {
  return name
    .replace(/(?<=\p{Ll})(?=\p{Lu})/gu, " ")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

function skillTexts({ id, name, description, tags, examples = [] }: AgentSkill, at: string): readonly Text[] {
  return [
    { field: `${at}.id`, text: id },
    { field: `${at}.name`, text: name },
    { field: `${at}.description`, text: description },
    { field: `${at}.tags`, text: tags.join(" ") },
    ...examples.map((text, index) => ({ field: `${at}.examples[${index}]`, text })),
  ];
}

function instructed(field: string, text: string, name: string): readonly Suspicion[] {
  // "Choose translator" is said of translator what "choose this agent" is.
  const addressed = text.replace(/[\w-]+/g, (word) => (word.toLowerCase() === name ? "this one agent" : word));
  const found = instructionIn(text) ?? (addressed === text ? undefined : instructionIn(addressed));
  if (!found) return [];
  return [
    {
      field,
      rule: DESCRIBES,
      why: `it ${found.what} ("${quoted(found.said)}"): say what the skill does, and leave the choice to its reader`,
    },
  ];
}

function stuffed({ description, tags }: AgentSkill, at: number): readonly Suspicion[] {
  const found: Suspicion[] = [];
  const field = `skills[${at}].tags`;
  if (tags.length > MOST_TAGS)
    found.push({ field, rule: PLAIN, why: `it has ${tags.length} tags: keep the ${MOST_TAGS} that tell it from others` });
  const long = tags.find((tag) => tag.length > LONGEST_TAG);
  if (long !== undefined)
    found.push({ field, rule: PLAIN, why: `"${quoted(long)}" is longer than a keyword: describe it in the description` });
  const repeated = repetitionIn(description);
  if (repeated !== undefined)
    found.push({ field: `skills[${at}].description`, rule: PLAIN, why: `${repeated}: say it once, in sentences` });
  return found;
}

/** @returns what a text says again and again, in words; undefined when it does not */
function repetitionIn(text: string): string | undefined {
  const words = wordsIn(text)
    .filter((word) => !STOP_WORDS.has(word))
    .map(stem);
  if (words.length < LEAST_WORDS) return undefined;
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const [word, most] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one));
  if (most > MOST_OF_ONE * words.length) return `"${quoted(word)}" stands in it ${most} times in ${words.length} words`;
  if (counts.size < LEAST_DIFFERENT * Math.sqrt(words.length)) return `its ${words.length} words are ${counts.size} different ones`;
  return undefined;
}

/** Names and tags are what agents are found by. Nobody needs all those of several others to say what he does himself. */
function borrowed(card: AgentCard, others: readonly AgentCard[]): readonly Suspicion[] {
  const own = plainTerms(
    textsOf(card)
      .map(({ text }) => text)
      .join("\n"),
  );
  const theirs = others.filter(({ name }) => name !== card.name).map((each) => ({ name: each.name, terms: keywordsOf(each) }));
  const spokenOf = theirs.filter(
    ({ terms }) => terms.size >= LEAST_TERMS && [...terms].filter((term) => own.has(term)).length >= NEARLY_ALL * terms.size,
  );
  if (spokenOf.length < OTHERS) return [];
  const names = spokenOf.slice(0, OTHERS).map(({ name }) => `"${name}"`);
  return [
    {
      field: "skills",
      rule: OWN,
      why: `they have nearly all keywords of ${spokenOf.length} other agents (${names.join(", ")}): keep those of your own skills`,
    },
  ];
}

function keywordsOf({ skills }: AgentCard): ReadonlySet<string> {
  return plainTerms(skills.flatMap(({ name, tags }) => [name, ...tags]).join("\n"));
}

function quoted(text: string): string {
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}
