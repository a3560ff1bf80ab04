/**
 * Chain cap: may this agent call that skill, given the agents that stand above it; or must a person be asked first.
 * Reliabilities multiply, which assumes that agents fail independently of each other. Plain data in, a decision out: no clock,
 * no I/O, never throws. Shadow mode is not known here: the decision is the same, whoever carries it out obeys it or records it.
 */
import { type ChainCapContract, LABELS } from "../contract/chain-cap.ts";
import { type Evidence, priorMean, probability, type Reliability, reliabilityOf, type SkillRecord } from "./reliability.ts";

/** One agent of a chain, and the reliability it was counted with. */
export type Hop = Reliability & {
  readonly agent: string;
  readonly skill: string | null;
};

export type ChainCapSignals = {
  /** From the agent that began the chain to the one that wants to call, which stands last. */
  readonly path: readonly Hop[];
  readonly to: { readonly agent: string; readonly skill: string };
  /** What was counted of the skill that is to be called, in the version of its card. */
  readonly record: SkillRecord | "unmeasured";
  /** Product of reliabilities (0..1) of the weakest result that the call builds on; 1 when it builds on none. */
  readonly basis: number;
  /** Agents that the caller's envelope still lets it add below. */
  readonly hopsLeft: number;
  /** Whether the skill lies inside what the caller's envelope lets it call. */
  readonly surface: "inside" | "outside";
  /** Of what is sent along. */
  readonly label: (typeof LABELS)[number];
  /** The callee does not carry the chain on: nobody answers for what it calls. */
  readonly leaf: boolean;
  /** Milliseconds until the whole chain is over. */
  readonly deadlineLeftMs: number;
  /** A person allowed this one call in spite of the floor. */
  readonly allowed: boolean;
};

export type ChainCapDecision = {
  readonly policy: "chain-cap";
  readonly version: number;
  /** Of the skill that is to be called (0..1), and where it comes from. */
  readonly reliability: number;
  readonly evidence: Evidence;
  /** Of the whole chain with it (0..1). */
  readonly product: number;
  readonly floor: number;
} & (
  | { readonly outcome: "extend"; readonly reason: "within-cap" | "allowed" }
  // A person is asked. No envelope can be widened, so only the floor is theirs to lift.
  | { readonly outcome: "stop"; readonly reason: "too-many-hops"; readonly hops: number; readonly liftable: false }
  | { readonly outcome: "stop"; readonly reason: "below-floor"; readonly liftable: true }
  // Nobody is asked: these are not a matter of taste.
  | { readonly outcome: "refuse"; readonly reason: "cycle" | "outside-surface" | "label" | "deadline-passed" }
);

export function decideChainCap(contract: ChainCapContract, signals: ChainCapSignals): ChainCapDecision {
  const { path, hopsLeft, surface, deadlineLeftMs } = signals;
  const callee = reliabilityOfCallee(contract, signals);
  const product = path.reduce((sofar, hop) => sofar * probability(hop.reliability), probability(signals.basis)) * callee.reliability;
  const by = { policy: contract.policy, version: contract.version, ...callee, product, floor: contract.floor } as const;

  // Cycles before everything else: they are never a question, and nothing may be sent before they are ruled out.
  if (isCycle(contract, signals)) return { ...by, outcome: "refuse", reason: "cycle" };
  // Then what a person may not lift, and only then what they may: nobody is asked about a call that cannot go out anyway.
  if (surface !== "inside") return { ...by, outcome: "refuse", reason: "outside-surface" };
  if (!mayCarry(contract, signals)) return { ...by, outcome: "refuse", reason: "label" };
  if (!(deadlineLeftMs > 0 && deadlineLeftMs < Infinity)) return { ...by, outcome: "refuse", reason: "deadline-passed" };

  // Counted before they are multiplied: the hop limit must hold even when the measurements flatter.
  const hops = Math.max(0, path.length - 1);
  const left = hopsLeft >= 1 && hopsLeft < Infinity;
  if (!left || path.length === 0 || hops >= contract.maxHops) {
    return { ...by, outcome: "stop", reason: "too-many-hops", hops, liftable: false };
  }

  if (product >= contract.floor) return { ...by, outcome: "extend", reason: "within-cap" };
  if (signals.allowed === true) return { ...by, outcome: "extend", reason: "allowed" };
  return { ...by, outcome: "stop", reason: "below-floor", liftable: true };
}

/**
 * The decision in words, for the person who is asked or told: the chain, the product against the floor, and what it assumes.
 * What they can choose is for the asker to add.
 */
export function describeChainCap(decision: ChainCapDecision, signals: ChainCapSignals): string {
  const { agent, skill } = signals.to;
  const chain = [...signals.path, { agent, skill, reliability: decision.reliability, evidence: decision.evidence }]
    .map(inWords)
    .join(" → ");
  const basis = signals.basis === 1 ? "" : `, building on a result of ${short(signals.basis)}`;
  const product = `The chain ${chain}${basis} comes to ${short(decision.product)}, and the floor is ${decision.floor}. That counts the agents as failing independently of each other, which is an assumption.`;
  switch (decision.reason) {
    case "within-cap":
      return product;
    case "allowed":
      return `${product} Somebody allowed this call.`;
    case "below-floor":
      return `${product} It is below the floor, so the call waits for somebody to decide.`;
    case "too-many-hops":
      return `The chain ${chain} would be longer than it may be: ${decision.hops} agents stand below the first already. Nobody can lengthen a chain that is under way.`;
    case "cycle":
      return `${agent} stands in the chain already (${chain}): calling it again could go on for ever.`;
    case "outside-surface":
      return `${agent}/${skill} is not among the skills that may be called here.`;
    case "label":
      return `What would be sent is ${signals.label}, too strict for ${agent}, which does not carry the chain's limits on.`;
    case "deadline-passed":
      return `The time for the whole chain ${chain} is over.`;
  }
}

function isCycle(contract: ChainCapContract, { path, to }: ChainCapSignals): boolean {
  return path.some(({ agent }) => agent === to.agent) && !contract.mayRepeat.includes(to.agent);
}

/** Whatever is known of a leaf was counted without knowing what it calls in its turn: it stays at the prior. */
function reliabilityOfCallee(contract: ChainCapContract, { leaf, record }: ChainCapSignals): Reliability {
  return leaf ? { reliability: priorMean(contract), evidence: "untrusted" } : reliabilityOf(contract, record);
}

/** A label that is none is stricter than all. */
function mayCarry(contract: ChainCapContract, { leaf, label }: ChainCapSignals): boolean {
  return leaf ? isForLeaves(contract, label) : LABELS.includes(label);
}

/** Whether what has this label may be sent to agents that do not carry the chain's limits on. */
export function isForLeaves({ leafLabel }: Pick<ChainCapContract, "leafLabel">, label: ChainCapSignals["label"]): boolean {
  const strictness = LABELS.indexOf(label);
  return strictness >= 0 && strictness <= LABELS.indexOf(leafLabel);
}

function inWords({ agent, skill, reliability, evidence }: Hop): string {
  const name = skill === null ? agent : `${agent}/${skill}`;
  return evidence === "self" ? name : `${name} (${short(reliability)}, ${evidence})`;
}

/** Three digits, cut off and not rounded: a product just below the floor must not read as if it stood on it. */
function short(share: number): string {
  return String(Math.floor(probability(share) * 1_000 + 1e-9) / 1_000);
}
