/**
 * A call that takes longer than calls of its skill do is asked of a second agent as well, where it changes nothing to ask twice.
 * The first usable answer counts; the other call is canceled, and costs what it cost.
 */
import { type Amount, least } from "../../budget/amount.ts";
import { decideHedge } from "../../policy/hedge.ts";
import type { CallingRun, CallResult } from "../calls.ts";
import { cardInLog, cardOf } from "../governance/begun-call.ts";
import { admit } from "../governance/call-gate.ts";
import { decideOn } from "../governance/decision.ts";
import { mostOf } from "../governance/spending.ts";
import { bookedAsLetGo, leaseOf } from "./booking.ts";
import { keyOf, type Leg, send } from "./leg.ts";
import { costOfReleased, release } from "./releasing.ts";

export interface Answered {
  readonly leg: Leg;
  readonly result: CallResult;
}

/** Nobody is asked about a second call: where a limit would, there is none. */
class NotWorthAsking extends Error {}

/** Sends the first message of a call. */
export async function hedged<Env>(run: CallingRun<Env>, leg: Leg): Promise<Answered> {
  const decision = decisionOn(run, leg);
  if (decision?.outcome !== "hedge") return { leg, result: await send(run, leg) };

  const second = `${leg.name}:hedge`;
  if (run.known(second) !== undefined) {
    // The second agent answered a run that was lost with a question, which is the call's now.
    const its = await secondOf(run, leg, decision.with);
    if (its) return { leg: its, result: await send(run, its) };
  }
  const one = begin(run, leg);
  // Begun by a run that was lost, and needed no more when the first agent has answered.
  const left = run.task.head.account?.carved[second];
  await Promise.race([one.ended, new Promise((resolve) => setTimeout(resolve, decision.afterMs))]);
  const other = one.isOver() ? undefined : await secondOf(run, leg, decision.with);
  if (!other || one.isOver()) {
    run.governor?.drop(run.task, second);
    const call = { ...leg.call, ...decision.with, card: cardInLog(run.task, second) };
    if (left) await letGo(run, { ...leg, name: second, call }, left);
    return one.ended;
  }

  const two = begin(run, other);
  const winner = await firstUsable(one, two);
  const loser = winner === one ? two : one;
  loser.stop();
  const { leg: lost, result } = await loser.ended;
  if (lost.admitted && result.ok !== "asks") bookedAsLetGo(run, lost.name, lost.call, result, lost.admitted);
  return winner.ended;
}

function decisionOn<Env>(run: CallingRun<Env>, { name, call, admitted }: Leg) {
  const { alternatives = [] } = call;
  // Most calls have nobody beside them: that is not worth a line in the log.
  if (!run.governor || !admitted || alternatives.length === 0) return undefined;
  const contract = run.governor.rule("agent-breaker", run.task);
  const score = run.governor.scores.known(admitted.peer.name, admitted.peer.version, call.skill);
  const readOnly = admitted.peer.facts.get(call.skill)?.readOnly === true;
  const ms = score === "unmeasured" ? [] : score.ms;
  const decision = decideOn(run.decide, `hedge:${name}`, contract, { readOnly, ms, alternatives }, decideHedge);
  return decision.mode === "shadow" ? undefined : decision;
}

/** The second agent's leg, when it too passes the gate and may be asked twice. */
async function secondOf<Env>(run: CallingRun<Env>, leg: Leg, { agent, skill }: { agent: string; skill: string }): Promise<Leg | undefined> {
  if (!run.governor) return undefined;
  const name = `${leg.name}:hedge`;
  const call = { ...leg.call, agent, skill, alternatives: [], card: cardInLog(run.task, name) };
  const quiet = {
    ...run,
    put: () => Promise.reject(new NotWorthAsking()),
    budgetQuestion: { count: 0, open: undefined, waiting: new Map() },
    signal: run.signal,
  };
  try {
    const admission = await admit(quiet, run.governor, name, call, (...of) => run.outbound.describe(run.env, ...of));
    if ("refused" in admission) return undefined;
    const { admitted } = admission;
    // Of one that is out it was seen before, by a card that may not be there any more.
    const isOut = run.task.head.delegating[name] !== undefined;
    if (!isOut && admitted.peer.facts.get(skill)?.readOnly !== true) return undefined;
    return {
      name,
      call: { ...call, card: call.card ?? cardOf(admitted.peer) },
      admitted,
      lease: leaseOf(run, name, admitted),
      signal: run.signal,
    };
  } catch (error) {
    if (error instanceof NotWorthAsking) return undefined;
    throw error;
  }
}

async function letGo<Env>(run: CallingRun<Env>, { name, call, admitted }: Leg, held: Amount): Promise<void> {
  const released = await release(run, call, keyOf(run.task.id, name));
  const claimed = (released && costOfReleased(released, admitted?.peer, call.skill)) ?? held;
  const cost = run.governor ? least(claimed, mostOf(held, run.governor.rule("budget", run.task))) : claimed;
  run.task.apply({ type: "called", name, agent: call.agent, skill: call.skill, cost: { ...cost, wallMs: 0 } });
  run.governor?.book(run.task, name, { ...cost, wallMs: 0 });
}

interface Begun {
  readonly ended: Promise<Answered>;
  isOver(): boolean;
  stop(): void;
}

function begin<Env>(run: CallingRun<Env>, leg: Leg): Begun {
  const alone = new AbortController();
  let over = false;
  const ended = send(run, { ...leg, signal: AbortSignal.any([leg.signal, alone.signal]) })
    .then((result) => ({ leg, result }))
    .finally(() => {
      over = true;
    });
  return { ended, isOver: () => over, stop: () => alone.abort(new DOMException("another agent answered first", "AbortError")) };
}

/** The first that answers or asks; when both fail, the first one. */
async function firstUsable(one: Begun, two: Begun): Promise<Begun> {
  const usable = (begun: Begun) => begun.ended.then(({ result }) => (result.ok === false ? Promise.reject(new Error("failed")) : begun));
  return Promise.any([usable(one), usable(two)]).catch(() => one);
}
