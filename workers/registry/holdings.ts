/**
 * What the registry's object answers over RPC, to the registry's entrypoint and nobody else. Types only.
 */
import type { Held } from "../../shared/registry/admission.ts";
import type { Change, Changed, RegistryRefusal } from "../../shared/registry/api.ts";
import type { Entry, Snapshot } from "../../shared/registry/entry.ts";
import type { LogPage } from "../../shared/registry/history.ts";

export type Committed =
  | { readonly ok: true; readonly entry: Entry; readonly again: boolean }
  | { readonly ok: false; readonly refusal: RegistryRefusal };

export interface Holdings {
  /** @param reserved names of the agents that the mesh was deployed with */
  commit(entry: Entry, reserved: readonly string[]): Promise<Committed>;
  change(change: Change): Promise<Changed>;
  /** Runs a version's probes, or waits for those that run. @returns how it stands after; undefined where there is no such version */
  measure(name: string, version: string, by: string): Promise<Entry | undefined>;
  /** All versions of all agents, without their cards. */
  held(): Promise<readonly Held[]>;
  called(): Promise<readonly Entry[]>;
  versions(name: string): Promise<readonly Entry[]>;
  snapshot(known?: number): Promise<Snapshot | undefined>;
  log(after: number, limit: number): Promise<LogPage>;
}
