/**
 * Agent breaker: does an agent that fails or is slow get this call. A state for each agent, and the decision about it. Plain
 * data in and out. No clock (`now` and `at` are passed in), no I/O, never throws. Only what was the agent's fault counts:
 * whoever notes a call says whether it worked, failed, or says nothing about the agent (canceled, not carried out).
 */
import type { AgentBreakerContract } from "../contract/agent-breaker.ts";

/** Why an agent gets no more calls, in this order when both hold. */
export type AgentTrouble = "failures" | "slow";

/** Plain JSON, at most `window` calls long. Times are milliseconds since the epoch. */
export type AgentBreakerState =
  | { readonly phase: "closed"; readonly calls: readonly { readonly ok: boolean; readonly ms: number }[] }
  | {
      /** Open until `since + openMs`, from then on half-open. */
      readonly phase: "open";
      readonly since: number;
      readonly troubles: readonly AgentTrouble[];
      /** Probes that worked, one after the other. */
      readonly worked: number;
      /** The one that is out. */
      readonly probe?: { readonly call: string; readonly at: number };
    };

export interface AgentCall {
  /** The id that `noteBegun` was given. */
  readonly call: string;
  readonly result: "worked" | "failed" | "says-nothing";
  /** Milliseconds that it took. */
  readonly ms: number;
  /** When it came to its end. */
  readonly at: number;
}

export interface AgentBreakerSignals {
  readonly state: AgentBreakerState;
  readonly now: number;
}

export type AgentBreakerDecision = { readonly policy: "agent-breaker"; readonly version: number } & (
  | { readonly outcome: "call"; readonly reason: "closed" | "probing" }
  | {
      readonly outcome: "hold";
      readonly reason: "open" | "probe-out";
      readonly troubles: readonly AgentTrouble[];
      /** When it is worth asking again, at the latest. */
      readonly until: number;
    }
);

export const UNTROUBLED: AgentBreakerState = { phase: "closed", calls: [] };

export function decideAgentBreaker(contract: AgentBreakerContract, { state, now }: AgentBreakerSignals): AgentBreakerDecision {
  const by = { policy: contract.policy, version: contract.version } as const;

  if (state.phase === "closed") {
    // Judged again here, so that recorded signals answer what another contract would have done.
    const troubles = troublesOf(contract, state.calls);
    if (troubles.length === 0) return { ...by, outcome: "call", reason: "closed" };
    return { ...by, outcome: "hold", reason: "open", troubles, until: now + contract.openMs };
  }

  // Time before probes: as long as it is open nothing goes out, whatever was tried before.
  const { troubles } = state;
  const until = state.since + contract.openMs;
  if (now < until) return { ...by, outcome: "hold", reason: "open", troubles, until };
  if (isOut(contract, state.probe, now))
    return { ...by, outcome: "hold", reason: "probe-out", troubles, until: state.probe.at + contract.deadlineMs };
  return { ...by, outcome: "call", reason: "probing" };
}

/**
 * A call goes out: in the same turn in which it was decided on, or two may take themselves for the one probe. In a half-open
 * state it is the probe, unless one is out: then it is a call that nobody allowed, as in shadow mode, and it proves nothing.
 * @param begun its id, which no other call has, of whatever task; and the time
 */
export function noteBegun(
  contract: AgentBreakerContract,
  state: AgentBreakerState,
  begun: { readonly call: string; readonly at: number },
): AgentBreakerState {
  if (state.phase === "closed" || decideAgentBreaker(contract, { state, now: begun.at }).outcome === "hold") return state;
  return { ...state, probe: { call: begun.call, at: begun.at } };
}

/** A call came to its end. */
export function noteCall(contract: AgentBreakerContract, state: AgentBreakerState, call: AgentCall): AgentBreakerState {
  const { result, ms, at } = call;
  if (state.phase === "closed") {
    if (result === "says-nothing") return state;
    const calls = [...state.calls, { ok: result === "worked", ms }].slice(-contract.window);
    const troubles = troublesOf(contract, calls);
    return troubles.length === 0 ? { phase: "closed", calls } : { phase: "open", since: at, troubles, worked: 0 };
  }

  // Calls from before it opened come to their ends too: only the probe says how the agent is now.
  if (state.probe?.call !== call.call) return state;
  const { probe: _ended, ...without } = state;
  if (result === "says-nothing") return without;
  // Slowness is held against a probe only where it was the trouble: an agent may be slow and well.
  const isWell = result === "worked" && !(ms > contract.slowMs && state.troubles.includes("slow"));
  if (!isWell) return { ...without, since: at, worked: 0 };
  const worked = state.worked + 1;
  return worked >= contract.probes ? UNTROUBLED : { ...without, worked };
}

/** A probe whose end nobody told is given up when its time is over, or an agent could be held for ever. */
function isOut(contract: AgentBreakerContract, probe: { at: number } | undefined, now: number): probe is { call: string; at: number } {
  return probe !== undefined && now < probe.at + contract.deadlineMs;
}

function troublesOf(contract: AgentBreakerContract, calls: readonly { ok: boolean; ms: number }[]): readonly AgentTrouble[] {
  const latest = calls.slice(-contract.window);
  if (latest.length < contract.minCalls) return [];
  const share = (count: number) => count / latest.length;
  const troubles: AgentTrouble[] = [];
  if (share(latest.filter(({ ok }) => !ok).length) >= contract.failureShare) troubles.push("failures");
  if (share(latest.filter(({ ms }) => ms > contract.slowMs).length) >= contract.slowShare) troubles.push("slow");
  return troubles;
}
