/**
 * The copies of calls that go to candidates in shadow, as the registry's object sees them: which call gets one, how many are out, and
 * what came of them. It sends nothing itself. What is out is kept in memory only: who loses it makes at most two copies more at once.
 */
import type { RolloutContract } from "../../shared/contract/rollout.ts";
import { type Copying, withCopy, withoutCopy } from "../../shared/registry/copy-slots.ts";
import type { ShadowCopy } from "../../shared/registry/rollout.ts";
import { copiedSkills } from "../../shared/registry/rollout-opening.ts";
import type { CopyOutcome } from "../../shared/registry/rollout-seen.ts";
import type { CopyTarget } from "./holdings.ts";
import type { RegistryStore } from "./registry-store.ts";
import type { RolloutStore } from "./rollout-store.ts";

export interface CopiesParts {
  readonly store: RegistryStore;
  readonly rows: RolloutStore;
  readonly contract: (version?: number) => RolloutContract;
}

/** What base and candidate allow to be copied, and where to. */
interface Between {
  readonly base: string;
  readonly version: string;
  readonly endpoint: string;
  readonly skills: ReadonlySet<string>;
}

/** Of no copy that is out: those are counted from 1. */
const STORED = 0;

export class Copies {
  readonly #parts: CopiesParts;
  readonly #out = new Map<string, readonly Copying[]>();
  readonly #known = new Map<string, Between>();
  #last = 0;

  constructor(parts: CopiesParts) {
    this.#parts = parts;
  }

  /** @returns where the copy goes; undefined for a call that gets none */
  begin({ agent, skill, base }: Pick<ShadowCopy, "agent" | "skill" | "base">, now: number): CopyTarget | undefined {
    const { rows, contract } = this.#parts;
    const rollout = rows.of(agent);
    if (rollout?.stage !== "shadow" || rollout.base !== base) return undefined;
    const id = ++this.#last;
    // Asked first: where all slots are taken, no card is read.
    const out = withCopy(
      this.#out.get(agent) ?? this.#stored(agent, rollout.version),
      id,
      now,
      contract(rollout.contract).maxCopiesPerMinute,
    );
    if (!out) return undefined;
    const between = this.#between(agent, base, rollout.version);
    if (!between?.skills.has(skill)) return undefined;
    this.#out.set(agent, out);
    return { id, name: agent, version: rollout.version, endpoint: between.endpoint };
  }

  /** @param outcome none where it could not be told @returns whether there is one more to look at */
  end({ id, name, version }: CopyTarget, outcome: CopyOutcome | undefined, now: number): boolean {
    const { rows } = this.#parts;
    this.#out.set(name, withoutCopy(this.#out.get(name) ?? [], id));
    // The rollout may have gone on, or be another one's by now.
    const rollout = rows.of(name);
    if (!outcome || rollout?.version !== version || rollout.stage !== "shadow") return false;
    rows.addCopy(name, version, { ...outcome, at: now });
    return true;
  }

  /** Cards never change: what two of them allow is worked out once for each rollout. */
  #between(agent: string, base: string, version: string): Between | undefined {
    const known = this.#known.get(agent);
    if (known?.base === base && known.version === version) return known;
    const { store } = this.#parts;
    const [before, candidate] = [store.entry(agent, base), store.entry(agent, version)];
    if (!before || !candidate) return undefined;
    const between = { base, version, endpoint: candidate.endpoint, skills: new Set(copiedSkills(before.card, candidate.card)) };
    this.#known.set(agent, between);
    return between;
  }

  /** An object is let go of after seconds in which nobody calls it. */
  #stored(agent: string, version: string): readonly Copying[] {
    const stored = this.#parts.rows.copies(agent, version);
    return stored.flatMap(({ at }) => (at === undefined ? [] : [{ id: STORED, at, isOut: false }]));
  }
}
