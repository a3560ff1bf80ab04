/**
 * What callers and the mesh say to each other about limits, as an A2A extension. A request's metadata may hold
 * `{ "<uri>": { "limits": …, "preferences": …, "label": … } }`; a task's metadata says `{ "<uri>": { "cost": … } }` whenever it
 * ends or waits, and `"limit"` beside it when a limit is what it waits at. Types and names only.
 */
import { type Amount, NOTHING, plus } from "../budget/amount.ts";
import type { Label } from "../chain/delegation.ts";
import type { JsonObject } from "./a2a-types.ts";

export const GOVERNANCE_EXTENSION = "urn:skein:ext:governance:v1";

/** What a caller wishes for their task. It can only narrow what the contracts allow. */
export type Wishes = {
  readonly limits?: Readonly<Partial<Amount>>;
  /** Weights, 0..1. */
  readonly preferences?: Preferences;
  readonly label?: Label;
};

export type Preferences = { readonly accuracy: number; readonly cost: number; readonly latency: number };

/** @returns the metadata that says what a task has cost so far, and what it waits at */
export function sayingCost(cost: Amount, limit?: JsonObject): JsonObject {
  return { [GOVERNANCE_EXTENSION]: { cost: { ...cost }, ...(limit && { limit }) } };
}

/** @returns the cost that a task's metadata claims; undefined when it claims none that makes sense */
export function costClaimedIn(metadata: JsonObject | undefined): Amount | undefined {
  const said = metadata?.[GOVERNANCE_EXTENSION];
  if (typeof said !== "object" || said === null || Array.isArray(said)) return undefined;
  const { cost } = said;
  if (typeof cost !== "object" || cost === null || Array.isArray(cost)) return undefined;
  const claimed: Record<string, number> = {};
  for (const unit of Object.keys(NOTHING)) {
    const value = cost[unit] ?? 0;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) return undefined;
    claimed[unit] = value;
  }
  return plus(NOTHING, claimed as Amount);
}

/** @returns what a question says of the limit that put it */
export function limitIn(metadata: JsonObject | undefined): JsonObject | undefined {
  const said = metadata?.[GOVERNANCE_EXTENSION];
  if (typeof said !== "object" || said === null || Array.isArray(said)) return undefined;
  const { limit } = said;
  return typeof limit === "object" && limit !== null && !Array.isArray(limit) ? limit : undefined;
}
