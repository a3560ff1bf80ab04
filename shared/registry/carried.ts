/**
 * What a new version begins with: the record of the one before it, which counts until the new one has a record of its own. Otherwise
 * whoever fails would raise a number and be as good as nobody has measured. Pure.
 */
import type { SkillRecord } from "../policy/reliability.ts";

/** By the skill's id. */
export type Records = Readonly<Record<string, SkillRecord>>;

export interface VersionSeen {
  /** Of all its skills. */
  readonly own: Records;
  /** What it began with itself. */
  readonly carried: Records;
}

const NOTHING: SkillRecord = { successes: 0, failures: 0 };

/**
 * @param skills ids of the new version's
 * @param before the version that it follows
 * @param most outcomes of a skill that count
 * @returns of the skills for which there is something
 */
export function carriedOver(skills: readonly string[], { own, carried }: VersionSeen, most: number): Records {
  const begunWith = new Map(Object.entries(carried));
  const before = new Map(
    Object.entries(own).map(([skill, its]) => [skill, added(its, stillCarried(begunWith.get(skill) ?? NOTHING, its, most))]),
  );
  const gone = [...before].filter(([skill]) => !skills.includes(skill)).map(([, record]) => record);
  // A skill that comes as another goes may be the same under a new name.
  const ofGone = gone.reduce(added, NOTHING);
  const all = skills.map((skill) => [skill, shrunk(before.get(skill) ?? ofGone, most)] as const);
  return Object.fromEntries(all.filter(([, record]) => countOf(record) > 0));
}

/** What is left of it beside a version's own outcomes: each of these takes the place of one that was carried. */
export function stillCarried(carried: SkillRecord, own: SkillRecord, most: number): SkillRecord {
  return shrunk(carried, Math.max(0, most - countOf(own)));
}

/** In proportion, in whole numbers. */
function shrunk({ successes, failures }: SkillRecord, most: number): SkillRecord {
  const count = successes + failures;
  if (count <= most) return { successes, failures };
  const failed = Math.round((failures * most) / count);
  return { successes: most - failed, failures: failed };
}

function added(one: SkillRecord, other: SkillRecord): SkillRecord {
  return { successes: one.successes + other.successes, failures: one.failures + other.failures };
}

function countOf({ successes, failures }: SkillRecord): number {
  return successes + failures;
}
