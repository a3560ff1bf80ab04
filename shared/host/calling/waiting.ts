/**
 * How the answer to a call is waited for: in its request for a while, then by watching the callee's task, and then not at all until
 * it is time to ask again or the callee says so. An answer that was lost is asked for again by the call's key; the call is never
 * made a second time.
 */
import type { Envelope } from "../../chain/delegation.ts";
import type { CallingRun, CallResult, Manners, OutboundCall, OutboundOptions, Pending } from "../calls.ts";
import { leaveAddress } from "./callback.ts";

/** A message on its way to a callee. */
export interface Errand {
  /** In its task, the same in every run. */
  readonly name: string;
  readonly call: OutboundCall;
  readonly options: Omit<OutboundOptions, "signal" | "envelope">;
  /** Made anew whenever it is sent: it is good for the time that is left. */
  readonly envelope: () => Promise<Envelope | undefined>;
  /** Nothing is sent: what has become of the callee's task is asked. */
  readonly looks: boolean;
  /** When it was first sent, in whatever run, and when it is given up. Milliseconds since the epoch. */
  readonly sentAt: number;
  readonly until: number;
  /** Whether the agent that gave the task gives it time still, without which no callee takes an envelope of it. */
  readonly isGivenLonger: () => boolean;
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

export type Waited = CallResult | "too-late" | "let-go";

/** A timer of the platform holds no more. Milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A callee that was never reached is tried so often, and then it is as good as not there. */
const ATTEMPTS = 10;
const RETRY = { firstMs: 100, longestMs: 5_000 };
/** How often it is looked whether a callee that may be revoked still has its place, while nothing is asked of it. Milliseconds. */
const STANDING_MS = 3_000;

export async function answerTo<Env>(run: CallingRun<Env>, errand: Errand): Promise<Waited> {
  const { sentAt, signal } = errand;
  const { holdMs, watchMs } = run.waits;
  // Why nothing could be asked the last time, and how often in a row.
  let unread: string | undefined;
  let times = 0;
  for (let lost = 0; ; ) {
    if (signal.aborted) return "let-go";
    if (Date.now() >= errand.until)
      return unread === undefined ? "too-late" : { ok: false, reason: "unreachable", message: unread, unread: true };
    const answer = refusedForTime(await run.during(() => asked(run, errand)), errand);
    if (answer.ok !== "lost" && answer.ok !== "working") return answer;
    unread = answer.ok === "lost" && answer.unread ? answer.message : undefined;
    times = unread === undefined ? 0 : times + 1;
    if (signal.aborted || Date.now() >= errand.until) continue;
    // One that was at work for long may well be away for a while.
    const isLong = Date.now() - sentAt >= holdMs + watchMs;
    if (answer.ok === "lost" && !isLong) {
      // Not the callee is away: it is asked for as long as the call has time.
      if (unread === undefined) lost += 1;
      if (lost === ATTEMPTS) return { ok: false, reason: "unreachable", message: answer.message };
      await run.during(() => pause(Math.min(RETRY.firstMs * 2 ** (lost + times - 1), RETRY.longestMs), signal));
    } else await away(run, errand, answer);
  }
}

/** What arrives when its envelope is over is refused for that alone: it is asked again, as long as there may be time given anew. */
function refusedForTime(answer: CallResult | Pending, { until, isGivenLonger }: Errand): CallResult | Pending {
  const isForTime = answer.ok === false && answer.reason === "refused" && (Date.now() >= until || !isGivenLonger());
  return isForTime ? { ok: "lost", message: answer.message } : answer;
}

/** One round: the message, and what is said to it in the time that may be waited here. */
async function asked<Env>(run: CallingRun<Env>, errand: Errand): Promise<CallResult | Pending> {
  const { outbound, env, waits } = run;
  const { call, sentAt, until, signal } = errand;
  const { keyed, streams, unread }: Manners = await outbound.manners(env, call);
  // How it takes a message that it had before is not known yet.
  if (unread !== undefined) return { ok: "lost", message: unread, unread: true };
  // A stranger would take the same message for another one: its only answer is waited for to the end.
  if (!keyed || errand.looks) return sent(run, errand, until, false);
  const holdUntil = Math.min(sentAt + waits.holdMs, until);
  if (Date.now() < holdUntil) {
    const answer = await sent(run, errand, holdUntil, false);
    if (answer.ok !== "lost" || Date.now() < holdUntil || Date.now() >= until || signal.aborted) return answer;
  }
  const answer = await sent(run, errand, until, true);
  const watchUntil = Math.min(sentAt + waits.holdMs + waits.watchMs, until);
  if (answer.ok !== "working" || !streams || Date.now() >= watchUntil) return answer;
  await within(signal, watchUntil, (bounded) => outbound.watch(env, call, answer.taskId, { ...errand.options, signal: bounded }));
  return signal.aborted ? answer : sent(run, errand, until, true);
}

/** @param atOnce to be told how it stands, not how it ends */
async function sent<Env>(
  { outbound, env }: CallingRun<Env>,
  errand: Errand,
  until: number,
  atOnce: boolean,
): Promise<CallResult | Pending> {
  const { call, options, looks, sentAt } = errand;
  const envelope = await errand.envelope();
  return within(errand.signal, until, (signal) => {
    const limited = { ...options, signal, sentAt, ...(envelope && { envelope }) };
    if (looks && call.taskId !== undefined) return outbound.look(env, { ...call, taskId: call.taskId }, limited);
    return outbound.call(env, call, limited, atOnce);
  });
}

/** Nobody waits in memory: the task is looked after when its time comes, or when the callee says that something has happened. */
async function away<Env>(run: CallingRun<Env>, errand: Errand, answer: Pending): Promise<void> {
  const { sentAt, until, signal, call } = errand;
  const [least, most] = run.waits.againMs;
  if (answer.ok === "working") await run.during(() => leaveAddress(run, errand, answer.taskId));
  const now = Date.now();
  const due = Math.min(now + Math.min(Math.max(now - sentAt, least), most), until);
  const { revocable } = await run.during(() => run.outbound.manners(run.env, call));
  if (!revocable) return run.away(due, signal);
  for (let next = 0; next < due; ) {
    next = Math.min(Date.now() + STANDING_MS, due);
    await run.away(next, signal);
    // Something has happened, or nobody waits.
    if (signal.aborted || Date.now() < next) return;
    if (await run.during(() => run.outbound.isRevoked(run.env, call))) return;
  }
}

/** Its timer ends with it: one that is left would keep the object in memory for nothing. */
async function within<T>(signal: AbortSignal, until: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const time = new AbortController();
  const over = () => time.abort(new DOMException("its time is over", "TimeoutError"));
  const timer = setTimeout(over, Math.min(Math.max(until - Date.now(), 0), LONGEST_TIMER_MS));
  try {
    return await work(AbortSignal.any([signal, time.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
