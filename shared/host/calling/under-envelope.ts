/**
 * The envelope that a call goes out under: begun where the chain begins, narrowed where another agent gave this task.
 */
import { principalKey } from "../../auth/principal.ts";
import { type Amount, least } from "../../budget/amount.ts";
import type { Envelope } from "../../chain/delegation.ts";
import { beginEnvelope, type NextHop, narrowEnvelope } from "../../chain/envelope.ts";
import { chainKeys } from "../../chain/keys.ts";
import { narrowTo } from "../../control/surface.ts";
import { labelOf } from "../../task/head.ts";
import type { CallingRun } from "../calls.ts";
import { holderKeyFor } from "../governance/agents.ts";
import type { Admitted } from "../governance/call-gate.ts";
import type { Governor } from "../governance/governor.ts";
import type { DelegateCall } from "../program.ts";

/**
 * @param key of the call, which the envelope is good for
 * @param deadlineMs after which the call is given up
 * @throws Error when no chain may begin in this Worker: it has no key
 */
export async function envelopeFor<Env>(
  { task, env }: CallingRun<Env>,
  governor: Governor,
  key: string,
  { skill, surface }: DelegateCall,
  { peer, reliability, evidence }: Admitted,
  { lease, deadlineMs, traceparent }: { lease: Amount; deadlineMs: number; traceparent: string | undefined },
): Promise<Envelope> {
  const now = Date.now();
  const { chain, principal, contracts = {} } = task.head;
  const next: NextHop = {
    audience: peer.name,
    call: key,
    hop: { agent: peer.name, skill, reliability, evidence },
    hops: governor.hopsLeft(task) - 1,
    deadline: Math.floor(Math.min(governor.deadline(task, now), now + deadlineMs)),
    // What this task's own caller gives anew may be less than it was.
    lease: { id: key, limit: chain ? least(lease, chain.delegation.lease.limit) : lease },
    surface: narrowTo(chain?.delegation.surface ?? "any", surface ?? "any"),
    label: labelOf(task.head),
    contracts,
    ...(traceparent !== undefined && { traceparent }),
  };
  const holder = await holderKeyFor(peer.name);
  if (chain) return narrowEnvelope(chain.envelope, next, holder);
  const { sign } = await chainKeys(env as object);
  if (!sign) throw new Error("no chain may begin in this Worker, because it has no SKEIN_CHAIN_KEY: see docs/governance.md");
  const [origin] = governor.path(task);
  if (!origin) throw new Error("a chain begins with somebody");
  return beginEnvelope({ root: task.id, subject: principalKey(principal), origin }, next, sign, holder);
}
