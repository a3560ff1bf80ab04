/**
 * Which skill fits a need best: how much of the need its card knows, times what was measured of it, by the caller's preferences. What
 * is said of oneself moves nothing; whoever is as good as another is first as often, and whoever is new gets a share of first places
 * where nothing can go wrong. Pure: the same entries and the same need, the same order.
 */
import { type Kind, termsOf } from "../control/terms.ts";
import type { AgentCard, AgentSkill } from "../task/a2a-types.ts";
import type { Preferences } from "../task/governance-extension.ts";
import { type SkillFacts, skillFactsIn } from "../task/skill-facts.ts";
import type { Found } from "./api.ts";
import type { SnapshotEntry } from "./entry.ts";
import type { SkillEvidence } from "./evidence.ts";
import { type Exploration, isForTheNew, mayBeTried, outcomesOf } from "./exploration.ts";
import { lotsOf } from "./lot.ts";
import { needTerms, plainTerms } from "./plain-words.ts";
import { TermIndex, type Words } from "./term-index.ts";
import { priceOf, worthOf } from "./worth.ts";

/** A skill's own words, and what its agent says of itself as a whole. */
const WEIGHTS = { named: 1, told: 0.6, agent: 0.25 } as const;
/** Who knows less of the need than this share of what the best knows is not meant. */
const LEAST_OF_BEST = 0.35;
/** Scores so near to each other say nothing about who is better: the lot decides. */
const EQUAL = 0.98;

/** Whoever is new must know so much of the need to be tried first, as a share of what the best knows. */
const FITS = 0.8;

interface Listed {
  readonly agent: string;
  readonly version: string;
  readonly url: string;
  readonly skill: AgentSkill;
  readonly facts: SkillFacts | undefined;
  readonly evidence: SkillEvidence | undefined;
}

interface Candidate {
  readonly listed: Listed;
  readonly fit: number;
  readonly score: number;
}

/** What can be found of one snapshot. Made once, and kept as long as the snapshot is. */
export class SearchIndex {
  readonly #cards: readonly string[];
  readonly #skills: readonly Listed[];
  readonly #terms: TermIndex;

  /** @param before of an earlier snapshot: where only outcomes were added since, its words are taken as they are */
  constructor(entries: readonly SnapshotEntry[], before?: SearchIndex) {
    const found = entries.filter(({ status }) => status === "listed");
    this.#cards = found.map(({ name, digest }) => `${name} ${digest}`);
    this.#skills = found.flatMap(listedOf);
    const known = before ? before.#cards : [];
    const isSame = known.length === this.#cards.length && this.#cards.every((card, at) => card === known[at]);
    this.#terms = isSame && before ? before.#terms : new TermIndex(found.flatMap(({ card }) => wordsKept(card)));
  }

  /**
   * @param need in words
   * @param limit how many, at most
   * @param exploration nobody new is tried first where it is left out
   * @returns the best first; nothing when nobody knows a word of it
   */
  find(need: string, preferences: Preferences, limit: number, exploration?: Exploration): readonly Found[] {
    const { documents, shares } = this.#terms.match([...needTerms(need), ...termsOf(need).kinds]);
    const best = shares.reduce((most, fit) => Math.max(most, fit), 0);
    const candidates: Candidate[] = [];
    for (const [place, fit] of shares.entries()) {
      const listed = fit < LEAST_OF_BEST * best ? undefined : this.#skills[documents[place] ?? -1];
      if (listed) candidates.push({ listed, fit, score: fit * worthOf(listed.evidence, listed.facts?.price, preferences) });
    }
    const tried = exploration && triedFirst(need, candidates, best, exploration);
    const ordered = firstOf(limit, need, candidates).map(foundOf);
    if (!tried) return ordered;
    const others = ordered.filter(({ agent, skill }) => agent !== tried.listed.agent || skill !== tried.listed.skill.id);
    const found = foundOf(tried);
    // It stands before all of them, so it has the score of the first.
    const because = ["is new, and tried first for a small share of needs", ...found.because];
    return [{ ...found, score: Math.max(found.score, ordered[0]?.score ?? 0), because }, ...others].slice(0, limit);
  }
}

/** The same by entries: their index is kept with them, for as long as somebody has them. */
export function rank(
  entries: readonly SnapshotEntry[],
  need: string,
  preferences: Preferences,
  limit = 20,
  exploration?: Exploration,
): readonly Found[] {
  const index = INDEXES.get(entries) ?? new SearchIndex(entries, latest?.deref());
  if (!INDEXES.has(entries)) latest = new WeakRef(index);
  INDEXES.set(entries, index);
  return index.find(need, preferences, limit, exploration);
}

const INDEXES = new WeakMap<readonly SnapshotEntry[], SearchIndex>();
/** A memory of what was worked out, and nothing that an answer depends on. */
let latest: WeakRef<SearchIndex> | undefined;
const WORDS = new WeakMap<AgentCard, ReturnType<typeof wordsOf>>();

function wordsKept(card: AgentCard): ReturnType<typeof wordsOf> {
  const words = WORDS.get(card) ?? wordsOf(card);
  WORDS.set(card, words);
  return words;
}

function listedOf({ name, version, url, card, evidence }: SnapshotEntry): readonly Listed[] {
  const facts = skillFactsIn(card);
  return card.skills.map((skill) => ({ agent: name, version, url, skill, facts: facts.get(skill.id), evidence: evidence[skill.id] }));
}

function wordsOf({ name, description, skills }: AgentCard): readonly (readonly Words[])[] {
  const agent = { weight: WEIGHTS.agent, terms: plainTerms(`${name}\n${description}`) };
  return skills.map((skill) => [
    { weight: WEIGHTS.named, terms: plainTerms(`${skill.id}\n${skill.name}`) },
    { weight: WEIGHTS.told, terms: plainTerms([skill.description, ...skill.tags, ...(skill.examples ?? [])].join("\n")) },
    ...kindsIn(skill.examples ?? []),
    agent,
  ]);
}

/** "12*7" fits whose examples hold "0.95^5", because both hold an expression. Half of the examples show that a skill is for it. */
function kindsIn(examples: readonly string[]): readonly Words[] {
  const counts = new Map<Kind, number>();
  for (const example of examples) for (const kind of termsOf(example).kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, held]) => ({ weight: Math.min(1, (2 * held) / examples.length) ** 1.5, terms: [kind] }));
}

function measured(evidence: SkillEvidence | undefined): string {
  const outcomes = outcomesOf(evidence);
  const carried = evidence?.carried;
  if (!evidence || (outcomes === 0 && !carried)) return "nobody has measured it yet";
  const before = carried ? ` (and, of the version before, ${carried.successes} of ${carried.successes + carried.failures})` : "";
  return `${evidence.successes} of ${outcomes} outcomes held${before}, at least ${percent(evidence.reliability)} to be counted on`;
}

/** By score; among those as good as the first that is left, by a lot that knows only the need and the name. */
function firstOf(limit: number, need: string, candidates: Candidate[]): readonly Candidate[] {
  const lots = lotsOf(need);
  const left = candidates.sort((one, other) => other.score - one.score);
  const ordered: Candidate[] = [];
  for (let from = 0; from < left.length && ordered.length < limit; ) {
    const first = left[from]?.score ?? 0;
    let to = from + 1;
    while (to < left.length && (left[to]?.score ?? 0) >= EQUAL * first) to++;
    const drawn = left.slice(from, to).map((each) => ({ ...each, score: first, lot: lots(keyOf(each.listed)) }));
    ordered.push(...drawn.sort((one, other) => one.lot - other.lot || (keyOf(one.listed) < keyOf(other.listed) ? -1 : 1)));
    from = to;
  }
  return ordered.slice(0, limit);
}

/** One that is new, for a share of needs, where it does no harm; which of them, the lot says. */
function triedFirst(need: string, candidates: readonly Candidate[], best: number, exploration: Exploration): Candidate | undefined {
  if (!isForTheNew(need, exploration)) return undefined;
  const fresh = candidates.filter(({ fit, listed: { evidence, facts } }) => fit >= FITS * best && mayBeTried(evidence, facts, exploration));
  // Where all are new, the order is as good as any.
  if (fresh.length === candidates.length) return undefined;
  const lots = lotsOf("tried", need);
  return fresh.map((each) => ({ each, lot: lots(keyOf(each.listed)) })).sort((one, other) => one.lot - other.lot)[0]?.each;
}

function keyOf({ agent, skill }: Listed): string {
  return `${agent}/${skill.id}`;
}

function foundOf({ listed: { agent, skill, version, url, evidence, facts }, fit, score }: Candidate): Found {
  const because = [`knows ${percent(fit)} of the need`, measured(evidence)];
  if (evidence?.ms !== undefined) because.push(`took ${Math.round(evidence.ms)} ms`);
  const price = priceOf(evidence, facts?.price);
  if (price) because.push(`${price.seen ? "cost" : "says it costs"} ${price.microUsd} micro-USD`);
  for (const claim of evidence?.untrue ?? []) because.push(`declares ${claim}, which is not true`);
  const found = { agent, skill: skill.id, version, score: Math.round(score * 10_000) / 10_000, because, url };
  return { ...found, ...(price && { price }), ...(evidence && { evidence }) };
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
