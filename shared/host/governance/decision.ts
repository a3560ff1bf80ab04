/**
 * A decision as it stands in a task's log: what was decided under which contract and mode, on which signals, and how long that
 * took; and what a candidate beside the contract would have decided. Whatever decides, it is recorded here, so that a decision can
 * be read, and taken again, from the log alone.
 */
import type { Contract } from "../../contract/contract.ts";
import type { Tried } from "../../contract/shelf.ts";
import type { Json } from "../../task/a2a-types.ts";
import { trial } from "./trial.ts";

/** @returns the decision of this name, taken now or by a former run */
export type Record = (name: string, signals: Json, decide: () => Json) => Json;

export type Taken<D> = D & { readonly mode: Contract["mode"]; readonly micros: number };

/**
 * @param record `Run.decide`
 * @param name of the decision, once in a task
 * @returns the decision, with the mode it was taken in: in `shadow` it binds nobody
 */
export function decideOn<C extends Contract, S, D extends { readonly policy: string }>(
  record: Record,
  name: string,
  contract: Tried<C>,
  signals: S,
  decide: (contract: C, signals: S) => D,
): Taken<D> {
  // Made for this decision and changed by nobody, so that it can stand in the log as it is.
  const decided = record(name, signals as Json, () => {
    // The platform's clock stands still while code runs, so that it says 0 there; a local runtime's does not.
    const before = performance.now();
    const decision = decide(contract, signals);
    const micros = Math.round((performance.now() - before) * 1000);
    // After the clock was read: what is tried beside it is no part of what the decision took.
    const candidate = trial(name, contract, signals, decision, decide);
    return { ...decision, mode: contract.mode, micros, ...(candidate && { candidate }) } as unknown as Json;
  });
  return decided as unknown as Taken<D>;
}
