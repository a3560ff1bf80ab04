/**
 * What a planner is: it proposes which goals a request consists of, how they hang together and who could take them. It
 * only proposes: surface, floor and bounds are for the policies. One implementation goes by rules (rules-planner.ts); one
 * that asks a model has the same face, which is why `plan` may be a promise.
 */
import type { Candidate } from "../policy/dispatch.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import type { Plan } from "./plan.ts";

export interface Planner {
  plan(request: PlanRequest): Plan | Promise<Plan>;
  /** Candidates for one goal's words, for instance after somebody said it in other words. */
  rank(goal: { readonly text: string; readonly surface: readonly string[] }, catalogue: readonly AgentCard[]): readonly Candidate[];
}

export type PlanRequest = {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly catalogue: readonly AgentCard[];
  /** Names of the catalogue's agents that were published to the mesh, and not deployed with it. */
  readonly published?: ReadonlySet<string>;
  /** `agent/skill`, when the caller named one: then the plan is that one goal. */
  readonly named?: string;
};

/** A part of the request that is not text: what it is called and what it is. */
export type Attachment = { readonly name: string; readonly mediaType: string };
