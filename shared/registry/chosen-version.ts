/**
 * Which version of a published agent a call goes to, and what its caller has to know of it. Of the new calls a candidate gets its
 * share, by a lot; a call that has begun goes on at the version that it began with, whatever has become of that one or of the share
 * meanwhile. Pure: reads an entry of the snapshot, and keeps nothing.
 */
import type { AgentCard } from "../task/a2a-types.ts";
import type { CalledCard } from "../task/event.ts";
import { type SkillFacts, skillFactsIn } from "../task/skill-facts.ts";
import { believedCard, believedFacts, withoutUntrue } from "./believed.ts";
import type { CandidateEntry, Entry, OtherVersion, SnapshotEntry } from "./entry.ts";
import { lotsOf, secretLot } from "./lot.ts";

export type Which =
  /** Of a call that has begun: the card that it began with. */
  | { readonly card: CalledCard }
  /** Of a new one. The same words draw the same lot, so that one call always goes to one version. */
  | { readonly skill: string; readonly lot: string };

export interface ChosenVersion extends Pick<Entry, "name" | "version" | "status" | "reason"> {
  readonly digest?: string;
  /** Absent of a version that the snapshot does not know: there is nowhere to send anything. */
  readonly endpoint?: string;
  declares(): Declared;
  /** Nothing of a version that gets no new calls: what its card says counts only before a call. */
  facts(): ReadonlyMap<string, SkillFacts>;
}

/** What the mesh goes by of what a card declares. */
export interface Declared {
  readonly streaming: boolean;
  /** URIs. */
  readonly extensions: readonly string[];
}

/** @param which absent where an agent is looked at, and not called: the version that most calls go to */
export function chosenVersion(entry: SnapshotEntry, which?: Which): ChosenVersion {
  if (which === undefined) return calledOne(entry);
  return "card" in which ? begunWith(entry, which.card) : drawn(entry, which);
}

function drawn(entry: SnapshotEntry, { skill, lot }: { readonly skill: string; readonly lot: string }): ChosenVersion {
  const { name, candidate } = entry;
  if (!candidate?.card.skills.some(({ id }) => id === skill)) return calledOne(entry);
  return lotFor(name, candidate, lot) < candidate.share ? candidateOne(name, candidate) : calledOne(entry);
}

/**
 * Of each candidate another lot, and of one the same while its share grows: who was called once is not called off again. A call's words
 * are made of what its caller chose, who must not be able to choose the version by them.
 */
function lotFor(name: string, { version, salt }: CandidateEntry, lot: string): number {
  // A rollout that was opened before there were salts goes on as it began.
  return salt === undefined ? lotsOf(name, version)(lot) : secretLot(salt, name, version, lot);
}

/**
 * Also where the same version has another digest it is not the one: a registry that was set up anew knows nothing of this call. One
 * that is not known is sent nothing, and no other in its place: that one would take an answer for a stranger's, and a message that is
 * repeated after a crash for a new one, and do it again.
 */
function begunWith(entry: SnapshotEntry, { version, digest }: CalledCard): ChosenVersion {
  const is = (each: Pick<Entry, "version" | "digest">) => each.version === version && each.digest === digest;
  if (is(entry)) return calledOne(entry);
  const { name, candidate, others = [] } = entry;
  if (candidate && is(candidate)) return candidateOne(name, candidate);
  const other = others.find(is);
  if (other) return otherOne(name, other);
  const begun = { version, ...(digest !== undefined && { digest }) };
  return { name, ...begun, status: "listed", declares: () => NOTHING_KNOWN, facts: () => new Map() };
}

const NOTHING_KNOWN: Declared = { streaming: false, extensions: [] };

function calledOne(entry: SnapshotEntry): ChosenVersion {
  const { name, version, digest, endpoint, status, reason } = entry;
  return {
    name,
    version,
    digest,
    endpoint,
    status,
    ...(reason !== undefined && { reason }),
    declares: () => declaredIn(believedCard(entry)),
    facts: () => believedFacts(entry),
  };
}

/** Nobody has seen what it costs: its card's prices are all there is. */
function candidateOne(name: string, { version, digest, endpoint, card, untrue }: CandidateEntry): ChosenVersion {
  const believed = () => withoutUntrue(card, untrue);
  return {
    name,
    version,
    digest,
    endpoint,
    status: "candidate",
    declares: () => declaredIn(believed()),
    facts: () => skillFactsIn(believed()),
  };
}

function otherOne(name: string, { streaming, extensions, ...other }: OtherVersion): ChosenVersion {
  return { name, ...other, declares: () => ({ streaming, extensions }), facts: () => new Map() };
}

function declaredIn({ capabilities: { streaming, extensions = [] } }: AgentCard): Declared {
  return { streaming: streaming === true, extensions: extensions.map(({ uri }) => uri) };
}
