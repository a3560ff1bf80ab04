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
export type Counted = Pick<CallsSeen, "successes" | "failures" | "declined">;

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
  /** It refused, or asked back: no success, and no failure. */
  readonly declined?: true;
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
  /** Of the base, when the rollout began, or was last sent to another step by hand. */
  readonly before: BySkill<Counted>;
  /** Of the candidate, when that was done. Absent where it was not. */
  readonly candidateBefore?: BySkill<Counted>;
  readonly copies: readonly CopyOutcome[];
}

/**
 * By the skill's id: all that the candidate has, seen or not.
 *
 * @param tail of the rollout contract
 */
export function skillsSeen(
  { skills, base, candidate, before, candidateBefore = {}, copies }: SeenOfBoth,
  tail: number,
): RolloutReport["skills"] {
  const copiesOf = Map.groupBy(copies, ({ skill }) => skill);
  return Object.fromEntries(
    skills.map((skill) => {
      const calls = {
        base: seenOf(since(own(base, skill) ?? NO_CALLS, own(before, skill)), tail),
        candidate: seenOf(since(own(candidate, skill) ?? NO_CALLS, own(candidateBefore, skill)), tail),
      };
      const its = copiesOf.get(skill);
      return [skill, its ? { ...calls, copies: copiesSeen(its, tail) } : calls];
    }),
  );
}

export function countsOf(calls: BySkill<CallsSeen>): BySkill<Counted> {
  const counts = ({ successes, failures, declined }: Counted): Counted => ({ successes, failures, ...(declined && { declined }) });
  return Object.fromEntries(Object.entries(calls).map(([skill, its]) => [skill, counts(its)]));
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
    candidate: seenOf(callsOf(copies.filter(({ base }) => base.ok).map(({ candidate }) => candidate)), tail),
    compared: compared.length,
    alike: compared.filter(({ alike }) => alike).length,
  };
}

function callsOf(outcomes: readonly OneSeen[]): CallsSeen {
  const held = outcomes.filter(({ ok }) => ok);
  const declined = outcomes.filter((outcome) => outcome.declined).length;
  return {
    successes: held.length,
    failures: outcomes.length - held.length - declined,
    declined,
    ms: held.map(({ ms }) => ms),
    microUsd: held.flatMap(({ microUsd }) => microUsd ?? []),
  };
}

/** A scoreboard that has forgotten a skill meanwhile counts from nothing: then all it has is since. */
function since(calls: CallsSeen, before: Counted = NO_CALLS): CallsSeen {
  const [declined, declinedBefore] = [calls.declined ?? 0, before.declined ?? 0];
  const isForgotten = calls.successes < before.successes || calls.failures < before.failures || declined < declinedBefore;
  if (isForgotten) return calls;
  const successes = calls.successes - before.successes;
  const latest = (samples: readonly number[]) => (successes === 0 ? [] : samples.slice(-successes));
  const counts = { successes, failures: calls.failures - before.failures, declined: declined - declinedBefore };
  return { ...counts, ms: latest(calls.ms), microUsd: latest(calls.microUsd) };
}

/** What a card calls its skills is nobody's prototype. */
function own<T>(bySkill: BySkill<T>, skill: string): T | undefined {
  return Object.hasOwn(bySkill, skill) ? bySkill[skill] : undefined;
}
