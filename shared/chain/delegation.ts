/**
 * A delegation: under which limits an agent works for the one that called it. It travels in the chain extension as a signed
 * envelope (envelope.ts), and is kept with the task that was made under it. Types and the extension's name only.
 */
import type { Amount } from "../budget/amount.ts";
import type { LABELS } from "../contract/chain-cap.ts";
import type { ContractVersions } from "../contract/shelf.ts";
import type { Hop } from "../policy/chain-cap.ts";

export type { Hop };

export const CHAIN_EXTENSION = "urn:skein:ext:chain:v1";

export type Label = (typeof LABELS)[number];

export type Delegation = {
  /** The task that began the chain. */
  readonly root: string;
  /** From the agent that began the chain to the one this is for, which stands last. */
  readonly path: readonly Hop[];
  /** Agents that may still be added below. */
  readonly hops: number;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** What may be spent, with all that is called for it. */
  readonly lease: { readonly id: string; readonly limit: Amount };
  /** Which `agent/skill` may be called. */
  readonly surface: readonly string[] | "any";
  readonly label: Label;
  /** The rules that the whole chain runs under. */
  readonly contracts: ContractVersions;
  /** W3C trace context of the call. */
  readonly traceparent?: string;
};

/** As it travels and is kept: signed blocks, the first one by the mesh and each other by the holder of the one before, and the
 * private key of its holder, who alone can narrow it further. */
export type Envelope = {
  readonly blocks: readonly string[];
  readonly key: Readonly<Record<string, string>>;
};
