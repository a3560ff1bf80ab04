/**
 * What a task may spend: something is set aside before it is done, and the task pauses where its limit is. A task that began
 * its own chain spends from its tenant's budget, one that another agent gave from the lease it was given with.
 */
import { type Amount, amountOf, isNothing, least, minus, most, NOTHING, plus, shareOf } from "../../budget/amount.ts";
import type { BudgetContract } from "../../contract/budget.ts";
import { type BudgetDecision, type BudgetSignals, decideBudget, expectedCost } from "../../policy/budget.ts";
import { callOf, costOf } from "../../task/account.ts";
import type { TaskHead } from "../../task/head.ts";
import { type LimitQuestion, wordsOfUnit } from "../../task/limit-question.ts";
import type { LiveTask } from "../live-task.ts";
import type { DelegateCall, StoppedCall } from "../program.ts";
import { decideOn, type Record, type Taken } from "./decision.ts";
import type { Governor } from "./governor.ts";
import type { Held } from "./held.ts";
import { type Asking, atLimit, type Decided, stopped } from "./limit.ts";
import type { Peer } from "./peer.ts";

/** Several calls meet a limit together: one of them asks, for all of them. */
export interface BudgetQuestion {
  /** How many were put in this run. */
  count: number;
  open: Promise<Decided> | undefined;
  /** What the calls need that nothing is set aside for yet, by their names. */
  readonly waiting: Map<string, Amount>;
}

export interface Promised {
  /** Of the goal or branch. */
  readonly path: string;
  readonly need: Amount;
}

export interface Spending extends Asking {
  readonly task: LiveTask;
  readonly decide: Record;
  /** Calls that were let through and have not ended, by their names. */
  readonly out: Set<string>;
  /** What the run's calls ask people about its budget: one question at a time. */
  readonly budgetQuestion: BudgetQuestion;
  /** What was promised of shares to calls, or to their callees, that the log does not hold yet: by name. */
  readonly promised: Map<string, Promised>;
  /** Does work that waits for the world, so that a crash does not lose the run. Waits for people are none. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

type Covered = { readonly lease: Amount } | { readonly refused: StoppedCall };
type Pause = BudgetDecision & { outcome: "pause" };

/** What a call is expected to cost, itself included. Its time is not set aside. */
export function needOf(run: Spending, governor: Governor, call: DelegateCall, peer: Peer): Amount {
  const contract = governor.rule("budget", run.task);
  const score = governor.scores.known(peer.name, peer.version, call.skill);
  const price = peer.facts.get(call.skill)?.price;
  // A lease is small already, and all of it may be meant for one call; the share is for those who begin a chain.
  const share = run.task.head.chain ? 1 : contract.reserveShare;
  const expected = expectedCost(
    { ...contract, reserveShare: share },
    {
      seen: score === "unmeasured" ? [] : score.costs,
      price: price === undefined ? undefined : amountOf({ microUsd: price }),
      // What a lease is too small for is asked of whoever gave it, and not cut to it.
      limit: run.task.head.chain ? contractLimit(contract) : limitOf(run.task.head, contract),
    },
  );
  // A price is charged whatever was seen.
  return { ...most(expected, amountOf({ microUsd: price ?? 0 })), wallMs: 0 };
}

/** Sees to it that what was spent already is covered: the truth is booked first, and the next step waits. */
export async function coverSpent(run: Spending, governor: Governor, name: string): Promise<Covered> {
  return cover(run, governor, name, NOTHING, undefined);
}

/**
 * A callee that goes on after people were waited for: what was set aside for it went back meanwhile, and is set aside anew.
 * @param had what its call held before
 */
export async function coverAgain(run: Spending, governor: Governor, name: string, had: Amount): Promise<Covered> {
  // Held again in memory alone, it has no word of the tenant's: it is asked for with all of what it had.
  if (!governor.isCovered(run.task)) governor.drop(run.task, callOf(name));
  const holds = governor.held(run.task).get(run.task.id, callOf(name)) ?? NOTHING;
  return cover(run, governor, `${name}:again`, { ...minus(had, holds), wallMs: 0 }, undefined);
}

/** @param need beyond what was spent and set aside already */
export async function cover(
  run: Spending,
  governor: Governor,
  name: string,
  need: Amount,
  partial: DelegateCall["partial"],
): Promise<Covered> {
  const contract = governor.rule("budget", run.task);
  const [{ task }, held, call] = [run, governor.held(run.task), callOf(name)];
  const out = call === name ? task.head.account?.carved[name] : undefined;
  if (out) {
    // Sent by a run that was lost: it is out, and holds what the log says.
    held.set(task.id, call, { ...out, wallMs: 0 });
    return { lease: out };
  }
  run.budgetQuestion.waiting.set(call, need);
  for (let round = 1; ; round++) {
    const decision = await decided(run, governor, `${name}:${round}`, need, contract, () => {
      if (task.ended || task.retired) throw new DOMException("the task has ended", "AbortError");
      if (!isNothing(need)) held.set(task.id, call, plus(held.get(task.id, call) ?? NOTHING, need));
      run.budgetQuestion.waiting.delete(call);
    });
    if (decision.outcome !== "pause" || decision.mode === "shadow") return { lease: leaseOf(run, contract, need) };
    // The task's own calls hold it: when one of them ends, some of it may come back. Not for one that is out and needs more: it ends
    // only when it gets it.
    const mayComeBack = decision.reason === "held" && decision.account === "task" && call === name && held.hasOther(task.id, call);
    if (mayComeBack) await run.during(() => changed(run, held));
    else if (decision.reason !== "settled" || round > 1) {
      const { choice } = await answerTo(run, contract, call, decision, partial);
      if (choice !== "partial") continue;
      run.budgetQuestion.waiting.delete(call);
      return { refused: stopped("budget", questionOf(run.task.head, contract, decision).words, "partial") };
    }
  }
}

/**
 * What somebody says to the limit that this call has met. Others of the same task may meet it at the same time: the first one
 * asks, with what all of them lack, and the answer is theirs too; then each is decided on anew.
 */
async function answerTo(
  run: Spending,
  contract: BudgetContract,
  call: string,
  decision: Pause,
  partial: DelegateCall["partial"],
): Promise<Decided> {
  const { budgetQuestion: asked, task } = run;
  // The others come in the same turn; and what has just ended is a result only when the program has taken it.
  await run.during(() => new Promise<void>((resolve) => setTimeout(resolve, 0)));
  asked.open ??= askForAll(run, contract, call, decision, partial).finally(() => {
    asked.open = undefined;
  });
  const answer = await asked.open;
  const once = `raised:budget:${asked.count}`;
  // Once, whoever of them comes first, and however often the run is begun again.
  if (answer.choice === "raise" && task.head.memo[once] === undefined)
    task.apply({ type: "raised", name: once, by: amountOf({ [answer.unit]: answer.by }) });
  return answer;
}

function askForAll(
  run: Spending,
  contract: BudgetContract,
  call: string,
  decision: Pause,
  partial: DelegateCall["partial"],
): Promise<Decided> {
  const { budgetQuestion: asked, task } = run;
  asked.count += 1;
  const others = [...asked.waiting].filter(([other]) => other !== call).map(([, need]) => need[decision.unit]);
  const needed = others.reduce((sum, need) => sum + need, decision.needed);
  const question = questionOf(task.head, contract, { ...decision, needed });
  return atLimit(run, `budget:${asked.count}`, question, partial);
}

/** One decision on the task's own figures, and where those do not reach, one more with what the tenant's budget says. */
async function decided(
  run: Spending,
  governor: Governor,
  name: string,
  need: Amount,
  contract: BudgetContract,
  hold: () => void,
): Promise<Taken<BudgetDecision>> {
  const ask = (answer: BudgetSignals["answer"], suffix: string) => {
    const signals = signalsOf(run, governor, contract, need, answer);
    const decision = decideOn(run.decide, `budget:${name}${suffix}`, contract, signals, decideBudget);
    // In the same turn as the decision: nobody else may set the same aside, and a call beside this one is decided in the next.
    const isCovered = decision.outcome === "carve" || (decision.outcome === "top-up" && !governor.purse.bound);
    if (isCovered || (decision.mode === "shadow" && decision.outcome === "pause")) hold();
    return decision;
  };
  for (let times = 0; ; times++) {
    const decision = ask("not-asked", times === 0 ? "" : `:granted-${times}`);
    if (decision.outcome !== "top-up" || !governor.purse.bound) return decision;
    const got = await run.during(() => governor.purse.topUp(need, decision.limit));
    if (!got.ok) {
      const { ok: _, ...refusal } = got;
      return ask(refusal, `:refused-${times}`);
    }
    // Another call of this task may have taken what came: then it is asked for once more.
  }
}

function signalsOf(
  { task }: Spending,
  governor: Governor,
  contract: BudgetContract,
  need: Amount,
  answer: BudgetSignals["answer"],
): BudgetSignals {
  const { head } = task;
  const limit = limitOf(head, contract);
  const spent = { ...spentBy(task), wallMs: head.account ? costOf(head.account, Date.now()).wallMs : 0 };
  const carved = governor.held(task).by(task.id);
  // What another agent gave is all there is; nobody but that agent can give more.
  const granted = head.chain ? limit : plus(plus(spentBy(task), carved), governor.purse.room());
  // Time is not set aside: what runs side by side would have to share it.
  return { need, lease: { granted: { ...granted, wallMs: limit.wallMs }, spent, carved }, task: { limit }, answer };
}

function spentBy({ head }: LiveTask): Amount {
  return head.account?.spent ?? NOTHING;
}

/** What a task may spend in all: by its lease, or by the contract and its caller's wish, raised by whoever might. */
export function limitOf({ chain, wishes, account }: TaskHead, contract: BudgetContract): Amount {
  if (chain) return chain.delegation.lease.limit;
  const most = contractLimit(contract);
  return plus(least(most, { ...most, ...wishes?.limits }), account?.raised ?? NOTHING);
}

function contractLimit({ taskMicroUsd: microUsd, taskTokens: tokens, taskCalls: calls, taskWallMs: wallMs }: BudgetContract): Amount {
  return { microUsd, tokensIn: tokens, tokensOut: tokens, calls, wallMs };
}

/** What goes with a call: what was set aside, and the time that is left. */
function leaseOf({ task }: Spending, contract: BudgetContract, need: Amount): Amount {
  const { account } = task.head;
  const worked = account ? costOf(account, Date.now()).wallMs : 0;
  return { ...need, wallMs: minus(limitOf(task.head, contract), { ...NOTHING, wallMs: worked }).wallMs };
}

/** The most a callee's word is believed to. */
export function mostOf(lease: Amount, contract: BudgetContract): Amount {
  return plus(lease, shareOf(lease, contract.overdraft));
}

function questionOf(head: TaskHead, contract: BudgetContract, { reason, account, unit, needed, limit, spent }: Pause): LimitQuestion {
  const whose = account === "task" ? (head.chain ? "what the caller set aside for this task" : "this task") : `the ${account}`;
  const words =
    reason === "held"
      ? `The budget of ${whose} is set aside by other work for the moment: ${wordsOfUnit(unit, limit)} in all, ${wordsOfUnit(unit, spent)} spent, ${wordsOfUnit(unit, needed)} more would do.`
      : `The budget of ${whose} is used up: ${wordsOfUnit(unit, spent)} of ${wordsOfUnit(unit, limit)} spent, ${wordsOfUnit(unit, needed)} more would do.`;
  const shared = { policy: "budget", reason: head.chain ? "lease" : reason, words };
  if (account !== "task" || head.chain || reason === "held")
    return { ...shared, choices: ["again", "partial"], raise: { unit, by: needed, callerMax: 0 } };
  const callerMax = Math.max(0, Math.floor(contractLimit(contract)[unit] * contract.callerRaise) - limit);
  // The last one for when an operator has raised the task's limit.
  return { ...shared, choices: ["raise", "partial", "again"], raise: { unit, by: needed, callerMax } };
}

/**
 * Resolves when what is spent or set aside is another than now, by a call that ended or by a raise. That it was decided to wait is
 * stored too, and must wake nobody: two who wait would wake each other for ever.
 */
function changed({ task }: Spending, held: Held): Promise<void> {
  const accounted = () => {
    const { spent, carved, raised } = task.head.account ?? {};
    return JSON.stringify([spent, carved, raised, held.by(task.id)]);
  };
  const before = accounted();
  return new Promise((resolve) => {
    const stop = task.watch(() => {
      if (accounted() === before) return;
      stop();
      resolve();
    });
  });
}
