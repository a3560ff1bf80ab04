/**
 * An action in the world: approved exactly as it will be done, and then done once. Whether somebody is asked is the risk gate's to
 * decide; this names the action, holds it still, and looks once more before it is done.
 */
import type { Json, JsonObject } from "../task/a2a-types.ts";
import { type Approval, digestOfAction } from "../task/approval.ts";
import type { Governor } from "./governance/governor.ts";
import { type Acting, approve, type ExactAction } from "./governance/risk-gate.ts";
import type { Acted, Action, Effect } from "./program.ts";

export interface ActingRun extends Acting {
  /** Aborted when the task is canceled or its deadline passes. */
  readonly signal: AbortSignal;
  step<T extends Json>(name: string, fn: () => T | Promise<T>): Promise<T>;
  /** @returns how often this came in the run, with this time */
  count(what: string): number;
}

export function approveAction(run: ActingRun, governor: Governor | undefined, action: Action): Promise<Approval> {
  return approve(run, governor, exactly(run, governor, action));
}

/** @param name of the action in the program: with its arguments, and whose it is, it is what the approval is about */
export async function act<T extends Json>(
  run: ActingRun,
  governor: Governor | undefined,
  name: string,
  action: Action,
  effect: Effect<T>,
): Promise<Acted<T>> {
  const exact = exactly(run, governor, action, name);
  const { whose, what, args, digest, times } = exact;
  const step = `act:${digest}:${times}`;
  // What was done needs nobody's yes any more, also where the log that says so is not believed about who gave it.
  const isDone = run.task.head.memo[`step:${step}`] !== undefined;
  const approval = isDone ? undefined : await approve(run, governor, exact);
  if (approval?.approved === false) return { done: false, reason: approval.reason };
  const value = await run.step(step, () => {
    // Days may lie between the question and this, and code that is given an object can change it.
    if (digestOfAction({ whose, what, args }) !== approval?.digest) throw new Error(`action "${name}" is not what was approved`);
    return effect(args as never, { key: `${run.task.id}:${digest.slice(0, 16)}:${times}`, signal: run.signal });
  });
  return { done: true, value };
}

function exactly(run: ActingRun, governor: Governor | undefined, action: Action, name?: string): ExactAction {
  const { agent, mainSkill } = governor?.governance ?? { agent: "", mainSkill: "" };
  const whose = `${agent}/${run.task.head.skill ?? mainSkill}`;
  const what = name ?? action.description;
  const args = frozen(JSON.parse(JSON.stringify(action.args)) as JsonObject);
  const digest = digestOfAction({ whose, what, args });
  return { ...action, whose, what, args, digest, times: run.count(`approve ${digest}`) };
}

function frozen<T extends Json>(value: T): T {
  if (typeof value === "object" && value !== null) for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}
