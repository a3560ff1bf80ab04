/**
 * What could be done instead of a call whose chain would fall below the floor: gathers what is known of the callee, of those
 * that could do the same, and of whoever could check it, and has the cheapest arrangement worked out. Decides nothing.
 */
import { amountOf } from "../../budget/amount.ts";
import { type Arrangement, cheapestArrangement, type Priced } from "../../policy/arrangement.ts";
import { expectedCost } from "../../policy/budget.ts";
import type { ChainCapSignals } from "../../policy/chain-cap.ts";
import { priorMean, reliabilityOf } from "../../policy/reliability.ts";
import { leftOf } from "../../task/account.ts";
import type { DelegateCall, SkillName } from "../program.ts";
import type { Describe } from "./goes-to.ts";
import type { Governor } from "./governor.ts";
import type { Peer } from "./peer.ts";
import { limitOf, type Spending } from "./spending.ts";

/** Pairs of candidates grow with the square: more than these are not worth looking at. */
const MOST_CANDIDATES = 8;

/** @returns undefined when nothing that is known of would meet the floor within what is left */
export async function arrange(
  run: Spending,
  governor: Governor,
  call: DelegateCall,
  peer: Peer,
  { path, basis }: ChainCapSignals,
  describe: Describe,
): Promise<Arrangement | undefined> {
  const contract = governor.rule("chain-cap", run.task);
  const others = (call.alternatives ?? []).filter((each) => each.agent !== call.agent).slice(0, MOST_CANDIDATES);
  const described = await run.during(() => Promise.all(others.map(async (each) => ({ each, peer: await describe(each.agent) }))));
  const known = [{ each: call as SkillName, peer: peer as Peer | undefined }, ...described];
  const inPath = (name: string) => path.some(({ agent }) => agent === name) && !contract.mayRepeat.includes(name);
  const candidates = known.flatMap(({ each, peer: found }) => {
    if (!found || found.barred !== undefined || inPath(found.name)) return [];
    const score = governor.scores.known(found.name, found.version, each.skill);
    const reliability = found.chain ? reliabilityOf(contract, score) : { reliability: priorMean(contract), evidence: "untrusted" as const };
    return [{ ...pricedOf(run, governor, each, found), ...reliability }];
  });
  const checkedBy = call.checker && (await run.during(async () => describe(call.checker?.agent ?? "")));
  const checker = call.checker && checkedBy && pricedOf(run, governor, call.checker, checkedBy);

  const { account } = run.task.head;
  const limit = limitOf(run.task.head, governor.rule("budget", run.task));
  const { microUsd, calls } = account ? leftOf(account, limit, Date.now()) : limit;
  const line = path.reduce((product, hop) => product * hop.reliability, basis);
  const preferences = governor.preferences(run.task);
  const found = cheapestArrangement(contract, { line, candidates, ...(checker && { checker }), budget: { microUsd, calls }, preferences });
  return found === "none" ? undefined : found;
}

export function describeArrangement({ kind, calls, product, costAtMost }: Arrangement): string {
  const names = calls.map(({ agent, skill }) => `${agent}/${skill}`);
  const cost = costAtMost === 0 ? "at no price" : `for at most ${costAtMost} micro-USD`;
  const how = {
    alone: `${names[0]} alone`,
    checked: `${names[0]}, checked by ${names[1]},`,
    retried: `${names[0]}, asked once more if it fails,`,
    redundant: `${names[0]} and ${names[1]} side by side, checked by ${names[2]},`,
  }[kind];
  return `The cheapest that would meet it: ${how} comes to ${product.toFixed(3)} ${cost}.`;
}

function pricedOf(run: Spending, governor: Governor, { agent, skill }: SkillName, peer: Peer): Priced {
  const score = governor.scores.known(peer.name, peer.version, skill);
  const price = peer.facts.get(skill)?.price;
  const contract = governor.rule("budget", run.task);
  const seen = score === "unmeasured" ? [] : score.costs;
  const limit = limitOf(run.task.head, contract);
  const { microUsd } = expectedCost(contract, { seen, price: price === undefined ? undefined : amountOf({ microUsd: price }), limit });
  const ms = score === "unmeasured" ? [] : score.ms;
  return { agent, skill, cost: microUsd, ms: ms.length > 0 ? ms.reduce((sum, each) => sum + each, 0) / ms.length : 0 };
}
