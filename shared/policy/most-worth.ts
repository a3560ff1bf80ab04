/**
 * Which of several skills that fit a goal equally well is called: the one that is worth most to the caller by what was measured; of
 * those worth the same, whichever the lot says. Only between agents of which somebody was published: a person who deployed two that
 * do the same knows which one is meant. Plain data in and out, no clock, no chance, never throws.
 */
import type { DispatchContract } from "../contract/dispatch.ts";

/** What is known of a candidate beside its words. Stored shape: fields are added, never renamed. */
export interface Worth {
  /** To this caller, 0..1: by how surely it succeeds, what it costs and how long it takes. As shared/registry/worth.ts has it. */
  readonly value: number;
  /** 0..1, drawn from the goal's words and the skill's name, and from nothing else. */
  readonly lot: number;
  /** Somebody published its agent to the mesh. Else the mesh was deployed with it. */
  readonly published: boolean;
  /** It is new, can do no harm, and the goal is one of the few for which somebody new comes first. */
  readonly tried?: true;
  /** What the value was made of, for whoever reads why: outcomes, the success rate (0..1) to be counted on, and medians. */
  readonly successes: number;
  readonly failures: number;
  readonly reliability: number;
  readonly ms?: number;
  /** As it was seen, or as the card claims it where nobody has seen one. */
  readonly microUsd?: number;
}

export interface Fitting {
  readonly agent: string;
  readonly skill: string;
  /** How well it fits, 0 to 1. */
  readonly score: number;
  /** Absent where nothing was measured: where nobody was published, and in goals that were planned before it was. */
  readonly worth?: Worth;
}

type Sharing = Pick<DispatchContract, "interchangeable">;

/**
 * The first of those that fit, as far as they may stand for each other.
 *
 * @param fitting the best first
 * @returns at least two, of as many agents; none where it is not for measurements to say who is meant
 */
export function interchangeable<F extends Fitting>(contract: Sharing, fitting: readonly F[]): readonly F[] {
  const best = fitting[0];
  if (!best || contract.interchangeable === 0) return [];
  const alike = fitting.filter(({ score }) => isAlike(contract, score, best.score));
  // Two skills of one agent do different things: which of them is meant, no figure says.
  const agents = new Set(alike.map(({ agent }) => agent));
  if (alike.length < 2 || agents.size < alike.length) return [];
  // One that nobody has weighed cannot be compared, and nobody is passed over for that.
  const worths = alike.flatMap(({ worth }) => worth ?? []);
  return worths.length === alike.length && worths.some(({ published }) => published) ? alike : [];
}

/**
 * @param alike as `interchangeable` has them
 * @returns all of them in the order in which they are called, and why the first comes first
 */
export function byWorth<F extends Fitting>(
  contract: Sharing,
  alike: readonly F[],
): { readonly order: readonly F[]; readonly reason: "worth-most" | "by-lot" | "tried-new" } {
  const tried = alike.filter(({ worth }) => worth?.tried);
  // Where all are new, nobody is tried before the others.
  if (tried.length > 0 && tried.length < alike.length) {
    const others = byWorth(
      contract,
      alike.filter((each) => !tried.includes(each)),
    );
    return { order: [...tried.toSorted(byLotThenName), ...others.order], reason: "tried-new" };
  }
  const left = alike.toSorted((one, other) => worthIn(other) - worthIn(one));
  const order: F[] = [];
  let first = 0;
  for (let from = 0; from < left.length; ) {
    const most = worthIn(left[from]);
    let to = from + 1;
    while (to < left.length && isAlike(contract, worthIn(left[to]), most)) to++;
    if (from === 0) first = to;
    order.push(...left.slice(from, to).sort(byLotThenName));
    from = to;
  }
  return { order, reason: first > 1 ? "by-lot" : "worth-most" };
}

/** All that fit, in the order in which they would be called one after the other. */
export function bestFirst<F extends Fitting>(contract: Sharing, candidates: readonly F[]): readonly F[] {
  const fitting = candidates.toSorted(byScoreThenName);
  const alike = interchangeable(contract, fitting);
  return alike.length === 0 ? fitting : [...byWorth(contract, alike).order, ...fitting.slice(alike.length)];
}

/** By name where scores are equal, so that the order in which cards were read never decides. */
export function byScoreThenName(one: Fitting, other: Fitting): number {
  return other.score - one.score || byName(one, other);
}

function isAlike({ interchangeable }: Sharing, value: number, best: number): boolean {
  return value >= (1 - interchangeable) * best;
}

/** What is no number is worth nothing. */
function worthIn(each: Fitting | undefined): number {
  const value = each?.worth?.value ?? 0;
  return Number.isNaN(value) ? 0 : value;
}

function byLotThenName(one: Fitting, other: Fitting): number {
  return (one.worth?.lot ?? 0) - (other.worth?.lot ?? 0) || byName(one, other);
}

function byName(one: Fitting, other: Fitting): number {
  return compare(one.agent, other.agent) || compare(one.skill, other.skill);
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
