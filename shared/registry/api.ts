/**
 * What the registry answers over RPC, to the front door (for publishers, operators and callers) and to every Worker that calls
 * agents. A refusal is a value: it names the field and the rule, and nothing was changed.
 */
import type { Preferences } from "../task/governance-extension.ts";
import type { Entry, Snapshot } from "./entry.ts";
import type { SkillEvidence } from "./evidence.ts";
import type { LogPage } from "./history.ts";
import type { Probe } from "./probe.ts";
import type { RolloutChange, RolloutReport, ShadowCopy } from "./rollout.ts";
import type { Price } from "./worth.ts";

export interface Publication {
  /** Where the agent is, without the card's path. */
  readonly url: string;
  /** Which agent is meant: one of another name at the address is refused. */
  readonly name?: string;
  readonly probes?: readonly Probe[];
  /** `tenant/app/subject`, each percent-encoded: who publishes, as authenticated. */
  readonly publisher: string;
  /** Listed at once, without a rollout: by an operator only. */
  readonly atOnce?: boolean;
  /** Names of the agents that the mesh was deployed with: nobody publishes under these, or under what looks like one. */
  readonly reserved: readonly string[];
}

/** One rule that a card, its signature or its agent was held to. */
export interface Check {
  /** Such as `signature`, `endpoint` or `skills[0].description`. */
  readonly field: string;
  /** In words, such as `is signed by a key of the publisher's`. */
  readonly rule: string;
}

export interface RegistryRefusal extends Check {
  readonly code: "invalid" | "forbidden" | "conflict" | "not-found" | "unreachable";
  /** What is wrong, and what to do, in one sentence. */
  readonly why: string;
}

export type Published =
  | {
      readonly ok: true;
      readonly entry: Entry;
      readonly checks: readonly Check[] /** The same was published before. */;
      readonly again: boolean;
    }
  | { readonly ok: false; readonly refusal: RegistryRefusal };

export type Changed = { readonly ok: true; readonly entry: Entry } | { readonly ok: false; readonly refusal: RegistryRefusal };

export interface Change {
  readonly name: string;
  /** All versions where it is absent. */
  readonly version?: string;
  readonly to: "listed" | "deprecated" | "revoked" | "quarantined";
  readonly reason: string;
  /** Who changes it; an operator may change anybody's. */
  readonly by: string;
  readonly isOperator: boolean;
}

export interface ProbeRequest {
  readonly name: string;
  /** Who asks for it; an operator may for anybody's. */
  readonly by: string;
  readonly isOperator: boolean;
}

export interface Found {
  readonly agent: string;
  readonly skill: string;
  readonly version: string;
  /** 0..1, what the order is by. */
  readonly score: number;
  /** Why it stands there, in words. */
  readonly because: readonly string[];
  /** Where the agent is: its card is at `<url>/.well-known/agent-card.json`. */
  readonly url: string;
  /** Absent where nobody has seen one, and the card says none. */
  readonly price?: Price;
  /** Absent where nothing was measured. */
  readonly evidence?: SkillEvidence;
}

/** Of a version that is called, or tried beside that one. */
export interface Measured {
  readonly name: string;
  readonly version: string;
  /** By skill. */
  readonly evidence: Readonly<Record<string, SkillEvidence>>;
}

export interface EntryPage {
  readonly entries: readonly Entry[];
  /** The name after which the next page begins; absent on the last one. */
  readonly next?: string;
}

export interface RegistryApi {
  publish(publication: Publication): Promise<Published>;
  change(change: Change): Promise<Changed>;
  /** @returns what has changed since the one that is known; `undefined` when nothing has */
  snapshot(known?: number): Promise<Snapshot | undefined>;
  /** Of each agent the version that the snapshot has, by name: no more than fit. @param after only names that come after this one */
  entries(after?: string, limit?: number): Promise<EntryPage>;
  /** Versions of an agent, the latest first, at most MOST_VERSIONS_READ. @param after only versions that come before this one */
  versions(name: string, after?: string, limit?: number): Promise<readonly Entry[]>;
  /** What was measured of these agents; those that are not called are left out. */
  evidence(names: readonly string[]): Promise<readonly Measured[]>;
  find(need: string, preferences: Preferences, limit: number): Promise<readonly Found[]>;
  /** Runs the probes of an agent's called version now, and those of its candidate: so many times an hour, whoever asks. */
  probe(request: ProbeRequest): Promise<Changed>;
  log(after: number, limit: number): Promise<LogPage>;
  /** All that are under way, or one agent's. */
  rollouts(name?: string): Promise<readonly RolloutReport[]>;
  /** Sends a rollout on or back, whatever its gates say: on by an operator only. */
  roll(change: RolloutChange): Promise<Changed>;
  /** Makes the call of the candidate too, if it is in shadow, and compares. Best effort, and nobody waits for it. */
  copy(copy: ShadowCopy): Promise<void>;
}

/** In one answer: each may be nearly as large as a card and its probes may be. */
export const MOST_VERSIONS_READ = 11;

export interface RegistryEnv {
  /** Absent where the mesh has no registry: it has the agents that it was deployed with. */
  readonly REGISTRY?: RegistryApi | undefined;
}
