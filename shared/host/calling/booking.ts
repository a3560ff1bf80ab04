/**
 * What a call has cost and was worth, once it has ended. Books it in the same turn as the call's result, so that a crash forgets
 * neither or both.
 */
import { type Amount, amountOf, least, minus, most, NOTHING, ONE_CALL, plus, within } from "../../budget/amount.ts";
import { turnOf } from "../../policy/turns.ts";
import { textOf } from "../../task/a2a-types.ts";
import { callOf } from "../../task/account.ts";
import { wordsOfAmount } from "../../task/limit-question.ts";
import type { AsksBack, CallingRun, CallResult } from "../calls.ts";
import type { Admitted } from "../governance/call-gate.ts";
import { countedUnder } from "../governance/share-gate.ts";
import { mostOf } from "../governance/spending.ts";
import type { DelegateCall, DelegateResult } from "../program.ts";

export type Ended = Exclude<CallResult, AsksBack>;

/** @param memo under which the call stands in the log */
export function booked<Env>(
  run: CallingRun<Env>,
  memo: string,
  call: DelegateCall,
  result: Ended,
  admitted: Admitted | undefined,
): DelegateResult {
  const plain = withoutCost(result);
  if (!admitted) return plain;
  const { agent, skill } = call;
  const text = result.ok ? result.text || JSON.stringify(result.artifacts) : result.message;
  const turn = turnOf({
    skill: `${agent}/${skill}`,
    action: textOf(call.parts) || JSON.stringify(call.parts),
    result: result.ok ? "answer" : "error",
    text,
    ...(call.state !== undefined && { state: call.state }),
  });
  const cost = chargeOf(run, memo, call, result, admitted);
  run.task.apply({ type: "called", name: memo, agent, skill, cost, turn });
  run.governor?.book(run.task, memo, cost);
  reportExcess(run, call, result, cost);
  const { product, notice } = admitted;
  // For whoever shares out what a goal may spend.
  const spent = countedUnder(call) === undefined ? {} : { spent: plus(ONE_CALL, cost) };
  if (!plain.ok) return plain.reason === "stopped" ? plain : { ...plain, ...spent };
  return { ...plain, reliability: product, ...(notice !== undefined && { notice }), ...spent };
}

/** A call that was let go because another one answered first: it costs what it cost, and is no turn of the task. */
export function bookedAsLetGo<Env>(run: CallingRun<Env>, memo: string, call: DelegateCall, result: Ended, admitted: Admitted): void {
  const cost = chargeOf(run, memo, call, result, admitted);
  run.task.apply({ type: "called", name: memo, agent: call.agent, skill: call.skill, cost });
  run.governor?.book(run.task, memo, cost);
}

/**
 * What a call has cost beyond the call itself, which was counted when it went out: what its callee says it spent, but no less
 * than its card's price and no more than what it was given with the overdraft. The word of an agent that does not carry the
 * chain on is not taken: it costs what was set aside. Nothing where nothing arrived.
 */
export function chargeOf<Env>(run: CallingRun<Env>, name: string, call: DelegateCall, result: Ended, admitted: Admitted): Amount {
  const { peer } = admitted;
  if (result.ok === false && result.reason === "unreachable" && result.cost === undefined) return NOTHING;
  const lease = leaseOf(run, name, admitted);
  const price = amountOf({ microUsd: peer.facts.get(call.skill)?.price ?? 0 });
  const { cost: claimed } = result;
  if (!peer.chain || claimed === undefined) return { ...most(lease, price), wallMs: 0 };
  const contract = run.governor?.rule("budget", run.task);
  // Where the contract only watches, nothing is held back, so what is set aside says nothing about what may be spent.
  const bound = contract?.mode === "enforce" ? mostOf(lease, contract) : claimed;
  return { ...least(most(claimed, price), most(bound, price)), wallMs: 0 };
}

/** What a callee that asks has cost so far, as it would be charged if it ended now; undefined where nothing is limited. */
export function costSoFar<Env>(
  run: CallingRun<Env>,
  name: string,
  call: DelegateCall,
  { cost }: AsksBack,
  admitted?: Admitted,
): Amount | undefined {
  return admitted && chargeOf(run, name, call, { ok: false, reason: "refused", message: "", cost }, admitted);
}

/** What the callee may spend: by the log, once it was called, and before that what was set aside but for the call itself. */
export function leaseOf<Env>({ task }: CallingRun<Env>, name: string, { lease }: Admitted): Amount {
  return task.head.account?.carved[callOf(name)] ?? minus(lease, ONE_CALL);
}

/** A callee that says it spent more than it was given is charged no more, and the operator told. */
function reportExcess<Env>(
  { task, governor }: CallingRun<Env>,
  { agent, skill }: DelegateCall,
  { cost: claimed }: Ended,
  charged: Amount,
): void {
  if (!claimed || !governor || within({ ...claimed, wallMs: 0 }, charged)) return;
  const detail = `${agent}/${skill} says it spent ${wordsOfAmount(claimed)}; charged were ${wordsOfAmount(charged)} (task ${task.id})`;
  governor.report({ agent, reason: "cost-beyond-lease", detail });
}

function withoutCost(result: Ended): DelegateResult {
  const { cost: _, refused: __, working: ___, unread: ____, rejected: _____, ...plain } = result;
  return plain;
}
