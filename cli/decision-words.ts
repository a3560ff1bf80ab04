/**
 * A recorded decision as a person reads it: what was decided, and why, with the signals that mattered. Pure. What is recorded
 * may come from another version of the mesh: what is not known here is said as it stands.
 */
import type { AgentBreakerDecision, AgentBreakerSignals } from "../shared/policy/agent-breaker.ts";
import type { BudgetDecision, BudgetSignals } from "../shared/policy/budget.ts";
import type { ChainCapDecision, ChainCapSignals } from "../shared/policy/chain-cap.ts";
import { type CircuitBreakerDecision, describeCircuitBreaker } from "../shared/policy/circuit-breaker.ts";
import type { ConsultDecision, ConsultSignals } from "../shared/policy/consult.ts";
import type { DispatchDecision, DispatchSignals } from "../shared/policy/dispatch.ts";
import type { HedgeDecision, HedgeSignals } from "../shared/policy/hedge.ts";
import type { InterruptDecision, InterruptSignals } from "../shared/policy/interrupt.ts";
import { type DecisionKind, kindOf } from "../shared/policy/redecide.ts";
import type { RetentionDecision, RetentionSignals } from "../shared/policy/retention.ts";
import type { RiskConfidenceDecision, RiskConfidenceSignals } from "../shared/policy/risk-confidence.ts";
import type { ShareDecision, ShareSignals } from "../shared/policy/share.ts";
import { describeSurface, type SurfaceDecision, type SurfaceSignals } from "../shared/policy/surface.ts";
import { wordsOfAmount, wordsOfUnit } from "../shared/task/limit-question.ts";
import type { RecordedCall, RecordedDecision } from "../shared/task/record.ts";
import { worthInWords } from "./worth-words.ts";

interface Named {
  readonly agent: string;
  readonly skill: string | null;
}

/** Why it was decided so, in one line. */
export function whyOf({ name, signals, decision }: Pick<RecordedDecision, "name" | "signals" | "decision">): string {
  const kind = kindOf(name);
  try {
    if (kind) return WORDS[kind](decision as never, signals as never);
    const fixed = FIXED[name.split(":", 1)[0] as keyof typeof FIXED];
    if (fixed) return fixed(decision as never, signals as never);
  } catch {
    // Of a shape that this version does not know; said plainly below.
  }
  const { reason } = decision as { reason?: unknown };
  return typeof reason === "string" ? reason : JSON.stringify(decision);
}

/** What was decided, in a word or two: `extend`, or `would stop` where a contract only watches. */
export function outcomeOf({ decision }: Pick<RecordedDecision, "decision">): string {
  const { outcome, mode } = decision as { outcome?: unknown; mode?: unknown };
  return mode === "shadow" ? `would ${String(outcome)}` : String(outcome);
}

/** By which rule: its policy, the version of the contract and its mode, where it has one. */
export function ruleOf({ name, decision }: Pick<RecordedDecision, "name" | "decision">): string {
  const { policy, version, mode } = decision as Partial<Record<string, string | number>>;
  const kind = name.split(":", 1)[0] ?? "";
  const rule = policy === undefined || policy === kind ? kind : `${kind} (${policy})`;
  return [rule, ...(version === undefined ? [] : [`v${version}`]), ...(mode === undefined ? [] : [mode])].join(" ");
}

/** The call that a decision was about. Names begin with the kind, then the call's own name, then what sets it apart. */
export function callOf(name: string, calls: readonly RecordedCall[]): RecordedCall | undefined {
  const about = name.slice(name.indexOf(":") + 1);
  const fitting = calls.filter((call) => about === call.name || about.startsWith(`${call.name}:`));
  return fitting.toSorted((one, other) => other.name.length - one.name.length)[0];
}

/** Whom or what it was about, in as few words as tell it apart. */
export function aboutOf({ name, signals }: Pick<RecordedDecision, "name" | "signals">, calls: readonly RecordedCall[]): string {
  const { to, skill } = signals as { to?: Named; skill?: unknown };
  if (to) return nameOf(to);
  const call = callOf(name, calls);
  if (call) return nameOf(call);
  if (typeof skill === "string") return skill;
  return name.slice(name.indexOf(":") + 1).split(":", 1)[0] ?? "";
}

const WORDS: { readonly [K in DecisionKind]: (decision: never, signals: never) => string } = {
  "agent-breaker": (decision: AgentBreakerDecision, { state, now }: AgentBreakerSignals) => {
    if (decision.outcome === "hold")
      return `${decision.reason} for ${decision.troubles.join(" and ")}, until ${seconds(decision.until - now)} later`;
    if (state.phase === "open") return `it was held back for ${state.troubles.join(" and ")}: this call tries whether it is well again`;
    const failed = state.calls.filter(({ ok }) => !ok).length;
    if (state.calls.length === 0) return "no call of late";
    return state.calls.length === 1
      ? `its last call ${failed ? "failed" : "worked"}`
      : `${failed} of its last ${state.calls.length} calls failed`;
  },
  budget: (decision: BudgetDecision, { lease, need }: BudgetSignals) => {
    if (decision.outcome === "carve") return `${wordsOfAmount(decision.amount)} set aside; ${wordsOfAmount(lease.spent)} spent before`;
    if (decision.outcome === "top-up") return `${wordsOfAmount(need)} more than the lease has: the tenant's budget is asked`;
    const { unit, spent, limit, needed, account, reason } = decision;
    return `${reason}: of the ${account}'s ${wordsOfUnit(unit, limit)}, ${wordsOfUnit(unit, spent)} spent, ${wordsOfUnit(unit, needed)} short`;
  },
  "chain-cap": (decision: ChainCapDecision, { path, to, basis, label, hopsLeft }: ChainCapSignals) => {
    const line = chainInWords([...path, { ...to, reliability: decision.reliability, evidence: decision.evidence }]);
    const built = basis === 1 ? "" : ` on a result of ${share(basis)}`;
    const counted = `${line}${built} = ${share(decision.product)}, floor ${decision.floor}`;
    if (decision.reason === "label") return `${label} data may not go there: ${counted}`;
    return decision.reason === "within-cap" ? `${counted}, ${hopsLeft} hops left` : `${decision.reason}: ${counted}`;
  },
  "circuit-breaker": (decision: CircuitBreakerDecision) => describeCircuitBreaker(decision),
  consult: (decision: ConsultDecision, { candidates, preferences }: ConsultSignals) => {
    if (decision.outcome === "consult")
      return `${decision.roads.map((road) => `${nameOf(road)} ${share(road.score)}`).join(" and ")} side by side: accuracy weighs most`;
    if (decision.reason === "too-few-that-read")
      return `one alone: ${candidates.filter(({ readOnly }) => readOnly).length} of ${candidates.length} that fit only read`;
    return `${decision.reason}: accuracy ${preferences.accuracy}, cost ${preferences.cost}, latency ${preferences.latency}`;
  },
  dispatch: (decision: DispatchDecision, { candidates, goals, attempts }: DispatchSignals) => {
    if (decision.outcome === "delegate") {
      if (decision.reason !== "best-fit") return `${worthInWords(decision, candidates)}; ${laneInWords(decision)}`;
      const next = candidates.toSorted((one, other) => other.score - one.score)[1];
      const beside = next ? `, next ${nameOf(next)} ${share(next.score)}` : "";
      return `${nameOf(decision)} fits best: ${share(decision.score)}${beside}; ${laneInWords(decision)}`;
    }
    if (decision.reason === "two-fit-equally")
      return `fit equally: ${decision.between.map((each) => `${nameOf(each)} ${share(each.score)}`).join(", ")}`;
    const best = candidates.toSorted((one, other) => other.score - one.score)[0];
    if (decision.reason === "no-skill-fits") return best ? `nothing fits: at best ${nameOf(best)} ${share(best.score)}` : "nothing fits";
    return `${decision.reason}: ${goals} goals, ${attempts} calls on this one`;
  },
  hedge: (decision: HedgeDecision, { ms }: HedgeSignals) => {
    if (decision.outcome === "hedge") return `after ${seconds(decision.afterMs)} ${nameOf(decision.with)} is asked as well`;
    return decision.reason === "too-few-times" ? `too-few-times: ${ms.length} seen` : decision.reason;
  },
  interrupt: ({ reason, approvers, others, hours }: InterruptDecision, { skill }: InterruptSignals) => {
    const who = reason === "question" ? "an answer" : `${approvers} who approve${others > 0 ? `, ${others} of them not the caller` : ""}`;
    return `${reason} of ${skill}: waits ${hours} h for ${who}`;
  },
  retention: ({ reason, keepMs }: RetentionDecision, { endedMs }: RetentionSignals) =>
    `${reason}: ended ${hours(endedMs)} ago, kept for ${hours(keepMs)}`,
  "risk-confidence": (decision: RiskConfidenceDecision, { skill, blast, compliance, kind, confidence }: RiskConfidenceSignals) => {
    const sure = typeof confidence === "number" ? share(confidence) : confidence;
    return `${decision.reason}: ${skill}, ${decision.reversal}, reaches ${blast}, compliance ${compliance}, kind ${kind}, confidence ${sure}`;
  },
};

/** Decisions without a contract: a goal was given what it was given, so no other contract would have made them otherwise. */
const FIXED = {
  surface: (_decision: SurfaceDecision, signals: SurfaceSignals) => describeSurface(signals),
  share: (decision: ShareDecision, { of, mostCalls, spent }: ShareSignals) => {
    if (decision.reason === "calls-made") return `${of} was given ${mostCalls} calls, and they are made`;
    if (decision.reason === "within-share") return `${of} has spent ${wordsOfAmount(spent)} of its share`;
    const { unit, limit, lacking } = decision;
    return `${of} was given ${wordsOfUnit(unit, limit)}, ${wordsOfUnit(unit, spent[unit])} spent or promised, ${wordsOfUnit(unit, lacking)} short`;
  },
};

function laneInWords({ lane, width }: DispatchDecision & { readonly outcome: "delegate" }): string {
  return width > 1 ? `${lane} of ${width}` : lane;
}

/** `orchestrator → researcher/search (0.95, unmeasured)` */
export function chainInWords(path: readonly (Named & { readonly reliability: number; readonly evidence: string })[]): string {
  return path
    .map((hop) => (hop.evidence === "self" ? hop.agent : `${nameOf(hop)} (${share(hop.reliability)}, ${hop.evidence})`))
    .join(" → ");
}

export function nameOf({ agent, skill }: Named): string {
  return skill === null ? agent : `${agent}/${skill}`;
}

/** Three digits, cut off: what is just below a limit must not read as if it stood on it. */
export function share(value: number): string {
  return String(Math.floor(value * 1_000 + 1e-9) / 1_000);
}

function hours(ms: number): string {
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
