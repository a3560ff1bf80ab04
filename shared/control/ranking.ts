/**
 * How well each skill of a catalogue fits a goal, from the words of the cards alone: no skill is known here by name.
 *
 * The score means the same whatever the catalogue's size, so that a contract's floor and margin stay true:
 *   evidence  of one skill = sum over what goal and card share of weight × quality × rarity.
 *             weight: what the goal orders (2.2), a kind of thing it holds (0.8 to 1.7), any other word (1);
 *             quality: exact, by prefix or by a slip of the pen, and in which field of the card;
 *             rarity: 1 for what one skill alone knows, falling towards 0 for what every skill knows.
 *   certainty of the best = 1 − e^(−evidence / 1.6), halved or worse when nobody knows what is ordered: "book a flight"
 *             does not fit because some card mentions flights. One good word gives about 0.45, an order about 0.75.
 *   score     = certainty × own evidence / best evidence.
 * A plain question ("which", "how many") is worth something to the skill that answers from documents whatever its words.
 * So the floor asks "is there enough to go by at all", the margin "how much more is there for one than for the other".
 */
import MiniSearch from "minisearch";
import type { Candidate } from "../policy/dispatch.ts";
import type { AgentCard, AgentSkill } from "../task/a2a-types.ts";
import { type Kind, stem, type Terms, termsOf } from "./terms.ts";
import { wordsIn } from "./words.ts";

const ORDER = 2.2;
const KIND: Readonly<Record<Kind, number>> = {
  "<expression>": 1.7,
  "<table>": 1.7,
  "<question>": 1.7,
  "<quantity>": 1.2,
  "<file>": 1,
  // These stand in texts of every sort: a hint, no more.
  "<amount>": 0.8,
  "<url>": 0.8,
};
const SCALE = 1.6;
/**
 * What a plain question is worth to the skill that answers questions from documents, though it shares no word with its
 * card: nobody lists what documents speak of. Less than a clear claim, so whoever knows the question's words still leads.
 */
const PLAIN_QUESTION = 1;
/** How far another skill's words must lead to claim such a question from it. Short of that, nobody needs to be asked back. */
const CLAIMS = 1.15;
/** Questions in words that a card for such a skill would use; and how well one must fit to be that skill. */
const READING = "find in the documents what is known, said or written about a question";
const PLAINLY = 0.5;
/** A skill all of whose examples are orders does things: what a question shares with it is what the question is about. */
const ONLY_ORDERS = 0.4;
const UNKNOWN_ORDER = 0.4;
const NO_OPENING = 0.65;
/** What a card says in a field: its name and tags are chosen words, a description also tells what is around. */
const FIELD: Readonly<Record<string, number>> = { id: 1, name: 1, tags: 1, examples: 0.75, description: 0.55 };
/** Where an order may stand other than first in an example: inside one, it is as likely a noun ("customers and orders"). */
const ORDER_FIELDS = ["id", "name", "tags", "description"];
/** A word of the agent's own description says little about one of its skills. */
const AGENT_FIELD = 0.25;

export type Ranker = {
  /** All skills that share anything with the text, the best first. @param also kinds of thing that are attached to it */
  rank(text: string, also?: readonly Kind[]): Candidate[];
  /** Orders the cards' examples open with, beside the common ones. */
  readonly verbs: ReadonlySet<string>;
};

/** Media types that show that a skill reads such a thing. */
const READS: Partial<Record<Kind, readonly string[]>> = { "<table>": ["text/csv"], "<file>": ["text/html", "application/pdf"] };

type Entry = {
  readonly key: string;
  readonly agent: string;
  readonly skill: AgentSkill;
  readonly examples: readonly Terms[];
  readonly onlyOrders: boolean;
};

export function rankerOf(catalogue: readonly AgentCard[]): Ranker {
  const verbs = new Set(catalogue.flatMap((card) => card.skills.flatMap((skill) => (skill.examples ?? []).flatMap(firstWord))));
  const entries: Entry[] = catalogue.flatMap((card) =>
    card.skills.map((skill) => ({
      key: `${card.name}/${skill.id}`,
      agent: card.name,
      skill,
      examples: (skill.examples ?? []).map((example) => termsOf(example, verbs)),
      // By the common verbs alone: what cards open with may be a noun ("rows where …").
      onlyOrders: (skill.examples ?? []).length > 0 && (skill.examples ?? []).every((example) => termsOf(example).mood === "order"),
    })),
  );
  const index = new MiniSearch({
    fields: [...Object.keys(FIELD), "agent"],
    tokenize: (text) => wordsIn(text),
    processTerm: (term) => stem(term.toLowerCase()),
  });
  index.addAll(
    entries.map(({ key, skill }) => ({
      ...skill,
      id: key,
      tags: skill.tags.join(" "),
      examples: (skill.examples ?? []).join(" "),
      agent: catalogue.find(({ name }) => key.startsWith(`${name}/`))?.description ?? "",
    })),
  );

  const rankBy = (text: string, also: readonly Kind[], reader: string | undefined): Candidate[] => {
    const terms = termsOf(text, verbs);
    const evidence = new Map<string, number>();
    const weigh = (qualities: ReadonlyMap<string, number>, weight: number) => {
      const known = [...qualities.values()].reduce((sum, quality) => sum + quality, 0);
      const rarity = rarityOf(known, entries.length);
      for (const [key, quality] of qualities) evidence.set(key, (evidence.get(key) ?? 0) + weight * quality * rarity);
    };
    for (const word of terms.words) weigh(byWord(index, word), 1);
    for (const kind of terms.kinds) if (!also.includes(kind)) weigh(byKind(entries, kind), KIND[kind]);
    for (const kind of also) weigh(byReading(entries, kind), KIND[kind]);
    const ordered = terms.order ? byOrder(index, entries, terms.order) : undefined;
    if (ordered) weigh(ordered, ORDER);

    if (terms.mood === "plain-question") {
      const forReader = terms.kinds.has("<expression>") || also.length > 0 ? undefined : reader;
      weighPlainQuestion(evidence, entries, forReader);
    }

    const best = Math.max(0, ...evidence.values());
    if (best === 0) return [];
    const certainty = (1 - Math.exp(-best / SCALE)) * (ordered?.size === 0 ? UNKNOWN_ORDER : 1);
    return entries
      .map(({ key, agent, skill }) => ({ agent, skill: skill.id, score: round((certainty * (evidence.get(key) ?? 0)) / best) }))
      .filter(({ score }) => score > 0)
      .sort((one, other) => other.score - one.score || (`${one.agent}/${one.skill}` < `${other.agent}/${other.skill}` ? -1 : 1));
  };
  const nearest = rankBy(READING, [], undefined)[0];
  const plainly = nearest && nearest.score >= PLAINLY ? entries.find(({ key }) => key === `${nearest.agent}/${nearest.skill}`) : undefined;
  // Its examples have to ask: a skill that writes about findings fits the words as well.
  const reader = plainly?.examples.some(({ mood }) => mood === "plain-question") ? plainly.key : undefined;
  return { rank: (text, also = []) => rankBy(text, also, reader), verbs };
}

/** A plain question is no order, and goes to whoever answers from documents unless another skill clearly claims it. */
function weighPlainQuestion(evidence: Map<string, number>, entries: readonly Entry[], reader: string | undefined): void {
  for (const { key, onlyOrders } of entries) {
    const own = evidence.get(key);
    if (onlyOrders && own !== undefined) evidence.set(key, ONLY_ORDERS * own);
  }
  if (reader === undefined) return;
  const own = Math.max(PLAIN_QUESTION, evidence.get(reader) ?? 0);
  const others = Math.max(0, ...[...evidence].map(([key, each]) => (key === reader ? 0 : each)));
  evidence.set(reader, others < CLAIMS * own ? Math.max(own, CLAIMS * others) : own);
}

function firstWord(example: string): string[] {
  const first = wordsIn(example)[0];
  return first && /^\p{L}[\p{L}-]+$/u.test(first) && termsOf(example, new Set([first])).order !== null ? [first] : [];
}

/** Which skills know a word, and how well: 0 to 1. */
function byWord(index: MiniSearch, word: string, fields = [...Object.keys(FIELD), "agent"]): Map<string, number> {
  const long = word.length >= 5;
  const found = index.search(word, {
    fields,
    prefix: long,
    fuzzy: long ? 0.18 : false,
    tokenize: (text) => [text],
    processTerm: (term) => term,
  });
  return new Map(
    found.map((hit) => {
      const qualities = Object.entries(hit.match).map(
        ([term, fields]) => likeness(word, term) * Math.max(...fields.map((field) => FIELD[field] ?? AGENT_FIELD)),
      );
      return [String(hit.id), Math.max(0, ...qualities)];
    }),
  );
}

/** How far a card's word may stand for the goal's: the same, longer by an ending, or a slip of the pen. */
function likeness(word: string, term: string): number {
  if (word === term) return 1;
  if (term.startsWith(word)) return term.length - word.length <= 3 ? 0.8 : 0.4;
  return 0.5;
}

/** An order weighs fully where an example opens with it; elsewhere on the card the same word may be a noun. */
function byOrder(index: MiniSearch, entries: readonly Entry[], order: string): Map<string, number> {
  const known = new Map([...byWord(index, order, ORDER_FIELDS)].map(([key, quality]) => [key, quality * NO_OPENING]));
  for (const { key, examples } of entries) if (examples.some((example) => example.order === order)) known.set(key, 1);
  // Only a mention in the agent's description, or a word merely like it: that is not to know the order.
  for (const [key, quality] of known) if (quality < 0.5 * NO_OPENING) known.delete(key);
  return known;
}

/**
 * How much of a skill's examples hold such a thing: half of them are enough to say that it is what the skill is for. The
 * power keeps down those that show it now and then.
 */
function byKind(entries: readonly Entry[], kind: Kind): Map<string, number> {
  const held = entries.map(({ key, examples }): [string, number] => {
    const holding = examples.filter(({ kinds }) => kinds.has(kind)).length;
    return [key, examples.length === 0 ? 0 : Math.min(1, (2 * holding) / examples.length) ** 1.5];
  });
  return new Map(held.filter(([, quality]) => quality > 0));
}

/** Who can read an attached thing, whether or not an example speaks of it. */
function byReading(entries: readonly Entry[], kind: Kind): Map<string, number> {
  const readers = entries.filter(({ skill }) => (skill.inputModes ?? []).some((mode) => READS[kind]?.includes(mode)));
  return new Map([...byKind(entries, kind), ...readers.map(({ key }): [string, number] => [key, 1])]);
}

/** 1 when known to one skill, 0 when all know it equally well. `known` is a sum of qualities, not a count. */
function rarityOf(known: number, skills: number): number {
  if (known <= 1 || skills <= 1) return 1;
  return Math.max(0, 1 - Math.log(known) / Math.log(skills + 1));
}

/** Four decimals: enough for any contract, and the same on every machine. */
function round(score: number): number {
  return Math.round(score * 10_000) / 10_000;
}
