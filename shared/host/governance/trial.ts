/**
 * What a candidate contract would have decided, asked on the very signals that another one decides on: in live tasks, before it
 * binds anybody. It is recorded with the decision and changes nothing; a candidate that throws is noted, and the task goes on.
 */
import type { Contract } from "../../contract/contract.ts";
import type { Tried } from "../../contract/shelf.ts";
import { isOtherwise } from "../../policy/otherwise.ts";
import { kindOf } from "../../policy/redecide.ts";
import { restate } from "../../policy/restate.ts";
import type { TriedBeside } from "../../task/record.ts";

/**
 * @param name of the decision
 * @param contract that decided
 * @returns what stands in the log; undefined where nothing is tried
 */
export function trial<C extends Contract, S, D extends object>(
  name: string,
  contract: Tried<C>,
  signals: S,
  decision: D,
  decide: (contract: C, signals: S) => D,
): TriedBeside | undefined {
  const { candidate } = contract;
  if (!candidate) return undefined;
  const { contract: tried, own, wished } = candidate;
  const { version } = tried;
  try {
    const kind = kindOf(name);
    // Limits, hops and turns among the signals are the contract's own numbers: the candidate has others.
    const restated = kind === undefined ? signals : (restate(kind, signals, { from: contract, to: tried, own, wished }) as S);
    const would = decide(tried, restated);
    if (!isOtherwise(decision, would)) return { version };
    const { policy: _, version: __, ...rest } = would as D & { policy?: unknown; version?: unknown };
    return { version, would: rest as TriedBeside["would"] & object };
  } catch (error) {
    console.error(`the candidate ${contract.policy} version ${version} could not decide ${name}`, error);
    return { version, failed: true };
  }
}
