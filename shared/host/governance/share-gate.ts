/**
 * Holds the calls of a goal, or of one of its branches, to the share that it was given: decided and promised in one turn, so that
 * calls side by side never pass it together. Beyond it a call is refused, and nobody is asked.
 */
import { type Amount, NOTHING, plus } from "../../budget/amount.ts";
import { decideShare, type ShareDecision, type ShareSignals } from "../../policy/share.ts";
import type { Json } from "../../task/a2a-types.ts";
import { callOf } from "../../task/account.ts";
import { wordsOfUnit } from "../../task/limit-question.ts";
import { covers, isCounted, levelsOf, pathOf, type Within } from "../../task/within.ts";
import type { DelegateCall, StoppedCall } from "../program.ts";
import type { Governor } from "./governor.ts";
import { stopped } from "./limit.ts";
import { mostOf, type Spending } from "./spending.ts";

/** Under which path a call counts to a share; undefined where only its surface is limited. */
export function countedUnder({ within }: DelegateCall): string | undefined {
  return within && isCounted(within) ? pathOf(within) : undefined;
}

/**
 * Promises of the share what the call, or a callee that is out and asks for more, needs; and refuses what would pass it.
 * @param name of the call in this task, or of the callee's question
 * @param need the call itself included, unless it is out
 */
export function beyondShare(run: Spending, governor: Governor, name: string, call: DelegateCall, need: Amount): StoppedCall | undefined {
  const path = countedUnder(call);
  if (path === undefined || !call.within) return undefined;
  // Sent by a run that was lost: its share was taken then.
  const isOut = run.task.head.account?.carved[callOf(name)] !== undefined;
  if (isOut && callOf(name) === name) return undefined;
  for (const level of levelsOf(call.within)) {
    const signals = signalsOf(run, governor, level, need, isOut);
    const decision = decideShare(signals);
    if (decision.outcome === "call") continue;
    run.decide(`share:${name}`, signals as unknown as Json, () => decision as Json);
    return stopped("share", wordsOf(decision, signals), "partial");
  }
  run.promised.set(name, { path, need });
  return undefined;
}

function signalsOf(run: Spending, governor: Governor, level: Within, need: Amount, isOut: boolean): ShareSignals {
  const of = pathOf(level);
  const contract = governor.rule("budget", run.task);
  // At most: what comes late is still charged, as far as the contract lets a callee go past what it was given.
  const atMost = (amount: Amount) => mostOf(amount, contract);
  const { carved = {}, branches = [] } = run.task.head.account ?? {};
  const counted = branches.filter(({ path }) => covers(of, path));
  const promised = [...run.promised].filter(
    ([name, { path }]) => covers(of, path) && (callOf(name) !== name || !Object.hasOwn(carved, name)),
  );
  const spent = [
    ...counted.map((branch) => branch.spent),
    ...counted.flatMap((branch) => Object.values(branch.carved).map(atMost)),
    ...promised.map(([, each]) => atMost(each.need)),
  ].reduce(plus, NOTHING);
  const calls = counted.reduce((sum, branch) => sum + branch.calls, 0) + promised.filter(([name]) => callOf(name) === name).length;
  // A callee that is out and needs more is no further call.
  const mostCalls = isOut ? "any" : (level.mostCalls ?? "any");
  return { of, need: atMost(need), share: level.share ?? {}, spent: { ...spent, wallMs: 0 }, mostCalls, calls };
}

function wordsOf(decision: ShareDecision & { outcome: "refuse" }, { of, mostCalls }: ShareSignals): string {
  if (decision.reason === "calls-made") return `the goal "${of}" was given ${mostCalls} calls, and they are made`;
  const { unit, limit, lacking } = decision;
  return `the goal "${of}" was given ${wordsOfUnit(unit, limit)}, and the call may need ${wordsOfUnit(unit, lacking)} more than is left of it`;
}
