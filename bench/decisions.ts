/**
 * The decision functions under contracts as they are deployed: one plain case of each, and the most work that a task can give
 * it. They run in the load generator's own process: nothing is between the clock and the function.
 */
import { readFileSync } from "node:fs";
import { amountOf, ONE_CALL } from "../shared/budget/amount.ts";
import type { Contract, PolicyName } from "../shared/contract/contract.ts";
import { readContract } from "../shared/contract/load.ts";
import { type AgentBreakerSignals, decideAgentBreaker } from "../shared/policy/agent-breaker.ts";
import { type BudgetSignals, decideBudget, expectedCost } from "../shared/policy/budget.ts";
import { type ChainCapSignals, decideChainCap } from "../shared/policy/chain-cap.ts";
import { type CircuitBreakerSignals, decideCircuitBreaker } from "../shared/policy/circuit-breaker.ts";
import { type DispatchSignals, decideDispatch } from "../shared/policy/dispatch.ts";
import { decideInterrupt } from "../shared/policy/interrupt.ts";
import { decideRetention } from "../shared/policy/retention.ts";
import { decideRiskConfidence, type RiskConfidenceSignals } from "../shared/policy/risk-confidence.ts";
import { timesOf } from "./closed-loop.ts";
import type { DecisionName } from "./group.ts";
import type { Workload } from "./workloads.ts";

const MOST_CALLS = 200_000;
/** Between looks at the clock that ends a round. */
const CALLS_A_LOOK = 1_000;

const T0 = Date.UTC(2026, 0, 1);
const TASK_LIMIT = amountOf({ microUsd: 1_000_000, tokensIn: 2_000_000, tokensOut: 2_000_000, calls: 64, wallMs: 1_800_000 });

/** Who can be asked; the worst of them asks for all there is to look at. */
type Case = readonly [plain: () => unknown, worst: () => unknown];

/** Each decision of a name, timed by itself. */
export function deciding(name: DecisionName, worst: boolean): Workload {
  return {
    async round(_target, { seconds, warmUpSeconds }) {
      const [plain, most] = CASES[name]();
      const decide = worst ? most : plain;
      timed(decide, warmUpSeconds);
      const began = performance.now();
      const took = timed(decide, seconds);
      const perSecond = (took.length / (performance.now() - began)) * 1_000;
      return { ...timesOf(took), requestsPerSecond: perSecond, errors: 0 };
    },
  };
}

/** @returns milliseconds of each call */
function timed(decide: () => unknown, seconds: number): number[] {
  const until = performance.now() + seconds * 1_000;
  const took: number[] = [];
  while (took.length < MOST_CALLS && performance.now() < until)
    for (let call = 0; call < CALLS_A_LOOK; call += 1) {
      const before = performance.now();
      const decision = decide();
      took.push(performance.now() - before);
      // Looked at, so that no compiler leaves out what nobody wants.
      if (decision === undefined) throw new Error("nothing was decided");
    }
  return took;
}

const CASES: Readonly<Record<DecisionName, () => Case>> = {
  "chain-cap": () =>
    of("chain-cap", decideChainCap, chain(2, { successes: 97, failures: 3 }), chain(8, { successes: 99_000, failures: 1_000 })),
  budget: () => of("budget", decideBudget, budget("not-asked", 3), budget(REFUSED, 64)),
  "expected-cost": () =>
    of(
      "budget",
      expectedCost,
      { seen: seen(10), price: undefined, limit: TASK_LIMIT },
      { seen: seen(50), price: undefined, limit: TASK_LIMIT },
    ),
  "circuit-breaker": () => of("circuit-breaker", decideCircuitBreaker, turns(3, 0.1), turns(20, 1)),
  "agent-breaker": () => of("agent-breaker", decideAgentBreaker, calls(10, false), calls(20, true)),
  "risk-confidence": () => of("risk-confidence", decideRiskConfidence, action(5), action(50)),
  interrupt: () =>
    of("interrupt", decideInterrupt, { kind: "question", skill: "writer/draft" }, { kind: "approval", skill: "courier/deliver" }),
  retention: () => of("retention", decideRetention, { endedMs: 0 }, { endedMs: 10 ** 12 }),
  dispatch: () => of("dispatch", decideDispatch, candidates(13, 0.9), candidates(200, 1)),
};

function of<P extends PolicyName, S>(policy: P, decide: (contract: Contract<P>, signals: S) => unknown, plain: S, worst: S): Case {
  const file = `contracts/${policy}.v1.yaml`;
  const contract = readContract(policy, readFileSync(new URL(`../${file}`, import.meta.url), "utf8"), file);
  return [() => decide(contract, plain), () => decide(contract, worst)];
}

function chain(hops: number, record: ChainCapSignals["record"]): ChainCapSignals {
  const path = Array.from({ length: hops }, (_, index) => ({
    agent: `agent-${index}`,
    skill: "pass",
    reliability: 0.99,
    evidence: "measured" as const,
  }));
  const to = { agent: "callee", skill: "pass" };
  return {
    path,
    to,
    record,
    basis: 1,
    hopsLeft: 4,
    surface: "inside",
    label: "internal",
    leaf: false,
    deadlineLeftMs: 60_000,
    allowed: false,
  };
}

const REFUSED = { reason: "exhausted", account: "tenant", unit: "calls", limit: 100_000, spent: 100_000, needed: 1 } as const;

function budget(answer: BudgetSignals["answer"], calls: number): BudgetSignals {
  const spent = amountOf({ microUsd: 10_000, calls: calls / 2 });
  return {
    need: ONE_CALL,
    lease: { granted: { ...spent, calls, wallMs: TASK_LIMIT.wallMs }, spent, carved: ONE_CALL },
    task: { limit: TASK_LIMIT },
    answer,
  };
}

/** In no order, as they are kept. */
function seen(count: number) {
  return Array.from({ length: count }, (_, index) =>
    amountOf({ microUsd: (index * 7_919) % 10_007, tokensIn: (index * 104_729) % 5_003, calls: 1 }),
  );
}

/** @param share of what an action repeats, and by which an answer is shorter */
function turns(count: number, share: number): CircuitBreakerSignals {
  const row = Array.from({ length: count }, () => share);
  const inARow = share < 1 ? 0 : count;
  return {
    turns: count,
    addedTurns: 0,
    trips: 0,
    unchanged: inARow,
    sameError: inARow,
    withoutProgress: inARow,
    repetition: row,
    decline: row,
    out: 1,
  };
}

function calls(count: number, bad: boolean): AgentBreakerSignals {
  return { state: { phase: "closed", calls: Array.from({ length: count }, () => ({ ok: !bad, ms: bad ? 20_000 : 40 })) }, now: T0 };
}

function action(blast: number): RiskConfidenceSignals {
  return { skill: "writer/draft", reversible: true, blast, compliance: "none", kind: "other", confidence: 0.8 };
}

/** @param falling by which factor each scores less than the one before it */
function candidates(count: number, falling: number): DispatchSignals {
  const list = Array.from({ length: count }, (_, index) => ({
    agent: `agent-${(index * 37) % count}`,
    skill: "do",
    score: 0.9 * falling ** index,
  }));
  return { candidates: list, ready: 1, goals: 1, surface: "inside", attempts: 0 };
}
