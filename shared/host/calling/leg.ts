/**
 * One leg of a call: a message to its callee, the first one or an answer, sent once however often the run is begun again.
 * Given up at its deadline, and the callee told so.
 */

import type { Principal } from "../../auth/principal.ts";
import { type Amount, least, ONE_CALL, plus } from "../../budget/amount.ts";
import { isForLeaves } from "../../policy/chain-cap.ts";
import type { Json } from "../../task/a2a-types.ts";
import { callOf } from "../../task/account.ts";
import { digest } from "../../task/digest.ts";
import { labelOf } from "../../task/head.ts";
import { traceparentFor } from "../../task/trace-context.ts";
import type { CallingRun, CallResult, OutboundCall } from "../calls.ts";
import { callBegins, callEnded, heldAs } from "../governance/agents.ts";
import type { Admitted } from "../governance/call-gate.ts";
import type { Governor } from "../governance/governor.ts";
import { countedUnder } from "../governance/share-gate.ts";
import { chargeOf, leaseOf } from "./booking.ts";
import { saysOf } from "./call-says.ts";
import { costOfReleased, release } from "./releasing.ts";
import { envelopeFor } from "./under-envelope.ts";
import { answerTo, type Waited } from "./waiting.ts";

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
/**
 * A call that was out when its task was lost is asked for by its key at least so long after it, whatever its deadline says:
 * what came of it may be there, and whoever gave the time may give it anew. Milliseconds.
 */
const AFTER_LOSS_MS = 30_000;

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
    const { agent, skill, card } = call;
    task.apply({ type: "delegating", name, agent, skill, key, ...(lease && { lease }), ...counted, ...(card && { card }) });
    if (lease && isFirst) governor?.sent(task, name, lease);
  }
  const sentAt = sentAtIn(run, name);
  const deadlineMs = call.deadlineMs ?? governor?.rule("agent-breaker", task).deadlineMs ?? Number.POSITIVE_INFINITY;
  const { resumedAt = 0 } = task.head;
  const leastUntil = sentAt <= resumedAt ? resumedAt + AFTER_LOSS_MS : 0;
  const givenUntil = () => task.head.chain?.delegation.deadline ?? Number.POSITIVE_INFINITY;
  const untilNow = () => Math.max(leastUntil, Math.min(sentAt + deadlineMs, givenUntil()));
  const { principal, origin } = task.head;
  const traceparent = task.head.traceparent === undefined ? undefined : traceparentFor(task.head.traceparent, key);
  // Also where the chain cap is only tried, and has let it go to this one.
  const mayCopy = governor !== undefined && isForLeaves(governor.rule("chain-cap", task), labelOf(task.head));
  const options = { key, principal, by, origin, traceparent, mayCopy };
  const envelope = async () => {
    if (!(governor && admitted?.peer.chain && lease)) return undefined;
    return envelopeFor(run, governor, key, call, admitted, { lease, deadlineMs: untilNow() - Date.now(), traceparent });
  };

  const began = Date.now();
  const held = heldAs(call.agent, call.card);
  if (governor) callBegins(governor.rule("agent-breaker", task), principal.tenant, held, { call: `${task.id}/${name}`, at: began });
  const errand = { name, call, options, envelope, looks: looks === true, sentAt, signal };
  const waited = await answerTo(run, {
    ...errand,
    get until() {
      return untilNow();
    },
    isGivenLonger: () => givenUntil() > Date.now(),
  });
  // Before it is let go of, which may take a while itself.
  const waitedMs = Date.now() - sentAt;
  const result = isLeft(waited) ? await left(run, { name, call, admitted, signal }, waited, deadlineMs) : waited;
  if (governor && admitted)
    noteEnd(run, governor, { name, call, admitted, signal }, result, {
      ms: Date.now() - (isLong(run, sentAt) ? sentAt : began),
      waitedMs,
    });
  // A question is remembered too: its answer must go to the task that asked, also from a later run.
  if (result.ok === "asks") run.remember(name, JSON.parse(JSON.stringify(result)) as Json);
  return result;
}

/** Nothing more is heard of it. */
type Left = "too-late" | "let-go" | (CallResult & { readonly ok: false });

function isLeft(waited: Waited): waited is Left {
  return (
    waited === "too-late" || waited === "let-go" || (waited.ok === false && (waited.reason === "unreachable" || waited.working === true))
  );
}

/** It may have arrived all the same, and nobody waits for it any more: the callee should not go on spending. */
async function left<Env>(
  run: CallingRun<Env>,
  { name, call, admitted }: Leg,
  why: Left,
  deadlineMs: number,
): Promise<Exclude<CallResult, { ok: "asks" }>> {
  // Whoever takes the task's place, or ends it, sees to its callees.
  if (run.signal.aborted) return LET_GO;
  const taskId = typeof why === "object" ? why.taskId : undefined;
  const released = await release(run, { ...call, ...(taskId !== undefined && { taskId }) }, keyOf(run.task.id, callOf(name)));
  // Just in time: what was done need not be thrown away, unless nobody is to rely on it.
  const isBelieved = typeof why !== "object" || why.working !== true;
  if (isBelieved && released?.result?.ok === true) return released.result;
  const cost = released?.arrived ? costOfReleased(released, admitted?.peer, call.skill) : undefined;
  if (why === "let-go") return { ...LET_GO, cost };
  if (why !== "too-late") return { ...why, cost };
  return { ok: false, reason: "deadline", message: `${call.agent}/${call.skill} gave no answer within ${deadlineMs / 1000} s`, cost };
}

/** When the message was first sent, by whichever run; the time in which nobody worked on the task is left out. */
function sentAtIn<Env>({ task }: CallingRun<Env>, name: string): number {
  const seq = task.head.delegating[name];
  const at = (seq === undefined ? undefined : task.read(seq, seq)[0]?.at) ?? Date.now();
  return at + (task.head.idle?.[name] ?? 0);
}

/** Nobody watched it to the end, so that only the log knows how long it took. */
function isLong<Env>({ waits }: CallingRun<Env>, sentAt: number): boolean {
  return Date.now() - sentAt > waits.holdMs + waits.watchMs;
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
  { ms, waitedMs }: { readonly ms: number; readonly waitedMs: number },
): void {
  const breaker = governor.rule("agent-breaker", run.task);
  const says = saysOf(breaker, { result, waitedMs, isFirst: callOf(name) === name, isLetGo: signal.aborted });
  const { tenant } = run.task.head.principal;
  callEnded(breaker, tenant, heldAs(call.agent, call.card), {
    call: `${run.task.id}/${name}`,
    // Whoever asks works, however often.
    result: result.ok === "asks" ? "worked" : says === "failed" || says === "worked" ? says : "says-nothing",
    ms,
    at: Date.now(),
  });
  if (says === "says-nothing") return;
  const { name: agent, version } = admitted.peer;
  const { skill } = call;
  if (result.ok === "asks" || says === "declined") {
    governor.scores.note({ agent, version, skill, ok: false, declined: true, ms, cost: ONE_CALL });
    return;
  }
  // Whoever needs more asks for it. What is claimed beyond that is charged, but not expected of the next call: a liar's leases
  // would grow with every lie.
  const charged = chargeOf(run, name, call, result, admitted);
  const isHeld = governor.rule("budget", run.task).mode === "enforce";
  const cost = plus(isHeld ? least(charged, leaseOf(run, name, admitted)) : charged, ONE_CALL);
  governor.scores.note({ agent, version, skill, ok: says === "worked", ms, cost });
}

/** It was sent, and may have cost something, whatever the broken connection looks like from here. */
const LET_GO = { ok: false, reason: "failed", message: "the call was let go" } as const;
