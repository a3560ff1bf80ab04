/**
 * What the registry keeps of a published agent: a card as it was proved and checked, who published it, and how it stands. Types and
 * names only. Stored shapes: fields are added, never renamed.
 */
import type { AgentCard } from "../task/a2a-types.ts";
import type { SkillEvidence } from "./evidence.ts";
import type { Probe } from "./probe.ts";
import type { Stage } from "./rollout.ts";

/**
 * `listed`: found and called. `candidate`: not found, and called as far as its rollout has come. `deprecated`: called where it is
 * named, no longer found. `quarantined`: neither, until somebody has looked at why. `revoked`: neither, for ever; calls that are out
 * are ended.
 */
export type EntryStatus = "listed" | "candidate" | "deprecated" | "quarantined" | "revoked";

/** One version of a card. It never changes but in how it stands. */
export interface Entry {
  readonly name: string;
  /** Semantic version, as the card has it. */
  readonly version: string;
  /** SHA-256 in hex of the card's canonical form without its signatures. */
  readonly digest: string;
  /** Where the agent is: the card is at `<url>/.well-known/agent-card.json`. Without a slash at its end. */
  readonly url: string;
  /** The interface that the mesh speaks with it: a JSON-RPC URL of A2A 1.0. */
  readonly endpoint: string;
  readonly card: AgentCard;
  /** `tenant/app/subject`, each percent-encoded. */
  readonly publisher: string;
  /** Where the keys are that signed it, and the one that did (RFC 7638 thumbprint). */
  readonly keys: { readonly jku: string; readonly thumbprint: string };
  readonly status: EntryStatus;
  /** Of a status that is not `listed`. */
  readonly reason?: string;
  /** ISO 8601. */
  readonly publishedAt: string;
  readonly probes: readonly Probe[];
}

/** What readers keep in memory: of each agent the version that is called. */
export interface SnapshotEntry extends Pick<Entry, "name" | "version" | "digest" | "url" | "endpoint" | "card" | "status" | "reason"> {
  readonly evidence: Readonly<Record<string, SkillEvidence>>;
  /** A higher version that is being tried on calls. */
  readonly candidate?: CandidateEntry;
  /** The other versions, for calls that began with one of them. */
  readonly others?: readonly OtherVersion[];
}

/** A version on its way into the list: it gets copies of calls, or so many of the new ones. */
export interface CandidateEntry extends Pick<Entry, "version" | "digest" | "url" | "endpoint" | "card"> {
  readonly stage: Stage;
  /** Of the new calls to skills that it has, 0..1: 0 in shadow. */
  readonly share: number;
  /** Of its rollout: for the lot, and shown to nobody outside the mesh. Absent of one that was opened before there were salts. */
  readonly salt?: string;
  /** What its card declares and was found to be false. */
  readonly untrue: readonly string[];
  /** What was measured of it, by skill, for whoever published it. */
  readonly evidence?: Readonly<Record<string, SkillEvidence>>;
}

/** What a call has to know of a version that gets no new ones. */
export interface OtherVersion extends Pick<Entry, "version" | "digest" | "endpoint" | "status" | "reason"> {
  readonly streaming: boolean;
  /** URIs of the extensions its card declares. */
  readonly extensions: readonly string[];
}

export interface Snapshot {
  /** Grows with every change: the same number, the same snapshot. */
  readonly revision: number;
  /** Only the agents that changed after this revision are here; all, where it is absent. */
  readonly since?: number;
  readonly entries: readonly SnapshotEntry[];
}
