/**
 * What governance costs, as rows of the benchmark: each decision by itself, envelopes, the tenant's object, and the governed
 * path beside the ungoverned one.
 */
import type { DecisionName, Group, Line, ServerKind, Subject, WorkloadSpec } from "./group.ts";

const SEND: WorkloadSpec = { kind: "send" };
const HOP: WorkloadSpec = { kind: "send", skill: "one" };
const ORCHESTRATED: WorkloadSpec = { kind: "send", skill: "echo/echo" };

export const GOVERNANCE_GROUPS: readonly Group[] = [
  decisions({
    "chain-cap": "2 agents measured → 8 agents, 100,000 outcomes",
    budget: "within the lease → refused by the tenant",
    "expected-cost": "of 10 seen → of 50",
    "circuit-breaker": "3 turns → 20 turns, all signals tripped",
    "agent-breaker": "10 calls → 20 calls, failed and slow",
    "risk-confidence": "undeclared reach → wide reach",
    interrupt: "question → action",
    retention: "kept → over",
    dispatch: "13 candidates → 200, all alike",
  }),
  {
    id: "governance-envelope",
    storages: ["memory"],
    subjects: {
      one: { name: "made and verified, 1 block", server: "governance", load: { kind: "envelope", blocks: 1 } },
      eight: { name: "narrowed and verified, 8 blocks", server: "governance", load: { kind: "envelope", blocks: 8 } },
    },
    lines: [{ title: "Envelope of 8 hops, inside workerd", ours: "eight", against: "one", compare: "microseconds" }],
  },
  {
    id: "governance-ledger",
    storages: ["memory", "disk"],
    subjects: {
      ours: { name: "a lease reserved and settled, one tenant", server: "governance", load: { kind: "lease" } },
      floor: { name: "Worker → hot object, one insert", server: "floors", load: { kind: "floor-hot" } },
    },
    lines: [{ title: "Reserve and settle on one tenant's object", ours: "ours", against: "floor", compare: "throughput", atLeast: 0.5 }],
  },
  besideUngoverned("governance-send", "SendMessage", "echo", SEND),
  besideUngoverned("governance-hop", "A task that delegates once", "fan", HOP),
  besideUngoverned("governance-orchestrator", "A request to the orchestrator", "fan", ORCHESTRATED, "bench-orchestrator"),
  {
    id: "governance-chain",
    storages: ["memory"],
    timesRounds: 2,
    subjects: {
      one: { name: "a task that delegates once", server: "fan", load: HOP, connections: 1 },
      three: { name: "3 calls one below the other", server: "fan", load: { kind: "send", skill: "chain" }, connections: 1 },
    },
    lines: [{ title: "A chain of 3 calls against one", ours: "three", against: "one", compare: "p50", atMost: 3.3 }],
  },
];

function decisions(cases: Readonly<Record<DecisionName, string>>): Group {
  const named = Object.entries(cases) as [DecisionName, string][];
  const subjects: Record<string, Subject> = {};
  const lines: Line[] = [];
  for (const [name, text] of named) {
    const [plain = "", worst = ""] = text.split(" → ");
    subjects[`${name} plain`] = { name: plain, server: "none", load: { kind: "decision", of: name, worst: false } };
    subjects[`${name} worst`] = { name: worst, server: "none", load: { kind: "decision", of: name, worst: true } };
    lines.push({ title: `Decision: ${name}`, ours: `${name} worst`, against: `${name} plain`, compare: "microseconds", atMost: 50 });
  }
  return { id: "governance-decisions", storages: ["memory"], subjects, lines };
}

/** The same Workers twice, once without any limits, with one caller and with many. */
function besideUngoverned(id: string, what: string, server: ServerKind & `${"echo" | "fan"}`, load: WorkloadSpec, worker?: string): Group {
  const side = { load, ...(worker && { worker }) };
  const governed = { ...side, name: `${what}, governed`, server };
  const free = { ...side, name: `${what}, no limits`, server: `${server}-ungoverned` as const };
  return {
    id,
    storages: ["memory"],
    timesRounds: 2,
    subjects: {
      governed: { ...governed, connections: 1 },
      free: { ...free, connections: 1 },
      governedMany: governed,
      freeMany: free,
    },
    lines: [
      { title: `Governance: ${what}, one caller`, ours: "governed", against: "free", compare: "p50", atMost: 1.15 },
      { title: `Governance: ${what}, 32 callers`, ours: "governedMany", against: "freeMany", compare: "p50", atMost: 1.15 },
    ],
  };
}
