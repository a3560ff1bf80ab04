/**
 * A new version on its way from nobody's calls to everybody's: where it is, what was seen of it and of the version it is to replace,
 * and what becomes of it. Types only; the gates are in rollout-gates.ts. Stored shapes: fields are added, never renamed.
 */

/** `shadow`: copies of calls, whose answers nobody gets. `canary`: a small share of the new calls. `ramp`: growing shares. */
export type Stage = "shadow" | "canary" | "ramp";

/** Of one agent there is at most one. */
export interface Rollout {
  readonly name: string;
  /** The candidate. */
  readonly version: string;
  /** The version that gets the other calls, and that it is held against. */
  readonly base: string;
  readonly stage: Stage;
  /** Of the new calls, 0..1: 0 in shadow. */
  readonly share: number;
  /** ISO 8601: of the rollout, and of this stage and share. */
  readonly begunAt: string;
  readonly since: string;
  /** Version of the rollout contract it goes by. */
  readonly contract: number;
  /** What the gates said last, in words. */
  readonly why: string;
}

/** Of one skill of one version. */
export interface SkillSeen {
  readonly successes: number;
  readonly failures: number;
  /** Refused, or asked back to: neither. Absent where there were none. */
  readonly declined?: number;
  /** Medians over successes, milliseconds and micro-USD; absent where nothing was seen. */
  readonly ms?: number;
  readonly microUsd?: number;
  /** Between which the true medians lie, but for chance (seenOf in median.ts); absent where too few were seen to say. */
  readonly msWithin?: Within;
  readonly microUsdWithin?: Within;
}

/** The lowest and the highest that it may be. */
export type Within = readonly [low: number, high: number];

/** Of copies of calls to one skill, in shadow: what came of the call, and of its copy. */
export interface CopiesSeen {
  readonly base: SkillSeen;
  /** Only of the copies whose call the base had answered: what the base could not do says nothing of another. */
  readonly candidate: SkillSeen;
  /** Of how many copies both answered, and of how many of these the answers were alike. */
  readonly compared: number;
  readonly alike: number;
}

/** A call that has ended, and could be made of the candidate too. */
export interface ShadowCopy {
  readonly agent: string;
  readonly skill: string;
  /** The version that answered. */
  readonly base: string;
  /** `params` of the SendMessage request, as it was sent. */
  readonly params: object;
  /** What it came to: the Task or Message that was answered, and how long that took. */
  readonly answer: unknown;
  readonly ms: number;
}

/** `POST /registry/agents/{name}/rollout`. */
export interface RolloutChange {
  readonly name: string;
  /** `back`: the candidate is taken out. `active`: it is listed at once. */
  readonly to: Stage | "active" | "back";
  readonly reason: string;
  /** Where whoever asks has seen it last: refused where it is elsewhere by then. Absent where that does not matter. */
  readonly from?: Pick<Rollout, "stage" | "share">;
  readonly by: string;
  readonly isOperator: boolean;
}

/** As it is shown: with what the gates are about. */
export interface RolloutReport extends Rollout {
  readonly skills: Readonly<Record<string, { readonly base: SkillSeen; readonly candidate: SkillSeen; readonly copies?: CopiesSeen }>>;
  /** In words, what is still wanted before the next step. */
  readonly waitsFor: string;
}
