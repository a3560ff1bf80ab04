/**
 * Branches: several roads to one goal within one task, each with a surface and a share of its own. Forked, tried side by side, compared
 * by what each has to show, and merged or dropped. A value as the control state is; starts nothing, and judges by evidence only: what an
 * agent says of itself counts for nothing. Pure.
 */
import { type Amount, least, minus, NOTHING, plus } from "../budget/amount.ts";
import { narrowTo } from "./surface.ts";

/** What a road came to. */
export type Evidence = {
  readonly text: string;
  /** What was established, each as the text that makes it the same as another's. */
  readonly findings: readonly string[];
  /** Of its line, 0 to 1; null where nobody counted. */
  readonly reliability: number | null;
  /** Whether a check of it passed; null where nobody checked. */
  readonly checked: boolean | null;
  readonly cost: Amount;
};

export type Branch = {
  readonly id: string;
  /** Each `agent/skill` that may be called on it. */
  readonly surface: readonly string[];
  /** What its calls may spend; of one that was dropped, what they have spent. */
  readonly share: Amount;
} & (
  | { readonly status: "open"; readonly evidence: Evidence | null }
  | { readonly status: "merged"; readonly evidence: Evidence }
  | { readonly status: "dropped"; readonly evidence: Evidence | null; readonly reason: string }
);

export type Branches = {
  readonly surface: readonly string[];
  /** What all of them may spend together. */
  readonly share: Amount;
  readonly roads: readonly Branch[];
};

export type Forked =
  | { readonly ok: true; readonly branches: Branches }
  | { readonly ok: false; readonly reason: "known" | "share-spent" | "nothing-to-use" };

export function noBranches(surface: readonly string[], share: Amount): Branches {
  return { surface, share, roads: [] };
}

/** @param road its surface is narrowed to the goal's; its share must fit into what no other road has */
export function fork(branches: Branches, road: { id: string; surface: readonly string[]; share: Amount }): Forked {
  const { id, share } = road;
  if (branches.roads.some((each) => each.id === id)) return { ok: false, reason: "known" };
  const surface = narrowTo(branches.surface, road.surface);
  if (surface.length === 0) return { ok: false, reason: "nothing-to-use" };
  if (!fits(share, unshared(branches))) return { ok: false, reason: "share-spent" };
  return { ok: true, branches: { ...branches, roads: [...branches.roads, { id, surface, share, status: "open", evidence: null }] } };
}

/** What no road has: the goal's share without theirs. What a dropped road has not spent is part of it again. */
export function unshared({ share, roads }: Branches): Amount {
  return minus(share, roads.map((road) => road.share).reduce(plus, NOTHING));
}

/** Equal parts of what no road has. What does not divide stays with the goal. */
export function shareOut(branches: Branches, roads: number): Amount {
  const left = unshared(branches);
  const part = (amount: number) => Math.floor(amount / roads);
  return {
    microUsd: part(left.microUsd),
    tokensIn: part(left.tokensIn),
    tokensOut: part(left.tokensOut),
    calls: part(left.calls),
    wallMs: part(left.wallMs),
  };
}

/** @throws Error when there is no such road, or it is not open any more: that is a mistake of whoever carries it out */
export function noteEvidence(branches: Branches, id: string, evidence: Evidence): Branches {
  return withRoad(branches, { ...openRoad(branches, id), evidence });
}

/**
 * Ends a road, and gives back what it has not spent.
 * @param spent by its calls
 */
export function drop(branches: Branches, id: string, reason: string, spent: Amount): Branches {
  const { surface, share, evidence } = openRoad(branches, id);
  return withRoad(branches, { id, surface, share: least(share, spent), status: "dropped", evidence, reason });
}

/** Takes what a road came to for the goal. Another may be merged as well: then their findings count together. */
export function merge(branches: Branches, id: string): Branches {
  const { evidence, ...road } = openRoad(branches, id);
  if (!evidence) throw new Error(`branch ${id} has nothing to merge`);
  return withRoad(branches, { ...road, status: "merged", evidence });
}

/** Open roads that came to something, the best first. The same whatever the order in which they were forked or ended. */
export function ranked({ roads }: Branches): readonly (Branch & { readonly evidence: Evidence })[] {
  const tried = roads.flatMap((road) => (road.status === "open" && road.evidence ? [{ ...road, evidence: road.evidence }] : []));
  return tried.toSorted((one, other) => compareEvidence(one.evidence, other.evidence) || byName(one.id, other.id));
}

/**
 * Below 0 when the first is better. What a check says comes first, then whether there is anything to show, then how reliable its line
 * is, then how much there is to show; the cheaper of two that are as good.
 */
export function compareEvidence(one: Evidence, other: Evidence): number {
  return (
    rankOf(other.checked) - rankOf(one.checked) ||
    Number(other.findings.length > 0) - Number(one.findings.length > 0) ||
    (other.reliability ?? 0) - (one.reliability ?? 0) ||
    new Set(other.findings).size - new Set(one.findings).size ||
    one.cost.microUsd - other.cost.microUsd ||
    one.cost.calls - other.cost.calls
  );
}

/** Why the one is taken and not the other, by the first thing in which they differ. */
export function describeBetter(one: Evidence, other: Evidence): string {
  const [found, less] = [new Set(one.findings).size, new Set(other.findings).size];
  if (rankOf(one.checked) !== rankOf(other.checked)) return one.checked ? "its check passed" : "the other one's check did not pass";
  if (found > 0 !== less > 0) return "it can show where its answer is from";
  if ((one.reliability ?? 0) !== (other.reliability ?? 0)) return `its line is more reliable, ${shown(one)} to ${shown(other)}`;
  if (found !== less) return `it found more, ${found} to ${less}`;
  return one.cost.microUsd === other.cost.microUsd && one.cost.calls === other.cost.calls ? "it comes first of two alike" : "it cost less";
}

/** What the merged roads established together, nothing twice: the best road's first. As reliable as the least of them. */
export function mergedEvidence({ roads }: Branches): Evidence | undefined {
  const merged = roads
    .flatMap((road) => (road.status === "merged" ? [road] : []))
    .toSorted((one, other) => compareEvidence(one.evidence, other.evidence) || byName(one.id, other.id))
    .map(({ evidence }) => evidence);
  const [best] = merged;
  return (
    best && {
      text: best.text,
      findings: [...new Set(merged.flatMap(({ findings }) => findings))],
      reliability: merged.some(({ reliability }) => reliability === null) ? null : Math.min(...merged.map((each) => each.reliability ?? 0)),
      checked: merged.some(({ checked }) => checked === false) ? false : merged.every(({ checked }) => checked === true) ? true : null,
      cost: merged.map(({ cost }) => cost).reduce(plus, NOTHING),
    }
  );
}

function openRoad({ roads }: Branches, id: string): Branch & { readonly status: "open" } {
  const road = roads.find((each) => each.id === id);
  if (road?.status !== "open") throw new Error(road ? `branch ${id} was ${road.status} already` : `there is no branch ${id}`);
  return road;
}

function withRoad(branches: Branches, road: Branch): Branches {
  return { ...branches, roads: branches.roads.map((each) => (each.id === road.id ? road : each)) };
}

function fits(share: Amount, left: Amount): boolean {
  return Object.values(minus(share, left)).every((excess) => excess === 0);
}

function rankOf(checked: boolean | null): number {
  return checked === true ? 2 : checked === null ? 1 : 0;
}

function shown({ reliability }: Evidence): string {
  return reliability === null ? "not counted" : reliability.toFixed(3);
}

function byName(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
