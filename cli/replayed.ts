/**
 * The recorded decisions of a task under a candidate contract: which would have been others, and what their calls cost. Pure.
 * Each decision is taken again by itself: what would have come after a different one, nobody knows.
 */
import { type Amount, NOTHING, plus } from "../shared/budget/amount.ts";
import type { Contract } from "../shared/contract/contract.ts";
import { kindOf, policyOf, redecide } from "../shared/policy/redecide.ts";
import { restate } from "../shared/policy/restate.ts";
import type { RecordedDecision, TaskRecord } from "../shared/task/record.ts";
import { aboutOf, callOf } from "./decision-words.ts";

export interface Difference {
  readonly task: string;
  readonly seq: number;
  readonly name: string;
  readonly about: string;
  /** `stop (below-floor)` */
  readonly was: string;
  readonly would: string;
  /** The call it was about, where one went out: what it has cost, or what was set aside while it has not ended. */
  readonly call?: { readonly name: string; readonly cost: Amount };
}

export interface Replayed {
  /** Decisions of the candidate's policy. */
  readonly decisions: number;
  readonly same: number;
  readonly differences: readonly Difference[];
  /** Taken under a contract that is not here, so that what it put into the signals stays in them. */
  readonly asRecorded: number;
}

/** @param contractOf a version of the candidate's policy, where it is known */
export function replay(record: TaskRecord, candidate: Contract, contractOf: (version: number) => Contract | undefined): Replayed {
  const own = record.chain.path.length <= 1;
  const differences: Difference[] = [];
  let decisions = 0;
  let asRecorded = 0;
  for (const recorded of record.decisions) {
    const kind = kindOf(recorded.name);
    if (!kind || policyOf(kind) !== candidate.policy) continue;
    decisions += 1;
    const from = contractOf(versionOf(recorded));
    if (!from) asRecorded += 1;
    const restated = from ? { from, to: candidate, own, wished: record.wishes?.limits } : undefined;
    const signals = restated ? restate(kind, recorded.signals, restated) : recorded.signals;
    const was = wayOf(recorded.decision as Way);
    const would = wayOf(redecide(kind, candidate, signals));
    if (was === would) continue;
    const call = callOf(recorded.name, record.calls);
    const cost = call?.cost ?? call?.lease;
    const about = aboutOf(recorded, record.calls);
    differences.push({
      task: record.id,
      seq: recorded.seq,
      name: recorded.name,
      about,
      was,
      would,
      ...(call && cost && { call: { name: call.name, cost } }),
    });
  }
  return { decisions, same: decisions - differences.length, differences, asRecorded };
}

/** What the calls cost that a different decision was about, each call once. */
export function costOfDifferences(differences: readonly Difference[]): Amount {
  const calls = new Map<string, Amount>();
  for (const { task, call } of differences) if (call) calls.set(`${task} ${call.name}`, call.cost);
  return [...calls.values()].reduce(plus, NOTHING);
}

/** How often each change came, the most frequent first. */
export function waysOf(differences: readonly Difference[]): { readonly way: string; readonly times: number }[] {
  const ways = Map.groupBy(differences, ({ was, would }) => `${was} → ${would}`);
  return [...ways].map(([way, each]) => ({ way, times: each.length })).sort((one, other) => other.times - one.times);
}

export type Way = { readonly outcome: string; readonly reason: string; readonly agent?: string; readonly skill?: string };

/** Figures aside: what comes of a decision, and why. */
export function wayOf({ outcome, reason, agent, skill }: Way): string {
  return `${outcome}${agent === undefined ? "" : ` ${agent}/${skill}`} (${reason})`;
}

function versionOf({ decision }: RecordedDecision): number {
  const { version } = decision as { version?: unknown };
  return typeof version === "number" ? version : 0;
}
