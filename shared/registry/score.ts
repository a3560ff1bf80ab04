/**
 * What was measured of an agent's skills, from the outcomes of its probes and calls, as whoever calls it reads it: by the same prior
 * and the same confidence as the chain cap counts with. Pure, and the same for the same outcomes; decides nothing.
 */
import { type Counting, reliabilityOf, type SkillRecord } from "../policy/reliability.ts";
import { stillCarried } from "./carried.ts";
import type { SkillEvidence } from "./evidence.ts";
import { medianOf } from "./median.ts";
import type { ProbeOutcome } from "./probe.ts";

/** Of a chain-cap contract. How many outcomes it waits for is not asked: one bound for few and many leaves no step to aim at. */
export type Prior = Omit<Counting, "minSamples">;

/** What calls to a skill came to, as the mesh's scoreboard has counted them. */
export interface CallsSeen {
  readonly successes: number;
  readonly failures: number;
  /** Refused, or asked back to: neither. Absent where there were none. */
  readonly declined?: number;
  /** Of the latest successes, the last one last. */
  readonly ms: readonly number[];
  /** Of those that cost something, as far as what agents say of it is believed. */
  readonly microUsd: readonly number[];
}

/** Of a skill, as the scoreboard keeps it. Nothing is also what is booked where an agent says nothing, or is not believed. */
export function callsIn({ successes, failures, declined, ms, costs }: ScoreKept): CallsSeen {
  return {
    successes,
    failures,
    ...(declined !== undefined && { declined }),
    ms,
    microUsd: costs.map(({ microUsd }) => microUsd).filter((cost) => cost > 0),
  };
}

type ScoreKept = Omit<CallsSeen, "microUsd"> & { readonly costs: readonly { readonly microUsd: number }[] };

/** What an agent's other versions leave to this one. */
export interface Before {
  /** Of the version that it follows, by the skill's id. */
  readonly carried: Readonly<Record<string, SkillRecord>>;
  /** How many outcomes count of those, until there are as many of its own. */
  readonly most: number;
  /** Outcomes of all its other versions. */
  readonly others: number;
}

const NO_CALLS: CallsSeen = { successes: 0, failures: 0, ms: [], microUsd: [] };

/**
 * @param skills the ids of all skills of the card: those nobody measured are there too, as the prior has them
 * @param outcomes of one version, in the order in which they were made
 * @param calls of the same version, by the skill's id
 * @param before absent where nobody has published another version
 * @returns by the skill's id
 */
export function evidenceOf(
  skills: readonly string[],
  outcomes: readonly ProbeOutcome[],
  prior: Prior,
  calls: Readonly<Record<string, CallsSeen>> = {},
  before?: Before,
): Readonly<Record<string, SkillEvidence>> {
  const untrue = untrueClaims(outcomes);
  const bySkill = Map.groupBy(outcomes.filter(isProbe), ({ skill }) => skill);
  const called = new Map(Object.entries(calls));
  const carried = new Map(Object.entries(before?.carried ?? {}));
  const others = before && before.others > 0 && { others: before.others };
  return Object.fromEntries(
    skills.map((skill) => {
      const begunWith = before && { record: carried.get(skill) ?? NO_CALLS, most: before.most };
      return [skill, { ...measured(bySkill.get(skill) ?? [], called.get(skill) ?? NO_CALLS, prior, begunWith), ...others, untrue }];
    }),
  );
}

/** What came of a version's own probes and calls, by the skill's id: of all its skills. */
export function recordsOf(
  skills: readonly string[],
  outcomes: readonly ProbeOutcome[],
  calls: Readonly<Record<string, CallsSeen>>,
): Readonly<Record<string, SkillRecord>> {
  const bySkill = Map.groupBy(outcomes.filter(isProbe), ({ skill }) => skill);
  const called = new Map(Object.entries(calls));
  return Object.fromEntries(skills.map((skill) => [skill, recordOf(bySkill.get(skill) ?? [], called.get(skill) ?? NO_CALLS)]));
}

/** What the card declares and was found false when it was last tried: a claim that was mended counts as true again. */
export function untrueClaims(outcomes: readonly ProbeOutcome[]): readonly string[] {
  const last = new Map(outcomes.flatMap(({ claim, ok }) => (claim === undefined ? [] : [[claim, ok] as const])));
  return [...last].flatMap(([claim, ok]) => (ok ? [] : [claim])).sort();
}

/** Whether it says something of a skill, and not of a capability of the whole agent. */
export function isProbe({ claim }: ProbeOutcome): boolean {
  return claim === undefined;
}

function recordOf(outcomes: readonly ProbeOutcome[], calls: CallsSeen): SkillRecord {
  const held = outcomes.filter(({ ok }) => ok).length;
  return { successes: held + calls.successes, failures: outcomes.length - held + calls.failures };
}

function measured(
  outcomes: readonly ProbeOutcome[],
  calls: CallsSeen,
  prior: Prior,
  begunWith?: { readonly record: SkillRecord; readonly most: number },
): Omit<SkillEvidence, "untrue"> {
  const held = outcomes.filter(({ ok }) => ok);
  const record = recordOf(outcomes, calls);
  // A failure is often fast, or as slow as the probe was patient: neither says how long an answer takes.
  const ms = medianOf([...held.map((each) => each.ms), ...calls.ms]);
  const microUsd = medianOf([...held.flatMap((each) => (each.microUsd === undefined ? [] : [each.microUsd])), ...calls.microUsd]);
  const { successes, failures } = begunWith ? stillCarried(begunWith.record, record, begunWith.most) : NO_CALLS;
  const all = { successes: record.successes + successes, failures: record.failures + failures };
  const bound = (quantile: number) => reliabilityOf({ ...prior, quantile, minSamples: 0 }, all).reliability;
  const failed = outcomes.findLast(({ ok }) => !ok);
  return {
    ...record,
    ...(successes + failures > 0 && { carried: { successes, failures } }),
    reliability: bound(prior.quantile),
    reliabilityAtMost: bound(1 - prior.quantile),
    ...(ms !== undefined && { ms }),
    ...(microUsd !== undefined && { microUsd }),
    ...(failed && { lastFailure: { at: failed.at, why: failed.why } }),
  };
}
