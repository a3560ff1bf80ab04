/**
 * What candidates would have decided in live tasks, read from recorded decisions: how often each was asked, how often it would have
 * had something else done, which way, and in which tasks. Pure.
 */
import { tellingIn } from "../shared/policy/otherwise.ts";
import type { RecordedDecision, TaskRecord, TriedBeside } from "../shared/task/record.ts";
import { type Way, wayOf } from "./replayed.ts";

/** One candidate, over all tasks that were looked at. */
export interface CandidateSeen {
  readonly policy: string;
  readonly version: number;
  /** Tasks in which it was asked, decisions it was asked on, and those of them on which it threw. */
  readonly tasks: number;
  readonly asked: number;
  readonly failed: number;
  readonly otherwise: number;
  /** The most frequent first. */
  readonly ways: readonly WaySeen[];
}

export interface WaySeen {
  /** `extend (within-cap) → stop (below-floor)` */
  readonly way: string;
  readonly times: number;
  /** Ids of some of the tasks. */
  readonly examples: readonly string[];
}

/** Tasks named of each way: enough to look at. */
const EXAMPLES = 3;

/** What was tried beside a decision; undefined where nothing was. */
export function triedBeside({ decision }: Pick<RecordedDecision, "decision">): TriedBeside | undefined {
  return (decision as { candidate?: TriedBeside }).candidate;
}

/** The way of a decision that a candidate would have taken otherwise: `was → would`, or what of it would be otherwise. */
export function wayTried({ decision }: Pick<RecordedDecision, "decision">, would: object): string {
  const [was, other] = [wayOf(decision as unknown as Way), wayOf(would as Way)];
  return was === other ? `${was} with other ${tellingIn(decision as object, would).join(", ")}` : `${was} → ${other}`;
}

/** @returns each candidate that was asked, by policy and version */
export function candidatesIn(records: readonly Pick<TaskRecord, "id" | "decisions">[]): CandidateSeen[] {
  const asked = records.flatMap(({ id, decisions }) =>
    decisions.flatMap((each) => {
      const tried = triedBeside(each);
      return tried ? [{ id, each, tried, policy: String((each.decision as { policy?: unknown }).policy) }] : [];
    }),
  );
  return [...Map.groupBy(asked, ({ policy, tried }) => `${policy} ${String(tried.version).padStart(8, "0")}`)]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, all]) => {
      const [first] = all;
      const others = all.flatMap(({ id, each, tried }) => (tried.would ? [{ id, way: wayTried(each, tried.would) }] : []));
      const ways = [...Map.groupBy(others, ({ way }) => way)].map(([way, seen]) => ({
        way,
        times: seen.length,
        examples: [...new Set(seen.map(({ id }) => id))].slice(0, EXAMPLES),
      }));
      const candidate = {
        tasks: new Set(all.map(({ id }) => id)).size,
        asked: all.length,
        failed: all.filter(({ tried }) => tried.failed).length,
        otherwise: others.length,
        ways: ways.toSorted((one, other) => other.times - one.times),
      };
      return first ? [{ policy: first.policy, version: first.tried.version, ...candidate }] : [];
    });
}
