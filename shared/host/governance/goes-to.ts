/**
 * Whom a new call goes to: the version that its lot draws, or the one that most calls go to where the candidate it drew is held back
 * for its failures. Sends nothing; that it went elsewhere is recorded as the agent breaker's decision about the candidate.
 */
import { decideAgentBreaker } from "../../policy/agent-breaker.ts";
import type { Which } from "../../registry/chosen-version.ts";
import type { DelegateCall } from "../program.ts";
import { heldAs, stateOf } from "./agents.ts";
import { cardOf, whichFor } from "./begun-call.ts";
import { decideOn } from "./decision.ts";
import type { Governor } from "./governor.ts";
import type { Peer } from "./peer.ts";
import type { Spending } from "./spending.ts";

export type Describe = (agent: string, which?: Which) => Peer | undefined | Promise<Peer | undefined>;

export interface Destination {
  /** Undefined where there is no such agent. */
  readonly peer: Peer | undefined;
  /** What it is described by, once more before the call goes out: whoever tries a candidate that was held back must not be held by it. */
  readonly which?: Which;
}

/** @param name of the call in this task, the same in every run */
export async function goesTo(
  run: Pick<Spending, "task" | "decide" | "during">,
  governor: Pick<Governor, "rule">,
  name: string,
  { agent, skill }: Pick<DelegateCall, "agent" | "skill">,
  describe: Describe,
): Promise<Destination> {
  const which = whichFor(run.task, name, skill);
  const peer = await known(run, describe(agent, which));
  const drawn: Destination = { peer, ...(which && { which }) };
  // One that is out stays where it is.
  if (!peer?.candidate || run.task.head.delegating[name] !== undefined) return drawn;
  const contract = governor.rule("agent-breaker", run.task);
  const signals = { state: stateOf(run.task.head.principal.tenant, heldAs(agent, cardOf(peer))), now: Date.now() };
  if (contract.mode === "shadow" || decideAgentBreaker(contract, signals).outcome === "call") return drawn;
  // Nobody asked for this version: a call that it cannot have is no reason to have none.
  decideOn(run.decide, `agent-breaker:${name}:candidate`, contract, signals, decideAgentBreaker);
  return { peer: await known(run, describe(agent)) };
}

/** Waits only for what is not there yet: a wait stores what was said so far, in a row of its own. */
export async function known<T>(run: Pick<Spending, "during">, value: T | Promise<T>): Promise<T> {
  return value instanceof Promise ? run.during(() => value) : value;
}
