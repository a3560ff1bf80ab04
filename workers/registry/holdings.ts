/**
 * What the registry's object answers over RPC, to the registry's entrypoint and nobody else. Types only.
 */
import type { Admission, Held } from "../../shared/registry/admission.ts";
import type { Change, Changed, EntryPage, RegistryRefusal } from "../../shared/registry/api.ts";
import type { Entry, Snapshot } from "../../shared/registry/entry.ts";
import type { LogPage } from "../../shared/registry/history.ts";
import type { RolloutChange, RolloutReport, ShadowCopy } from "../../shared/registry/rollout.ts";
import type { CopyOutcome } from "../../shared/registry/rollout-seen.ts";

export type Committed =
  | { readonly ok: true; readonly entry: Entry; readonly again: boolean }
  | { readonly ok: false; readonly refusal: RegistryRefusal };

/** Where a copy goes. */
export interface CopyTarget {
  readonly id: number;
  readonly name: string;
  /** Of the candidate. */
  readonly version: string;
  readonly endpoint: string;
}

export interface Holdings {
  /**
   * @param reserved names of the agents that the mesh was deployed with
   * @param atOnce without a rollout, whatever the contract says
   */
  commit(entry: Entry, reserved: readonly string[], atOnce?: boolean): Promise<Committed>;
  change(change: Change): Promise<Changed>;
  /** Runs a version's probes, or waits for those that run. @returns how it stands after; undefined where there is no such version */
  measure(name: string, version: string, by: string): Promise<Entry | undefined>;
  /** Counts one more run that was asked for. @returns when the next may be asked for, where there were too many */
  ask(name: string): Promise<number | undefined>;
  /** Whether it would be admitted, whatever room there is. Its probes are not compared. */
  admits(entry: Entry, reserved: readonly string[]): Promise<Admission>;
  /** All versions of an agent, without their cards. */
  held(name: string): Promise<readonly Held[]>;
  entry(name: string, version: string): Promise<Entry | undefined>;
  /** By name. @param after names that come after this one only @param limit none where it is absent */
  called(after?: string, limit?: number): Promise<EntryPage>;
  /** The latest first. @param after versions that come before this one only */
  versions(name: string, after?: string, limit?: number): Promise<readonly Entry[]>;
  snapshot(known?: number): Promise<Snapshot | undefined>;
  log(after: number, limit: number): Promise<LogPage>;
  rollouts(name?: string): Promise<readonly RolloutReport[]>;
  roll(change: RolloutChange): Promise<Changed>;
  /** @returns where the copy of a call goes; undefined for a call that gets none */
  beginCopy(call: Pick<ShadowCopy, "agent" | "skill" | "base">): Promise<CopyTarget | undefined>;
  /** Each that was begun is ended. @param outcome none where it could not be told */
  endCopy(target: CopyTarget, outcome: CopyOutcome | undefined): Promise<void>;
}
