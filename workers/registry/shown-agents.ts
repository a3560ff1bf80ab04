/**
 * Agents as readers are given them: of each the version that is called with what was measured of it, the one that is tried beside it,
 * and what must be known of the others. Decides nothing. Kept in memory, and made anew for those that changed.
 */
import type { CandidateEntry, Entry, SnapshotEntry } from "../../shared/registry/entry.ts";
import { evidenceOf, type Prior, untrueClaims } from "../../shared/registry/score.ts";
import { calledVersion, latestFirst } from "../../shared/registry/standing.ts";
import type { Inheritance } from "./inheritance.ts";
import type { OutcomeStore } from "./outcome-store.ts";
import type { RegistryStore } from "./registry-store.ts";
import type { RolloutStore } from "./rollout-store.ts";

export interface ShownParts {
  readonly store: RegistryStore;
  readonly outcomes: OutcomeStore;
  readonly rows: RolloutStore;
  readonly inheritance: Inheritance;
  readonly prior: Prior;
}

/** The latest beside the one that is called: no call is out as long as it takes to publish so many. */
const MOST_OTHERS = 50;

export class ShownAgents {
  readonly #parts: ShownParts;
  readonly #kept = new Map<string, SnapshotEntry>();

  constructor(parts: ShownParts) {
    this.#parts = parts;
  }

  forget(name: string): void {
    this.#kept.delete(name);
  }

  of(names: readonly string[]): SnapshotEntry[] {
    return names.flatMap((name) => {
      const shown = this.#kept.get(name) ?? this.#shown(name);
      if (shown) this.#kept.set(name, shown);
      return shown ?? [];
    });
  }

  #shown(agent: string): SnapshotEntry | undefined {
    const { store, rows } = this.#parts;
    const held = store.held(agent);
    const called = calledVersion(held);
    const entry = called && store.entry(agent, called.version);
    if (!entry) return undefined;
    const { name, version, digest, url, endpoint, card, status, reason } = entry;
    const rollout = rows.of(agent);
    const tried = rollout && store.entry(agent, rollout.version);
    const others = latestFirst(held).filter((each) => each.version !== version && each.version !== tried?.version);
    const latest = others.slice(0, MOST_OTHERS).map((each) => each.version);
    return {
      ...{ name, version, digest, url, endpoint, card, status, ...(reason !== undefined && { reason }) },
      evidence: this.#evidence(entry),
      ...(rollout && tried && { candidate: this.#candidate(tried, rollout) }),
      ...(latest.length > 0 && { others: store.others(agent, latest, (other) => this.#untrue(agent, other)) }),
    };
  }

  #candidate(entry: Entry, { stage, share }: Pick<CandidateEntry, "stage" | "share">): CandidateEntry {
    const { version, digest, url, endpoint, card } = entry;
    const untrue = this.#untrue(entry.name, version);
    return { version, digest, url, endpoint, card, stage, share, untrue, evidence: this.#evidence(entry) };
  }

  #evidence({ name, version, card }: Entry): SnapshotEntry["evidence"] {
    const { outcomes, prior, inheritance } = this.#parts;
    const skills = card.skills.map(({ id }) => id);
    const before = inheritance.of({ name, version });
    return evidenceOf(skills, outcomes.of(name, version), prior, outcomes.calls(name, version), before);
  }

  #untrue(name: string, version: string): readonly string[] {
    return untrueClaims(this.#parts.outcomes.claims(name, version));
  }
}
