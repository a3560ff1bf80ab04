/**
 * Delegation envelopes on the wire: a request that another agent makes for its own caller carries one in its metadata. One
 * that is there is never passed over, whether or not the extension was asked for: it is good, or the request is refused,
 * and the refusal recorded. It travels beside the message and not in it, so that a repeated message stays the same.
 */
import { waitUntil } from "cloudflare:workers";
import { principalKey } from "../auth/principal.ts";
import { CHAIN_EXTENSION, type Delegation, type Envelope } from "../chain/delegation.ts";
import { chainKeys } from "../chain/keys.ts";
import { type EnvelopeRefusal, verifyEnvelope } from "../chain/verify.ts";
import type { BudgetApi } from "../host/governance/api.ts";
import type { GovernanceEnv } from "../host/governance/env.ts";
import type { AgentCard, JsonObject } from "../task/a2a-types.ts";
import { RequestError } from "./errors.ts";
import type { CallContext } from "./handler.ts";

/**
 * @param key the request's idempotency key, to which an envelope is bound
 * @returns undefined when the request carries none, and so begins a chain of its own
 * @throws RequestError `permission-denied` saying why the envelope is refused and what to do
 */
export async function delegationOf(
  metadata: JsonObject | undefined,
  key: string | undefined,
  { name }: AgentCard,
  { principal }: CallContext,
  env: GovernanceEnv,
): Promise<{ delegation: Delegation; envelope: Envelope } | undefined> {
  const sent = metadata?.[CHAIN_EXTENSION];
  if (sent === undefined) return undefined;
  const { verify: keys } = await chainKeys(env);
  const expected = { audience: name, call: key, subject: principalKey(principal), now: Date.now(), keys };
  const verified = await verifyEnvelope(sent, expected);
  if (verified.ok) return { delegation: verified.delegation, envelope: verified.envelope };

  const { code, detail } = verified.refusal;
  console.warn(
    JSON.stringify({ event: "envelope-refused", agent: name, tenant: principal.tenant, app: principal.app, reason: code, detail }),
  );
  // The caller has its answer now; the record is written as soon as it can be.
  waitUntil(recorded({ agent: name, reason: code, detail }, principal.tenant, env));
  throw new RequestError("permission-denied", `the delegation envelope is refused: ${detail}; ${WHAT_TO_DO[code]}`, [], {
    metadata: { extension: CHAIN_EXTENSION, reason: code },
  });
}

/** Whether or not it can be recorded, the envelope is refused. */
async function recorded(incident: Parameters<BudgetApi["incident"]>[0], tenant: string, { BUDGET }: GovernanceEnv): Promise<void> {
  try {
    await (BUDGET?.getByName(tenant) as unknown as BudgetApi | undefined)?.incident(incident);
  } catch (error) {
    console.warn("a refused envelope could not be recorded", error);
  }
}

const WHAT_TO_DO = {
  malformed: "send it as it was given to you, or leave it out and call for yourself",
  forged: "send it as it was given to you, narrowed only with the key that came with it, or leave it out and call for yourself",
  widened: "grant no more than you were granted: fewer hops, and no later deadline, larger lease or surface or weaker label",
  expired: "the task that began the chain is over its time; ask for it again",
  "wrong-audience": "narrow yours for this agent, by the name on its card",
  "wrong-call": "narrow yours for this call, and send its idempotency key with the request",
  "wrong-principal": "call for the caller that you were given it for, or leave it out and call for yourself",
} as const satisfies Record<EnvelopeRefusal["code"], string>;
