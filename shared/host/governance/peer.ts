/** Another agent, as its card shows it to those that call it. Type only. */
import type { SkillFacts } from "../../task/skill-facts.ts";

/** An agent that may be called, as its card and its behaviour show it. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  /** It carries the chain on: it takes an envelope, and its word on what it spent counts. */
  readonly chain: boolean;
  readonly facts: ReadonlyMap<string, SkillFacts>;
  /** Of its card, where it was published to the mesh: SHA-256 in hex. */
  readonly digest?: string;
  /** This version is on its way into the list, and gets a share of the calls. */
  readonly candidate?: true;
  /** Why it gets no call, as a sentence; absent where it may be called. */
  readonly barred?: string;
  /** Why nobody knows whether it may be called, as a sentence: the registry could not be read, which is not the agent's fault. */
  readonly unread?: string;
}
