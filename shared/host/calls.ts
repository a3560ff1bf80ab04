/**
 * What calls to other agents are made of: how a run reaches them, what comes back, and what a call needs of the run that makes
 * it. Types only; the call itself is in calling/.
 */
import type { Principal } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import type { Envelope } from "../chain/delegation.ts";
import type { Which } from "../registry/chosen-version.ts";
import type { Json, JsonObject } from "../task/a2a-types.ts";
import type { CalledCard } from "../task/event.ts";
import type { CalleeAsks } from "./calling/callee-asks.ts";
import type { WaitSettings } from "./calling/wait-settings.ts";
import type { Governor } from "./governance/governor.ts";
import type { Answered } from "./governance/limit.ts";
import type { Peer } from "./governance/peer.ts";
import type { Spending } from "./governance/spending.ts";
import type { DelegateCall, DelegateResult } from "./program.ts";

/** How a run reaches other agents. Given to the host from outside, so that it knows nothing of the wire. */
export interface Outbound<Env> {
  /**
   * Sends a message, or an answer to a question of `taskId`. The same key never makes a second task of a callee that knows keys.
   * @param atOnce to be told how it stands, not how it ends
   */
  call(env: Env, call: OutboundCall, options: OutboundOptions, atOnce?: boolean): Promise<CallResult | Pending>;
  /** Resolves when the callee's task may have come to rest, and at the latest when the signal is aborted. */
  watch(env: Env, call: OutboundCall, taskId: string, options: OutboundOptions): Promise<void>;
  /** Asks the callee to say at an address that something has happened to its task. @returns whether it will */
  notify(env: Env, call: OutboundCall, taskId: string, to: Address, options: OutboundOptions): Promise<boolean>;
  /** What may be expected of a callee, by its card; of one whose card nobody has seen, nothing. */
  manners(env: Env, callee: Callee): Promise<Manners>;
  /** Whether its mesh has taken back all trust in what the callee says, in the version that the call began with. */
  isRevoked(env: Env, callee: Callee): Promise<boolean>;
  /**
   * Cancels what the call with this key began, or keeps it from beginning.
   * @returns undefined when that could not be said, or not to all that is called for it in turn: say it again later
   */
  cancel(env: Env, call: OutboundCall, options: OutboundOptions): Promise<Released | undefined>;
  /** What has become of the task that a call began; waits for a while when it works. */
  look(env: Env, call: OutboundCall & { readonly taskId: string }, options: OutboundOptions): Promise<CallResult | Pending>;
  /**
   * What an agent's card says, at once when it is known; undefined for one that is not there.
   * @param which of its versions, where it is about a call
   */
  describe(env: Env, agent: string, which?: Which): Peer | undefined | Promise<Peer | undefined>;
}

/** Whom a call goes to. */
export type Callee = Pick<OutboundCall, "agent" | "card">;

/** No answer yet: of a callee that can be asked again by the call's key. `lost`: it may not even have arrived.
 * `unread`: nothing was sent, because the registry of the mesh did not say where. */
export type Pending =
  | { readonly ok: "working"; readonly taskId: string }
  | { readonly ok: "lost"; readonly message: string; readonly unread?: true };

export interface Manners {
  /** The same key is the same call. */
  readonly keyed: boolean;
  readonly streams: boolean;
  readonly notifies: boolean;
  /** It may lose its place in the mesh while it is waited for: then it is not waited for any longer. */
  readonly revocable?: true;
  /** Why nothing is known of it, as a sentence: the registry of the mesh could not be read. It is sent nothing before it can. */
  readonly unread?: string;
}

export interface Address {
  readonly url: string;
  readonly token: string;
}

/** A call that nobody waits for any more, once its callee knows. */
export interface Released {
  /** The call had reached its callee. */
  readonly arrived: boolean;
  /** What it says it has cost, where it says so. */
  readonly cost?: Amount | undefined;
  /** What came of it, where it had ended before. */
  readonly result?: CallResult | undefined;
}

export interface OutboundCall extends DelegateCall {
  /** Of an agent that was published: the version that the call goes to, with all that follows of it. */
  readonly card?: CalledCard | undefined;
  readonly taskId?: string;
  /** In the form of the human-in-the-loop profile: the answer to a question of that task. */
  readonly answer?: JsonObject | undefined;
  /** Of a look: the question whose time is over. That the task still waits at it says only that its clock is slow. */
  readonly past?: string | undefined;
}

export interface OutboundOptions {
  readonly key: string;
  readonly principal: Principal;
  readonly signal: AbortSignal;
  /** When the message was first sent, in whatever run. Milliseconds since the epoch. */
  readonly sentAt?: number | undefined;
  /** It may be made of a second version of its callee too, whose answer nobody gets: its label lets it go to any agent. */
  readonly mayCopy?: boolean | undefined;
  /** Of an answer: those who gave it; the principal where it is absent. */
  readonly by?: readonly Principal[] | undefined;
  readonly envelope?: Envelope | undefined;
  /** W3C trace context to send along. */
  readonly traceparent?: string | undefined;
  /** Where the mesh is reached from outside. */
  readonly origin?: string | undefined;
}

export type CallResult =
  | (DelegateResult & {
      readonly cost?: Amount | undefined;
      /** Why the callee did not take the last answer, where something else came of its task. */
      readonly refused?: string;
      /** Nobody waits for the callee any more, which may be at work: it is to be told. */
      readonly working?: true;
      /** To the end the registry of the mesh did not say where the callee is: that is not the callee's fault. */
      readonly unread?: true;
      /** The callee itself did not want it: neither was it canceled, nor did this side take it back. */
      readonly rejected?: true;
    })
  | AsksBack;

/** A callee that waits. A stored shape: it stands in the log until the call has its result. */
export interface AsksBack {
  readonly ok: "asks";
  readonly taskId: string;
  readonly contextId?: string;
  readonly question: string;
  /** Of its status: the limit it waits at, for those that know the extension. */
  readonly metadata?: JsonObject | undefined;
  /** Absent where it asks in words only, and so is answered in words. */
  readonly asks?: CalleeAsks | undefined;
  /** It wants to be authorised, and does not say for what but in words. */
  readonly auth?: true;
  /** What it says it has cost so far. */
  readonly cost?: Amount | undefined;
  /** Why it did not take the last answer, in its words. */
  readonly refused?: string;
}

/** What calls need of the run that makes them. */
export interface CallingRun<Env> extends Spending {
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly outbound: Outbound<Env>;
  readonly governor: Governor | undefined;
  readonly waits: WaitSettings;
  /** Resolves when it is time to ask again, at the latest then, or when the signal is aborted. @param due milliseconds since the epoch */
  away(due: number, signal: AbortSignal): Promise<void>;
  progress(text: string, metadata: JsonObject): void;
  ask(question: string, metadata: JsonObject): Promise<Answered>;
  /** A question that was put and is open needs no answer any more. */
  withdraw(name: string): void;
  recall(name: string): Json | undefined;
  known(name: string): Json | undefined;
  remember(name: string, value: Json): void;
}
