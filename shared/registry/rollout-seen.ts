/**
 * What was seen of a candidate and of the version it is tried beside, as the gates read it: calls since the rollout began, copies, and
 * what its card claims in vain. Pure; judges nothing.
 */
import { seenOf } from "./median.ts";
import type { ProbeOutcome } from "./probe.ts";
import type { CopiesSeen, RolloutReport } from "./rollout.ts";
import { type CallsSeen, untrueClaims } from "./score.ts";

const NO_CALLS: CallsSeen = { successes: 0, failures: 0, ms: [], microUsd: [] };

type BySkill<T> = Readonly<Record<string, T>>;

/** Of calls to one skill, when a rollout began. Stored shape. */
export type Counted = Pick<CallsSeen, "successes" | "failures">;

/** Of one call and its copy. */
export interface CopyOutcome {
  readonly skill: string;
  /** When it had come back, milliseconds since the epoch; absent as long as it is not stored. */
  readonly at?: number;
  readonly base: OneSeen;
  readonly candidate: OneSeen;
  /** Absent where one of them gave no answer that could be compared. */
  readonly alike?: boolean;
}

export interface OneSeen {
  readonly ok: boolean;
  /** Milliseconds. */
  readonly ms: number;
  /** As the agent says. */
  readonly microUsd?: number;
}

export interface SeenOfBoth {
  /** Ids of the candidate's skills. */
  readonly skills: readonly string[];
  readonly base: BySkill<CallsSeen>;
  readonly candidate: BySkill<CallsSeen>;
  /** Of the base, when the rollout began. */
  readonly before: BySkill<Counted>;
  readonly copies: readonly CopyOutcome[];
}

/**
 * By the skill's id: all that the candidate has, seen or not.
 *
 * @param tail of the rollout contract
 */
export function skillsSeen({ skills, base, candidate, before, copies }: SeenOfBoth, tail: number): RolloutReport["skills"] {
  const copiesOf = Map.groupBy(copies, ({ skill }) => skill);
  return Object.fromEntries(
    skills.map((skill) => {
      const calls = {
        base: seenOf(since(own(base, skill) ?? NO_CALLS, own(before, skill)), tail),
        candidate: seenOf(own(candidate, skill) ?? NO_CALLS, tail),
      };
      const its = copiesOf.get(skill);
      return [skill, its ? { ...calls, copies: copiesSeen(its, tail) } : calls];
    }),
  );
}

export function countsOf(calls: BySkill<CallsSeen>): BySkill<Counted> {
  return Object.fromEntries(Object.entries(calls).map(([skill, { successes, failures }]) => [skill, { successes, failures }]));
}

/** What the base does as it declares it, and the candidate declares and does not do: such as streaming. */
export function lostClaims(base: readonly ProbeOutcome[], candidate: readonly ProbeOutcome[]): readonly string[] {
  const tried = new Set(base.flatMap(({ claim }) => claim ?? []));
  const untrue = new Set(untrueClaims(base));
  return untrueClaims(candidate).filter((claim) => tried.has(claim) && !untrue.has(claim));
}

function copiesSeen(copies: readonly CopyOutcome[], tail: number): CopiesSeen {
  const compared = copies.filter(({ alike }) => alike !== undefined);
  return {
    base: seenOf(callsOf(copies.map(({ base }) => base)), tail),
    candidate: seenOf(callsOf(copies.map(({ candidate }) => candidate)), tail),
    compared: compared.length,
    alike: compared.filter(({ alike }) => alike).length,
  };
}

function callsOf(outcomes: readonly OneSeen[]): CallsSeen {
  const held = outcomes.filter(({ ok }) => ok);
  return {
    successes: held.length,
    failures: outcomes.length - held.length,
    ms: held.map(({ ms }) => ms),
    microUsd: held.flatMap(({ microUsd }) => microUsd ?? []),
  };
}

/** A scoreboard that has forgotten a skill meanwhile counts from nothing: then all it has is since. */
function since(calls: CallsSeen, before: Counted = NO_CALLS): CallsSeen {
  const isForgotten = calls.successes < before.successes || calls.failures < before.failures;
  if (isForgotten) return calls;
  const successes = calls.successes - before.successes;
  const latest = (samples: readonly number[]) => (successes === 0 ? [] : samples.slice(-successes));
  return { successes, failures: calls.failures - before.failures, ms: latest(calls.ms), microUsd: latest(calls.microUsd) };
}

/** What a card calls its skills is nobody's prototype. */
function own<T>(bySkill: BySkill<T>, skill: string): T | undefined {
  return Object.hasOwn(bySkill, skill) ? bySkill[skill] : undefined;
}
