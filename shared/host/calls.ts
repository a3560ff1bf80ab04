/**
 * What calls to other agents are made of: how a run reaches them, what comes back, and what a call needs of the run that makes
 * it. Types only; the call itself is in calling/.
 */
import type { Principal } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import type { Envelope } from "../chain/delegation.ts";
import type { Json, JsonObject } from "../task/a2a-types.ts";
import type { Governor } from "./governance/governor.ts";
import type { Answered } from "./governance/limit.ts";
import type { Peer } from "./governance/peer.ts";
import type { Spending } from "./governance/spending.ts";
import type { DelegateCall, DelegateResult } from "./program.ts";

/** How a run reaches other agents. Given to the host from outside, so that it knows nothing of the wire. */
export interface Outbound<Env> {
  /** Sends a message, or an answer to a question of `taskId`. The same key never makes a second task. */
  call(env: Env, call: OutboundCall, options: OutboundOptions): Promise<CallResult>;
  /** Cancels what the call with this key began, if anything. @returns what it says it had cost, where it says so */
  cancel(env: Env, call: OutboundCall, options: OutboundOptions): Promise<Amount | undefined>;
  /** What an agent's card says, at once when it is known; undefined for one that is not there. */
  describe(env: Env, agent: string): Peer | undefined | Promise<Peer | undefined>;
}

export interface OutboundCall extends DelegateCall {
  readonly taskId?: string;
}

export interface OutboundOptions {
  readonly key: string;
  readonly principal: Principal;
  readonly signal: AbortSignal;
  /** Of an answer: those who gave it; the principal where it is absent. */
  readonly by?: readonly Principal[] | undefined;
  readonly envelope?: Envelope | undefined;
  /** W3C trace context to send along. */
  readonly traceparent?: string | undefined;
}

export type CallResult = (DelegateResult & { readonly cost?: Amount | undefined }) | AsksBack;
export interface AsksBack {
  readonly ok: "asks";
  readonly taskId: string;
  readonly question: string;
  /** Of its status: what it asks for, for those that know the extension. */
  readonly metadata?: JsonObject | undefined;
}

/** What calls need of the run that makes them. */
export interface CallingRun<Env> extends Spending {
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly outbound: Outbound<Env>;
  readonly governor: Governor | undefined;
  progress(text: string, metadata: JsonObject): void;
  ask(question: string, metadata: JsonObject): Promise<Answered>;
  recall(name: string): Json | undefined;
  known(name: string): Json | undefined;
  remember(name: string, value: Json): void;
}
