/**
 * A question that waits for people while the version that asks it is revoked: it is settled at one of the looks that are taken
 * meanwhile, and not only with an answer, which nobody would be sent. Only of agents that were published: others are never revoked,
 * and nobody is woken for them.
 */
import type { CallingRun, OutboundCall } from "../calls.ts";
import type { Reply } from "./reply.ts";

/** @returns what was answered; or, when the asker is revoked before that, that its task is to be looked at, which tells why it is over */
export async function unlessRevoked<Env>(run: CallingRun<Env>, call: OutboundCall, answered: Promise<Reply>): Promise<Reply> {
  if (!call.card) return answered;
  const over = new AbortController();
  const signal = AbortSignal.any([run.signal, over.signal]);
  try {
    return await Promise.race([answered, whenRevoked(run, call, signal)]);
  } finally {
    over.abort(new DOMException("the question is settled", "AbortError"));
  }
}

/** Never resolves otherwise. As often as at a callee that takes long, and by the log's clock: a later run goes on in the same steps. */
async function whenRevoked<Env>(run: CallingRun<Env>, call: OutboundCall, signal: AbortSignal): Promise<Reply> {
  const [least, most] = run.waits.againMs;
  while (!signal.aborted) {
    if (await run.during(() => run.outbound.isRevoked(run.env, call))) return { expired: "there" };
    const now = Date.now();
    await run.away(now + Math.min(Math.max(now - run.task.head.statusAt, least), most), signal);
  }
  return new Promise(() => {});
}

/** What is left open of questions that need no answer any more. @param name of what was asked */
export function withdrawLeft<Env>(run: CallingRun<Env>, name: string): void {
  const left = run.task.head.questions.filter((each) => each === name || each.startsWith(`${name}:`));
  for (const each of left) run.withdraw(each);
}
