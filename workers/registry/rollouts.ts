/**
 * The rollouts of the registry's object: how they begin, go on, and end. A shell: it loads what was seen, asks the gates, and writes
 * the step with its row in the log, in one turn. Its object says when it looks.
 */
import type { RolloutContract } from "../../shared/contract/rollout.ts";
import type { Changed } from "../../shared/registry/api.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import type { Rollout, RolloutChange, RolloutReport } from "../../shared/registry/rollout.ts";
import { decideRoll, type Step, whereItIs } from "../../shared/registry/rollout-change.ts";
import { whyOver } from "../../shared/registry/rollout-end.ts";
import { decideRollout, nextStep } from "../../shared/registry/rollout-gates.ts";
import { baseOf, copiedSkills, decideOpening } from "../../shared/registry/rollout-opening.ts";
import { countsOf, lostClaims, skillsSeen } from "../../shared/registry/rollout-seen.ts";
import type { CallsSeen } from "../../shared/registry/score.ts";
import { compareVersions } from "../../shared/registry/versions.ts";
import type { OutcomeStore } from "./outcome-store.ts";
import type { RecordStore } from "./record-store.ts";
import type { RegistryStore } from "./registry-store.ts";
import type { RolloutStore, StoredRollout } from "./rollout-store.ts";
import { REGISTRY, type Standings } from "./standings.ts";

export interface RolloutParts {
  readonly store: RegistryStore;
  readonly outcomes: OutcomeStore;
  readonly rows: RolloutStore;
  readonly standings: Standings;
  readonly records: RecordStore;
  /** Of the version that a rollout goes by; the latest where that is not deployed any more, or none is asked for. */
  readonly contract: (version?: number) => RolloutContract;
  /** What calls to a version came to, by skill. */
  readonly calls: (entry: Entry) => Promise<Calls>;
  /** All of it is stored, or nothing. */
  readonly inOne: (writes: () => void) => void;
  /** After each change of an agent. */
  readonly touched: (name: string) => void;
}

export interface Opened {
  /** As it enters. */
  readonly entry: Entry;
  /** For the log. */
  readonly note?: string;
  readonly rollout?: Rollout;
}

type Calls = Readonly<Record<string, CallsSeen>>;

interface Both {
  readonly base: Entry;
  readonly candidate: Entry;
}

interface Counts {
  readonly base: Calls;
  readonly candidate: Calls;
}

export class Rollouts {
  readonly #parts: RolloutParts;

  constructor(parts: RolloutParts) {
    this.#parts = parts;
  }

  /** Writes nothing yet. @param entry one that passed all checks and is not held */
  opening(entry: Entry, atOnce: boolean): Opened {
    // Under suspicion it is neither listed nor tried.
    if (entry.status !== "listed") return { entry };
    const { store, contract, records } = this.#parts;
    const base = baseOf(entry, store.held(entry.name));
    const beside = base && store.entry(entry.name, base.version);
    const opening = decideOpening(contract(), { ...entry, atOnce }, beside, records.latestMark(entry.name));
    if (opening.as === "quarantined") return { entry: { ...entry, status: "quarantined", reason: opening.reason } };
    if (opening.as === "listed") return { entry, ...(opening.note !== undefined && { note: opening.note }) };
    const now = new Date().toISOString();
    const rollout = { ...opening.begins, name: entry.name, begunAt: now, since: now };
    return { entry: { ...entry, status: "candidate", reason: whereItIs(rollout) }, rollout };
  }

  begin(rollout: Rollout): void {
    this.settle(rollout.name);
    this.#parts.rows.forgetCopies(rollout.name);
    // Whoever could tell the lots could choose which of their calls the candidate gets.
    this.#parts.rows.put({ ...rollout, salt: crypto.randomUUID() });
  }

  /** Ends one that cannot go on, whoever changed what. */
  settle(name: string): void {
    const { store, rows, standings } = this.#parts;
    const rollout = rows.of(name);
    if (!rollout) return;
    const held = store.held(name);
    const why = whyOver(rollout, held);
    if (why === undefined) return;
    rows.end(name);
    if (held.some(({ version, status }) => version === rollout.version && status === "candidate"))
      standings.set(name, rollout.version, {
        from: "candidate",
        to: "quarantined",
        reason: `taken back: ${why}`,
        by: REGISTRY,
        // Whose base was taken away was never measured to its end. One that a higher version has overtaken leaves that to it.
        measured: !held.some((each) => compareVersions(each.version, rollout.version) > 0),
      });
  }

  /** Asks the gates, and does what they say. */
  async look(name: string): Promise<void> {
    const looked = this.#parts.rows.of(name);
    const both = looked && this.#both(looked);
    if (!both) return;
    const counts = await this.#counts(both);
    this.#parts.inOne(() => {
      const rollout = this.#parts.rows.of(name);
      // Somebody may have sent it on or back meanwhile: what was read is for the step before.
      if (!rollout || !isSameStep(rollout, looked)) return;
      const counted = countedFrom(rollout, counts);
      const { outcome, why } = this.#judged(counted, both, counts).decision;
      if (outcome !== "stay") this.#keep(both, counts);
      if (outcome === "back") this.#apply(counted, "back", why, REGISTRY);
      else if (outcome === "advance") this.#apply(counted, nextStep(this.#parts.contract(rollout.contract), rollout), why, REGISTRY);
      else if (!rollout.before || rollout.why !== why) this.#parts.rows.put({ ...counted, why, changedAt: new Date().toISOString() });
    });
  }

  /** By hand, whatever the gates say. */
  roll({ reason, ...change }: RolloutChange): Changed {
    const { store, rows, contract } = this.#parts;
    const rollout = rows.of(change.name);
    const both = rollout && this.#both(rollout);
    const tryable = both !== undefined && copiedSkills(both.base.card, both.candidate.card).length > 0;
    const [first] = store.held(change.name);
    const rolling = decideRoll(contract(rollout?.contract), change, first && { publisher: first.publisher, tryable }, rollout);
    if (!rolling.ok) return rolling;
    this.#parts.inOne(() => {
      // Whoever sends it back to shadow wants other copies: those that it has would send it on again at once.
      if (change.to === "shadow") rows.forgetCopies(change.name);
      // What sent it here, or would have, must not decide the next step too.
      const { before: _, candidateBefore: __, ...anew } = rolling.rollout;
      this.#apply({ ...anew, isAnew: true }, rolling.step, reason, change.by);
    });
    const { version } = rolling.rollout;
    const entry = store.entry(change.name, version);
    if (!entry) throw new Error(`version ${version} of ${change.name} is tried without its card`);
    return { ok: true, entry };
  }

  async report(name: string): Promise<RolloutReport | undefined> {
    const stored = this.#parts.rows.of(name);
    const both = stored && this.#both(stored);
    if (!both) return undefined;
    const counts = await this.#counts(both);
    const counted = countedFrom(stored, counts);
    const { skills, decision } = this.#judged(counted, both, counts);
    const { before: _, candidateBefore: __, isAnew: ___, salt: ____, changedAt: _____, ...rollout } = counted;
    return { ...rollout, skills, why: decision.why, waitsFor: decision.waitsFor };
  }

  /** What a step was decided by is what is shown of both from then on. */
  #keep({ base, candidate }: Both, counts: Counts): void {
    this.#parts.outcomes.setCalls(base.name, base.version, counts.base);
    this.#parts.outcomes.setCalls(candidate.name, candidate.version, counts.candidate);
  }

  #apply(rollout: StoredRollout, step: Step, why: string, by: string): void {
    const { rows, standings, touched } = this.#parts;
    const { name, version } = rollout;
    if (step === "active" || step === "back") {
      rows.end(name);
      const [to, reason] = step === "active" ? (["listed", `active: ${why}`] as const) : (["quarantined", `taken back: ${why}`] as const);
      standings.set(name, version, { from: "candidate", to, reason, by, measured: step === "back" && by === REGISTRY });
    } else {
      const next = { ...rollout, ...step, since: new Date().toISOString(), why };
      rows.put(next);
      standings.set(name, version, { from: "candidate", to: "candidate", reason: whereItIs(next), by });
    }
    touched(name);
  }

  #judged(rollout: CountedRollout, { base, candidate }: Both, counts: Counts) {
    const { rows, outcomes, contract } = this.#parts;
    const { name, version, stage, share, before, candidateBefore = {} } = rollout;
    const rules = contract(rollout.contract);
    const ids = candidate.card.skills.map(({ id }) => id);
    const skills = skillsSeen({ skills: ids, ...counts, before, candidateBefore, copies: rows.copies(name, version) }, rules.tail);
    const untrue = lostClaims(outcomes.claims(name, base.version), outcomes.claims(name, version));
    const tryable = copiedSkills(base.card, candidate.card).length > 0;
    return { skills, decision: decideRollout(rules, { stage, share, skills, untrue, tryable }) };
  }

  async #counts({ base, candidate }: Both): Promise<Counts> {
    const [ofBase, ofCandidate] = await Promise.all([this.#parts.calls(base), this.#parts.calls(candidate)]);
    return { base: ofBase, candidate: ofCandidate };
  }

  #both({ name, version, base }: Rollout): Both | undefined {
    const [baseEntry, candidate] = [this.#parts.store.entry(name, base), this.#parts.store.entry(name, version)];
    return baseEntry && candidate && { base: baseEntry, candidate };
  }
}

type CountedRollout = StoredRollout & { readonly before: NonNullable<StoredRollout["before"]> };

/** From where its calls count: from now, as long as nobody has noted it. */
function countedFrom(rollout: StoredRollout, counts: Counts): CountedRollout {
  if (rollout.before) return { ...rollout, before: rollout.before };
  return { ...rollout, before: countsOf(counts.base), ...(rollout.isAnew && { candidateBefore: countsOf(counts.candidate) }) };
}

function isSameStep(one: Rollout, other: Rollout): boolean {
  return one.version === other.version && one.stage === other.stage && one.share === other.share && one.since === other.since;
}
