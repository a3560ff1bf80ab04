/**
 * The scores of one agent, an object named like it. A shell around seen.ts, made with itty-durable: one small JSON value,
 * loaded before its first call and written after each count. Every method can be reached through the object's `fetch`, so
 * no request from outside may ever be handed to it; arguments travel in a header as JSON, so they are small, plain ASCII
 * and never undefined.
 */
import { createDurable, proxyDurable } from "itty-durable";
import type { SkillScore } from "../../shared/host/governance/api.ts";
import { counted, NOBODY_SEEN, type OutcomeOfAgent, type Seen, scoresOf } from "./seen.ts";

// Not the library's autoPersist: it would write the whole value after each reading too, also for agents nobody has called.
export class AgentScores extends createDurable() {
  seen: Seen = NOBODY_SEEN;

  /** No await between reading and writing what was seen: calls that come together are counted one after the other. */
  async count(outcomes: readonly OutcomeOfAgent[], report: string | null): Promise<void> {
    this.seen = counted(this.seen, outcomes, report);
    await this.persist();
  }

  scores(): Readonly<Record<string, SkillScore>> {
    return scoresOf(this.seen);
  }
}

export interface AgentScoresEnv {
  AGENT_SCORES: DurableObjectNamespace;
}

/** What is called on an object from outside. Never to be awaited itself: the library's stand-in passes for a promise that never ends. */
type Called = Pick<AgentScores, "count"> & { scores(): Promise<Readonly<Record<string, SkillScore>>> };

export function scoresOfAgents({ AGENT_SCORES }: AgentScoresEnv): { get(agent: string): Called } {
  return proxyDurable(AGENT_SCORES, { name: "AGENT_SCORES", parse: true });
}
