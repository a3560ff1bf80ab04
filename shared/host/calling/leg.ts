/**
 * One leg of a call: a message to its callee, the first one or an answer, sent once however often the run is begun again.
 * Given up at its deadline, and the callee told so.
 */

import type { Principal } from "../../auth/principal.ts";
import { type Amount, least, ONE_CALL, plus } from "../../budget/amount.ts";
import type { Json } from "../../task/a2a-types.ts";
import { callOf } from "../../task/account.ts";
import { digest } from "../../task/digest.ts";
import { traceparentFor } from "../../task/trace-context.ts";
import type { CallingRun, CallResult, OutboundCall } from "../calls.ts";
import { callBegins, callEnded } from "../governance/agents.ts";
import type { Admitted } from "../governance/call-gate.ts";
import type { Governor } from "../governance/governor.ts";
import { countedUnder } from "../governance/share-gate.ts";
import { chargeOf, leaseOf } from "./booking.ts";
import { costOfReleased, release } from "./releasing.ts";
import { envelopeFor } from "./under-envelope.ts";

export interface Leg {
  /** In this task, the same in every run. */
  readonly name: string;
  readonly call: OutboundCall;
  /** Absent where nothing is limited. */
  readonly admitted?: Admitted | undefined;
  /** What the callee may spend. */
  readonly lease?: Amount | undefined;
  /** Of an answer: those who gave it. Absent where nobody was asked. */
  readonly by?: readonly Principal[] | undefined;
  /** Nothing is sent: what has become of the callee's task is asked. */
  readonly looks?: true;
  /** Aborted with the run, or alone. */
  readonly signal: AbortSignal;
}

const LONGEST_NAME = 120;

export async function send<Env>(run: CallingRun<Env>, { name, call, admitted, lease, by, looks, signal }: Leg): Promise<CallResult> {
  const known = run.known(name);
  if (known !== undefined) return known as unknown as CallResult;
  const { task, governor } = run;
  // The key is made of the task and the name, so that a call repeated after a crash is the same call to its callee.
  const key = keyOf(task.id, name);
  if (task.head.delegating[name] === undefined) {
    const isFirst = task.head.account?.carved[callOf(name)] === undefined;
    const branch = countedUnder(call);
    const counted = branch !== undefined && { branch };
    task.apply({ type: "delegating", name, agent: call.agent, skill: call.skill, key, ...(lease && { lease }), ...counted });
    if (lease && isFirst) governor?.sent(task, name, lease);
  }
  const deadlineMs = call.deadlineMs ?? governor?.rule("agent-breaker", task).deadlineMs;
  const deadline = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs);
  const either = deadline ? AbortSignal.any([signal, deadline]) : signal;
  const { principal } = task.head;
  const trace = task.head.traceparent === undefined ? undefined : traceparentFor(task.head.traceparent, key);
  const options = { key, principal, ...(by && { by }), signal: either, ...(trace !== undefined && { traceparent: trace }) };

  const began = Date.now();
  if (governor) callBegins(governor.rule("agent-breaker", task), principal.tenant, call.agent, { call: `${task.id}/${name}`, at: began });
  let result = await run.during(async () => {
    const enveloped = governor && admitted?.peer.chain && lease;
    const given = enveloped && { lease, deadlineMs: deadlineMs ?? Number.POSITIVE_INFINITY, traceparent: trace };
    const envelope = given && (await envelopeFor(run, governor, key, call, admitted, given));
    if (looks && call.taskId !== undefined) return run.outbound.look(run.env, { ...call, taskId: call.taskId }, options);
    return run.outbound.call(run.env, call, { ...options, ...(envelope && { envelope }) });
  });
  // Whoever takes the task's place, or ends it, sees to its callees.
  if (result.ok === false && run.signal.aborted) return LET_GO;
  if (result.ok === false && (result.reason === "unreachable" || either.aborted)) {
    // It may have arrived all the same, and nobody waits for it any more: the callee should not go on spending.
    const released = await release(run, call, keyOf(task.id, callOf(name)));
    const cost = released && costOfReleased(released, admitted?.peer, call.skill);
    const message = `${call.agent}/${call.skill} gave no answer within ${(deadlineMs ?? 0) / 1000} s`;
    if (released?.result?.ok === true) result = released.result;
    else if (signal.aborted) result = { ...LET_GO, cost };
    else
      result = deadline?.aborted
        ? { ok: false, reason: "deadline", message, cost }
        : { ...result, cost: released?.arrived ? cost : undefined };
  }
  if (governor && admitted) noteEnd(run, governor, { name, call, admitted, signal }, result, Date.now() - began);
  // A question is remembered too: its answer must go to the task that asked, also from a later run.
  if (result.ok === "asks") run.remember(name, JSON.parse(JSON.stringify(result)) as Json);
  return result;
}

/** Names of agents and skills may be long, and a key has its bounds. */
export function keyOf(task: string, name: string): string {
  return `${task}/${name.length <= LONGEST_NAME ? name : `${name.slice(0, 40)}…${digest(name, 1)}${digest(name, 2)}`}`;
}

/** For the agent breaker and the scoreboard: what the call says about its callee. */
function noteEnd<Env>(
  run: CallingRun<Env>,
  governor: Governor,
  { name, call, admitted, signal }: Leg & { readonly admitted: Admitted },
  result: CallResult,
  ms: number,
): void {
  // Declined, stopped, or canceled from here: that says nothing about how well the agent works.
  const worked = result.ok === true || result.ok === "asks";
  const says = worked ? "worked" : FAULTS.has(result.reason) && !signal.aborted ? "failed" : "says-nothing";
  const { tenant } = run.task.head.principal;
  callEnded(governor.rule("agent-breaker", run.task), tenant, call.agent, {
    call: `${run.task.id}/${name}`,
    result: says,
    ms,
    at: Date.now(),
  });
  if (says === "says-nothing" || result.ok === "asks") return;
  const { name: agent, version } = admitted.peer;
  // Whoever needs more asks for it. What is claimed beyond that is charged, but not expected of the next call: a liar's leases
  // would grow with every lie.
  const charged = chargeOf(run, name, call, result, admitted);
  const isHeld = governor.rule("budget", run.task).mode === "enforce";
  const cost = plus(isHeld ? least(charged, leaseOf(run, name, admitted)) : charged, ONE_CALL);
  governor.scores.note({ agent, version, skill: call.skill, ok: worked, ms, cost });
}

/** It was sent, and may have cost something, whatever the broken connection looks like from here. */
const LET_GO = { ok: false, reason: "failed", message: "the call was let go" } as const;

const FAULTS: ReadonlySet<string> = new Set(["failed", "nonsense", "deadline", "unreachable"]);
