/**
 * Agents as readers are given them: of each the version that is called with what was measured of it, the one that is tried beside it,
 * and what must be known of the others. Decides nothing. Kept in memory, and made anew for those that changed.
 */
import type { CandidateEntry, Entry, SnapshotEntry } from "../../shared/registry/entry.ts";
import { isRemembered, MOST_OTHERS, SHOWN_FAILURE, SHOWN_REASON } from "../../shared/registry/room.ts";
import { evidenceOf, type Prior, untrueClaims } from "../../shared/registry/score.ts";
import { calledVersion, latestFirst } from "../../shared/registry/standing.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";
import type { Inheritance } from "./inheritance.ts";
import type { OutcomeStore } from "./outcome-store.ts";
import type { RegistryStore } from "./registry-store.ts";
import type { RolloutStore } from "./rollout-store.ts";
import type { SizeStore } from "./size-store.ts";

export interface ShownParts {
  readonly store: RegistryStore;
  readonly outcomes: OutcomeStore;
  readonly rows: RolloutStore;
  readonly inheritance: Inheritance;
  readonly sizes: SizeStore;
  readonly prior: Prior;
}

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
    const { store, rows, sizes } = this.#parts;
    const held = store.held(agent);
    const called = calledVersion(held);
    const entry = called && store.entry(agent, called.version);
    if (!entry) return undefined;
    const { name, version, digest, url, endpoint, status } = entry;
    const isRevoked = status === "revoked";
    const reason = entry.reason?.slice(0, SHOWN_REASON).toWellFormed();
    const rollout = rows.of(agent);
    const tried = rollout && store.entry(agent, rollout.version);
    const revokedAt = sizes.revokedAt(agent);
    const now = Date.now();
    const others = latestFirst(held).filter(
      (each) =>
        each.version !== version && each.version !== tried?.version && isRemembered({ ...each, ...at(revokedAt.get(each.version)) }, now),
    );
    const latest = others.slice(0, MOST_OTHERS).map((each) => each.version);
    return {
      ...{ name, version, digest, url, endpoint, status, ...(reason !== undefined && { reason }) },
      card: isRevoked ? namedOnly(entry.card) : entry.card,
      evidence: isRevoked ? {} : this.#evidence(entry),
      ...(rollout && tried && { candidate: this.#candidate(tried, rollout) }),
      ...(latest.length > 0 && { others: store.others(agent, latest, (other) => this.#untrue(agent, other)) }),
    };
  }

  #candidate(entry: Entry, { stage, share, salt }: Pick<CandidateEntry, "stage" | "share" | "salt">): CandidateEntry {
    const { version, digest, url, endpoint, card } = entry;
    const untrue = this.#untrue(entry.name, version);
    const drawn = { stage, share, ...(salt !== undefined && { salt }) };
    return { version, digest, url, endpoint, card, ...drawn, untrue, evidence: this.#evidence(entry) };
  }

  #evidence({ name, version, card }: Entry): SnapshotEntry["evidence"] {
    const { outcomes, prior, inheritance } = this.#parts;
    const skills = card.skills.map(({ id }) => id);
    const outcome = outcomes.of(name, version).map((each) => ({ ...each, why: each.why.slice(0, SHOWN_FAILURE).toWellFormed() }));
    return evidenceOf(skills, outcome, prior, outcomes.calls(name, version), inheritance.of({ name, version }));
  }

  #untrue(name: string, version: string): readonly string[] {
    return untrueClaims(this.#parts.outcomes.claims(name, version));
  }
}

function at(revokedAt: number | undefined): { revokedAt?: number } {
  return revokedAt === undefined ? {} : { revokedAt };
}

/** What a revoked version says of itself is nobody's business any more. */
function namedOnly({ name, version }: AgentCard): AgentCard {
  const lists = { supportedInterfaces: [], defaultInputModes: [], defaultOutputModes: [], skills: [] };
  return { name, version, description: "", capabilities: {}, ...lists };
}
